"""Which visits there are to be: what follows from a case, a purchase, an event; and from another plan.

Planning again adds nothing: every occurrence has a key of its own.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select

from handlers.authority import require
from handlers.happenings.cases import CaseClosed, CaseReopened, CaseResolved, KindConfirmed
from handlers.happenings.people import EventImported
from models.base import new_id
from models.cases import Case, CaseKind, CaseState
from models.contact import Purpose
from models.customers import Customer, customer_numbered, zone_of
from models.plan import VisitRule
from models.staff import Staff
from models.visits import BY_HAND, TO_COME, By, Visit, VisitState, case_of, gone_from, placed, sampled, wanted
from models.work import Work

#: What the occurrence of a call begins with that asks why somebody would not recommend us.
ASK_WHY = "nps:"
#: How long a visit by hand may be late.
HAND_WINDOW = timedelta(days=7)
#: Rows brought to a new plan in one transaction.
REPLANNED_AT_ONCE = 200

# -- what follows from what has happened


async def case_resolved(work: Work, happening: CaseResolved) -> None:
    """Plan the visits that the plan has for resolved cases."""
    await _plan_case(work, happening.case, happening.customer, "case_resolved", work.now)


async def case_closed(work: Work, happening: CaseClosed) -> None:
    """Plan the visits that the plan has for closed cases."""
    await _plan_case(work, happening.case, happening.customer, "case_closed", work.now)


async def kind_confirmed(work: Work, happening: KindConfirmed) -> None:
    """A finished case is of another kind: other visits are due for it."""
    case = happening.case
    if case.unfinished or not work.plan.visit:
        return
    customer = await customer_numbered(work, case.customer_id)
    for visit in await to_come(work, Visit.case_id == case.id):
        rule = rule_of(work, visit)
        if rule is not None and not wanted(rule, case):
            visit.end(VisitState.CANCELLED, work.now, reason="kind")
    if case.resolved_at:
        await _plan_case(work, case, customer, "case_resolved", case.resolved_at)
    if case.state is CaseState.CLOSED and case.closed_at:
        await _plan_case(work, case, customer, "case_closed", case.closed_at)


async def case_reopened(work: Work, happening: CaseReopened) -> None:
    """What the visits were about is not done after all."""
    if not work.plan.visit:
        return
    # Words and buttons are answers to the question that was asked; by anything else it is settled too.
    live = [*TO_COME, VisitState.DUE, *([] if happening.why in ("words", "visit") else [VisitState.ASKED])]
    of_case = select(Visit).where(Visit.case_id == happening.case.id, col(Visit.state).in_(live))
    for visit in await work.all(of_case.where(Visit.rule != BY_HAND)):
        visit.end(VisitState.CANCELLED, work.now, reason="reopened")


async def event_imported(work: Work, happening: EventImported) -> None:
    """Plan the visits that the plan has for a purchase, or for what was done elsewhere."""
    when = "purchase" if happening.name == "purchase" else f"event:{happening.name}"
    rules = [rule for rule in work.plan.visit if rule.when == when]
    customer = await customer_numbered(work, happening.customer_id) if rules else None
    for rule in rules:
        assert customer is not None  # noqa: S101
        due = happening.at + rule.after
        if due + rule.window < work.now:
            continue  # an old order, told of late: nothing was missed
        await _plan(work, rule, customer, f"{rule.id}:{happening.name}:{happening.ref}", due, None)


async def _plan_case(work: Work, case: Case, customer: Customer, when: str, at: datetime) -> None:
    for rule in work.plan.visit:
        if rule.when != when or not wanted(rule, case):
            continue
        complaint = case.counted_kind is CaseKind.COMPLAINT  # of which every one is visited
        if complaint or sampled(rule, customer.tier, case.id):
            key = f"{rule.id}:case:{case.id}:{case.reopened_count}"
            await _plan(work, rule, customer, key, at + rule.after, case)


async def _plan(
    work: Work, rule: VisitRule, customer: Customer, occurrence: str, due: datetime, case: Case | None
) -> Visit | None:
    """Add a visit, unless the occurrence has one; returns the new one."""
    if await work.first(select(Visit.id).where(Visit.occurrence == occurrence)) is not None:
        return None
    by = By(rule.by_whom(customer.tier))
    due, reason = placed(work.plan, zone_of(customer, work.plan), due, by, occurrence)
    visit = Visit(
        customer_id=customer.id,
        case_id=case.id if case else None,
        rule=rule.id,
        occurrence=occurrence,
        by=by,
        purpose=Purpose(rule.purpose_of),
        due_at=due,
        window_until=due + rule.window,
        reason=reason,
        questionnaire=rule.questionnaire,
        plan_version=work.plan_version,
    )
    work.add(visit)
    return visit


def plan_by_hand(
    work: Work,
    customer: Customer,
    at: datetime,
    *,
    owner: Staff | None = None,
    case: Case | None = None,
    note: str = "",
    occurrence: str = "",
) -> Visit:
    """A visit that somebody asked for, by an agent; `note` says what for."""
    key = occurrence or f"{BY_HAND}:{new_id()}"
    due, reason = placed(work.plan, zone_of(customer, work.plan), max(at, work.now), By.AGENT, key)
    visit = Visit(
        customer_id=customer.id,
        case_id=case.id if case else None,
        rule=BY_HAND,
        occurrence=key,
        by=By.AGENT,
        purpose=Purpose.SERVICE,
        owner_id=owner.id if owner else None,
        due_at=due,
        window_until=due + HAND_WINDOW,
        reason=reason,
        note=note,
        plan_version=work.plan_version,
    )
    work.add(visit)
    return visit


async def plan_visit(
    work: Work,
    customer: Customer,
    case: Case | None,
    at: datetime,
    by: Staff,
    *,
    owner: Staff | None = None,
    note: str,
) -> Visit:
    """Plan a call on the customer for that moment, or the first after it at which calls are made; `note` says what
    for. `owner` makes it (None: whoever plans it)."""
    person = require(by)
    visit = plan_by_hand(work, customer, at, owner=owner or person, case=case, note=note)
    await work.flush()
    return visit


def rule_of(work: Work, visit: Visit) -> VisitRule | None:
    """The rule of the plan in force by which it is made; None where there is none (any more)."""
    return next((rule for rule in work.plan.visit if rule.id == visit.rule), None)


def about_of(work: Work, visit: Visit) -> str:
    """What a visit is about: "case", "purchase", "service", "recommendation", "wish" or "general"."""
    if visit.rule == BY_HAND and visit.occurrence.startswith(ASK_WHY):
        return "recommendation"
    if visit.case_id:
        return "case"
    rule = rule_of(work, visit)
    if rule is None:
        return "wish"
    return {"purchase": "purchase", "tier": "general", "silence": "general"}.get(rule.when, "service")


async def to_come(work: Work, *where: Any) -> Sequence[Visit]:
    """The visits that are still to come, of those that fit."""
    return await work.all(select(Visit).where(col(Visit.state).in_(TO_COME), *where).with_for_update())


# -- another plan


async def replan(work: Work) -> bool:
    """A tick: visits that were planned under an earlier plan are brought to the one in force, some at a time."""
    other = col(Visit.plan_version) < work.plan_version if work.plan_version else col(Visit.id) < 0
    query = select(Visit).where(col(Visit.state).in_(TO_COME), other).limit(REPLANNED_AT_ONCE)
    rows = await work.all(query.with_for_update(skip_locked=True))
    for visit in rows:
        visit.plan_version = work.plan_version
        rule = rule_of(work, visit)
        if visit.rule == BY_HAND:
            continue
        if rule is None:
            visit.end(VisitState.CANCELLED, work.now, reason="plan")
            continue
        customer = await customer_numbered(work, visit.customer_id)
        case = await case_of(work, visit)
        if gone_from(work.plan, rule, visit, customer) or (case and not wanted(rule, case)):
            visit.end(VisitState.CANCELLED, work.now, reason="plan")
            continue
        visit.by, visit.questionnaire = By(rule.by_whom(customer.tier)), rule.questionnaire
        visit.purpose = Purpose(rule.purpose_of)
        ended_at = case and (case.resolved_at if rule.when == "case_resolved" else case.closed_at)
        if ended_at and visit.state is VisitState.PLANNED:
            zone = zone_of(customer, work.plan)
            visit.due_at, visit.reason = placed(work.plan, zone, ended_at + rule.after, visit.by, visit.occurrence)
        visit.window_until = max(work.now, visit.due_at) + rule.window
    return bool(rows)
