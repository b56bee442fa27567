"""Visits fall due: judged once more at that moment, then asked, given to an agent, moved, or missed."""

from collections.abc import Sequence

from sqlalchemy import bindparam
from sqlmodel import col, select

from handlers import contact
from handlers.happenings.people import ContactFailed
from handlers.questionnaires import ask_in_visit
from handlers.visits import questions, tasks
from handlers.visits.planning import HAND_WINDOW, rule_of
from models.cases import Case, CaseKind
from models.contact import Facts, Purpose, Ruling, rule
from models.customers import Customer, customer_numbered, zone_of
from models.outbox import scheduled_count
from models.questionnaires.invitations import invitation_of
from models.questionnaires.rows import VISIT
from models.visits import BEGUN, BY_HAND, TO_COME, By, Outcome, Visit, VisitState, case_of, gone_from, next_open
from models.work import Work

#: How many are taken up in one transaction.
AT_ONCE = 50
#: So many scheduled messages wait for the sender at most: what waits there cannot be planned anew.
MOST_WAITING = 300
#: Reasons for which the bot cannot write to somebody whom an agent can call.
NO_WAY = ("unreachable", "failed")
#: Made once: we look each second, and making it takes longer than the look.
_DUE = (
    select(Visit)
    .where(col(Visit.state).in_(TO_COME), col(Visit.due_at) <= bindparam("now"))
    .order_by(col(Visit.due_at))
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True)
)


async def come_due(work: Work) -> bool:
    """A tick: take up visits that are due, one of a customer at a time, while few messages wait for the sender."""
    rows: Sequence[Visit] = await work.all(_DUE, now=work.now)
    if not rows or await scheduled_count(work) >= MOST_WAITING:
        return False
    first = {visit.customer_id: visit for visit in reversed(rows)}
    customers = [await customer_numbered(work, customer_id) for customer_id in sorted(first)]
    facts = await contact.facts_of(work, customers, work.now, but=[visit.about for visit in first.values()])
    for customer in customers:
        await _take_up(work, first[customer.id], customer, facts[customer.id])
    return True


async def _take_up(work: Work, visit: Visit, customer: Customer, facts: Facts) -> None:
    case = await case_of(work, visit)
    reason = _gone(work, visit, customer, case)
    if reason:
        visit.end(VisitState.CANCELLED, work.now, reason=reason)
        await contact.cancelled(work, visit.about, reason)
    elif visit.window_until < work.now:
        visit.end(VisitState.MISSED, work.now, reason="window")
        await contact.cancelled(work, visit.about, "window")
    else:
        await _judge(work, visit, customer, case, facts)


def _gone(work: Work, visit: Visit, customer: Customer, case: Case | None) -> str | None:
    """Why there is nothing to visit for any more."""
    if customer.merged_into_id is not None:
        return "merged"
    if visit.rule == BY_HAND:
        return None
    of_plan = rule_of(work, visit)
    if of_plan is None:
        return "plan"
    if case is not None and case.unfinished:
        return "reopened"
    return "tier" if gone_from(work.plan, of_plan, visit, customer) else None


async def _judge(work: Work, visit: Visit, customer: Customer, case: Case | None, facts: Facts) -> None:
    """What calendar and budget say of this moment."""
    by_agent = visit.by is By.AGENT
    opens = next_open(work.plan, zone_of(customer, work.plan), work.now, visit.by)
    if by_agent and opens > work.now:
        visit.move(opens, "closed")
        return
    ruling = rule(work.plan, facts, visit.purpose, work.now, call=by_agent)
    if visit.purpose is Purpose.SERVICE and not by_agent and Purpose.VISIT not in facts.allowed:
        ruling = Ruling(None, "opted_out")  # whom we promised no more visits, we ask about no case either
    if ruling.now(work.now):
        await _begin(work, visit, customer, case, may_survey=Purpose.SURVEY in facts.allowed)
    else:
        await _hold(work, visit, customer, case, ruling)


async def _hold(work: Work, visit: Visit, customer: Customer, case: Case | None, ruling: Ruling) -> None:
    """It may not go as things are: later, by a call, or not at all."""
    if ruling.reason in NO_WAY and case is not None and case.supposed_kind is CaseKind.COMPLAINT:
        visit.by = By.AGENT  # every complaint is visited: somebody calls
        visit.move(work.now, ruling.reason or "")
    elif ruling.at is None or ruling.at > visit.window_until:
        visit.end(VisitState.CANCELLED, work.now, reason=ruling.reason)
        await contact.suppressed(work, customer, visit.purpose, "visit", visit.about, ruling.reason or "", case)
    else:
        visit.move(ruling.at, ruling.reason or "")
        await contact.held(work, customer, visit.purpose, "visit", visit.about, ruling, case)


async def _begin(work: Work, visit: Visit, customer: Customer, case: Case | None, *, may_survey: bool) -> None:
    """Ask, or give the task; however late it is, there is as much time for it as if it had been taken up at once."""
    of_plan = rule_of(work, visit)
    ends = visit.window_until = max(visit.window_until, work.now + (of_plan.window if of_plan else HAND_WINDOW))
    if visit.by is By.AGENT:
        await tasks.post(work, visit, customer, case)
    elif (
        may_survey
        and visit.questionnaire
        and await ask_in_visit(work, customer, visit.questionnaire, visit.occurrence, case, ends)
    ):
        visit.begun_at = work.now
        visit.end(VisitState.DONE, work.now, outcome=Outcome.INVITED)
    else:
        await questions.ask(work, visit, customer, case)


async def not_sent(work: Work, failed: ContactFailed) -> None:
    """What the bot was to ask did not go after all: the same follows as if that had been known when it fell due."""
    visit = await _asked_by(work, failed)
    if visit is not None:
        customer = await customer_numbered(work, visit.customer_id)
        case = await case_of(work, visit)
        visit.begun_at = None
        await _hold(work, visit, customer, case, Ruling(None, failed.contact.reason))


async def _asked_by(work: Work, failed: ContactFailed) -> Visit | None:
    """The visit whose question that was, or whose questionnaire."""
    known = failed.contact
    if known.what == "visit":
        asked = select(Visit).where(Visit.customer_id == known.customer_id, Visit.state == VisitState.ASKED)
        return next((visit for visit in await work.all(asked) if visit.about == known.about), None)
    invitation = await invitation_of(work, failed.contact) if known.what == "invitation" else None
    if invitation is None or invitation.rule != VISIT:
        return None
    invited = select(Visit).where(Visit.outcome == Outcome.INVITED, Visit.questionnaire == invitation.questionnaire)
    if invitation.case_id is not None:
        invited = invited.where(Visit.case_id == invitation.case_id)
    else:
        invited = invited.where(Visit.occurrence == invitation.occurrence.partition(":")[2])
    found: Visit | None = await work.first(invited.order_by(col(Visit.begun_at).desc()))
    return found


async def run_out(work: Work) -> bool:
    """A tick: what was begun and not ended within its window is over."""
    over = select(Visit).where(col(Visit.state).in_(BEGUN), col(Visit.window_until) < work.now)
    rows: Sequence[Visit] = await work.all(over.limit(AT_ONCE).with_for_update(skip_locked=True))
    for visit in rows:
        if visit.state is VisitState.ASKED:
            visit.end(VisitState.DONE, work.now, outcome=Outcome.UNANSWERED)
        else:
            visit.end(VisitState.MISSED, work.now, reason="not_made")
    return bool(rows)
