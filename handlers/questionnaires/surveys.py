"""Satisfaction after a case, by the plan: at once under the words that it is resolved, or later by itself."""

from datetime import timedelta

from handlers import cases
from handlers.authority import require_own
from handlers.happenings.cases import CaseClosed, CaseReopened, CaseResolved, KindConfirmed
from handlers.questionnaires import asking
from handlers.questionnaires.course import end
from handlers.questionnaires.redrawing import put_away
from handlers.questionnaires.runs import open_run, run_of
from handlers.refusals import Refusal
from handlers.speaking import reply, tell_customer, tell_staff
from handlers.texts import pieces, utf16_length
from models.cases import Case, CaseKind
from models.contact import Purpose
from models.customers import Customer, customer_numbered
from models.delivery import Priority
from models.installation import plan_of
from models.plan import Survey
from models.questionnaires import OPEN, Invitation, InvitationState
from models.questionnaires.invitations import of_case, was_asked_since
from models.questionnaires.rows import STARS
from models.questionnaires.sampling import SHARES, drawn_case
from models.staff import Staff, staff_group
from models.visits import wanted
from models.work import Work

#: What is asked about every resolved case where the plan has no surveys.
BY_ITSELF = (Survey(questionnaire="csat"),)


async def say_resolved(work: Work, happening: CaseResolved) -> None:
    """The customer reads what was done; under it stands what the plan asks at once, or without surveys the stars."""
    case, customer = happening.case, happening.customer
    summary = case.summary
    if utf16_length(summary) > cases.SUMMARY_LIMIT:  # too long to stand in one message with the question
        for piece in pieces(summary, cases.SUMMARY_LIMIT):
            tell_customer(work, customer, "cases/summary", {"number": case.id, "summary": piece}, case=case)
        summary = ""
    if not await _ask_at_once(work, customer, case):
        values = {"number": case.id, "summary": summary}
        buttons = [[cases.not_solved_button(customer.language, case)]]
        tell_customer(work, customer, "cases/resolved", values, buttons=buttons, case=case)


async def _surveys(work: Work, customer: Customer, case: Case) -> tuple[Survey, ...]:
    """What is asked of the customer after that case."""
    return (await plan_of(work, case)).survey or (BY_ITSELF if customer.has_chat else ())


def _rule(survey: Survey) -> str:
    return STARS if survey in BY_ITSELF else f"survey:{survey.questionnaire}"


async def _ask_at_once(work: Work, customer: Customer, case: Case) -> bool:
    """Ask the first survey that is due at once under the words that the case is resolved; whether that was done.

    What stands under another case's words gives way, and can still be tapped; anything else is asked to the end.
    """
    before = await open_run(work, customer)
    if before is not None and not (before.invitation.attached or before.invitation.brief):
        return False
    for survey in await _surveys(work, customer, case):
        if survey.when != "case_resolved" or delay(survey, case) != timedelta(0):
            continue
        invitation = await _plan(work, customer, case, survey)
        if invitation is not None:
            invitation.attached = True
            await asking.ask(work, invitation, customer, Purpose.SERVICE)
            invitation.attached = invitation.open
            return invitation.open
    return False


def delay(survey: Survey, case: Case) -> timedelta | None:
    """How long after the case it is asked; None where it is not asked after a case of that kind."""
    return survey.after.get(case.counted_kind.value) if survey.after else timedelta(0)


async def plan_surveys(work: Work, happening: CaseResolved | CaseClosed) -> None:
    """Plan what the plan asks after a case that was resolved, or closed."""
    case, when = happening.case, "case_resolved" if isinstance(happening, CaseResolved) else "case_closed"
    for survey in await _surveys(work, happening.customer, case):
        if survey.when == when:
            await _plan(work, happening.customer, case, survey)


async def _plan(work: Work, customer: Customer, case: Case, survey: Survey) -> Invitation | None:
    after = delay(survey, case)
    if after is None or _visit_asks(work, case, survey):
        return None
    if not drawn_case(case.id, case.episode, round(survey.sample * SHARES)):
        return None
    if survey.every and await was_asked_since(work, customer, survey.questionnaire, work.now - survey.every):
        return None
    return await asking.plan(
        work,
        customer,
        survey.questionnaire,
        asking.occurrence_of_case(survey.questionnaire, case),
        _rule(survey),
        work.now + after,
        case=case,
        lasts=survey.expires,
        remind_after=survey.remind_after,
    )


def _visit_asks(work: Work, case: Case, survey: Survey) -> bool:
    """Whether it is a complaint, which is asked in its visit and not before."""
    if case.counted_kind is not CaseKind.COMPLAINT or survey.after:
        return False
    after_cases = [rule for rule in work.plan.visit if rule.when.startswith("case_") and rule.questionnaire]
    return any(wanted(rule, case) for rule in after_cases)


async def kind_confirmed(work: Work, happening: KindConfirmed) -> None:
    """A finished case is of another kind after all: what is not asked of that kind, or in its visit, is not asked."""
    case = happening.case
    if case.unfinished:
        return
    surveys = {_rule(each): each for each in (await plan_of(work, case)).survey or BY_ITSELF}
    for invitation in await of_case(work, case.id, InvitationState.PLANNED):
        survey = surveys.get(invitation.rule)
        if survey and (delay(survey, case) is None or _visit_asks(work, case, survey)):
            await asking.drop(work, invitation, "kind")


async def take_back(work: Work, happening: CaseReopened) -> None:
    """A case that goes on is not asked about; what a low score began stays open for its reasons."""
    case = happening.case
    for invitation in await of_case(work, case.id, InvitationState.PLANNED, *OPEN):
        if invitation.state is InvitationState.PLANNED or invitation.at_question is None:
            await asking.drop(work, invitation, "reopened")
        elif happening.why != "score" and invitation.by_staff_id is None:
            run = await run_of(work, invitation, await customer_numbered(work, case.customer_id))
            if not (invitation.attached and happening.why == "not_solved"):  # whose message says so itself
                await put_away(work, run, "questionnaires/withdrawn")
            await end(work, run, InvitationState.CANCELLED, "reopened")


async def not_solved(work: Work, case: Case, episode: int, by: Staff | Customer, shown_at: int | None = None) -> None:
    """The customer says so, under the message at `shown_at` if anywhere: the same case goes on. For an earlier time
    that it was resolved it comes too late: raises Refusal then, and for another's case."""
    customer = require_own(by, case.customer_id)
    if case.unfinished or case.episode != episode:
        raise Refusal("score_late" if case.unfinished else "stale")
    cases.reopen(work, case, customer, "not_solved")
    summary = case.summary if len(case.summary) <= cases.SUMMARY_LIMIT else ""
    reply(work, customer, "cases/not_solved", {"number": case.id, "summary": summary}, [], shown_at, case=case)
    group, values = await staff_group(work, case.group_id), {"number": case.id}
    tell_staff(work, group, customer, "cases/unsolved", values, priority=Priority.ANSWER, case_id=case.id)
