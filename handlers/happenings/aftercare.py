"""Scores, questionnaires and polls."""

from dataclasses import dataclass

from handlers.happenings.facts import Happening
from models.cases import Case
from models.customers import Customer
from models.questionnaires import Invitation
from models.staff import Staff


@dataclass(frozen=True)
class ScoreGiven(Happening):
    """A customer answered a question that measures: "csat", "nps" or "ces"; `agent` filled it in for them, if any."""

    customer: Customer
    case: Case | None
    measure: str
    score: int
    agent: Staff | None


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
