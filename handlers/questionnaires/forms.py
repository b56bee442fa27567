"""A questionnaire that an agent fills in for the customer during a call: its questions as a form in the topic."""

from datetime import datetime

from sqlmodel import select

from handlers.chat.content import read_content
from handlers.chat.doors import Place
from handlers.chat.presses import answer_press
from handlers.questionnaires import asking, presses, runs
from handlers.refusals import Refusal
from handlers.speaking import tell_staff
from models.cases import Case
from models.customers import Customer
from models.delivery import Priority
from models.questionnaires import Invitation, InvitationState
from models.questionnaires.path import following
from models.questionnaires.rows import VISIT
from models.staff import Staff, main_group, staff_group
from models.work import Work


async def open_form(
    work: Work, person: Staff, customer: Customer, case: Case | None, key: str, occurrence: str, until: datetime
) -> None:
    """Show the form in the customer's topic; raises Refusal where this was asked before, or is no questionnaire."""
    name = asking.occurrence_of_case(key, case) if case else f"{key}:{occurrence}"
    invitation: Invitation | None = await work.first(select(Invitation).where(Invitation.occurrence == name))
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
    run = await runs.run_of(work, invitation, customer)
    question = run.question or following(run.questionnaire, run.answers, None)
    assert question is not None  # noqa: S101 - the first question has no condition
    invitation.at_question = question.id
    group = await staff_group(work, case.group_id) if case else await main_group(work)
    values, buttons = runs.face(work, run, question)
    tell_staff(
        work,
        group,
        customer,
        "questionnaires/question",
        values,
        buttons=buttons,
        priority=Priority.ANSWER,
        case_id=case.id if case else None,
    )


async def press(work: Work, place: Place) -> None:
    """A button of the form, pressed by whoever speaks with the customer."""
    _, number, index, value = [*place.text.split(":", 3), "", "", ""][:4]
    run = await _run(work, place, number)
    question = presses.question_at(run.questionnaire, index)
    run.invitation.form_message_id = place.message["message_id"]
    await presses.pressed(work, run, question, value)
    answer_press(work, place)


async def _run(work: Work, place: Place, number: str) -> runs.Run:
    key = int(number) if number.isdecimal() and len(number) < 18 else 0
    query = select(Invitation).where(Invitation.id == key).with_for_update()
    invitation: Invitation | None = await work.first(query)
    customer = place.customer
    if invitation is None or customer is None or invitation.by_staff_id is None:
        raise Refusal("stale")
    if invitation.customer_id != customer.id or "forward_origin" in place.message:
        raise Refusal("stale")
    if not invitation.open:
        raise Refusal("survey_over")
    invitation.by_staff_id = place.speaker.id
    return await runs.run_of(work, invitation, customer)


def answers_form(place: Place) -> bool:
    """Whether a message answers a form: its buttons are always under it."""
    return place.what == "message" and _number_of(place) is not None


def _number_of(place: Place) -> str | None:
    reply = place.raw.get("reply_to_message") or {}
    rows = (reply.get("reply_markup") or {}).get("inline_keyboard") or []
    data = [str(each.get("callback_data", "")) for row in rows for each in row]
    found = next((each for each in data if each.startswith("form:")), None)
    return found.split(":")[1] if found and (reply.get("from") or {}).get("is_bot") else None


async def words(work: Work, place: Place) -> None:
    """A reply to the form is the customer's answer in words; it goes to nobody."""
    run = await _run(work, place, _number_of(place) or "")
    content, question = read_content(place.raw), run.question
    if question is None or not question.traits.spoken or not content.text:
        raise Refusal("form_buttons")
    run.invitation.form_message_id = place.raw["reply_to_message"]["message_id"]
    runs.record(work, run, question, words=content.text)
    await runs.advance(work, run, question)
