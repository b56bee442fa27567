"""Cases: one matter from the first word to the closing, with its states and its timeline."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field

from models.base import Base, BigKey, Json, text_enum

FIRST_NUMBER = 1000  # the first case is no. 1001


class CaseKind(enum.StrEnum):
    """What a matter is; None until somebody has said so."""

    COMPLAINT = "complaint"
    ENQUIRY = "enquiry"
    REQUEST = "request"
    SUGGESTION = "suggestion"
    PRAISE = "praise"


class CaseState(enum.StrEnum):
    """Where a matter stands."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


#: What may follow what. Reopening leads to OPEN; nothing leads back to NEW.
TRANSITIONS: dict[CaseState, frozenset[CaseState]] = {
    CaseState.NEW: frozenset({CaseState.OPEN, CaseState.PENDING, CaseState.RESOLVED, CaseState.CLOSED}),
    CaseState.OPEN: frozenset({CaseState.PENDING, CaseState.RESOLVED, CaseState.CLOSED}),
    CaseState.PENDING: frozenset({CaseState.OPEN, CaseState.RESOLVED, CaseState.CLOSED}),
    CaseState.RESOLVED: frozenset({CaseState.OPEN, CaseState.CLOSED}),
    CaseState.CLOSED: frozenset({CaseState.OPEN}),
}
UNFINISHED = (CaseState.NEW, CaseState.OPEN, CaseState.PENDING)
#: The same as SQL: an index of unfinished cases is of use only to queries that say so in these words.
UNFINISHED_SQL = text("state IN ('new', 'open', 'pending')")


class Case(Base, table=True):
    """One matter of one customer. `id` is its number, which people say aloud.

    `episode` counts how often it was resolved, so that a score belongs to the time it was asked for.
    `kind` is what the customer or an agent confirmed, `suggested_kind` what the words suggest, which only routes.
    `severity`, `department` and `alarm` are ids of the plan; `plan_version` is the plan that it was promised under.
    `source` says how the matter came: "telegram", "phone", "counter", ... `subject_confirmed`: an agent worded it.
    `due_at` is the next moment by which somebody hears or gets something, and `due_what` says what (a clock's name);
    `chased_at` is when staff were last told that the customer asks where it stands, which `chased_count` counts.
    `safety_said_at` is when the plan's safety words went to the customer; `page_due_at` when others are told because
    nobody on duty has taken up a critical case.
    `comment_open` says that the customer's next words are the comment to the score.
    `card_message_id` is the latest card in the staff group.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index(
            "ix_cases_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "ix_cases_unfinished",
            "assignee_id",
            sqlite_where=UNFINISHED_SQL,
            postgresql_where=UNFINISHED_SQL,
        ),
        Index(
            "ix_cases_page_due",
            "page_due_at",
            sqlite_where=text("page_due_at IS NOT NULL"),
            postgresql_where=text("page_due_at IS NOT NULL"),
        ),
    )

    id: int = Field(sa_column=Column(BigKey, primary_key=True, autoincrement=False))
    customer_id: int = Field(foreign_key="customers.id", sa_type=BigInteger, index=True)
    group_id: int = Field(foreign_key="staff_groups.id", sa_type=BigInteger)
    parent_id: int | None = Field(default=None, foreign_key="cases.id", sa_type=BigInteger)
    kind: CaseKind | None = Field(default=None, sa_type=text_enum(CaseKind))
    suggested_kind: CaseKind | None = Field(default=None, sa_type=text_enum(CaseKind))
    severity: str | None = None
    alarm: str | None = None
    department: str | None = None
    source: str = "telegram"
    plan_version: int | None = Field(default=None, foreign_key="plan_versions.id", sa_type=BigInteger)
    state: CaseState = Field(default=CaseState.NEW, sa_type=text_enum(CaseState))
    assignee_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger, index=True)
    subject: str = ""
    subject_confirmed: bool = False
    summary: str = ""
    score: int | None = None
    comment: str | None = None
    comment_open: bool = False
    episode: int = 0
    reopened_count: int = 0
    chased_count: int = 0
    chased_at: datetime | None = None
    due_at: datetime | None = None
    due_what: str | None = None
    opened_at: datetime
    first_response_at: datetime | None = None
    last_customer_at: datetime
    last_agent_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    safety_said_at: datetime | None = None
    page_due_at: datetime | None = None
    card_message_id: int | None = Field(default=None, sa_type=BigInteger)

    @property
    def supposed_kind(self) -> CaseKind:
        """What the matter is taken for, as to where it goes: confirmed, else suggested, else an enquiry."""
        return self.kind or self.suggested_kind or CaseKind.ENQUIRY

    @property
    def counted_kind(self) -> CaseKind:
        """What the matter counts as, with all that such a one demands: confirmed by a tap, else an enquiry."""
        return self.kind or CaseKind.ENQUIRY

    @property
    def unfinished(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state in UNFINISHED

    def move(self, state: CaseState, now: datetime) -> None:
        """Take the case to `state`; raises ValueError where the table of transitions does not allow it."""
        if state not in TRANSITIONS[self.state]:
            raise ValueError(f"case {self.id}: {self.state} -> {state} is not a transition")
        if state is CaseState.RESOLVED:
            self.resolved_at = now
            self.episode += 1
        if state is CaseState.CLOSED:
            self.closed_at = now
        if not self.unfinished and state is CaseState.OPEN:
            self.reopened_count += 1
        if state is not CaseState.CLOSED:
            self.comment_open = False
        self.state = state


class CaseEvent(Base, table=True):
    """One entry of a case's timeline: what happened beside the words."""

    __tablename__ = "case_events"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    case_id: int = Field(foreign_key="cases.id", sa_type=BigInteger, index=True)
    at: datetime
    what: str  # opened, kind, claimed, pending, resolved, closed, reopened, scored, commented, unassigned, chased
    actor: str  # "staff:12", "customer:7", "system"
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
