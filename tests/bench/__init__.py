"""Measurements: `python -m tests.bench relay --help`."""
