"""The course of a case."""

from dataclasses import dataclass

from handlers.happenings.facts import Fact
from models.cases import Case, CaseKind
from models.customers import Customer
from models.staff import Staff
from models.timeline import EventKind


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
