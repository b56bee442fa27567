"""From the outcome of a call to what follows from it: one place for every way in which a send can end."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, update

from handlers import cases, contact, groups, staff
from handlers.customers import became_unreachable
from handlers.delivery.parcels import Parcel, change, plain, put_back
from handlers.happenings import PollSent
from handlers.speaking import send, tell_staff
from models import outbox
from models.cases import Case, case_held, case_numbered, cases_of, hold_cases
from models.customers import customer_numbered
from models.delivery import Fate, Outbox, OutboxState, Outcome, Priority, SendClass, What, topic_lane
from models.messages import MessageLink, is_answer
from models.outbox import rows_in_flight
from models.staff import staff_group, staff_groups
from models.topics import TopicState, fetch_topics, forget_topic, make_live, topic_of
from models.work import Work

#: How long a topic whose making has an unknown end may take to show up by itself.
ADOPTION_WAIT = timedelta(seconds=6)
MOST_ATTEMPTS = 10
#: Answers of 5xx that a row takes, about an hour of them: an outage passes, a message that breaks Telegram does not.
MOST_SERVER_ERRORS = 70
#: After so many 429s an album is taken apart: there may be limits that it is larger than.
ALBUM_TRIES = 3
LONGEST_BACKOFF = 60.0
#: Where several texts were merged, one of them is at fault: each then goes by itself.
ONE_OF_THEM = frozenset({Fate.ENTITIES, Fate.TOO_LONG, Fate.REFUSED})
_TABLE = Outbox.__table__  # type: ignore[attr-defined]
_SENT = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("row_id"))
    .values(state=OutboxState.SENT, sent_at=bindparam("at"), telegram_id=bindparam("shown"))
)
_LINK = insert(MessageLink)
_CASES = Case.__table__  # type: ignore[attr-defined]
_DRAWN = (
    update(_CASES)
    .where(_CASES.c.id == bindparam("of"), _CASES.c.card_message_id == bindparam("shown_at"))
    .values(card_drawn=bindparam("drawn"))
)


async def settle(work: Work, results: list[tuple[Parcel, Outcome]]) -> None:
    """Record what became of claimed parcels; the common case in a few statements, the rest one by one."""
    sent, links, drawn = [], [], []
    arrived = [parcel for parcel, outcome in results if outcome.fate is Fate.SENT]
    await fetch_topics(work, [each.head.customer_id for each in arrived if each.head.what is What.TOPIC])
    await hold_cases(
        work, sorted(each.head.case_id for each in arrived if each.drawn and each.method == "sendMessage")
    )
    for parcel, outcome in results:
        if outcome.fate is not Fate.SENT:
            await _failed(work, parcel, outcome)
            continue
        ids = _message_ids(outcome.result)
        await _sent_specially(work, parcel, outcome, ids)
        links += _links(parcel, ids)
        if parcel.unfinished:
            await change(work, parcel, state=OutboxState.NEW, body={**parcel.head.body, "items": parcel.items[1:]})
            continue
        if parcel.drawn and parcel.method == "editMessageText":
            shown_at = parcel.params["message_id"]
            drawn.append({"of": parcel.head.case_id, "shown_at": shown_at, "drawn": parcel.drawn})
        for row in parcel.rows:
            sent.append({"row_id": row.id, "at": work.real_now, "shown": ids[0] if ids else None})
    await work.flush()
    connection = await work.session.connection()
    if sent:
        await connection.execute(_SENT, sent)
    if links:
        await connection.execute(_LINK, links)
    if drawn:
        await connection.execute(_DRAWN, drawn)


def _message_ids(result: Any) -> list[int]:
    found = result if isinstance(result, list) else [result]
    return [item["message_id"] for item in found if isinstance(item, dict) and "message_id" in item]


def _links(parcel: Parcel, ids: list[int]) -> list[dict[str, int]]:
    items = parcel.items[:1] if parcel.head.body.get("singly") else parcel.items
    if items:
        pairs = zip(items, ids, strict=False) if len(items) == len(ids) else ()
        return [_link(item["message_id"], parcel.chat_id, shown) for item, shown in pairs]
    if not ids or parcel.head.what in (What.CHANGE, What.RECALL):
        return []
    return [_link(row.message_id, parcel.chat_id, ids[0]) for row in parcel.rows if row.message_id]


def _link(message_id: int, chat_id: int, telegram_id: int) -> dict[str, int]:
    return {"message_id": message_id, "chat_id": chat_id, "telegram_id": telegram_id}


async def _sent_specially(work: Work, parcel: Parcel, outcome: Outcome, ids: list[int]) -> None:
    row = parcel.head
    if row.what is What.CARD and ids and parcel.method == "sendMessage":
        case = await case_held(work, row.case_id)
        if case:  # one that has moved to another group meanwhile has another card there
            here = case.group_id == row.group_id
            _retire_card(work, row, case.card_message_id if here else ids[0])
            if here:
                case.card_message_id, case.card_drawn = ids[0], parcel.drawn
    elif row.what is What.POLL and row.key and ids:
        work.happen(PollSent(row.key, str(outcome.result["poll"]["id"]), ids[0]))
    elif row.what is What.TOPIC:
        await _topic_made(work, row, int(outcome.result["message_thread_id"]))
    elif row.what is What.COPY:
        if parcel.method in ("copyMessages", "forwardMessages") and len(ids) < len(parcel.items):
            await _tell(work, row, "delivery/partly_copied", sent=len(ids), wanted=len(parcel.items))
        if row.maybe_repeated:
            await _tell(work, row, "delivery/possibly_repeated")
    elif row.maybe_repeated and row.chat_id and row.message_id and await is_answer(work, row.message_id):
        await _tell(work, row, "delivery/possibly_repeated")


def _retire_card(work: Work, row: Any, telegram_id: int | None) -> None:
    """A newer card stands in its place: the old one loses its buttons."""
    if telegram_id is not None:
        body = {"at": telegram_id, "buttons": []}
        send(work, What.CHANGE, row.lane, body, group_id=row.group_id, send_class=SendClass.C)


async def _topic_made(work: Work, row: Any, thread_id: int) -> None:
    topic = await topic_of(work, row.customer_id, row.group_id)
    if topic is None or topic.thread_id == thread_id:
        return
    if topic.state is TopicState.LIVE:  # adopted meanwhile: this one is to spare
        groups.drop_topic(work, row.group_id, row.customer_id, thread_id)
        return
    make_live(work, topic, thread_id)


async def _failed(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    """One place for every way in which a send can fail."""
    row = parcel.head
    if len(parcel.rows) > 1 and outcome.fate in ONE_OF_THEM:
        await change(work, parcel, state=OutboxState.NEW, size=0)
        return
    match outcome.fate:
        case Fate.LATER:
            await _later(work, parcel, outcome)
        case Fate.UNSENT:
            await put_back(work, parcel, not_before=_backoff(work, row.attempts))
        case Fate.UNAUTHORIZED:
            await put_back(work, parcel, not_before=work.real_now + timedelta(seconds=LONGEST_BACKOFF))
        case Fate.UNKNOWN:
            await _unknown(work, parcel, outcome)
        case Fate.MOVED if row.group_id and outcome.new_chat_id:
            await groups.moved(work, await staff_group(work, row.group_id), outcome.new_chat_id)
            await put_back(work, parcel, not_before=None)
        case Fate.TOPIC_GONE if parcel.method == "deleteForumTopic":
            await change(work, parcel, state=OutboxState.CANCELLED)  # which is what was wanted
        case Fate.TOPIC_GONE if row.customer_id and row.group_id:
            await _topic_gone(work, parcel)
        case Fate.TOPIC_CLOSED if "message_thread_id" in parcel.params:
            await _topic_closed(work, parcel)
        case Fate.NOT_FORUM if row.group_id:
            (await staff_group(work, row.group_id)).is_forum = False
            await put_back(work, parcel, not_before=None)
        case Fate.NO_RIGHTS | Fate.CHAT_GONE | Fate.BLOCKED if row.group_id:  # whatever bars us is the group's
            await _group_refuses(work, parcel, outcome)
        case Fate.ENTITIES if not row.body.get("plain"):
            await change(work, parcel, state=OutboxState.NEW, body=plain(row.body))
        case Fate.TOO_LONG if row.what is What.WORDS and not row.body.get("as_file"):
            await change(work, parcel, state=OutboxState.NEW, body={**row.body, "as_file": True})
        case Fate.UNCOPYABLE if row.what is What.COPY and row.group_id and row.body["carried"] != "forwarded":
            await change(work, parcel, state=OutboxState.NEW, body={**row.body, "carried": "forwarded"})
        case Fate.SOURCE_GONE if row.what is What.CARD:
            await _card_gone(work, parcel)
        case Fate.BLOCKED | Fate.CHAT_GONE:
            await _not_reached(work, parcel, outcome)
        case _ if row.what is What.TOPIC:  # without one the customer's cards would have no place for ever
            await put_back(work, parcel, not_before=work.real_now + timedelta(seconds=LONGEST_BACKOFF))
        case _:
            await _refused(work, parcel, outcome)


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


async def _unknown(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    row = parcel.head
    if row.send_class is SendClass.B:
        await change(work, parcel, state=OutboxState.UNCERTAIN, error=outcome.detail)
        await contact.note_fate(work, row.key, "uncertain")
        return
    if row.attempts + 1 >= MOST_SERVER_ERRORS and outcome.detail.startswith("5") and row.what is not What.TOPIC:
        await _refused(work, parcel, outcome)
        return
    at = _backoff(work, row.attempts)
    if row.what is What.TOPIC:
        at = max(at, work.real_now + ADOPTION_WAIT)
    await put_back(work, parcel, not_before=at, maybe_repeated=row.send_class is SendClass.A)


async def recover(work: Work, but: set[int]) -> list[int]:
    """Rows left in flight by a process that died are of unknown fate; `but` are not. Returns their keys."""
    rows = [row for row in await rows_in_flight(work) if row.id not in but]
    for row in rows:
        await _unknown(work, Parcel([row]), Outcome(Fate.UNKNOWN, detail="interrupted"))
    return [row.id for row in rows if row.id is not None]


def _backoff(work: Work, attempts: int) -> datetime:
    """0.5, 1, 2 ... 60 seconds from now."""
    return work.real_now + timedelta(seconds=min(LONGEST_BACKOFF, 0.5 * 2.0 ** min(attempts, 10)))


async def _topic_gone(work: Work, parcel: Parcel) -> None:
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
            if case.unfinished:
                cases.redraw_card(work, case)
        await cases.want_topic(work, customer, group)
        tell_staff(work, group, customer, "delivery/topic_rebuilt", {"name": customer.name})
    await put_back(work, parcel, not_before=None)


async def _card_gone(work: Work, parcel: Parcel) -> None:
    """Somebody deleted the card: show a new one."""
    case = await case_numbered(work, parcel.head.case_id)
    assert case is not None  # noqa: S101 - cases are never deleted
    case.card_message_id = None
    await change(work, parcel, state=OutboxState.CANCELLED)
    cases.redraw_card(work, case)


async def _topic_closed(work: Work, parcel: Parcel) -> None:
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
        await _group_refuses(work, parcel, Outcome(Fate.NO_RIGHTS, detail="TOPIC_CLOSED"))
    else:
        await put_back(work, parcel, not_before=_backoff(work, row.attempts))


async def _group_refuses(work: Work, parcel: Parcel, outcome: Outcome) -> None:
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
        await _tell(work, row, "delivery/blocked", name=customer.name)


async def _refused(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    row = parcel.head
    if row.send_class is SendClass.C:
        await change(work, parcel, state=OutboxState.DEAD, error=outcome.detail)
        if row.what in (What.CHANGE, What.RECALL) and row.message_id:
            await _tell(work, row, "delivery/not_changed", reason=outcome.detail)
        return
    if row.what is What.COPY and row.group_id:
        values = {"kind": row.body["kind"], "text": row.body.get("text", "")}
        body = {"template": "messages/described", "values": values}
        await change(work, parcel, state=OutboxState.NEW, what=What.SAY, body=body)
        return
    if row.what is What.WORDS and not row.body.get("as_file"):
        await change(work, parcel, state=OutboxState.NEW, body={**row.body, "as_file": True}, size=0)
        return
    await change(work, parcel, state=OutboxState.DEAD, error=outcome.detail)
    await contact.note_fate(work, row.key, "failed")
    if row.customer_id and not row.group_id:
        await _tell(work, row, "delivery/refused", reason=outcome.detail)
    elif row.group_id:
        await _not_shown(work, row, outcome.detail)


async def _not_shown(work: Work, row: Any, reason: str | None) -> None:
    values = {"group": (await staff_group(work, row.group_id)).title, "number": row.case_id, "reason": reason}
    await staff.tell_owners(work, "delivery/not_shown", values)


async def set_aside(work: Work, ids: list[int], error: Exception) -> None:
    """Rows that we ourselves cannot handle are dead; owners hear of each that staff should have seen."""
    for row in await outbox.set_aside(work, ids, repr(error)):
        await contact.note_fate(work, row.key, "failed")
        if row.group_id:
            await _not_shown(work, row, None)


async def _tell(work: Work, row: Any, template: str, **values: Any) -> None:
    """Tell staff in the topic of the customer whom the row is about, at the message it is about."""
    if row.customer_id is None:
        return
    customer = await customer_numbered(work, row.customer_id)
    of_case = row if row.group_id else await case_numbered(work, row.case_id) if row.case_id else None
    group = await staff_group(work, of_case.group_id) if of_case else (await staff_groups(work))[0]
    tell_staff(work, group, customer, template, values, priority=Priority.ANSWER, reply_to_id=row.message_id)
