"""A case's timeline: what happened beside the words, typed; and the spans of time that it spent as it was.

An event is what a use case tells once, as a happening (`handlers/happenings.py`); a span is written by the unit of
work itself whenever something that is counted by time has changed, so no deed can forget it.
"""

import enum
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

from sqlalchemy import BigInteger, Column, Index, text, update
from sqlmodel import Field, col, select

from models.audit import by_whom
from models.base import Base, BigKey, Json, new_id, text_enum
from models.cases import Case, CaseKind, CaseState
from models.customers import Customer, met_customer
from models.staff import Staff
from models.work import Change, Work


class EventKind(enum.StrEnum):
    """What can happen to a case. The keys of each one's details are in DETAILS."""

    OPENED = "opened"
    KIND = "kind"
    SEVERITY = "severity"
    SUBJECT = "subject"
    CLAIMED = "claimed"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    HANDED_OVER = "handed_over"
    TRANSFERRED = "transferred"
    PENDING = "pending"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"
    SCORED = "scored"
    COMMENTED = "commented"
    CHASED = "chased"
    PAGED = "paged"
    PAGE_UNANSWERED = "page_unanswered"
    ALARM = "alarm"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    WARNED = "warned"
    REMINDED = "reminded"
    PROMISED = "promised"
    RECOVERY = "recovery"
    RECOVERY_MISSED = "recovery_missed"
    PRAISED = "praised"
    BEGGED = "begged"
    VISITED = "visited"
    FROM_ANSWER = "from_answer"


#: What each kind tells beside who did it: staff, departments, kinds and clocks by their ids, never by a name.
DETAILS: dict[EventKind, tuple[str, ...]] = {
    EventKind.OPENED: ("kind", "source"),
    EventKind.KIND: ("before", "kind"),
    EventKind.SEVERITY: ("before", "after"),
    EventKind.SUBJECT: ("subject",),
    EventKind.CLAIMED: (),
    EventKind.ASSIGNED: ("to",),
    EventKind.UNASSIGNED: ("holder", "why"),
    EventKind.HANDED_OVER: ("giver", "to"),
    EventKind.TRANSFERRED: ("before", "after", "reason"),
    EventKind.PENDING: (),
    EventKind.ANSWERED: (),
    EventKind.RESOLVED: ("summary",),
    EventKind.CLOSED: ("why",),
    EventKind.REOPENED: ("why",),
    EventKind.SCORED: ("measure", "score"),
    EventKind.COMMENTED: ("comment",),
    EventKind.CHASED: (),
    EventKind.PAGED: ("people",),
    EventKind.PAGE_UNANSWERED: ("people",),
    EventKind.ALARM: ("alarm", "people"),
    EventKind.ACKNOWLEDGED: ("of",),
    EventKind.ESCALATED: ("of", "to"),
    EventKind.WARNED: ("of",),
    EventKind.REMINDED: (),
    EventKind.PROMISED: ("at", "words"),
    EventKind.RECOVERY: ("to", "due_at"),
    EventKind.RECOVERY_MISSED: (),
    EventKind.PRAISED: ("praised",),
    EventKind.BEGGED: ("words",),
    EventKind.VISITED: ("outcome",),
    EventKind.FROM_ANSWER: ("answer",),
}


class CaseEvent(Base, table=True):
    """One entry of a case's timeline. Who did it: a member of staff, a customer, or with neither the clock.

    A customer is named by the number that they had then; one that was merged since leads to who is left. `details`
    has the keys of DETAILS, moments as ISO 8601.
    """

    __tablename__ = "case_events"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    case_id: int = Field(foreign_key="cases.id", sa_type=BigInteger, index=True)
    at: datetime
    kind: EventKind = Field(sa_type=text_enum(EventKind))
    staff_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)
    customer_id: int | None = Field(default=None, sa_type=BigInteger)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Json)


class OfCase(Protocol):
    """A fact about a case: what the timeline keeps of it. Its other attributes are its details."""

    kind_of_event: ClassVar[EventKind]

    @property
    def case(self) -> Case:
        """The case."""

    @property
    def actor(self) -> Staff | Customer | None:
        """Who did it."""


def entry_of(fact: OfCase) -> tuple[type[Base], dict[str, Any]]:
    """The row of the timeline that tells this fact."""
    kind = fact.kind_of_event
    details = {key: _plain(getattr(fact, key)) for key in DETAILS[kind]}
    return CaseEvent, {"case_id": fact.case.id, "kind": kind, "details": details, **by_whom(fact.actor)}


def _plain(value: Any) -> Any:
    """A detail as JSON holds it: people by their ids, moments as ISO 8601."""
    if isinstance(value, Staff | Customer):
        return value.id
    if isinstance(value, datetime):
        return value.isoformat()
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


async def scored_at(work: Work, case_id: int) -> datetime | None:
    """When the customer last scored the case."""
    query = select(CaseEvent.at).where(CaseEvent.case_id == case_id, CaseEvent.kind == EventKind.SCORED)
    at: datetime | None = await work.first(query.order_by(col(CaseEvent.id).desc()))
    return at


# -- spans


class WaitsFor(enum.StrEnum):
    """Whose turn it is."""

    US = "us"
    CUSTOMER = "customer"


class CaseSpan(Base, table=True):
    """From when until when a case was just so; the one that lasts has no `until`. A case is always in one.

    `kind` is the confirmed one, `tier` the customer's, `waits_for` None once the case is closed, and in spans from
    before there were any.
    """

    __tablename__ = "case_spans"
    __table_args__ = (
        Index("ix_case_spans_case", "case_id", "since"),
        Index("ix_case_spans_since", "since"),
        Index(
            "uq_case_spans_lasting",
            "case_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )

    id: int = Field(sa_column=Column(BigKey, primary_key=True, autoincrement=False))
    case_id: int = Field(foreign_key="cases.id", sa_type=BigInteger)
    since: datetime
    until: datetime | None = None
    state: CaseState = Field(sa_type=text_enum(CaseState))
    assignee_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)
    department: str | None = None
    kind: CaseKind | None = Field(default=None, sa_type=text_enum(CaseKind))
    severity: str | None = None
    tier: str | None = None
    waits_for: WaitsFor | None = Field(default=None, sa_type=text_enum(WaitsFor))


#: What of a case is counted by time, and what says whose turn it is.
_COUNTED = ("state", "assignee_id", "department", "kind", "severity")
_TURNS = ("last_agent_at", "last_customer_at")


def waits_for(state: CaseState, last_agent_at: datetime | None, last_customer_at: datetime) -> WaitsFor | None:
    """Whose turn it is: the customer's while we wait for an answer or a yes, else whoever did not speak last."""
    if state is CaseState.CLOSED:
        return None
    if state in (CaseState.PENDING, CaseState.RESOLVED):
        return WaitsFor.CUSTOMER
    ours = last_agent_at is None or last_agent_at < last_customer_at
    return WaitsFor.US if ours else WaitsFor.CUSTOMER


def _span_of(case: Case, before: dict[str, Any], tier: str | None) -> dict[str, Any]:
    """How the case is, or was before these attributes changed."""

    def value(name: str) -> Any:
        return before.get(name, getattr(case, name))

    turn = waits_for(value("state"), value("last_agent_at"), value("last_customer_at"))
    return {**{name: value(name) for name in _COUNTED}, "tier": tier, "waits_for": turn}


class _Begun(dict[int, int]):
    """The spans that began in this work, by case."""


async def keep_spans(work: Work, changes: Iterable[Change]) -> None:
    """End the spans of cases of which something counted has changed in this work, and begin their next."""
    changed: dict[int, tuple[Case, dict[str, Any], bool]] = {}
    tiers: dict[int, str | None] = {}
    for change in changes:
        if isinstance(change.row, Case) and (change.is_new or change.touches(*_COUNTED, *_TURNS)):
            changed[change.row.id] = (change.row, change.before, change.is_new)
        elif isinstance(change.row, Customer) and change.touches("tier") and not change.is_new:
            tiers[change.row.id] = change.row.tier
    for case in await _cases_of(work, list(tiers)):
        changed.setdefault(case.id, (case, {}, False))
    if changed:
        await _write(work, list(changed.values()), tiers)


async def _cases_of(work: Work, customer_ids: list[int]) -> Sequence[Case]:
    going_on = select(Case).where(col(Case.customer_id).in_(customer_ids), Case.state != CaseState.CLOSED)
    return await work.all(going_on) if customer_ids else ()


async def _write(
    work: Work,
    changed: list[tuple[Case, dict[str, Any], bool]],
    tiers: dict[int, str | None],
) -> None:
    begun, ended = work.memory(_Begun), []
    for case, before, is_new in changed:
        if not is_new and case.customer_id not in tiers and _span_of(case, {}, None) == _span_of(case, before, None):
            continue
        now = _span_of(case, {}, await _tier_of(work, case.customer_id, tiers))
        if case.id in begun:  # twice in one work: no span is of no time
            await work.flush()
            await work.session.exec(update(CaseSpan).where(col(CaseSpan.id) == begun[case.id]).values(**now))
            continue
        if not is_new:
            ended.append(case.id)
        begun[case.id] = new_id()
        work.append(CaseSpan, id=begun[case.id], case_id=case.id, since=work.now, **now)
    if ended:
        lasting = update(CaseSpan).where(col(CaseSpan.case_id).in_(ended), col(CaseSpan.until).is_(None))
        await work.session.exec(lasting.values(until=work.now))


async def _tier_of(work: Work, customer_id: int, known: dict[int, str | None]) -> str | None:
    if customer_id in known:
        return known[customer_id]
    customer = met_customer(work, customer_id)
    if customer is not None:
        return customer.tier
    found: str | None = await work.first(select(Customer.tier).where(Customer.id == customer_id))
    return found
