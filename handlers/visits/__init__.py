"""Return visits: calling on customers again, by the bot and by agents, at the right moment."""

from handlers.visits import (
    absence,
    agenda,
    answers,
    due,
    missed,
    planning,
    questions,
    recurring,
    results,
    tasks,
    typed_answers,
)

__all__ = [
    "absence",
    "agenda",
    "answers",
    "due",
    "missed",
    "planning",
    "questions",
    "recurring",
    "results",
    "tasks",
    "typed_answers",
]
