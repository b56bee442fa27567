"""Values for the messages of recovery."""

from typing import Any

CHOICES: dict[str, list[Any]] = {
    "by": ["", "11-21 17:40"],
    "to": [None, "Li"],
    "supervisor": [False, True],
    "sure": [False, True],
}
