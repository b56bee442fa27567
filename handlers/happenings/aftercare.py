"""Scores, recovery and visits."""

from dataclasses import dataclass
from datetime import datetime

from handlers.happenings.facts import Fact, Happening
from models.cases import Case
from models.customers import Customer
from models.questionnaires import Invitation
from models.staff import Staff
from models.timeline import EventKind
from models.visits import Outcome


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
