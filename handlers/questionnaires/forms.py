"""A questionnaire that an agent fills in for the customer during a call: its questions as a form in the topic."""

from datetime import datetime

from handlers.authority import require
from handlers.questionnaires import asking
from handlers.questionnaires.answering import choose, question_at
from handlers.questionnaires.course import advance
from handlers.questionnaires.recording import record
from handlers.questionnaires.redrawing import face
from handlers.questionnaires.runs import Run, run_of
from handlers.refusals import Refusal
from handlers.speaking import tell_staff
from models.cases import Case
from models.customers import Customer, customer_numbered
from models.delivery import Priority
from models.questionnaires import Invitation, InvitationState
from models.questionnaires.invitations import invitation_for
from models.questionnaires.path import following
from models.questionnaires.rows import VISIT
from models.staff import Staff, main_group, staff_group
from models.work import Work


async def open_form(
    work: Work,
    by: Staff | Customer,
    customer: Customer,
    case: Case | None,
    key: str,
    occurrence: str,
    until: datetime,
) -> None:
    """Show the form in the customer's topic; raises Refusal where this was asked before, or is no questionnaire."""
    person = require(by)
    name = asking.occurrence_of_case(key, case) if case else f"{key}:{occurrence}"
    invitation = await invitation_for(work, name)
    if invitation is None:
        lasts = until - work.now
        invitation = await asking.plan(work, customer, key, name, VISIT, work.now, case=case, lasts=lasts)
    if invitation is None:
        raise Refusal("no_questionnaire")
    if invitation.state is not InvitationState.PLANNED and not (invitation.open and invitation.by_staff_id):
        raise Refusal("survey_asked")
    if invitation.state is InvitationState.PLANNED:
        invitation.ask(work.now, customer, case)
    invitation.by_staff_id, invitation.remind_at = person.id, None
    await _post(work, await run_of(work, invitation, customer))


async def _post(work: Work, run: Run) -> None:
    question = run.question or following(run.questionnaire, run.answers, None)
    assert question is not None  # noqa: S101 - the first question has no condition
    run.invitation.at_question = question.id
    group = await staff_group(work, run.case.group_id) if run.case else await main_group(work)
    values, buttons = face(work, run, question)
    tell_staff(
        work,
        group,
        run.customer,
        "questionnaires/question",
        values,
        buttons=buttons,
        priority=Priority.ANSWER,
        case_id=run.case.id if run.case else None,
    )


async def fill_in(
    work: Work, invitation: Invitation, place: int, value: str, by: Staff | Customer, shown_at: int | None = None
) -> None:
    """Whoever speaks with the customer taps a button of the form, which stands at `shown_at`; `place` and `value` are
    as for `answer_question`. Raises Refusal for a form that is none, or over."""
    run = await _form(work, invitation, by, shown_at)
    await choose(work, run, question_at(run.questionnaire, place), value)


async def fill_in_words(
    work: Work, invitation: Invitation, words: str, by: Staff | Customer, shown_at: int | None = None
) -> None:
    """The customer's answer in words, as whoever speaks with them writes it down; raises Refusal where the question
    takes none."""
    run = await _form(work, invitation, by, shown_at)
    question = run.question
    if question is None or not question.traits.spoken or not words:
        raise Refusal("form_buttons")
    record(work, run, question, words=words)
    await advance(work, run, question)


async def _form(work: Work, invitation: Invitation, by: Staff | Customer, shown_at: int | None) -> Run:
    person = require(by)
    if invitation.by_staff_id is None:
        raise Refusal("stale")
    if not invitation.open:
        raise Refusal("survey_over")
    invitation.by_staff_id = person.id
    invitation.form_message_id = shown_at or invitation.form_message_id
    return await run_of(work, invitation, await customer_numbered(work, invitation.customer_id))
