"""A case's timeline: what happened beside the words, typed; and the spans of time that it spent as it was.

An event is what a use case tells once: by `remember`, or as a happening (`handlers/happenings`) where others act on
it. A span is written by the unit of work itself whenever something that is counted by time has changed, so no deed
can forget it.
"""

import enum
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Protocol, Self

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field, col, select

from models.audit import by_whom
from models.base import Base, BigKey, Json, new_id, text_enum
from models.cases import Case, CaseKind, CaseState
from models.customers import Customer, Merge, met_customer
from models.staff import Staff
from models.work import Change, Work


class EventKind(enum.StrEnum):
    """What can happen to a case: the word by which it is kept, then the keys of its details.

    Details stand beside who did it. They name staff, departments, kinds and clocks by their ids, never by a name.
    """

    OPENED = "opened", "kind", "source"
    KIND = "kind", "before", "kind"
    SEVERITY = "severity", "before", "after"
    SUBJECT = "subject", "subject"
    CLAIMED = "claimed"  # taken for oneself, by a press or by answering
    ASSIGNED = "assigned", "to"  # given by the plan's rule, or by a person
    UNASSIGNED = "unassigned", "holder", "why"  # back to the queue, for the holder has "left" or is "away"
    HANDED_OVER = "handed_over", "giver", "to"  # with all that the giver had; to None: to the queue
    TRANSFERRED = "transferred", "before", "after", "reason"  # from one department to another
    PENDING = "pending"
    ANSWERED = "answered"
    RESOLVED = "resolved", "summary"
    CLOSED = "closed", "why"
    REOPENED = "reopened", "why"
    SCORED = "scored", "measure", "score"  # or scored anew; by the agent where they filled it in for the customer
    COMMENTED = "commented", "comment"  # the customer said why they gave that score
    CHASED = "chased"  # the customer asked where it stands
    PAGED = "paged", "people"  # who was called to a critical case
    PAGE_UNANSWERED = "page_unanswered", "people"  # nobody on duty took it up, and these were told
    ALARM = "alarm", "alarm", "people"  # the customer's words set off an alarm of the plan
    ACKNOWLEDGED = "acknowledged", "of"  # the first who said "I have it": of a clock, or of a call (None)
    ESCALATED = "escalated", "of", "to"  # a clock came to a step of the plan, and this level was told
    WARNED = "warned", "of"  # the customer heard that a promised time may be missed
    REMINDED = "reminded"  # the customer heard that we wait for them
    PROMISED = "promised", "at", "words"
    RECOVERY = "recovery", "to", "due_at"  # a low score: who is to speak to them by then (None: nobody is there)
    RECOVERY_MISSED = "recovery_missed"  # nobody had spoken to them by then
    PRAISED = "praised", "praised"  # kind words reached who handled it
    BEGGED = "begged", "words"  # an agent asked for a good score
    VISITED = "visited", "outcome"  # a return visit, by the customer who answered or the agent who called
    FROM_ANSWER = "from_answer", "answer"  # the case was made of that answer to a questionnaire

    keys: tuple[str, ...]

    def __new__(cls, kept_as: str, *keys: str) -> Self:
        """A member is its first word; the others are its `keys`."""
        member = str.__new__(cls, kept_as)
        member._value_ = kept_as
        member.keys = keys
        return member


class CaseEvent(Base, table=True):
    """One entry of a case's timeline. Who did it: a member of staff, a customer, or with neither the clock.

    A customer is named by the number that they had then; one that was merged since leads to who is left. `details`
    has the keys of its kind, moments as ISO 8601.
    """

    __tablename__ = "case_events"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    case_id: int = Field(foreign_key="cases.id", sa_type=BigInteger, index=True)
    at: datetime
    kind: EventKind = Field(sa_type=text_enum(EventKind))
    staff_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)
    customer_id: int | None = Field(default=None, sa_type=BigInteger)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=Json)


def remember(work: Work, case: Case, kind: EventKind, by: Staff | Customer | None, /, **details: Any) -> None:
    """Write down what happened to a case and who did it; what nobody acts on needs no more than that.

    Raises ValueError where the details are not those of the kind.
    """
    work.append(CaseEvent, at=work.now, **_columns(case, kind, by, details))


class OfCase(Protocol):
    """A fact about a case that others act on: those of its attributes that its kind names are its details."""

    kind_of_event: ClassVar[EventKind]

    @property
    def case(self) -> Case:
        """The case."""

    @property
    def actor(self) -> Staff | Customer | None:
        """Who did it."""


def entry_of(fact: OfCase) -> tuple[type[Base], dict[str, Any]]:
    """The row of the timeline that tells this fact; raises ValueError where it lacks a detail of its kind."""
    kind = fact.kind_of_event
    details = {key: getattr(fact, key) for key in kind.keys if hasattr(fact, key)}
    return CaseEvent, _columns(fact.case, kind, fact.actor, details)


def _columns(case: Case, kind: EventKind, by: Staff | Customer | None, details: dict[str, Any]) -> dict[str, Any]:
    if details.keys() != set(kind.keys):
        raise ValueError(f"{kind.name} has the details {sorted(kind.keys)}, not {sorted(details)}")
    plain = {key: _plain(details[key]) for key in kind.keys}
    return {"case_id": case.id, "kind": kind, "details": plain, **by_whom(by)}


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

    `kind` is the confirmed one, `tier` the customer's (once the case is closed, what it was at the end), `waits_for`
    None once the case is closed, and where it was open before there were spans. No two in a row say the same.
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


def _values(case: Case, before: dict[str, Any]) -> dict[str, Any]:
    """How the case is, or was before these attributes changed; but for the tier."""

    def value(name: str) -> Any:
        return before.get(name, getattr(case, name))

    turn = waits_for(value("state"), value("last_agent_at"), value("last_customer_at"))
    return {**{name: value(name) for name in _COUNTED}, "waits_for": turn}


async def keep_spans(work: Work, changes: Iterable[Change]) -> None:
    """End the spans of cases of which something counted has changed in this work, and begin their next.

    Nothing is asked of the database where nothing has, and for a new case.
    """
    opened: dict[int, Case] = {}
    changed: dict[int, Case] = {}
    owners: set[int] = set()
    for change in changes:
        row = change.row
        if isinstance(row, Case) and change.is_new:
            opened[row.id] = row
        elif isinstance(row, Case) and change.touches(*_COUNTED, *_TURNS):
            if _values(row, {}) != _values(row, change.before):
                changed[row.id] = row
        elif isinstance(row, Customer) and change.touches("tier") and row.tier != change.before["tier"]:
            owners.add(row.id)
        elif isinstance(row, Merge):  # whose cases have another customer now; the rows themselves do not know
            owners |= {row.survivor_id, row.merged_id}
    if owners:
        going_on = select(Case).where(col(Case.customer_id).in_(owners), Case.state != CaseState.CLOSED)
        held = going_on.order_by(col(Case.id)).with_for_update().execution_options(populate_existing=True)
        changed |= {case.id: case for case in await work.all(held) if case.id not in opened}
    if opened or changed:
        await _write(work, opened, changed)


async def _write(work: Work, opened: dict[int, Case], changed: dict[int, Case]) -> None:
    cases = opened | changed
    tiers = await _tiers(work, {case.customer_id for case in cases.values()})
    lasting = await _lasting(work, list(changed))
    for case in cases.values():
        now = {**_values(case, {}), "tier": tiers[case.customer_id]}
        span = lasting.get(case.id)
        since = max(work.now, span.since) if span else work.now  # another process may have been a moment ahead
        if span is not None and all(getattr(span, name) == value for name, value in now.items()):
            continue
        if span is not None and span.since == since:  # no span is of no time
            await _change(work, span, now)
            continue
        if span is not None:
            span.until = since
        work.append(CaseSpan, id=new_id(), case_id=case.id, since=since, **now)


async def _lasting(work: Work, case_ids: list[int]) -> dict[int, CaseSpan]:
    lasting = select(CaseSpan).where(col(CaseSpan.case_id).in_(case_ids), col(CaseSpan.until).is_(None))
    return {span.case_id: span for span in await work.all(lasting)} if case_ids else {}


async def _change(work: Work, span: CaseSpan, now: dict[str, Any]) -> None:
    """The case is not as its span says that has just begun; the span before goes on where it says the same."""
    before: CaseSpan | None = await work.first(
        select(CaseSpan).where(CaseSpan.case_id == span.case_id, CaseSpan.until == span.since)
    )
    if before is not None and all(getattr(before, name) == value for name, value in now.items()):
        await work.session.delete(span)
        await work.flush()  # the lasting span of a case is one
        before.until = None
        return
    for name, value in now.items():
        setattr(span, name, value)


async def _tiers(work: Work, customer_ids: set[int]) -> dict[int, str | None]:
    """Their tiers, of those whom this work has met without a query."""
    met = {each: met_customer(work, each) for each in customer_ids}
    tiers = {number: customer.tier for number, customer in met.items() if customer is not None}
    if unmet := customer_ids - tiers.keys():
        tiers |= dict(await work.all(select(Customer.id, Customer.tier).where(col(Customer.id).in_(unmet))))
    return tiers
