"""What columns an imported table may have, and what is said of a table that cannot be taken."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

What = Literal["customers", "purchases", "events"]
COLUMNS = Path(__file__).parents[1] / "data" / "columns.toml"
#: What must be there.
REQUIRED: dict[What, tuple[str, ...]] = {
    "customers": ("ref", "name"),
    "purchases": ("ref", "customer", "at", "amount"),
    "events": ("ref", "customer", "name", "at"),
}


class BadFile(Exception):
    """The file cannot be read at all; the text says why."""


class BadRow(Exception):
    """A row that cannot be taken; the text says which column, and what is expected."""


@cache
def columns() -> dict[str, dict[str, list[str]]]:
    """The names of the columns, by what is imported."""
    return tomllib.loads(COLUMNS.read_text("utf-8"))
