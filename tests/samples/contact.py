"""Values for the messages of the contact budget."""

from typing import Any

from models.contact import OPTIONAL, ContactState, Purpose

REASONS = (
    "unreachable",
    "banned",
    "opted_out",
    "no_consent",
    "alarm",
    "complaint_open",
    "calm",
    "gap",
    "cap",
    "yields",
    "quiet",
    "call_quiet",
    "kind",
    "not_made",
    "lapsed",
    "wave",
    "uncertain",
    "not_reached",
    "asked_later",
    "closed",
    "recovery",
    "reopened",
    "tier",
    "plan",
    "merged",
    "window",
    None,
)
CHOICES: dict[str, list[Any]] = {
    "preferences.purposes": [[{"purpose": each.value, "on": on} for each in OPTIONAL] for on in (True, False)],
    "why.purposes": [[{"purpose": each.value, "on": on} for each in OPTIONAL] for on in (True, False)],
    "stopped.purposes": [["visit"], [each.value for each in OPTIONAL]],
    "quiet": ["", "21:00-09:00"],
    "ahead": [
        [],
        [
            {"what": what, "purpose": "visit", "state": "moved", "number": None, "at": "11-21 17:40", "reason": "gap"}
            for what in ("visit", "invitation", "reminder")
        ],
    ],
    "contacts": [
        [],
        *(
            [
                {
                    "what": what,
                    "purpose": purpose.value,
                    "state": state.value,
                    "number": 1001,
                    "at": "11-21 17:40",
                    "reason": reason,
                }
                for reason in REASONS
            ]
            for what in ("visit", "invitation", "reminder")
            for purpose in Purpose
            for state in ContactState
        ),
    ],
}
