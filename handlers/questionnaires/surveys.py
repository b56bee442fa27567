"""Satisfaction after a case, by the plan: at once under the words that it is resolved, or later by itself."""

from datetime import timedelta

from sqlmodel import col, select

from handlers import cases
from handlers.happenings import CaseClosed, CaseReopened, CaseResolved, KindConfirmed
from handlers.questionnaires import asking, runs
from handlers.questionnaires.stars import RESOLVED, score_buttons
from handlers.speaking import tell_customer
from handlers.texts import pieces, utf16_length
from models.cases import Case, CaseKind
from models.contact import Purpose
from models.customers import Customer, customer_numbered
from models.installation import plan_of
from models.plan import Survey
from models.questionnaires import OPEN, Invitation, InvitationState
from models.questionnaires.sampling import SHARES, drawn_case
from models.visits import wanted
from models.work import Work

CSAT = "csat"


async def say_resolved(work: Work, happening: CaseResolved) -> None:
    """The customer reads what was done; under it stands what the plan asks at once, or without surveys the stars."""
    case, customer = happening.case, happening.customer
    summary = case.summary
    if utf16_length(summary) > cases.SUMMARY_LIMIT:  # too long to stand in one message with the question
        for piece in pieces(summary, cases.SUMMARY_LIMIT):
            tell_customer(work, customer, "cases/summary", {"number": case.id, "summary": piece}, case=case)
        summary = ""
    plan = await plan_of(work, case)
    if not plan.survey and customer.user_id is not None:
        await _offer_stars(work, customer, case, summary)
    elif not await _ask_at_once(work, customer, case, plan.survey):
        values = {"number": case.id, "summary": summary, "ask": False}
        buttons = [[cases.not_solved_button(customer.language, case)]]
        tell_customer(work, customer, "cases/resolved", values, buttons=buttons, case=case)


async def _offer_stars(work: Work, customer: Customer, case: Case, summary: str) -> None:
    """The five stars of the first version of `csat`, which need no run of their own."""
    due = asking.occurrence_of_case(CSAT, case)
    invitation = await asking.plan(work, customer, CSAT, due, RESOLVED, work.now, case=case)
    values = {"number": case.id, "summary": summary, "ask": True}
    buttons = score_buttons(customer.language, case)
    message_id = tell_customer(work, customer, "cases/resolved", values, buttons=buttons, case=case)
    if invitation is not None:
        invitation.state, invitation.asked_at = InvitationState.ASKED, work.now
        invitation.expires_at, invitation.message_id = None, message_id


async def _ask_at_once(work: Work, customer: Customer, case: Case, surveys: tuple[Survey, ...]) -> bool:
    """Ask the first survey that is due at once under the words that the case is resolved; whether that was done."""
    if customer.open_run_id is not None:
        return False
    for survey in surveys:
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
    for survey in (await plan_of(work, case)).survey:
        if survey.when == when:
            await _plan(work, happening.customer, case, survey)


async def _plan(work: Work, customer: Customer, case: Case, survey: Survey) -> Invitation | None:
    after = delay(survey, case)
    if after is None or _visit_asks(work, case, survey):
        return None
    if not drawn_case(case.id, case.episode, round(survey.sample * SHARES)):
        return None
    if survey.every and await asked_lately(work, customer, survey.questionnaire, survey.every):
        return None
    return await asking.plan(
        work,
        customer,
        survey.questionnaire,
        asking.occurrence_of_case(survey.questionnaire, case),
        f"survey:{survey.questionnaire}",
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
    surveys = {f"survey:{each.questionnaire}": each for each in (await plan_of(work, case)).survey}
    planned = select(Invitation).where(Invitation.case_id == case.id, Invitation.state == InvitationState.PLANNED)
    for invitation in await work.all(planned) if surveys else ():
        survey = surveys.get(invitation.rule)
        if survey and (delay(survey, case) is None or _visit_asks(work, case, survey)):
            await asking.drop(work, invitation, "kind")


async def asked_lately(work: Work, customer: Customer, key: str, every: timedelta) -> bool:
    """Whether the customer was or is to be asked the same within that time."""
    query = select(Invitation.id).where(
        Invitation.customer_id == customer.id,
        Invitation.questionnaire == key,
        Invitation.due_at > work.now - every,
        Invitation.state != InvitationState.CANCELLED,
    )
    return await work.first(query) is not None


async def take_back(work: Work, happening: CaseReopened) -> None:
    """A case that goes on is not asked about; what a low score began stays open for its reasons."""
    case = happening.case
    query = select(Invitation).where(
        Invitation.case_id == case.id, col(Invitation.state).in_((InvitationState.PLANNED, *OPEN))
    )
    for invitation in await work.all(query):
        if invitation.state is InvitationState.PLANNED or invitation.at_question is None:
            await asking.drop(work, invitation, "reopened")
        elif happening.why != "score" and invitation.by_staff_id is None:
            run = await runs.run_of(work, invitation, await customer_numbered(work, case.customer_id))
            if not (invitation.attached and happening.why == "not_solved"):  # whose message says so itself
                await runs.put_away(work, run, "questionnaires/withdrawn")
            await runs.end(work, run, InvitationState.CANCELLED, "reopened")
