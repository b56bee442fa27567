"""What follows where the place of a send is not as it was: topics and cards deleted, topics closed, groups barred."""

from datetime import timedelta

from handlers import cases, groups
from handlers.delivery.parcels import LONGEST_BACKOFF, Parcel, backoff, change, put_back
from handlers.names import shown_name
from handlers.speaking import send, tell_staff
from models.cases import case_numbered, cases_of
from models.customers import customer_numbered
from models.delivery import Fate, OutboxState, Outcome, Priority, SendClass, What, topic_lane
from models.staff import staff_group
from models.topics import forget_topic, topic_of
from models.work import Work

#: So often words are tried again in a topic that stays closed.
MOST_ATTEMPTS = 10


async def topic_gone(work: Work, parcel: Parcel) -> None:
    """Somebody deleted the topic: it is made again, and the words wait for it; cards are drawn anew by themselves."""
    row = parcel.head
    group = await staff_group(work, row.group_id)
    topic = await topic_of(work, row.customer_id, row.group_id)
    customer = await customer_numbered(work, row.customer_id)
    if topic and topic.thread_id == parcel.params.get("message_thread_id"):
        forget_topic(work, topic)
        work.audit(None, "topic_gone", f"customer:{customer.id}", thread=topic.thread_id)
        await work.flush()
        for case in [case for case in await cases_of(work, customer.id) if case.group_id == group.id]:
            case.card_message_id = None
        await cases.want_topic(work, customer, group)
        tell_staff(work, group, customer, "delivery/topic_rebuilt", {"name": await shown_name(work, customer)})
    await put_back(work, parcel, not_before=None)


async def card_gone(work: Work, parcel: Parcel) -> None:
    """Somebody deleted the card: show a new one."""
    case = await case_numbered(work, parcel.head.case_id)
    assert case is not None  # noqa: S101 - cases are never deleted
    case.card_message_id = None
    await change(work, parcel, state=OutboxState.CANCELLED)
    cases.redraw_card(work, case)


async def topic_closed(work: Work, parcel: Parcel) -> None:
    """Somebody closed the topic: open it, then say it again."""
    row = parcel.head
    body = {"thread_id": parcel.params["message_thread_id"]}
    # In the lane of topics' making: behind the words that wait for it, it would never have its turn.
    send(
        work,
        What.OPEN_TOPIC,
        topic_lane(row.group_id, row.customer_id),
        body,
        group_id=row.group_id,
        send_class=SendClass.C,
        priority=Priority.ANSWER,
    )
    if row.attempts >= MOST_ATTEMPTS:
        await group_refuses(work, parcel, Outcome(Fate.NO_RIGHTS, detail="TOPIC_CLOSED"))
    else:
        await put_back(work, parcel, not_before=backoff(work, row.attempts))


async def group_refuses(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    """The bot may not write there, or the group is gone: words wait, owners are told once."""
    row = parcel.head
    group = await staff_group(work, row.group_id)
    is_out = outcome.fate is not Fate.NO_RIGHTS or "kicked" in outcome.detail
    trouble = "kicked" if is_out else "no_rights"
    if row.what is What.TOPIC:
        trouble = "no_topics" if trouble == "no_rights" else trouble
    await groups.note_trouble(work, group, trouble)
    if row.send_class is SendClass.C:
        await change(work, parcel, state=OutboxState.DEAD, error=outcome.detail)
    else:
        await put_back(work, parcel, not_before=work.real_now + timedelta(seconds=LONGEST_BACKOFF / 2))
