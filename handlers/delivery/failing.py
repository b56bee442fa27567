"""What follows from a send that failed: it waits, goes another way, or is over and said to be so."""

from datetime import timedelta

from handlers import contact, groups
from handlers.customers import became_unreachable
from handlers.delivery import gone
from handlers.delivery.parcels import LONGEST_BACKOFF, Parcel, backoff, change, plain, put_back
from handlers.delivery.reporting import tell, tell_not_shown, tell_wrong_recipient
from handlers.names import shown_name
from models import outbox
from models.customers import customer_numbered
from models.delivery import Fate, OutboxState, Outcome, SendClass, What
from models.messages import is_answer
from models.staff import staff_group
from models.work import Work

#: How long a topic whose making has an unknown end may take to show up by itself.
ADOPTION_WAIT = timedelta(seconds=6)
#: Answers of 5xx that a row takes, about an hour of them: an outage passes, a message that breaks Telegram does not.
MOST_SERVER_ERRORS = 70
#: After so many 429s an album is taken apart: there may be limits that it is larger than.
ALBUM_TRIES = 3
#: Where several texts were merged, one of them is at fault: each then goes by itself.
ONE_OF_THEM = frozenset({Fate.ENTITIES, Fate.TOO_LONG, Fate.REFUSED})


async def failed(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    """One place for every way in which a send can fail."""
    if len(parcel.rows) > 1 and outcome.fate in ONE_OF_THEM:
        await change(work, parcel, state=OutboxState.NEW, size=0)
        return
    for follows in (_not_now, _elsewhere, _otherwise):
        if await follows(work, parcel, outcome):
            return
    if outcome.fate in (Fate.BLOCKED, Fate.CHAT_GONE):
        await _not_reached(work, parcel, outcome)
    elif parcel.head.what is What.TOPIC:  # without one the customer's cards would have no place for ever
        await put_back(work, parcel, not_before=work.real_now + timedelta(seconds=LONGEST_BACKOFF))
    else:
        await _refused(work, parcel, outcome)


async def _not_now(work: Work, parcel: Parcel, outcome: Outcome) -> bool:
    """Whether it says nothing of the message itself: the same goes again later."""
    match outcome.fate:
        case Fate.LATER:
            await _later(work, parcel, outcome)
        case Fate.UNSENT:
            await put_back(work, parcel, not_before=backoff(work, parcel.head.attempts))
        case Fate.UNAUTHORIZED:
            await put_back(work, parcel, not_before=work.real_now + timedelta(seconds=LONGEST_BACKOFF))
        case Fate.UNKNOWN:
            await unknown(work, parcel, outcome)
        case _:
            return False
    return True


async def _elsewhere(work: Work, parcel: Parcel, outcome: Outcome) -> bool:
    """Whether the place is not as it was: group, topic or card."""
    row = parcel.head
    match outcome.fate:
        case Fate.MOVED if row.group_id and outcome.new_chat_id:
            await groups.moved(work, await staff_group(work, row.group_id), outcome.new_chat_id)
            await put_back(work, parcel, not_before=None)
        case Fate.TOPIC_GONE if parcel.method == "deleteForumTopic":
            await change(work, parcel, state=OutboxState.CANCELLED)  # which is what was wanted
        case Fate.TOPIC_GONE if row.customer_id and row.group_id:
            await gone.topic_gone(work, parcel)
        case Fate.TOPIC_CLOSED if "message_thread_id" in parcel.params:
            await gone.topic_closed(work, parcel)
        case Fate.NOT_FORUM if row.group_id:
            (await staff_group(work, row.group_id)).is_forum = False
            await put_back(work, parcel, not_before=None)
        case Fate.NO_RIGHTS | Fate.CHAT_GONE | Fate.BLOCKED if row.group_id:  # whatever bars us is the group's
            await gone.group_refuses(work, parcel, outcome)
        case Fate.SOURCE_GONE if row.what is What.CARD:
            await gone.card_gone(work, parcel)
        case _:
            return False
    return True


async def _otherwise(work: Work, parcel: Parcel, outcome: Outcome) -> bool:
    """Whether the same can be said in another form: without formatting, as a file, forwarded."""
    row = parcel.head
    match outcome.fate:
        case Fate.ENTITIES if not row.body.get("plain"):
            body = plain(row.body)
        case Fate.ENTITIES | Fate.TOO_LONG | Fate.REFUSED if parcel.method == "sendMediaGroup":
            await change(work, parcel, state=OutboxState.NEW, body={**row.body, "singly": True}, cost=1)
            return True
        case Fate.TOO_LONG if row.what is What.WORDS and row.group_id and not row.body.get("as_file"):
            body = {**row.body, "as_file": True}
        case Fate.UNCOPYABLE if row.what is What.COPY and row.group_id and row.body["carried"] != "forwarded":
            body = {**row.body, "carried": "forwarded"}
        case _:
            return False
    await change(work, parcel, state=OutboxState.NEW, body=body)
    return True


async def _later(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    """A 429: the scope pauses, and the row has lost nothing. An album that never fits goes item by item."""
    row = parcel.head
    for scope in parcel.paused:
        await outbox.keep_pause(work, scope, work.real_now + timedelta(seconds=outcome.retry_after))
    if "items" not in row.body or row.body.get("singly"):
        await put_back(work, parcel, not_before=None, attempts=row.attempts)
        return
    put_off = row.body.get("put_off", 0) + 1
    body = {**row.body, "put_off": put_off, "singly": put_off >= ALBUM_TRIES}
    cost = 1 if body["singly"] else row.cost
    await put_back(work, parcel, not_before=None, attempts=row.attempts, body=body, cost=cost)


async def unknown(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    """It may have arrived: what is scheduled never goes again, everything else does, and is marked."""
    row = parcel.head
    if row.send_class is SendClass.B:
        await change(work, parcel, state=OutboxState.UNCERTAIN, error=outcome.detail)
        await contact.note_fate(work, row.key, "uncertain")
        return
    if row.attempts + 1 >= MOST_SERVER_ERRORS and outcome.detail.startswith("5") and row.what is not What.TOPIC:
        await _refused(work, parcel, outcome)
        return
    at = backoff(work, row.attempts)
    if row.what is What.TOPIC:
        at = max(at, work.real_now + ADOPTION_WAIT)
    await put_back(work, parcel, not_before=at, maybe_repeated=row.send_class is SendClass.A)


async def wrong_recipient(work: Work, parcel: Parcel) -> None:
    """The chat is not the customer's: nothing goes there, staff see what was not sent, and owners are told."""
    await change(work, parcel, state=OutboxState.DEAD, error="the chat is not the customer's")
    for row in parcel.rows:
        await contact.note_fate(work, row.key, "failed")
        await tell_wrong_recipient(work, row)


async def _not_reached(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    """The customer cannot be reached: staff see it at the very answer that did not arrive."""
    row = parcel.head
    await change(work, parcel, state=OutboxState.DEAD, error=outcome.detail)
    if row.customer_id is None:
        return  # a member of staff who has not started the bot
    customer = await customer_numbered(work, row.customer_id)
    await became_unreachable(work, customer, tell=False)
    await contact.note_fate(work, row.key, "unreachable")
    if row.message_id and await is_answer(work, row.message_id):
        await tell(work, row, "delivery/blocked", name=await shown_name(work, customer))


async def _behind(work: Work, parcel: Parcel) -> None:
    """Media that the customer's copy does not take come behind it, as an answer to it that is marked as an edit."""
    row = parcel.head
    rest = {key: value for key, value in row.body.items() if key != "media"}
    kind, words = row.body["media"]["type"], row.body["caption"]
    body = {**rest, "carried": "copied", "kind": kind, "text": words, "mark": "edited"}
    values = {"what": What.COPY, "send_class": SendClass.A, "reply_to_id": row.message_id}
    await change(work, parcel, state=OutboxState.NEW, body=body, **values)


async def _refused(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    row = parcel.head
    if row.what is What.CHANGE and "media" in row.body:
        await _behind(work, parcel)
        return
    if row.send_class is SendClass.C:
        await change(work, parcel, state=OutboxState.DEAD, error=outcome.detail)
        if row.what in (What.CHANGE, What.RECALL) and row.message_id:
            await tell(work, row, "delivery/not_changed", reason=outcome.detail)
        return
    if row.what is What.COPY and row.group_id:
        values = {"kind": row.body["kind"], "text": row.body.get("text", "")}
        body = {"template": "messages/described", "values": values}
        await change(work, parcel, state=OutboxState.NEW, what=What.SAY, body=body)
        return
    if row.what is What.WORDS and row.group_id and not row.body.get("as_file"):
        await change(work, parcel, state=OutboxState.NEW, body={**row.body, "as_file": True}, size=0)
        return
    await change(work, parcel, state=OutboxState.DEAD, error=outcome.detail)
    await contact.note_fate(work, row.key, "failed")
    if row.customer_id and not row.group_id:
        await tell(work, row, "delivery/refused", reason=outcome.detail)
    elif row.group_id:
        await tell_not_shown(work, row, outcome.detail)
