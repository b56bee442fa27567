"""The contact budget: what goes unasked, whether it may, and what customers want of it."""

from handlers.contact.budget import (
    cancelled,
    facts_of,
    go,
    held,
    judge_again,
    moved,
    note_fate,
    planned,
    reach_out,
    ruling,
    sent,
    still_may,
    stop_button,
    suppressed,
)
from handlers.contact.reasons import why
from handlers.contact.wishes import asks_to_stop, heed_stop, prefer, preferences, refuse, stop

__all__ = [
    "asks_to_stop",
    "cancelled",
    "facts_of",
    "go",
    "heed_stop",
    "held",
    "judge_again",
    "moved",
    "note_fate",
    "planned",
    "prefer",
    "preferences",
    "reach_out",
    "refuse",
    "ruling",
    "sent",
    "still_may",
    "stop",
    "stop_button",
    "suppressed",
    "why",
]
