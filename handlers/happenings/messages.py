"""What is said, promised and asked for."""

from dataclasses import dataclass
from datetime import datetime

from handlers.happenings.facts import Fact, Happening
from models.cases import Case
from models.customers import Customer
from models.staff import Staff
from models.timeline import EventKind


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
