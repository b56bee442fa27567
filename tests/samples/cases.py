"""Values for what is due on the cards and in the lists of cases."""

from typing import Any

from models.standards import SHOWN

CHOICES: dict[str, list[Any]] = {
    "due_what": [None, *(what.value for what in SHOWN)],
    "due": ["", "11-21 17:40"],
    "back": ["", "11-23 09:00"],
    "late": [False, True],
    "chased": [0, 2],
}
