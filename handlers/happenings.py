"""What has happened, for others to act on: a use case notes it once, the timeline keeps what is about a case, and
what follows stands in one list, `AFTER`.

Stems would import each other in circles otherwise (resolving plans a visit, a visit opens a case). What follows
runs in the same unit of work, after the use case, in the order of the list. Facts of a case name their kind of
event; those of its details that the timeline keeps are in `models/timeline.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from models.approvals import Approval
from models.base import Base
from models.cases import Case, CaseKind
from models.contact import Contact
from models.customers import Customer
from models.questionnaires import Invitation
from models.staff import Staff, StaffGroup
from models.standards import Timed
from models.timeline import EventKind, entry_of
from models.visits import Outcome


class Happening:
    """Something that has happened, and that no timeline keeps."""

    def entry(self) -> tuple[type[Base], dict[str, Any]] | None:
        """The row that tells it for good."""
        return None


class Fact(Happening):
    """Something that has happened to a case: an entry of its timeline."""

    kind_of_event: ClassVar[EventKind]
    case: Case

    @property
    def actor(self) -> Staff | Customer | None:
        """Who did it; None is the clock."""
        found: Staff | Customer | None = getattr(self, "by", None)
        return found

    def entry(self) -> tuple[type[Base], dict[str, Any]] | None:
        """Its entry."""
        return entry_of(self)


# -- the course of a case


@dataclass(frozen=True)
class CaseOpened(Fact):
    """A case began with these words; `by` is the member of staff who opened it for somebody, if any.

    `quiet`: the customer need not be told, for they know.
    """

    kind_of_event = EventKind.OPENED
    case: Case
    customer: Customer
    words: str
    by: Staff | None = None
    quiet: bool = False

    @property
    def actor(self) -> Staff | Customer | None:
        """Who opened it."""
        return self.by or self.customer

    @property
    def kind(self) -> CaseKind | None:
        """As what it was opened."""
        return self.case.kind

    @property
    def source(self) -> str:
        """How it came."""
        return self.case.source


@dataclass(frozen=True)
class KindConfirmed(Fact):
    """The customer or an agent said what the matter is; `before` is what it was confirmed as until then."""

    kind_of_event = EventKind.KIND
    case: Case
    by: Staff | Customer
    before: CaseKind | None
    kind: CaseKind


@dataclass(frozen=True)
class SeverityChanged(Fact):
    """How serious a case is: ids of the plan, None for no more than any other; so it may be promised other times."""

    kind_of_event = EventKind.SEVERITY
    case: Case
    by: Staff | Customer | None
    before: str | None
    after: str | None


@dataclass(frozen=True)
class SubjectSet(Fact):
    """An agent worded what the matter is."""

    kind_of_event = EventKind.SUBJECT
    case: Case
    by: Staff
    subject: str


@dataclass(frozen=True)
class Claimed(Fact):
    """Somebody took a case for themselves, by a press or by answering."""

    kind_of_event = EventKind.CLAIMED
    case: Case
    by: Staff


@dataclass(frozen=True)
class Assigned(Fact):
    """A case was given to somebody, by the plan's rule or by a person."""

    kind_of_event = EventKind.ASSIGNED
    case: Case
    by: Staff | None
    to: Staff


@dataclass(frozen=True)
class Unassigned(Fact):
    """A case was taken from somebody and waits in the queue; `why` is "left" or "away"."""

    kind_of_event = EventKind.UNASSIGNED
    case: Case
    holder: Staff
    why: str
    by: Staff | None = None


@dataclass(frozen=True)
class HandedOver(Fact):
    """A case went from who hands all over to another, or to the queue (None)."""

    kind_of_event = EventKind.HANDED_OVER
    case: Case
    by: Staff
    giver: Staff
    to: Staff | None


@dataclass(frozen=True)
class Transferred(Fact):
    """A case went to another department (ids of the plan)."""

    kind_of_event = EventKind.TRANSFERRED
    case: Case
    by: Staff | None
    before: str | None
    after: str
    reason: str


@dataclass(frozen=True)
class CasePending(Fact):
    """A case waits for the customer."""

    kind_of_event = EventKind.PENDING
    case: Case
    by: Staff


@dataclass(frozen=True)
class CaseResumed(Fact):
    """A case waited for the customer, who has answered."""

    kind_of_event = EventKind.ANSWERED
    case: Case
    by: Customer


@dataclass(frozen=True)
class CaseResolved(Fact):
    """We say that it is done."""

    kind_of_event = EventKind.RESOLVED
    case: Case
    customer: Customer
    by: Staff
    summary: str = ""


@dataclass(frozen=True)
class CaseClosed(Fact):
    """A case is over. `why` is "accepted" (the customer is content), "staff" or "silence"."""

    kind_of_event = EventKind.CLOSED
    case: Case
    customer: Customer
    by: Staff | Customer | None
    why: str


@dataclass(frozen=True)
class CaseReopened(Fact):
    """A finished case goes on; `why` is "words", "score", "not_solved", "staff" or "visit"."""

    kind_of_event = EventKind.REOPENED
    case: Case
    by: Staff | Customer
    why: str


# -- what is said and promised


@dataclass(frozen=True)
class CustomerSpoke(Happening):
    """A customer's words were added to a case (the first ones too), written at Telegram's time `at`.

    `kind` is the kind of content: "text", "photo", "sticker", ...
    """

    case: Case
    customer: Customer
    words: str
    at: datetime
    kind: str = "text"


@dataclass(frozen=True)
class WordsChanged(Happening):
    """A customer changed what they had written about a case; `words` is the new text whole."""

    case: Case
    customer: Customer
    words: str


@dataclass(frozen=True)
class AgentSpoke(Happening):
    """An agent wrote to the customer about a case, at Telegram's time `at`."""

    case: Case
    person: Staff
    at: datetime
    words: str = ""


@dataclass(frozen=True)
class Promised(Fact):
    """An agent named the time `at` by which the customer has an answer, or what the words say."""

    kind_of_event = EventKind.PROMISED
    case: Case
    by: Staff
    at: datetime
    words: str = ""


@dataclass(frozen=True)
class Chased(Fact):
    """The customer asked where it stands."""

    kind_of_event = EventKind.CHASED
    case: Case
    by: Customer


# -- who is told, and who has it


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


# -- scores, recovery, visits


@dataclass(frozen=True)
class Scored(Fact):
    """The score of a case was given, or changed; `by` is the customer, or the agent who filled it in for them."""

    kind_of_event = EventKind.SCORED
    case: Case
    by: Staff | Customer
    measure: str
    score: int


@dataclass(frozen=True)
class ScoreGiven(Happening):
    """A customer answered a question that measures: "csat", "nps" or "ces"; `agent` filled it in for them, if any."""

    customer: Customer
    case: Case | None
    measure: str
    score: int
    agent: Staff | None


@dataclass(frozen=True)
class Commented(Fact):
    """The customer said in words why they gave the score of a case."""

    kind_of_event = EventKind.COMMENTED
    case: Case
    by: Customer
    comment: str


@dataclass(frozen=True)
class RecoveryBegun(Fact):
    """A low score: somebody in charge (None: nobody is there) is to speak to the customer by `due_at`."""

    kind_of_event = EventKind.RECOVERY
    case: Case
    to: Staff | None
    due_at: datetime | None


@dataclass(frozen=True)
class RecoveryMissed(Fact):
    """Nobody had spoken to the customer by then."""

    kind_of_event = EventKind.RECOVERY_MISSED
    case: Case


@dataclass(frozen=True)
class Praised(Fact):
    """Kind words reached who handled it."""

    kind_of_event = EventKind.PRAISED
    case: Case
    by: Customer
    praised: Staff


@dataclass(frozen=True)
class Begged(Fact):
    """An agent asked the customer for a good score."""

    kind_of_event = EventKind.BEGGED
    case: Case
    by: Staff
    words: str


@dataclass(frozen=True)
class Visited(Fact):
    """A return visit about the case was made; `by` is the customer who answered, or the agent who called."""

    kind_of_event = EventKind.VISITED
    case: Case
    by: Staff | Customer
    outcome: Outcome


@dataclass(frozen=True)
class MadeOfAnswer(Fact):
    """A member of staff made a case of an answer to a questionnaire (its key)."""

    kind_of_event = EventKind.FROM_ANSWER
    case: Case
    by: Staff
    answer: int


@dataclass(frozen=True)
class QuestionnaireEnded(Happening):
    """A questionnaire is over, finished or not; `agent` filled it in for the customer, if any."""

    invitation: Invitation
    customer: Customer
    case: Case | None
    agent: Staff | None


@dataclass(frozen=True)
class PollSent(Happening):
    """Telegram has a poll of ours and named it; `key` is that of its outbox row."""

    key: str
    poll_id: str
    telegram_id: int


# -- people


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
