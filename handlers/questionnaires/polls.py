"""Native polls: one question of a run, asked by Telegram's own means; votes name the poll and the voter only."""

from sqlmodel import col, select

from handlers.happenings import PollSent
from handlers.speaking import to_customer
from models.customers import Customer, customer_numbered
from models.delivery import Priority, SendClass, What
from models.plan import text_of
from models.questionnaires import Invitation, Poll, Question
from models.work import Work


def put_poll(work: Work, customer: Customer, invitation: Invitation, question: Question) -> None:
    """Ask several of several; the question's message in place says that the poll follows."""
    body = {
        "question": text_of(question.text, customer.language),
        "options": [text_of(option.text, customer.language) for option in question.options],
        "anonymous": False,
        "several": True,
    }
    to_customer(
        work,
        customer,
        What.POLL,
        body,
        key=f"poll:{invitation.id}:{question.id}",
        send_class=SendClass.B,
        priority=Priority.ANSWER,
    )


async def poll_sent(work: Work, sent: PollSent) -> None:
    """Telegram has named a poll of ours: its votes belong to that question."""
    _, invitation_id, question = sent.key.split(":", 2)
    invitation: Invitation = await work.first(select(Invitation).where(Invitation.id == int(invitation_id)))
    poll = Poll(
        poll_id=sent.poll_id, invitation_id=int(invitation_id), question=question, telegram_id=sent.telegram_id
    )
    work.add(poll)
    if invitation.at_question != question:  # the customer was quicker
        await close_polls(work, await customer_numbered(work, invitation.customer_id), invitation)


async def close_polls(work: Work, customer: Customer, invitation: Invitation) -> None:
    """Take no more votes: the run goes on to another question, or is over."""
    open_ones = select(Poll).where(Poll.invitation_id == invitation.id, col(Poll.closed).is_(False))
    for poll in await work.all(open_ones):
        poll.closed = True
        to_customer(work, customer, What.CLOSE_POLL, {"at": poll.telegram_id}, send_class=SendClass.C)
