"""Values for the messages about what staff say in private."""

from typing import Any

CHOICES: dict[str, list[Any]] = {
    "goes": ["sent", "noted", "untold", "changed", "taken_back"],
    "offered": [False, True],
    "minutes": [30],
}
