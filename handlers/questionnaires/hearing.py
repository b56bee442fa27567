"""What customers say while a questionnaire is open: an answer, a wish to stop, or words for staff as ever."""

from handlers import messages
from handlers.contact import asks_to_stop
from handlers.customers import bans
from handlers.questionnaires.answering import choose
from handlers.questionnaires.course import stop
from handlers.questionnaires.opting_out import without_stop
from handlers.questionnaires.runs import Run, open_run
from handlers.questionnaires.typed_answers import answer_in
from handlers.questionnaires.verbatims import keep_words
from handlers.said import Said
from handlers.typed import is_current, is_urgent
from models.cases import cases_of
from models.customers import Customer
from models.messages import Message, links_of
from models.questionnaires import Question
from models.work import Work


async def hear(work: Work, customer: Customer, said: Said) -> None:
    """Words or a photo of a customer: an answer to what is asked now, else received like any."""
    run = await open_run(work, customer)
    if run is None or await _is_for_staff(work, customer, said):
        await messages.receive(work, customer, said)
        return
    question = run.question
    rest = without_stop(said.text) if said.content.kind == "text" else None
    if rest is not None:
        await stop(work, run)
        if rest:  # something else was said, too
            await messages.receive(work, customer, said)
    elif question and await _is_awaited(work, run, question, said):
        await keep_words(work, run, question, said)
    elif question and (value := await _typed(work, run, question, said)) is not None:
        await messages.keep_answer(work, customer, run.case, said)
        await choose(work, run, question, value)
    else:
        await messages.receive(work, customer, said)


async def _is_for_staff(work: Work, customer: Customer, said: Said) -> bool:
    """Whether the words answer nothing, whatever was asked; those of who is banned are kept, and reach nobody."""
    if customer.next_is_new or is_urgent(work, said.own_words) or asks_to_stop(said.own_words):
        return True
    return await bans.is_banned(work, customer, said.own_words)


async def _is_awaited(work: Work, run: Run, question: Question, said: Said) -> bool:
    """Whether this is what the open question waits for; a reply to something else is not, nor somebody else's words,
    nor what follows talk of a case that began since the question about one was put."""
    if said.content.kind not in question.traits.takes or said.whose is not None:
        return False
    if said.replies:
        return said.answers is not None and await _stands_there(work, run, said.answers)
    return run.case is None or not await _has_been_talk(work, run)


async def _stands_there(work: Work, run: Run, message: Message) -> bool:
    """Whether that message of ours is the one in which the run stands."""
    invitation = run.invitation
    if message.id == invitation.message_id:
        return True
    shown = await links_of(work, [message.id], run.customer.chat_id)
    return invitation.telegram_id is not None and shown.get(message.id) == invitation.telegram_id


async def _has_been_talk(work: Work, run: Run) -> bool:
    asked_at = run.asked_at
    return any(
        spoken_at is not None and asked_at is not None and spoken_at > asked_at
        for each in await cases_of(work, run.customer.id)
        for spoken_at in (each.last_agent_at, each.last_customer_at)
    )


async def _typed(work: Work, run: Run, question: Question, said: Said) -> str | None:
    """The button's value that typed words stand for, while the question is the latest thing we asked."""
    value = None if said.second_hand or said.content.kind != "text" else answer_in(question, said.text)
    invitation = run.invitation
    asked_at = invitation.reminded_at or invitation.asked_at
    if value is None or asked_at is None:
        return None
    current = await is_current(work, said, run.customer, run.case, asked_at, invitation.message_id)
    return value if current else None
