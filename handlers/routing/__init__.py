"""Routing: what a matter is, how serious, which department has it, and who."""
