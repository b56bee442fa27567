"""Recovery: what follows a low score, and how praise reaches the person praised."""

from datetime import datetime

from handlers import cases, duty
from handlers.happenings.aftercare import QuestionnaireEnded, ScoreGiven
from handlers.happenings.cases import CaseClosed, CaseResolved, KindConfirmed
from handlers.happenings.messages import AgentSpoke
from handlers.moments import in_their_words, local_time
from handlers.speaking import tell_customer, tell_privately, tell_staff
from handlers.understanding import suggest
from handlers.visits.planning import ASK_WHY, plan_by_hand
from models.cases import Case, CaseKind, case_numbered, recent_cases
from models.customers import Customer, customer_numbered
from models.delivery import Priority
from models.installation import plan_of
from models.plan import Plan
from models.questionnaires.invitations import words_in
from models.recovery import Recovery, has_another, missed_recovery, open_recovery
from models.staff import Role, Staff, main_group, staff_group, staff_member
from models.timeline import EventKind, remember
from models.work import Work
from templates import label

#: A score from which on words beside it are praise, by measure.
PRAISE = {"csat": 5, "nps": 9}

# -- a low score


async def begin(work: Work, given: ScoreGiven) -> None:
    """A low satisfaction: somebody in charge who is not the handler takes the case, and the customer hears of it."""
    customer = given.customer
    plan = await plan_of(work, given.case) if given.case else work.plan
    if given.measure != "csat" or given.score > plan.recovery.csat_at_most:
        return
    case = given.case or await _case_for(work, customer)
    known = await open_recovery(work, case)
    if known is not None:
        known.score = given.score
        return
    handler = case.assignee_id
    if not case.unfinished:
        cases.reopen(work, case, given.agent or customer, "score")
    to = await _in_charge(work, case, Role(plan.recovery.to), handler)
    cases.entrust(work, case, to)
    found = _new_recovery(work, case, given.score, handler, to, _due_at(work, plan, customer))
    customer.recovering_since = work.now
    remember(work, case, EventKind.RECOVERY, None, to=to, due_at=found.due_at)
    await _tell_all(work, customer, case, given.score, to, found.due_at)


def _new_recovery(
    work: Work, case: Case, score: int, handler: int | None, to: Staff | None, due_at: datetime | None
) -> Recovery:
    found = Recovery(
        customer_id=case.customer_id,
        case_id=case.id,
        score=score,
        handler_id=handler,
        to_id=to.id if to else None,
        began_at=work.now,
        due_at=due_at,
    )
    work.add(found)
    return found


async def _case_for(work: Work, customer: Customer) -> Case:
    """A score that was asked for about no case in particular: a case of its own, in words for staff."""
    words = label(work.plan.business.language, "recovery.subject")
    return await cases.open_case(work, customer, words=words, kind=None, parent=None, quiet=True)


async def _in_charge(work: Work, case: Case, role: Role, handler: int | None) -> Staff | None:
    """Who takes it: one of that role, or of a higher one; never the one who handled it."""
    for each in list(Role)[role.rank :]:
        for person in await duty.those_in_charge(work, case, each):
            if person.id != handler and person.role.rank >= role.rank:
                return person
    return None


def _due_at(work: Work, plan: Plan, customer: Customer) -> datetime | None:
    """When somebody has to have spoken to the customer; None where the plan says nothing for the tier."""
    everybody = next((tier.id for tier in reversed(plan.tier)), "")
    within = plan.recovery.within.get(customer.tier or everybody)
    return work.now + within if within else None


async def _tell_all(
    work: Work, customer: Customer, case: Case, score: int, to: Staff | None, due_at: datetime | None
) -> None:
    by = local_time(work, due_at) if due_at else ""
    values = {"number": case.id, "score": score, "to": to.name if to else None, "by": by}
    group = await staff_group(work, case.group_id)
    tell_staff(work, group, customer, "recovery/begun", values, priority=Priority.ANSWER, case_id=case.id)
    told = {to.id: to} if to else {}
    for person in await duty.those_in_charge(work, case, Role.MANAGER):
        told.setdefault(person.id, person)
    for person in told.values():
        tell_privately(work, person, "recovery/begun", values, case_id=case.id)
    promised = in_their_words(work, customer, due_at) if due_at else ""
    values = {"number": case.id, "by": promised, "supervisor": to is not None}
    tell_customer(work, customer, "recovery/promised", values, case=case)


# -- its course


async def note_spoken(work: Work, spoke: AgentSpoke) -> None:
    """Somebody else than the handler has spoken to the customer."""
    case = spoke.case
    customer = await customer_numbered(work, case.customer_id)
    if customer.recovering_since is None or not case.unfinished:
        return  # no low score, no query
    found = await open_recovery(work, case)
    if found is not None and spoke.person.id != found.handler_id:
        found.spoken_at = found.spoken_at or work.now


async def end(work: Work, happening: CaseResolved | CaseClosed) -> None:
    """The matter is settled anew: other contacts go on."""
    customer = happening.customer
    if customer.recovering_since is None:
        return
    found = await open_recovery(work, happening.case)
    if found is None:
        return
    found.ended_at = work.now
    if not await has_another(work, found):
        customer.recovering_since = None


async def tell_missed(work: Work) -> bool:
    """A tick: nobody has spoken to the customer in time; those above are told, once."""
    found = await missed_recovery(work)
    if found is None:
        return False
    found.missed_at = work.now
    case, customer = await case_numbered(work, found.case_id), await customer_numbered(work, found.customer_id)
    assert case is not None  # noqa: S101 - cases are never deleted
    holder = await staff_member(work, found.to_id) if found.to_id else None
    values = {"number": case.id, "to": holder.name if holder else None}
    remember(work, case, EventKind.RECOVERY_MISSED, None)
    tell_staff(
        work, await staff_group(work, case.group_id), customer, "recovery/missed", values, priority=Priority.ANSWER
    )
    for person in await duty.those_in_charge(work, case, Role.MANAGER):
        tell_privately(work, person, "recovery/missed", values, case_id=case.id)
    return True


async def ask_why(work: Work, ended: QuestionnaireEnded) -> None:
    """A low recommendation: an agent calls and asks why. It is no case."""
    invitation, customer = ended.invitation, ended.customer
    if invitation.nps is None or invitation.nps > work.plan.recovery.nps_at_most:
        return
    language = work.plan.business.language
    words = label(language, "recovery.ask_why", score=label(language, f"nps.{invitation.nps}"))
    said = await words_in(work, invitation)
    note = "\n".join([words, *said])[:300]
    plan_by_hand(work, customer, work.now, case=ended.case, note=note, occurrence=f"{ASK_WHY}{invitation.id}")


# -- praise


async def praise_of_kind(work: Work, confirmed: KindConfirmed) -> None:
    """A matter that is praise reaches whoever handled the customer's last matter."""
    case = confirmed.case
    if case.kind is CaseKind.PRAISE:
        await _praise(work, await customer_numbered(work, case.customer_id), case, case.subject)


async def praise_of_answers(work: Work, ended: QuestionnaireEnded) -> None:
    """Kind words beside a high score reach the one who handled the case."""
    invitation = ended.invitation
    high = any((getattr(invitation, measure) or 0) >= least for measure, least in PRAISE.items())
    after = work.plan.recovery
    low = any(
        score is not None and score <= most
        for score, most in ((invitation.csat, after.csat_at_most), (invitation.nps, after.nps_at_most))
    )
    if not high or low or ended.case is None:
        return
    words = await words_in(work, invitation)
    if words:
        await _praise(work, ended.customer, ended.case, "\n".join(words)[:1000])


async def _praise(work: Work, customer: Customer, case: Case, words: str) -> None:
    """Who handled it reads the words; those that ask for something, or complain, are no praise for all the stars."""
    kind = suggest(work.plan, words, None).kind
    if case.kind is not CaseKind.PRAISE and kind not in (None, CaseKind.PRAISE):
        return
    handlers = [each.assignee_id for each in (case, *await recent_cases(work, customer.id)) if each.assignee_id]
    if not handlers:
        return
    person = await staff_member(work, handlers[0])
    remember(work, case, EventKind.PRAISED, customer, praised=person)
    group = await staff_group(work, case.group_id) if case.group_id else await main_group(work)
    values = {"number": case.id, "name": person.name, "text": words, "sure": CaseKind.PRAISE in (kind, case.kind)}
    tell_staff(work, group, customer, "recovery/praise", values, case_id=case.id)
    tell_privately(work, person, "recovery/praise", values, case_id=case.id)
