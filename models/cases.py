"""Cases: one matter from the first word to the closing, with its states and its timeline."""

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, bindparam, func, or_, text
from sqlmodel import Field, col, select

from models.base import Base, BigKey, text_enum
from models.work import Work

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
    `held_count` counts words of agents that wait until somebody says whom they are for.
    `chased_at` is when staff were last told that the customer asks where it stands, which `chased_count` counts.
    `safety_said_at` is when the plan's safety words went to the customer; `page_due_at` when others are told because
    nobody on duty has taken up a critical case.
    `card_message_id` is the latest card in the staff group, `card_drawn` the digest of what it shows.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_opened", "opened_at"),
        Index(
            "ix_cases_resolved",
            "resolved_at",
            sqlite_where=text("resolved_at IS NOT NULL"),
            postgresql_where=text("resolved_at IS NOT NULL"),
        ),
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
    episode: int = 0
    reopened_count: int = 0
    chased_count: int = 0
    held_count: int = 0
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
    card_drawn: str | None = None

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
        self.state = state


# -- queries

_OF_CUSTOMERS: Any = bindparam("customer_ids", expanding=True)
_OLDEST: Any = bindparam("oldest")
_CASES = (
    select(Case)
    .where(
        col(Case.customer_id).in_(_OF_CUSTOMERS),
        or_(col(Case.state).in_(UNFINISHED), col(Case.resolved_at) >= _OLDEST, col(Case.closed_at) >= _OLDEST),
    )
    .order_by(col(Case.id))
)


class _Known(dict[int, list[Case]]):
    """The current cases that this work has met, by customer."""


async def fetch_cases(work: Work, customer_ids: Sequence[int]) -> None:
    """Fetch the cases of these customers in one query."""
    if not customer_ids:
        return
    known = work.memory(_Known)
    for customer_id in customer_ids:
        known.setdefault(customer_id, [])
    oldest = work.now - work.plan.closing.reopen_within
    for case in await work.all(_CASES, customer_ids=customer_ids, oldest=oldest):
        if case not in known[case.customer_id]:
            known[case.customer_id].append(case)


async def cases_of(work: Work, customer_id: int) -> list[Case]:
    """The customer's unfinished cases and those that can still be reopened, oldest first."""
    known = work.memory(_Known)
    if customer_id not in known:
        await fetch_cases(work, [customer_id])
    return known[customer_id]


async def new_case(work: Work, **values: Any) -> Case:
    """A new case with the next number."""
    case = Case(id=FIRST_NUMBER + await work.number("case"), plan_version=work.plan_version, **values)
    work.add(case)
    (await cases_of(work, case.customer_id)).append(case)
    return case


class _New(set[int]):
    """The customers who came with this work: what is known of them is all that there is."""


def no_cases_yet(work: Work, customer_id: int) -> None:
    """A customer is new."""
    work.memory(_Known)[customer_id] = []
    work.memory(_New).add(customer_id)


def is_new(work: Work, customer_id: int) -> bool:
    """Whether the customer came with this work, so that nothing can have been written about them before."""
    return customer_id in work.memory(_New)


def forget_cases_of(work: Work, customer_ids: Sequence[int]) -> None:
    """Nothing is known any more of the cases of these customers."""
    for customer_id in customer_ids:
        work.memory(_Known).pop(customer_id, None)
        work.memory(_New).discard(customer_id)


_NUMBERED = select(Case).where(col(Case.id).in_(bindparam("case_ids", expanding=True))).order_by(col(Case.id))
#: As stored by now: whoever decides by where a case is shown must not go by what was read before it was held.
_HELD = _NUMBERED.with_for_update().execution_options(populate_existing=True)
_COUNTS = (
    select(col(Case.customer_id), func.count())
    .where(col(Case.customer_id).in_(_OF_CUSTOMERS))
    .group_by(col(Case.customer_id))
)


class _Numbered(dict[int, Case]):
    """The cases that this work has fetched by their numbers."""


class _Held(dict[int, Case]):
    """Those among them that nobody else changes until this work ends."""


class _Counts(dict[int, int]):
    """How many cases the customers of those have had."""


async def fetch_numbered(work: Work, case_ids: Sequence[int]) -> list[Case]:
    """Fetch cases by their numbers, with what their customers' cases have been, in two queries."""
    found = list(await work.all(_NUMBERED, case_ids=case_ids)) if case_ids else []
    work.memory(_Numbered).update({case.id: case for case in found})
    if customer_ids := sorted({case.customer_id for case in found}):
        work.memory(_Counts).update(dict(await work.all(_COUNTS, customer_ids=customer_ids)))
    return found


async def hold_cases(work: Work, case_ids: Sequence[int]) -> None:
    """Hold these cases, in one query, for `case_held`."""
    if case_ids:
        held = {case.id: case for case in await work.all(_HELD, case_ids=case_ids)}
        work.memory(_Held).update(held)


async def case_numbered(work: Work, case_id: int) -> Case | None:
    """A case by its number."""
    case: Case | None = work.memory(_Numbered).get(case_id)
    return case or await work.first(select(Case).where(Case.id == case_id))


async def case_held(work: Work, case_id: int) -> Case | None:
    """The case as it is stored by now; until this work ends nobody else changes it (PostgreSQL).

    For those who decide by where the case is shown: a worker moves it while the sender shows it.
    """
    if case_id not in work.memory(_Held):
        await hold_cases(work, [case_id])
    return work.memory(_Held).get(case_id)


async def recent_cases(work: Work, customer_id: int, limit: int = 10) -> Sequence[Case]:
    """The customer's latest cases, newest first."""
    if is_new(work, customer_id):
        return work.memory(_Known)[customer_id][: -limit - 1 : -1]
    return await work.all(
        select(Case).where(Case.customer_id == customer_id).order_by(col(Case.id).desc()).limit(limit)
    )


async def count_cases(work: Work, customer_id: int) -> int:
    """How many cases the customer has had."""
    known = work.memory(_Counts).get(customer_id)
    if known is not None:
        return known
    if is_new(work, customer_id):
        return len(work.memory(_Known)[customer_id])
    return int(await work.first(select(func.count()).where(Case.customer_id == customer_id)))


async def unfinished_cases_of(work: Work, staff_id: int) -> Sequence[Case]:
    """The unfinished cases that this member of staff is responsible for."""
    return await work.all(
        select(Case).where(Case.assignee_id == staff_id, col(Case.state).in_(UNFINISHED)).order_by(col(Case.id))
    )
