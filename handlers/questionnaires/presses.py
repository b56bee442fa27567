"""What customers do with a questionnaire: they press, write, send a photo, vote, or say that it is enough."""

import unicodedata
from datetime import timedelta
from functools import cache
from typing import Any

from sqlmodel import select

from handlers import cases, messages
from handlers.chat.content import read_content
from handlers.chat.doors import Place
from handlers.chat.hearing import hear_said
from handlers.chat.presses import answer_press
from handlers.contact import asks_to_stop
from handlers.customers import bans, known
from handlers.happenings import Commented, MadeOfAnswer
from handlers.questionnaires import runs, showing
from handlers.questionnaires.runs import Run
from handlers.questionnaires.spoken import answer_in
from handlers.refusals import NotYet, Refusal
from handlers.said import Content
from handlers.speaking import button, tell_staff
from handlers.texts import utf16_length
from handlers.typed import is_current, is_urgent
from models.cases import Case, case_numbered, cases_of
from models.customers import customer_numbered
from models.delivery import Priority, staff_lane
from models.messages import Author, links_of, new_message
from models.questionnaires import Answer, Invitation, Poll, Question, Questionnaire
from models.questionnaires.path import following, is_answer, preceding
from models.staff import StaffGroup, main_group, staff_group
from models.work import Work
from templates import LANGUAGES, label, word_list

#: Words that say stop are short (characters).
LONGEST_STOP = 40
#: What is longer goes to staff whole, beside the question (UTF-16 units).
SHOWN = 2500
#: How long a vote may wait for its poll to be known.
POLL_WAIT = timedelta(seconds=20)

# -- buttons


async def press(work: Work, place: Place) -> None:
    """A button under a question: an answer, or back, skip, next, stop. One for another question redraws."""
    customer = await known(work, place.account)
    _, number, index, value = [*place.text.split(":", 3), "", "", ""][:4]
    invitation = await _own(work, customer.id, number)
    run = await runs.run_of(work, invitation, customer)
    question = question_at(run.questionnaire, index)
    if not invitation.open and not (
        is_answer(question, value) is not None and runs.take_up_again(work, run, question)
    ):
        again = run.case is not None and run.case.unfinished and invitation.reason == "reopened"
        raise Refusal("score_late" if again else "survey_over")
    customer.open_run_id = invitation.id  # of several that are open, the words that follow are for this one
    invitation.telegram_id = place.message.get("message_id", invitation.telegram_id)
    await pressed(work, run, question, value)
    scored = question.measure is not None and is_answer(question, value) is not None
    answer_press(work, place, label(customer.language, "toast.thanks") if scored else "")


async def _own(work: Work, customer_id: int, number: str) -> Invitation:
    """The customer's own invitation of that key; raises Refusal alike for another's and for none."""
    query = (
        select(Invitation).where(Invitation.id == int(number)) if number.isdecimal() and len(number) < 18 else None
    )
    invitation: Invitation | None = await work.first(query) if query is not None else None
    if invitation is None or invitation.customer_id != customer_id or invitation.by_staff_id is not None:
        raise Refusal("stale")
    return invitation


def question_at(questionnaire: Questionnaire, index: str) -> Question:
    """The question that a button names by its place; raises Refusal for none."""
    if not index.isdecimal() or len(index) > 3 or int(index) >= len(questionnaire.question):
        raise Refusal("stale")
    return questionnaire.question[int(index)]


async def pressed(work: Work, run: Run, question: Question, value: str) -> None:
    """Do what a button says, whoever pressed it; raises Refusal for data that is no answer."""
    current = run.question
    if value == showing.STOP:
        await runs.stop(work, run)
    elif (answer := is_answer(question, value)) is not None and runs.was_asked(run, question):
        # An answer to a question that was answered before replaces it; the last counts until the end.
        runs.record(work, run, question, answer)
        await (runs.advance(work, run, question) if question is current else runs.show(work, run))
    elif question is not current:
        await runs.show(work, run)
    elif run.agent is not None and value in {option.id for option in question.options}:
        chosen = set(run.answers.get(question.id) or ()) ^ {value}
        options = [option.id for option in question.options if option.id in chosen]
        runs.record(work, run, question, options or None)
        await runs.show(work, run)
    elif value == showing.BACK:
        before = preceding(run.questionnaire, run.answers, question.id)
        await runs.turn_to(work, run, before or question)
    elif value == showing.SKIP and question.optional:
        runs.record(work, run, question)
        await runs.advance(work, run, question)
    elif value == showing.NEXT and question.traits.poll:
        await _past_poll(work, run, question)
    else:
        raise Refusal("stale")


async def _past_poll(work: Work, run: Run, question: Question) -> None:
    if not run.answers.get(question.id) and not question.optional:
        raise Refusal("choose_first" if run.agent else "vote_first")
    await runs.advance(work, run, question)


# -- words and photos


def may_answer(place: Place) -> bool:
    """Whether a message may be one for a questionnaire that is open."""
    return place.what == "message" and place.customer is not None and place.customer.open_run_id is not None


async def words(work: Work, place: Place) -> None:
    """Words while a questionnaire is open: the answer to an open question, a wish to stop, or for staff as ever."""
    customer = await known(work, place.account)
    run = await runs.open_run(work, customer)
    content = read_content(place.raw)
    if customer.next_is_new or is_urgent(work, content.text) or asks_to_stop(content.text):
        await messages.receive(work, customer, await hear_said(work, place))
        return
    if await bans.is_banned(work, customer, content.text):
        await messages.receive(work, customer, await hear_said(work, place))  # where it is kept, and reaches nobody
        return
    question = run.question if run else None
    rest = without_stop(content.text) if run and content.kind == "text" else None
    if run is not None and rest is not None:
        await runs.stop(work, run)
        if rest:  # something else was said, too
            await messages.receive(work, customer, await hear_said(work, place))
    elif run and question and await _answers(work, place, run, content):
        await _take(work, place, run, question, content)
    elif run and question and (value := await _typed(work, place, run, question)) is not None:
        await messages.keep_answer(work, customer, run.case, await hear_said(work, place))
        await pressed(work, run, question, value)
    else:
        await messages.receive(work, customer, await hear_said(work, place))


async def _typed(work: Work, place: Place, run: Run, question: Question) -> str | None:
    """The button's value that typed words stand for, while the question is the latest thing we asked."""
    value = None if place.second_hand else answer_in(question, place.text)
    invitation = run.invitation
    asked_at = invitation.reminded_at or invitation.asked_at
    if value is None or asked_at is None:
        return None
    current = await is_current(
        work, await hear_said(work, place), run.customer, run.case, asked_at, invitation.message_id
    )
    return value if current else None


async def _answers(work: Work, place: Place, run: Run, content: Content) -> bool:
    """Whether this is what the open question waits for; a reply to something else is not, nor what follows talk of a
    case that began since the question about one was put."""
    replied = place.raw.get("reply_to_message")
    if run.question is None or content.kind not in run.question.traits.takes:
        return False
    if replied is None:
        return run.case is None or not await _has_been_talk(work, run)
    links = await links_of(work, [run.invitation.message_id or 0], run.customer.chat_id)
    return replied.get("message_id") in (run.invitation.telegram_id, *links.values())


async def _has_been_talk(work: Work, run: Run) -> bool:
    asked_at = run.asked_at
    return any(
        spoken_at is not None and asked_at is not None and spoken_at > asked_at
        for each in await cases_of(work, run.customer.id)
        for spoken_at in (each.last_agent_at, each.last_customer_at)
    )


async def _take(work: Work, place: Place, run: Run, question: Question, content: Content) -> None:
    value = None if question.traits.spoken else content.kind
    answer = runs.record(work, run, question, value, words=content.text or None, media=content.media)
    customer, case = run.customer, run.case
    if case and content.text:
        work.happen(Commented(case, customer, content.text))
    message_id = new_message(
        work,
        customer_id=customer.id,
        case_id=case.id if case else None,
        author=Author.CUSTOMER,
        kind=content.kind,
        text=content.text,
        entities=content.entities,
        media=content.media,
        written_at=content.written_at,
        origin_chat_id=place.raw["chat"]["id"],
        origin_message_id=place.raw["message_id"],
    )
    group = await staff_group(work, case.group_id) if case else await main_group(work)
    await work.flush()
    row = {
        "group_id": group.id,
        "customer_id": customer.id,
        "case_id": case.id if case else None,
        "message_id": message_id,
        "reply_to_id": None,
        "priority": Priority.RELAY,
    }
    if _at_once(work, run, question, content):
        _show_staff(work, run, question, content, answer, group, row)
    if content.kind != "text":
        await messages.show_staff(work, customer, await hear_said(work, place), row)
    await runs.advance(work, run, question)


def _at_once(work: Work, run: Run, question: Question, content: Content) -> bool:
    """Whether staff read an answer now: else all are told at the end, in one message of the group's few a minute."""
    if content.kind != "text" or utf16_length(content.text) > showing.SHORT:
        return True
    goes_on = following(run.questionnaire, run.answers, question.id) is not None
    return goes_on and runs.is_pressing(run)


def _show_staff(
    work: Work,
    run: Run,
    question: Question,
    content: Content,
    answer: Answer,
    group: StaffGroup,
    row: dict[str, Any],
) -> None:
    """The words with their question, and a button that makes them a case."""
    language = work.plan.business.language
    shown = utf16_length(content.text) <= SHOWN
    kind = label(language, f"content.{content.kind}")
    values = {
        **runs.about(work, run),
        "question": showing.question_text(language, question),
        "text": (content.text if shown else label(language, "relay.long_text")) or kind,
    }
    make = [[button(label(language, "survey_button.make_case"), f"makecase:{answer.id}")]]
    tell_staff(
        work,
        group,
        run.customer,
        "questionnaires/words",
        values,
        buttons=make,
        priority=Priority.RELAY,
        case_id=row["case_id"],
        message_id=row["message_id"] if content.kind == "text" else None,
    )
    if not shown:
        messages.words_to_staff(work, staff_lane(group.id or 0, run.customer.id), content.text, content.entities, row)


def without_stop(text: str) -> str | None:
    """What is left of a text that says stop once that is taken out; None for one that does not say it."""
    said = unicodedata.normalize("NFKC", text).casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    stops, beside = _stop_words()
    if len(text) > LONGEST_STOP or not any(word in said for word in stops):
        return None
    for word in (*stops, *beside):
        said = said.replace(word, " ")
    return "".join(c for c in said if unicodedata.category(c)[0] in "LN")


@cache
def _stop_words() -> tuple[list[str], list[str]]:
    return (
        sorted((word for each in LANGUAGES for word in word_list(each, "survey_stop.words")), key=len, reverse=True),
        sorted((word for each in LANGUAGES for word in word_list(each, "survey_stop.beside")), key=len, reverse=True),
    )


# -- votes


async def vote(work: Work, place: Place) -> None:
    """A vote in a poll of ours; taken back, it counts for nothing. Only who was asked answers."""
    poll: Poll | None = await work.first(select(Poll).where(Poll.poll_id == str(place.raw.get("poll_id"))))
    if poll is None:
        if work.age < POLL_WAIT:
            raise NotYet  # Telegram may not have told us yet which poll this is
        return
    invitation: Invitation = await work.first(select(Invitation).where(Invitation.id == poll.invitation_id))
    customer = place.customer
    if poll.closed or customer is None or invitation.customer_id != customer.id or not invitation.open:
        return
    if await bans.is_banned(work, customer, ""):
        return
    run = await runs.run_of(work, invitation, customer)
    question = run.questionnaire.named(poll.question)
    if question is None or run.question is not question:
        return
    chosen = [question.options[each].id for each in place.raw.get("option_ids", ()) if each < len(question.options)]
    runs.record(work, run, question, chosen or None)
    await runs.show(work, run)


# -- staff


async def make_case(work: Work, place: Place) -> None:
    """A press under an open answer: it becomes a case, once."""
    number = place.text.partition(":")[2]
    key = int(number) if number.isdecimal() and len(number) < 18 else 0
    answer: Answer | None = await work.first(select(Answer).where(Answer.id == key))
    if answer is None:
        raise Refusal("stale")
    invitation: Invitation = await work.first(select(Invitation).where(Invitation.id == answer.invitation_id))
    if place.customer is not None and place.customer.id != invitation.customer_id:
        raise Refusal("stale")
    if answer.case_id is not None:
        raise Refusal("case_made", number=answer.case_id)
    case = await _case_of(work, place, invitation, answer)
    await work.flush()  # a row that is there already names one that is new
    answer.case_id = case.id
    answer_press(work, place, label(place.speaker.language, "toast.case_made", number=case.id))


async def _case_of(work: Work, place: Place, invitation: Invitation, answer: Answer) -> Case:
    customer = await customer_numbered(work, invitation.customer_id)
    parent = await case_numbered(work, invitation.case_id) if invitation.case_id else None
    case = await cases.open_case(work, customer, words=answer.text or "", kind=None, parent=parent)
    cases.post_card(work, case)
    work.happen(MadeOfAnswer(case, place.speaker, answer.id or 0))
    return case
