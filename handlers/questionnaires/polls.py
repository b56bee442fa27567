"""Native polls: a question of a run, whose votes name the poll and the voter only; and anonymous ones among staff."""

from collections.abc import Sequence

from handlers.authority import require
from handlers.happenings.aftercare import PollSent
from handlers.refusals import Refusal
from handlers.speaking import send, to_customer
from models.customers import Customer, customer_numbered
from models.delivery import Priority, SendClass, What, staff_lane
from models.plan import text_of
from models.questionnaires import Invitation, Poll, Question
from models.questionnaires.invitations import invitation_numbered, open_polls
from models.staff import Role, Staff, StaffGroup
from models.work import Work

#: What a poll can hold: options, and characters of the question and of each option.
MOST_OPTIONS, LONGEST_QUESTION, LONGEST_OPTION = 12, 300, 100


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
    invitation = await invitation_numbered(work, int(invitation_id))
    assert invitation is not None  # noqa: S101 - we have named the poll so
    poll = Poll(
        poll_id=sent.poll_id, invitation_id=int(invitation_id), question=question, telegram_id=sent.telegram_id
    )
    work.add(poll)
    if invitation.at_question != question:  # the customer was quicker
        await close_polls(work, await customer_numbered(work, invitation.customer_id), invitation)


async def close_polls(work: Work, customer: Customer, invitation: Invitation) -> None:
    """Take no more votes: the run goes on to another question, or is over."""
    for poll in await open_polls(work, invitation):
        poll.closed = True
        to_customer(work, customer, What.CLOSE_POLL, {"at": poll.telegram_id}, send_class=SendClass.C)


# -- among staff


def post_poll(
    work: Work,
    group: StaffGroup,
    question: str,
    options: Sequence[str],
    by: Staff | Customer,
    thread_id: int | None = None,
) -> None:
    """An anonymous poll in a staff group, which counts for no figure; raises Refusal for what can be none."""
    person = require(by, Role.MANAGER)
    fits = len(question) <= LONGEST_QUESTION and all(len(each) <= LONGEST_OPTION for each in options)
    if not question or not 2 <= len(options) <= MOST_OPTIONS or not fits:
        raise Refusal("poll_usage")
    send(
        work,
        What.POLL,
        staff_lane(group.id or 0, None),
        {"question": question, "options": list(options), "anonymous": True, "thread_id": thread_id},
        group_id=group.id,
        priority=Priority.ANSWER,
        send_class=SendClass.B,
    )
    work.audit(person, "poll", f"group:{group.id}", question=question)
