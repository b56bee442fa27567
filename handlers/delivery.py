"""Delivery: what an outbox row says to Telegram, and what follows from how that went."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlmodel import col

from handlers import cases, groups
from handlers.content import utf16_length
from handlers.customers import became_unreachable
from handlers.speaking import send, tell_staff
from models import outbox
from models.customers import Customer, Topic, TopicState
from models.delivery import (
    Fate,
    Outbox,
    OutboxState,
    Outcome,
    Priority,
    SendClass,
    What,
    staff_lane,
)
from models.messages import MessageLink
from models.outbox import Waiting
from models.staff import StaffGroup
from models.work import Work
from templates import label, render

#: How long words wait for their customer's topic before they go to General.
TOPIC_WAIT = timedelta(seconds=5)
#: How long a topic whose making has an unknown end may take to show up by itself.
ADOPTION_WAIT = timedelta(seconds=6)
MOST_ATTEMPTS = 10
LONGEST_BACKOFF = 60.0
_COLUMNS = Outbox.__table__.c  # type: ignore[attr-defined]
#: How soon a row that cannot go yet is looked at again.
LOOK_AGAIN = timedelta(milliseconds=500)


@dataclass
class Parcel:
    """One call that stands for one outbox row, or for several texts merged into one message."""

    rows: Sequence[Any]  # outbox rows, the first of which says what it is
    chat_id: int = 0
    method: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    file: tuple[str, bytes] | None = None  # name and content of a document to upload
    paused: Sequence[str] = ()  # the scopes that a 429 told us to leave alone

    @property
    def head(self) -> Any:
        """The row that says what the parcel is."""
        return self.rows[0]


class NotNow(Exception):
    """The row cannot go yet; look again at `at` (real time)."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at


class NotNeeded(Exception):
    """Nothing is left to send."""


# -- from a row to a call


async def claim(work: Work, picked: Sequence[Sequence[Waiting]]) -> list[Parcel]:
    """Claim rows, each sequence to be one message, and say what to call for them.

    A row that somebody else has, that was cancelled or changed meanwhile, or that cannot go yet is left out.
    From the commit of this work until the commit of the result, the fate of a claimed row is unknown.
    """
    if not picked:
        return []
    await work.flush()
    connection = await work.session.connection()
    claimed = (
        update(Outbox)
        .where(
            col(Outbox.id).in_([row.id for group in picked for row in group]),
            col(Outbox.state) == OutboxState.NEW,
        )
        .values(state=OutboxState.SENDING, claimed_at=work.real_now)
        .returning(*_COLUMNS)
    )
    rows = {row.id: row for row in (await connection.execute(claimed)).all()}
    await work.fetch_topics([row.customer_id for row in rows.values() if row.group_id and row.customer_id])
    parcels = []
    for group in picked:
        parcel = Parcel([rows[outline.id] for outline in group if outline.id in rows])
        if parcel.rows and await _addressed(work, parcel, group[0]):
            parcels.append(parcel)
    return parcels


async def _addressed(work: Work, parcel: Parcel, outline: Waiting) -> bool:
    try:
        if parcel.head.cost != outline.cost or (parcel.head.not_before or work.real_now) > work.real_now:
            raise NotNow(parcel.head.not_before or work.real_now)  # an album grew
        await _compose(work, parcel)
    except NotNow as wait:
        await _put_back(work, parcel, not_before=wait.at)
        return False
    except NotNeeded:
        await _set(work, parcel, state=OutboxState.CANCELLED)
        return False
    return True


async def _compose(work: Work, parcel: Parcel) -> None:
    row = parcel.head
    group = await work.group(row.group_id) if row.group_id else None
    parcel.chat_id = group.chat_id if group else row.chat_id
    parcel.params = {"chat_id": parcel.chat_id}
    topic = await _topic_for(work, row, group) if group and row.customer_id else None
    match row.what:
        case What.CALL:
            parcel.method = row.body["method"]
            parcel.params |= row.body["params"]
        case What.WORDS:
            _compose_words(work, parcel, await _general_prefix(work, row, group, topic))
        case What.COPY:
            await _compose_copy(work, parcel, row, group is not None and topic is None)
        case What.SAY:
            _compose_say(work, parcel, row)
        case What.CARD:
            await _compose_card(work, parcel, row)
        case What.TOPIC:
            await _compose_topic(work, parcel, row, group)
        case What.EDIT:
            await _compose_edit(work, parcel, row)
    if topic and topic.thread_id and not parcel.method.startswith(("edit", "delete")):
        parcel.params["message_thread_id"] = topic.thread_id
    if parcel.method.startswith("send") or parcel.method == "copyMessage":
        await _add_reply(work, parcel, row)


async def _topic_for(work: Work, row: Any, group: StaffGroup) -> Topic | None:
    """The live topic the row goes to, or None for General; raises NotNow while waiting for one is right."""
    if row.what is What.TOPIC or not group.is_forum:
        return None
    topic = await work.topic(row.customer_id, row.group_id)
    if topic and topic.state is TopicState.LIVE:
        return topic
    customer_words = row.what in (What.WORDS, What.COPY) or row.priority <= Priority.RELAY
    if customer_words and work.real_now - row.created_at >= TOPIC_WAIT:
        return None
    if topic is None:
        await cases.want_topic(work, await work.customer(row.customer_id), group)
    raise NotNow(work.real_now + LOOK_AGAIN)


async def _general_prefix(work: Work, row: Any, group: StaffGroup | None, topic: Topic | None) -> str:
    """The customer's name before words that stand in no topic of their own."""
    if group is None or topic is not None:
        return ""
    customer = await work.customer(row.customer_id)
    values = {"name": customer.name, "number": customer.id}
    return label(work.plan.business.language, "relay.from", **values) + "\n"


def _compose_words(work: Work, parcel: Parcel, prefix: str) -> None:
    language = work.plan.business.language
    if parcel.head.body.get("as_file"):
        parcel.method = "sendDocument"
        parcel.file = (f"{parcel.head.message_id}.txt", parcel.head.body["text"].encode("utf-8", "replace"))
        parcel.params["caption"] = prefix + label(language, "relay.long_text")
        return
    text = prefix
    entities: list[dict[str, Any]] = []
    for row in parcel.rows:
        text += "\n" if row is not parcel.head else ""
        if row.maybe_repeated:
            text += label(language, "relay.maybe_repeated") + "\n"
        if row.body.get("mark"):
            text += label(language, f"relay.{row.body['mark']}") + "\n"
        shift = utf16_length(text)
        entities += [
            {**entity, "offset": entity["offset"] + shift} for entity in row.body.get("entities") or ()
        ]
        text += row.body["text"]
    parcel.method = "sendMessage"
    parcel.params["text"] = text if text.strip() else label(language, "relay.empty")
    if entities and not parcel.head.body.get("plain"):
        parcel.params["entities"] = entities


async def _compose_copy(work: Work, parcel: Parcel, row: Any, in_general: bool) -> None:
    body = row.body
    source = body.get("from_chat_id") or (await work.group(body["from_group_id"])).chat_id
    parcel.params["from_chat_id"] = source
    # Outside a topic only a forward shows whose it is.
    verb = "forwardMessage" if in_general or body.get("forward") else body["method"]
    if "items" in body:
        parcel.method = "forwardMessages" if verb == "forwardMessage" else "copyMessages"
        parcel.params["message_ids"] = sorted(item["telegram_id"] for item in body["items"])
    else:
        parcel.method = verb
        parcel.params["message_id"] = body["message_ids"][0]


def _compose_say(work: Work, parcel: Parcel, row: Any) -> None:
    parcel.method = "sendMessage"
    text = render(work.plan.business.language, row.body["template"], row.body["values"])
    parcel.params |= {"text": text} if row.body.get("plain") else {"text": text, "parse_mode": "HTML"}
    if row.body.get("answers"):
        parcel.params["reply_parameters"] = {
            "message_id": row.body["answers"],
            "allow_sending_without_reply": True,
        }
    if row.body.get("thread_id"):
        parcel.params["message_thread_id"] = row.body["thread_id"]


async def _compose_card(work: Work, parcel: Parcel, row: Any) -> None:
    case = await work.case(row.case_id)
    assert case is not None  # noqa: S101 - cases are never deleted
    language = work.plan.business.language
    customer = await work.customer(case.customer_id)
    parcel.params["text"] = render(language, "cases/card", await cases.card_values(work, case, customer))
    parcel.params["parse_mode"] = "HTML"
    parcel.params["reply_markup"] = {"inline_keyboard": cases.card_buttons(language, case)}
    if row.body["fresh"] or case.card_message_id is None:
        parcel.method = "sendMessage"
    else:
        parcel.method = "editMessageText"
        parcel.params["message_id"] = case.card_message_id


async def _compose_topic(work: Work, parcel: Parcel, row: Any, group: StaffGroup | None) -> None:
    topic = await work.topic(row.customer_id, row.group_id)
    if topic is None or topic.state is TopicState.LIVE or group is None or not group.is_forum:
        raise NotNeeded
    topic.state = TopicState.MAKING
    parcel.method = "createForumTopic"
    parcel.params["name"] = topic.name


async def _compose_edit(work: Work, parcel: Parcel, row: Any) -> None:
    links = await work.links_of([row.message_id], parcel.chat_id)
    if row.message_id not in links:
        raise NotNeeded
    parcel.method = row.body["method"]
    parcel.params |= {**row.body["params"], "message_id": links[row.message_id]}


async def _add_reply(work: Work, parcel: Parcel, row: Any) -> None:
    if not row.reply_to_id:
        return
    links = await work.links_of([row.reply_to_id], parcel.chat_id)
    if row.reply_to_id in links:
        target = links[row.reply_to_id]
        parcel.params["reply_parameters"] = {"message_id": target, "allow_sending_without_reply": True}


# -- from the outcome to what follows


async def settle(work: Work, results: list[tuple[Parcel, Outcome]]) -> None:
    """Record what became of claimed parcels; the common case in a few statements, the rest one by one."""
    sent, links = [], []
    for parcel, outcome in results:
        if outcome.fate is not Fate.SENT:
            await _failed(work, parcel, outcome)
            continue
        ids = _message_ids(outcome.result)
        await _sent_specially(work, parcel, outcome, ids)
        for row in parcel.rows:
            sent.append({"row_id": row.id, "at": work.real_now, "shown": ids[0] if ids else None})
        links += _links(parcel, ids)
    await work.flush()
    connection = await work.session.connection()
    if sent:
        table = Outbox.__table__  # type: ignore[attr-defined]
        values = {"state": OutboxState.SENT, "sent_at": bindparam("at"), "telegram_id": bindparam("shown")}
        await connection.execute(update(table).where(table.c.id == bindparam("row_id")).values(values), sent)
    if links:
        await connection.execute(insert(MessageLink), links)


def _message_ids(result: Any) -> list[int]:
    found = result if isinstance(result, list) else [result]
    return [item["message_id"] for item in found if isinstance(item, dict) and "message_id" in item]


def _links(parcel: Parcel, ids: list[int]) -> list[dict[str, int]]:
    items = parcel.head.body.get("items") if parcel.head.what is What.COPY else None
    if items:
        ordered = sorted(items, key=lambda item: item["telegram_id"])
        pairs = zip(ordered, ids, strict=False) if len(items) == len(ids) else ()
        return [_link(item["message_id"], parcel.chat_id, shown) for item, shown in pairs]
    if not ids or parcel.head.what is What.EDIT:
        return []
    return [_link(row.message_id, parcel.chat_id, ids[0]) for row in parcel.rows if row.message_id]


def _link(message_id: int, chat_id: int, telegram_id: int) -> dict[str, int]:
    return {"message_id": message_id, "chat_id": chat_id, "telegram_id": telegram_id}


async def _sent_specially(work: Work, parcel: Parcel, outcome: Outcome, ids: list[int]) -> None:
    row = parcel.head
    if row.what is What.CARD and ids and parcel.method == "sendMessage":
        case = await work.case(row.case_id)
        if case:
            case.card_message_id = ids[0]
    elif row.what is What.TOPIC:
        await _topic_made(work, row, int(outcome.result["message_thread_id"]))
    elif row.what is What.COPY:
        if "items" in row.body and len(ids) < len(row.body["items"]):
            await _tell(work, row, "delivery/partly_copied", sent=len(ids), wanted=len(row.body["items"]))
        if row.maybe_repeated:
            await _tell(work, row, "delivery/possibly_repeated")
    elif row.maybe_repeated and row.chat_id and row.message_id and row.send_class is SendClass.A:
        await _tell(work, row, "delivery/possibly_repeated")


async def _topic_made(work: Work, row: Any, thread_id: int) -> None:
    topic = await work.topic(row.customer_id, row.group_id)
    if topic is None or topic.thread_id == thread_id:
        return
    if topic.state is TopicState.LIVE:  # adopted meanwhile: this one is to spare
        body = {"method": "deleteForumTopic", "params": {"message_thread_id": thread_id}}
        lane = staff_lane(row.group_id, row.customer_id)
        send(work, What.CALL, lane, body, group_id=row.group_id, send_class=SendClass.C)
        return
    topic.thread_id = thread_id
    topic.state = TopicState.LIVE
    topic.made_at = work.now


async def _failed(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    """One place for every way in which a send can fail."""
    row = parcel.head
    match outcome.fate:
        case Fate.LATER:
            for scope in parcel.paused:
                await outbox.keep_pause(work, scope, work.real_now + timedelta(seconds=outcome.retry_after))
            await _put_back(work, parcel, not_before=None, attempts=row.attempts)
        case Fate.UNSENT:
            await _put_back(work, parcel, not_before=_backoff(work, row.attempts))
        case Fate.UNAUTHORIZED:
            await _put_back(work, parcel, not_before=work.real_now + timedelta(seconds=LONGEST_BACKOFF))
        case Fate.UNKNOWN:
            await _unknown(work, parcel, outcome)
        case Fate.MOVED if row.group_id and outcome.new_chat_id:
            await groups.moved(work, await work.group(row.group_id), outcome.new_chat_id)
            await _put_back(work, parcel, not_before=None)
        case Fate.TOPIC_GONE if row.customer_id and row.group_id:
            await _topic_gone(work, parcel)
        case Fate.TOPIC_CLOSED if "message_thread_id" in parcel.params:
            await _topic_closed(work, parcel)
        case Fate.NOT_FORUM if row.group_id:
            (await work.group(row.group_id)).is_forum = False
            await _put_back(work, parcel, not_before=None)
        case Fate.NO_RIGHTS | Fate.CHAT_GONE if row.group_id:
            await _group_refuses(work, parcel, outcome)
        case Fate.ENTITIES if not row.body.get("plain"):
            await _set(work, parcel, state=OutboxState.NEW, body=_plain(row.body))
        case Fate.TOO_LONG if row.what is What.WORDS and not row.body.get("as_file"):
            await _set(work, parcel, state=OutboxState.NEW, body={**row.body, "as_file": True})
        case Fate.UNCOPYABLE if row.what is What.COPY and row.group_id and not row.body.get("forward"):
            await _set(work, parcel, state=OutboxState.NEW, body={**row.body, "forward": True})
        case Fate.SOURCE_GONE if row.what is What.CARD:
            await _card_gone(work, parcel)
        case Fate.BLOCKED | Fate.CHAT_GONE:
            await _not_reached(work, parcel, outcome)
        case _:
            await _refused(work, parcel, outcome)


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    """The same row without formatting."""
    plain = {**body, "plain": True, "entities": None}
    if "params" in body:
        unformatted = ("entities", "caption_entities", "parse_mode")
        plain["params"] = {key: value for key, value in body["params"].items() if key not in unformatted}
    return plain


async def _unknown(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    row = parcel.head
    if row.send_class is SendClass.B:
        await _set(work, parcel, state=OutboxState.UNCERTAIN, error=outcome.detail)
        return
    if row.attempts + 1 >= MOST_ATTEMPTS and outcome.detail.startswith("5") and row.what is not What.TOPIC:
        await _refused(work, parcel, outcome)
        return
    at = _backoff(work, row.attempts)
    if row.what is What.TOPIC:
        at = max(at, work.real_now + ADOPTION_WAIT)
    await _put_back(work, parcel, not_before=at, maybe_repeated=row.send_class is SendClass.A)


async def recover(work: Work) -> int:
    """After a start: rows left in flight by a process that died are of unknown fate. Returns how many."""
    rows = await work.sending()
    for row in rows:
        await _unknown(work, Parcel([row]), Outcome(Fate.UNKNOWN, detail="interrupted"))
    return len(rows)


def _backoff(work: Work, attempts: int) -> datetime:
    """0.5, 1, 2 ... 60 seconds from now."""
    seconds: float = min(LONGEST_BACKOFF, 0.5 * 2.0 ** min(attempts, 10))
    return work.real_now + timedelta(seconds=seconds)


async def _topic_gone(work: Work, parcel: Parcel) -> None:
    row = parcel.head
    group = await work.group(row.group_id)
    topic = await work.topic(row.customer_id, row.group_id)
    customer = await work.customer(row.customer_id)
    if topic and topic.thread_id == parcel.params.get("message_thread_id"):
        work.forget_topic(topic)
        work.audit("system", "topic_gone", f"customer:{customer.id}", thread=topic.thread_id)
        await work.flush()
        for case in await work.cases_of(customer.id):
            case.card_message_id = None
            if case.unfinished:
                cases.redraw_card(work, case)
        await cases.want_topic(work, customer, group)
        tell_staff(work, group, customer, "delivery/topic_rebuilt", {"name": customer.name})
    await _put_back(work, parcel, not_before=None)


async def _card_gone(work: Work, parcel: Parcel) -> None:
    """Somebody deleted the card: show a new one."""
    case = await work.case(parcel.head.case_id)
    assert case is not None  # noqa: S101 - cases are never deleted
    case.card_message_id = None
    await _set(work, parcel, state=OutboxState.CANCELLED)
    cases.redraw_card(work, case)


async def _topic_closed(work: Work, parcel: Parcel) -> None:
    """Somebody closed the topic: open it, then say it again."""
    row = parcel.head
    body = {"method": "reopenForumTopic", "params": {"message_thread_id": parcel.params["message_thread_id"]}}
    send(
        work, What.CALL, staff_lane(row.group_id, row.customer_id), body, group_id=row.group_id,
        send_class=SendClass.C, priority=Priority.ANSWER,
    )  # fmt: skip
    if row.attempts >= MOST_ATTEMPTS:
        await _group_refuses(work, parcel, Outcome(Fate.NO_RIGHTS, detail="TOPIC_CLOSED"))
    else:
        await _put_back(work, parcel, not_before=_backoff(work, row.attempts))


async def _group_refuses(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    """The bot may not write there, or the group is gone: words wait, owners are told once."""
    row = parcel.head
    group = await work.group(row.group_id)
    trouble = "kicked" if outcome.fate is Fate.CHAT_GONE or "kicked" in outcome.detail else "no_rights"
    if row.what is What.TOPIC:
        trouble = "no_topics" if trouble == "no_rights" else trouble
    await groups.note_trouble(work, group, trouble)
    if row.send_class is SendClass.C:
        await _set(work, parcel, state=OutboxState.DEAD, error=outcome.detail)
    else:
        await _put_back(work, parcel, not_before=work.real_now + timedelta(seconds=LONGEST_BACKOFF / 2))


async def _not_reached(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    """The customer cannot be reached: staff see it at the very answer that did not arrive."""
    row = parcel.head
    await _set(work, parcel, state=OutboxState.DEAD, error=outcome.detail)
    if row.customer_id is None:
        return  # a member of staff who has not started the bot
    customer = await work.customer(row.customer_id)
    await became_unreachable(work, customer, tell=False)
    if row.message_id and await work.is_answer(row.message_id):
        await _tell(work, row, "delivery/blocked", name=customer.name)


async def _refused(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    row = parcel.head
    if row.send_class is SendClass.C:
        await _set(work, parcel, state=OutboxState.DEAD, error=outcome.detail)
        if row.what is What.EDIT and row.message_id:
            await _tell(work, row, "delivery/not_changed", reason=outcome.detail)
        return
    if row.what is What.COPY and row.group_id:
        values = {"kind": row.body["kind"], "text": row.body.get("text", "")}
        body = {"template": "messages/described", "values": values}
        await _set(work, parcel, state=OutboxState.NEW, what=What.SAY, body=body)
        return
    await _set(work, parcel, state=OutboxState.DEAD, error=outcome.detail)
    if row.customer_id and not row.group_id:
        await _tell(work, row, "delivery/refused", reason=outcome.detail)


async def _tell(work: Work, row: Any, template: str, **values: Any) -> None:
    """Tell staff in the topic of the customer whom the row is about, at the message it is about."""
    if row.customer_id is None:
        return
    customer: Customer = await work.customer(row.customer_id)
    group = await work.group(row.group_id) if row.group_id else (await work.groups())[0]
    tell_staff(work, group, customer, template, values, priority=Priority.ANSWER, reply_to_id=row.message_id)


async def _put_back(work: Work, parcel: Parcel, *, not_before: datetime | None, **values: Any) -> None:
    values.setdefault("attempts", parcel.head.attempts + (not_before is not None))
    await _set(work, parcel, state=OutboxState.NEW, not_before=not_before, **values)


async def _set(work: Work, parcel: Parcel, **values: Any) -> None:
    await work.flush()
    connection = await work.session.connection()
    ids = [row.id for row in parcel.rows]
    await connection.execute(update(Outbox).where(col(Outbox.id).in_(ids)).values(**values))


# -- updates that could not be handled


async def hand_over_raw(work: Work, raw: dict[str, Any]) -> None:
    """An update that we failed to handle: its words reach staff in General all the same, as they came."""
    found = next((raw[key] for key in raw if key != "update_id" and isinstance(raw[key], dict)), {})
    text = found.get("text") or found.get("caption") or found.get("data") or ""
    sender = found.get("from") if isinstance(found.get("from"), dict) else {}
    name = str((sender or {}).get("first_name") or "")[:64]
    values = {"name": name, "text": str(text)[:3000], "update": str(raw.get("update_id", ""))[:20]}
    for group in (await work.groups())[:1]:
        tell_staff(work, group, None, "delivery/raw", values, priority=Priority.RELAY)
