"""What columns an imported table may have, and what is said of a table that cannot be taken."""

import tomllib
from collections.abc import Mapping
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
    """A row that cannot be taken; the text says which column, and what is expected.

    `column` is our name of it ("field:ID" for one of the plan's own), or "" where the row as a whole is wrong.
    """

    def __init__(self, words: str, column: str = "") -> None:
        super().__init__(f"{column}: {words}" if column else words)
        self.words, self.column = words, column

    def as_headed(self, heading: Mapping[str, str]) -> "BadRow":
        """The same with the column named as in the file; `heading` is what stands there, by our names."""
        return BadRow(self.words, heading.get(self.column, self.column))


@cache
def columns() -> dict[str, dict[str, list[str]]]:
    """The names of the columns, by what is imported."""
    return tomllib.loads(COLUMNS.read_text("utf-8"))
