"""Who is told of a case, and who has it."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.happenings.facts import Fact
from models.cases import Case
from models.staff import Staff
from models.standards import Timed
from models.timeline import EventKind


@dataclass(frozen=True)
class Escalated(Fact):
    """A clock came to a step of the plan: `to` is the level that was told."""

    kind_of_event = EventKind.ESCALATED
    case: Case
    of: Timed
    to: str


@dataclass(frozen=True)
class Acknowledged(Fact):
    """The first who said that they have it: a call (`of` None), or what a clock measures."""

    kind_of_event = EventKind.ACKNOWLEDGED
    case: Case
    by: Staff
    of: Timed | None = None


@dataclass(frozen=True)
class Paged(Fact):
    """People were called to a critical case."""

    kind_of_event = EventKind.PAGED
    case: Case
    people: Sequence[Staff]


@dataclass(frozen=True)
class PageUnanswered(Fact):
    """Nobody on duty took it up, and others were told."""

    kind_of_event = EventKind.PAGE_UNANSWERED
    case: Case
    people: Sequence[Staff]


@dataclass(frozen=True)
class AlarmRaised(Fact):
    """Words of the customer set off an alarm of the plan."""

    kind_of_event = EventKind.ALARM
    case: Case
    alarm: str
    people: Sequence[Staff]


@dataclass(frozen=True)
class Warned(Fact):
    """The customer heard that a promised time may be missed."""

    kind_of_event = EventKind.WARNED
    case: Case
    of: Timed


@dataclass(frozen=True)
class Reminded(Fact):
    """The customer was reminded that we wait for them."""

    kind_of_event = EventKind.REMINDED
    case: Case
