"""Routing, as rules: what words suggest, and who is to have a case."""
