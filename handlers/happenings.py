"""What has happened, for others to act on: a use case notes it, and what follows stands in one list, `AFTER`.

Stems would import each other in circles otherwise (resolving plans a visit, a visit opens a case). What follows
runs in the same unit of work, after the use case, in the order of the list.
"""

from dataclasses import dataclass
from datetime import datetime

from models.cases import Case, CaseKind
from models.contact import Contact
from models.customers import Customer
from models.questionnaires import Invitation
from models.staff import Staff, StaffGroup


@dataclass(frozen=True)
class CaseOpened:
    """A case began with these words; `by` is the member of staff who opened it for somebody, if any.

    `quiet`: the customer need not be told, for they know.
    """

    case: Case
    customer: Customer
    words: str
    by: Staff | None = None
    quiet: bool = False


@dataclass(frozen=True)
class CustomerSpoke:
    """A customer's words were added to a case (the first ones too), written at Telegram's time `at`.

    `kind` is the kind of content: "text", "photo", "sticker", ...
    """

    case: Case
    customer: Customer
    words: str
    at: datetime
    kind: str = "text"


@dataclass(frozen=True)
class WordsChanged:
    """A customer changed what they had written about a case; `words` is the new text whole."""

    case: Case
    customer: Customer
    words: str


@dataclass(frozen=True)
class AgentSpoke:
    """An agent wrote to the customer about a case, at Telegram's time `at`."""

    case: Case
    person: Staff
    at: datetime
    words: str = ""


@dataclass(frozen=True)
class KindConfirmed:
    """The customer or an agent said what the matter is; `before` is what it was confirmed as until then."""

    case: Case
    before: CaseKind | None


@dataclass(frozen=True)
class StandardChanged:
    """What a case is promised may be different now: its severity, or its customer's tier or segments changed."""

    case: Case


@dataclass(frozen=True)
class AssigneeChanged:
    """A case has another assignee, or none."""

    case: Case
    before: int | None


@dataclass(frozen=True)
class CasePending:
    """A case waits for the customer."""

    case: Case


@dataclass(frozen=True)
class CaseResumed:
    """A case waited for the customer, and waits no more."""

    case: Case


@dataclass(frozen=True)
class CaseResolved:
    """We say that it is done."""

    case: Case
    customer: Customer
    person: Staff | None


@dataclass(frozen=True)
class CaseClosed:
    """A case is over. `by` is "customer", "staff" or "silence"."""

    case: Case
    customer: Customer
    by: str


@dataclass(frozen=True)
class CaseReopened:
    """A finished case goes on; `why` is "words", "score", "not_solved", "staff" or "visit"."""

    case: Case
    why: str


@dataclass(frozen=True)
class Promised:
    """An agent named the time `at` by which the customer has an answer."""

    case: Case
    at: datetime


@dataclass(frozen=True)
class Chased:
    """The customer asked where it stands."""

    case: Case
    customer: Customer


@dataclass(frozen=True)
class CustomerBlocked:
    """The customer can no longer be reached by the bot."""

    customer: Customer


@dataclass(frozen=True)
class CustomerBack:
    """The customer can be reached again."""

    customer: Customer


@dataclass(frozen=True)
class StaffLeft:
    """A member of staff left for good; their cases and visits want somebody else."""

    person: Staff


@dataclass(frozen=True)
class StaffAway:
    """A member of staff is away, until that moment (None: until they are back)."""

    person: Staff
    until: datetime | None


@dataclass(frozen=True)
class StaffBack:
    """A member of staff is there again, or is new."""

    person: Staff


@dataclass(frozen=True)
class StandingChanged:
    """A member of staff may do other things than before, reads another language, or has a private chat now."""

    person: Staff


@dataclass(frozen=True)
class GroupMoved:
    """Telegram gave a staff group another id."""

    group: StaffGroup


@dataclass(frozen=True)
class FileChanged:
    """A customer's file changed in a way that rules may look at: tier, segments, city, purchases."""

    customer: Customer


@dataclass(frozen=True)
class EventImported:
    """Something happened to a customer elsewhere: `name` is "purchase" or an event's name, `at` when."""

    customer_id: int
    name: str
    ref: str
    at: datetime


@dataclass(frozen=True)
class PlanChanged:
    """Another plan is in force."""


@dataclass(frozen=True)
class ScoreGiven:
    """A customer answered a question that measures: "csat", "nps" or "ces"; `agent` filled it in for them, if any."""

    customer: Customer
    case: Case | None
    measure: str
    score: int
    agent: Staff | None


@dataclass(frozen=True)
class QuestionnaireEnded:
    """A questionnaire is over, finished or not; `agent` filled it in for the customer, if any."""

    invitation: Invitation
    customer: Customer
    case: Case | None
    agent: Staff | None


@dataclass(frozen=True)
class PollSent:
    """Telegram has a poll of ours and named it; `key` is that of its outbox row."""

    key: str
    poll_id: str
    telegram_id: int


@dataclass(frozen=True)
class ContactFailed:
    """What was to go unasked did not, at the very end; the contact says why."""

    contact: Contact


@dataclass(frozen=True)
class OptedOut:
    """The customer wants no more messages for these purposes (`models/contact.py`)."""

    customer: Customer
    purposes: tuple[str, ...]
