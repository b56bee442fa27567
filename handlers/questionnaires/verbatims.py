"""Answers in the customer's own words, or as a photo: kept, read by staff, and made a case where they ask for one."""

from dataclasses import replace

from handlers import cases, messages
from handlers.authority import require
from handlers.questionnaires import showing
from handlers.questionnaires.course import advance
from handlers.questionnaires.recording import record
from handlers.questionnaires.runs import Run, about, is_pressing
from handlers.quoting import in_full
from handlers.refusals import Refusal
from handlers.said import Content, Said, stored
from handlers.speaking import button, tell_staff
from handlers.texts import utf16_length
from models.cases import Case, case_numbered
from models.customers import Customer, customer_numbered
from models.delivery import Priority, staff_lane
from models.messages import Author, new_message
from models.questionnaires import Answer, Question
from models.questionnaires.invitations import invitation_numbered
from models.questionnaires.path import following
from models.staff import Staff, StaffGroup, main_group, staff_group
from models.timeline import EventKind, remember
from models.work import Work
from templates import label

#: What is longer goes to staff whole, beside the question (UTF-16 units).
SHOWN = 2500


async def keep_words(work: Work, run: Run, question: Question, said: Said) -> None:
    """Keep what the customer said as the answer to that question, and go on."""
    said, content, customer, case = replace(said, answers=None), said.content, run.customer, run.case
    value = None if question.traits.spoken else content.kind
    answer = record(work, run, question, value, words=content.text or None, media=content.media)
    if case and content.text:
        remember(work, case, EventKind.COMMENTED, customer, comment=content.text)
    case_id = case.id if case else None
    message_id = new_message(work, customer_id=customer.id, case_id=case_id, author=Author.CUSTOMER, **stored(said))
    group = await staff_group(work, case.group_id) if case else await main_group(work)
    await work.flush()
    row = {
        "group_id": group.id,
        "customer_id": customer.id,
        "case_id": case_id,
        "message_id": message_id,
        "reply_to_id": None,
        "priority": Priority.RELAY,
    }
    if _at_once(run, question, content):
        words, _ = in_full(content.text, content.entities)
        _show_staff(work, run, group, answer, content.kind, words, message_id)
        if utf16_length(words) > SHOWN:
            lane = staff_lane(group.id or 0, customer.id)
            messages.words_to_staff(work, lane, content.text, content.entities, row)
    if content.kind != "text":
        await messages.show_staff(work, customer, said, row)
    await advance(work, run, question)


def _at_once(run: Run, question: Question, content: Content) -> bool:
    """Whether staff read an answer now: else all are told at the end, in one message of the group's few a minute."""
    if content.kind != "text" or utf16_length(content.text) > showing.SHORT:
        return True
    goes_on = following(run.questionnaire, run.answers, question.id) is not None
    return goes_on and is_pressing(run)


def _show_staff(
    work: Work, run: Run, group: StaffGroup, answer: Answer, kind: str, words: str, message_id: int
) -> None:
    """The words with their question, and a button that makes them a case."""
    language, question = work.plan.business.language, run.questionnaire.named(answer.question)
    assert question is not None  # noqa: S101 - it was asked
    text = words if utf16_length(words) <= SHOWN else label(language, "relay.long_text")
    values = {
        **about(work, run),
        "question": showing.question_text(language, question),
        "text": text or label(language, f"content.{kind}"),
    }
    tell_staff(
        work,
        group,
        run.customer,
        "questionnaires/words",
        values,
        buttons=[[button(label(language, "survey_button.make_case"), f"makecase:{answer.id}")]],
        priority=Priority.RELAY,
        case_id=run.case.id if run.case else None,
        message_id=message_id if kind == "text" else None,
    )


async def make_case(work: Work, answer: Answer, by: Staff | Customer) -> Case:
    """An answer in words becomes a case of its own, once; raises Refusal with its number after that."""
    person = require(by)
    if answer.case_id is not None:
        raise Refusal("case_made", number=answer.case_id)
    invitation = await invitation_numbered(work, answer.invitation_id)
    assert invitation is not None  # noqa: S101 - the key of another table
    customer = await customer_numbered(work, invitation.customer_id)
    parent = await case_numbered(work, invitation.case_id) if invitation.case_id else None
    case = await cases.open_case(work, customer, words=answer.text or "", kind=None, parent=parent)
    cases.post_card(work, case)
    remember(work, case, EventKind.FROM_ANSWER, person, answer=answer.id or 0)
    await work.flush()  # a row that is there already names one that is new
    answer.case_id = case.id
    return case
