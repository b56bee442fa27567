"""The contact budget: what goes unasked, whether it may, and what customers want of it."""

from handlers.contact.budget import (
    cancelled,
    facts_of,
    go,
    held,
    moved,
    planned,
    reach_out,
    ruling,
    sent,
    still_may,
    stop_button,
    suppressed,
)
from handlers.contact.wishes import asks_to_stop, heed_stop, prefer, preferences, refuse, stop, why

__all__ = [
    "asks_to_stop", "cancelled", "facts_of", "go", "heed_stop", "held", "moved", "planned", "prefer", "preferences",
    "reach_out", "refuse", "ruling", "sent", "still_may", "stop", "stop_button", "suppressed", "why",
]  # fmt: skip
