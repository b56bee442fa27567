"""Staff: how authority begins, what it may do, and that it ends when it ends."""

from handlers.staff.ending import dismiss, leave, require_seat, see_to_strays, take_answers, undo_joining
from handlers.staff.enrolling import Entry, decided, enrol, offer_team, open_to_team
from handlers.staff.privately import begin_chat, tell_owners
from handlers.staff.roles import appoint, appoint_owners, roll
from handlers.staff.unsent import Unsent, goes_to_nobody, is_of_unsent_album

__all__ = [
    "Entry",
    "Unsent",
    "appoint",
    "appoint_owners",
    "begin_chat",
    "decided",
    "dismiss",
    "enrol",
    "goes_to_nobody",
    "is_of_unsent_album",
    "leave",
    "offer_team",
    "open_to_team",
    "require_seat",
    "roll",
    "see_to_strays",
    "take_answers",
    "tell_owners",
    "undo_joining",
]
