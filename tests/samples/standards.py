"""Values for the messages of the service standards."""

from typing import Any

from models.standards import SHOWN, Timed

_NAMES = ("长", "&", "<b>", "</a>")
_WHATS = [what.value for what in (*SHOWN, Timed.UPDATE)]


def _lines(text: str) -> list[dict[str, Any]]:
    """A full list with names as long as they get, every kind of clock, on time and late."""
    return [
        {
            "number": 999_999_999,
            "name": (text * 64)[:64],
            "link": "https://t.me/c/1000000000000/1" * (number % 2),
            "what": _WHATS[number % len(_WHATS)],
            "due": "11-21 17:40",
            "late": bool(number % 3),
        }
        for number in range(20)
    ]


def _people(text: str) -> list[dict[str, Any]]:
    return [{"user": 6_000_000_001 + number, "name": (text * 64)[:64]} for number in range(5)]


CHOICES: dict[str, list[Any]] = {
    "what": _WHATS,
    "late": [False, True],
    "told": ["", "supervisor", "manager", "owner"],
    "warned": [False, True],
    "report": ["", "11-22 09:00"],
    "due": ["11-21 17:40"],
    "promised": ["", "<" * 500],
    "chased": [0, 3],
    "count": [1, 12],
    "more": [0, 9_980],
    "due_what": [None, *_WHATS],
    "people": [[], *(_people(text) for text in _NAMES)],
    "lines": [_lines(text) for text in _NAMES],
    "link": ["", "https://t.me/c/1000000000000/1"],
}
