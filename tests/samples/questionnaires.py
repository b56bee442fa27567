"""Values for the messages of questionnaires."""

from typing import Any

from models.questionnaires import KINDS

CHOICES: dict[str, list[Any]] = {
    "question.kind": [*KINDS],
    "at": [1, 2],
    "form": [False, True],
    "greet": [False, True],
    "business": ["", "Harbour Home"],
    "of": [1, 10],
    "score": [None, 1, 5],
    "low": [False, True],
    "resolved": [False, True],
    "number": [None, 1001],
    "answered": [False, True],
    "questions": [10],
    "count": [0, 100_000],
    "minutes": [67],
    "begins": ["", "11-22 09:00"],
    "waves": [
        [],
        [
            {
                "number": 1,
                "questionnaire": "nps",
                "audience": "vip",
                "state": state,
                "made": "11-21 17:40",
                "planned": 100_000,
                "asked": 1,
                "ahead": 1,
                "finished": 1,
                "left_out": 1,
            }
            for state in ("planning", "running", "paused", "done", "cancelled")
        ],
    ],
    "state": ["finished", "stopped", "expired", "cancelled"],
    "lines": [[], [{"question": "q" * 60, "answer": "a" * 300}] * 10],
}
