"""Values for the messages of return visits."""

from typing import Any

from models.visits import Outcome

ABOUT = ["case", "purchase", "service", "general", "recommendation", "wish"]
REASONS = [
    "not_reached",
    "asked_later",
    "closed",
    "reopened",
    "kind",
    "tier",
    "plan",
    "merged",
    "window",
    "not_made",
]


def line(about: str, note: str) -> dict[str, Any]:
    return {
        "name": "长" * 64,
        "customer": 7,
        "number": 1001,
        "about": about,
        "at": "11月21日（周六）17:40",
        "until": "11月28日（周六）17:40",
        "owner": "小陈",
        "note": note,
        "reason": "window",
    }


CHOICES: dict[str, list[Any]] = {
    "about": ABOUT,
    "subject": ["", str],
    "note": ["", str],
    "phone": [None, "+86 138 0000 0000"],
    "tier": [None, "VIP"],
    "owner": [None, {"user": 7, "name": "<小陈>"}],
    "task.state": ["due", "moved", "done", "missed"],
    "task.reason": REASONS[:3],
    "outcome": [*(each.value for each in Outcome)],
    "attempt": [1, 20],
    "attempts": [0, 3],
    "answer": ["well", "not_yet", "problem", "tomorrow", "week", "call", "stop", "words"],
    "script": [["您好<3"] * 5],
    "late": [[], [line("case", "")] * 3],
    "today": [[], [line("general", "长" * 80)] * 9],
    "ahead": [[], [line("wish", "")] * 9],
    "lines": [[line(about, "") | {"reason": reason} for about in ABOUT] for reason in REASONS],
    "count": [1, 99],
    "more": [0, 9],
    "at": ["11月21日（周六）17:40"],
    "until": ["11月28日（周六）17:40"],
    "due": ["11-21 17:40"],
    "scores": [[], [5, 4]],
}
