"""Values for the messages about staff."""

from typing import Any

_PERSON: dict[str, Any] = {"username": "", "role": "agent", "since": "2026-12-01", "by": "", "by_settings": False}
CHOICES: dict[str, list[Any]] = {
    "roll.people": [
        [{**_PERSON, "name": "小陈"}],
        [
            {**_PERSON, "name": "</a>", "username": "chen", "by": "老板", "role": "supervisor"},
            {**_PERSON, "name": "老板", "role": "owner", "by_settings": True},
        ],
        [{**_PERSON, "name": "小" * 20, "username": "u" * 20, "by": "老" * 20}] * 30,
    ],
    "roll.more": [0, 3],
    "unsent.entry": ["admitted", "waits", "absent", "unknown", "refused"],
    "team_offer.days": [7],
}
