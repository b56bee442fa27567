"""Staff and customers: how they stand, and what they decide."""

from dataclasses import dataclass
from datetime import datetime

from handlers.happenings.facts import Happening
from models.approvals import Approval
from models.contact import Contact
from models.customers import Customer
from models.staff import Staff, StaffGroup


@dataclass(frozen=True)
class StaffLeft(Happening):
    """A member of staff left for good; their cases and visits want somebody else."""

    person: Staff


@dataclass(frozen=True)
class StaffAway(Happening):
    """A member of staff is away, until that moment (None: until they are back)."""

    person: Staff
    until: datetime | None


@dataclass(frozen=True)
class StaffBack(Happening):
    """A member of staff is there again, or is new."""

    person: Staff


@dataclass(frozen=True)
class StandingChanged(Happening):
    """A member of staff may do other things than before, reads another language, or has a private chat now."""

    person: Staff


@dataclass(frozen=True)
class Decided(Happening):
    """Somebody with the right said yes or no to what was asked."""

    approval: Approval
    by: Staff
    yes: bool


@dataclass(frozen=True)
class RanOut(Happening):
    """Nobody decided in time about what was asked."""

    approval: Approval


@dataclass(frozen=True)
class GroupMoved(Happening):
    """Telegram gave a staff group another id."""

    group: StaffGroup


@dataclass(frozen=True)
class FileChanged(Happening):
    """A customer's file changed in a way that rules may look at: tier, segments, city, purchases."""

    customer: Customer


@dataclass(frozen=True)
class EventImported(Happening):
    """Something happened to a customer elsewhere: `name` is "purchase" or an event's name, `at` when."""

    customer_id: int
    name: str
    ref: str
    at: datetime


@dataclass(frozen=True)
class ContactFailed(Happening):
    """What was to go unasked did not, at the very end; the contact says why."""

    contact: Contact


@dataclass(frozen=True)
class OptedOut(Happening):
    """The customer wants no more messages for these purposes (`models/contact.py`)."""

    customer: Customer
    purposes: tuple[str, ...]
