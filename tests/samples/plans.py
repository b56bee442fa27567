"""Values for the messages about the care plan."""

from typing import Any

CHOICES: dict[str, list[Any]] = {
    "mistakes": [lambda text: [text[:250]] * 8],
    "more": [0, 12],
}
