"""From an outbox row to the call that it stands for."""

from collections.abc import Sequence
from datetime import timedelta
from html import escape
from typing import Any

from sqlalchemy import bindparam, update

from handlers import cards, cases, contact
from handlers.content import utf16_length
from handlers.delivery.parcels import NotNeeded, NotNow, Parcel, change, put_back
from handlers.routing.places import topic_link
from models.cases import case_numbered, fetch_numbered
from models.customers import customer_numbered, fetch_customers_numbered
from models.delivery import Outbox, OutboxState, Priority, What
from models.messages import links_of
from models.outbox import Waiting
from models.staff import StaffGroup, staff_group
from models.topics import Topic, TopicState, fetch_topics, topic_of
from models.work import Work
from templates import label, render

#: How long words wait for their customer's topic before they go to General.
TOPIC_WAIT = timedelta(seconds=5)
#: What the contact budget holds back is judged anew after this at the latest: people's time may leap in the demo.
NIGHT_LOOK = timedelta(seconds=20)
#: How soon a row that cannot go yet is looked at again.
LOOK_AGAIN = timedelta(milliseconds=500)
_TABLE = Outbox.__table__  # type: ignore[attr-defined]
#: Built once: building a statement takes longer than running it, and this one runs for every few messages.
_CLAIM = (
    update(_TABLE)
    .where(_TABLE.c.id.in_(bindparam("ids", expanding=True)), _TABLE.c.state == OutboxState.NEW)
    .values(state=OutboxState.SENDING, claimed_at=bindparam("at"))
    .returning(*_TABLE.c)
)


async def claim(work: Work, picked: Sequence[Sequence[Waiting]]) -> list[Parcel]:
    """Claim rows, each sequence to be one message, and say what to call for them.

    A row that somebody else has, that was cancelled or changed meanwhile, or that cannot go yet is left out.
    From the commit of this work until the commit of the result, the fate of a claimed row is unknown.
    """
    if not picked:
        return []
    await work.flush()
    connection = await work.session.connection()
    wanted = {"ids": [row.id for group in picked for row in group], "at": work.real_now}
    rows = {row.id: row for row in (await connection.execute(_CLAIM, wanted)).all()}
    await fetch_topics(work, [row.customer_id for row in rows.values() if row.group_id and row.customer_id])
    cards = await fetch_numbered(work, [row.case_id for row in rows.values() if row.what is What.CARD])
    await fetch_customers_numbered(work, [case.customer_id for case in cards])
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
        await _keep_to_budget(work, parcel.head)
        await _compose(work, parcel)
    except NotNow as wait:
        await put_back(work, parcel, not_before=wait.at, attempts=parcel.head.attempts)  # a wait is no failure
        return False
    except NotNeeded:
        await change(work, parcel, state=OutboxState.CANCELLED)
        return False
    return True


async def _keep_to_budget(work: Work, row: Any) -> None:
    """What goes unasked is judged once more in its turn: it may be night by now, or the customer has said stop."""
    ruling = await contact.still_may(work, row.key)
    if ruling is not None and ruling.at is None:
        raise NotNeeded
    if ruling is not None and ruling.at is not None and ruling.at > work.now:
        raise NotNow(work.real_now + min(ruling.at - work.now, NIGHT_LOOK))


async def _compose(work: Work, parcel: Parcel) -> None:
    row = parcel.head
    group = await staff_group(work, row.group_id) if row.group_id else None
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
            await _compose_say(work, parcel, row, await _general_prefix(work, row, group, topic))
        case What.CARD:
            await _compose_card(work, parcel, row)
        case What.TOPIC:
            await _compose_topic(work, parcel, row, group)
        case What.EDIT:
            await _compose_edit(work, parcel, row)
    if topic and topic.thread_id and not parcel.method.startswith(("edit", "delete")):
        parcel.params["message_thread_id"] = topic.thread_id
    if row.body.get("quiet") and parcel.method.startswith(("send", "copy", "forward")):
        parcel.params["disable_notification"] = True
    if parcel.method.startswith("send") or parcel.method == "copyMessage":
        await _add_reply(work, parcel, row)


async def _topic_for(work: Work, row: Any, group: StaffGroup) -> Topic | None:
    """The live topic the row goes to, or None for General; raises NotNow while waiting for one is right."""
    if row.what is What.TOPIC or not group.is_forum:
        return None
    topic = await topic_of(work, row.customer_id, row.group_id)
    if topic and topic.state is TopicState.LIVE:
        return topic
    customer_words = row.what in (What.WORDS, What.COPY) or row.priority <= Priority.RELAY
    if customer_words and work.real_now - row.created_at >= TOPIC_WAIT:
        return None
    if topic is None:
        await cases.want_topic(work, await customer_numbered(work, row.customer_id), group)
    raise NotNow(work.real_now + LOOK_AGAIN)


async def _general_prefix(work: Work, row: Any, group: StaffGroup | None, topic: Topic | None) -> str:
    """The customer's name before words that stand in no topic of their own."""
    if group is None or topic is not None or row.customer_id is None:
        return ""
    customer = await customer_numbered(work, row.customer_id)
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
        entities += [{**entity, "offset": entity["offset"] + shift} for entity in row.body.get("entities") or ()]
        text += row.body["text"]
    parcel.method = "sendMessage"
    parcel.params["text"] = text if text.strip() else label(language, "relay.empty")
    if entities and not parcel.head.body.get("plain"):
        parcel.params["entities"] = entities


async def _compose_copy(work: Work, parcel: Parcel, row: Any, in_general: bool) -> None:
    body = row.body
    source = body.get("from_chat_id") or (await staff_group(work, body["from_group_id"])).chat_id
    parcel.params["from_chat_id"] = source
    # Outside a topic only a forward shows whose it is.
    verb = "forwardMessage" if in_general or body.get("forward") else body["method"]
    if "items" in body and not body.get("singly"):
        parcel.method = "forwardMessages" if verb == "forwardMessage" else "copyMessages"
        parcel.params["message_ids"] = [item["telegram_id"] for item in parcel.items]
    elif "items" in body:
        parcel.method = "forwardMessage" if verb == "forwardMessage" else "copyMessage"
        parcel.params["message_id"] = parcel.items[0]["telegram_id"]
    else:
        parcel.method = verb
        parcel.params["message_id"] = body["message_ids"][0]


async def _link(work: Work, row: Any) -> dict[str, str]:
    """The address of the topic that the text leads to; waits a while for one that is being made."""
    if not row.body.get("link_to"):
        return {}
    customer_id, group_id = row.body["link_to"]
    group, topic = await staff_group(work, group_id), await topic_of(work, customer_id, group_id)
    if topic and topic.thread_id:
        return {"link": topic_link(group.chat_id, topic.thread_id)}
    if group.is_forum and work.real_now - row.created_at < TOPIC_WAIT:
        raise NotNow(work.real_now + LOOK_AGAIN)
    return {}


async def _compose_say(work: Work, parcel: Parcel, row: Any, prefix: str) -> None:
    parcel.method = "sendMessage"
    values = {**row.body["values"], **await _link(work, row)}
    text = escape(prefix) + render(work.plan.business.language, row.body["template"], values)
    parcel.params |= {"text": text} if row.body.get("plain") else {"text": text, "parse_mode": "HTML"}
    if row.body.get("buttons"):
        parcel.params["reply_markup"] = {"inline_keyboard": row.body["buttons"]}
    if row.body.get("answers"):
        parcel.params["reply_parameters"] = {
            "message_id": row.body["answers"],
            "allow_sending_without_reply": True,
        }
    if row.body.get("thread_id"):
        parcel.params["message_thread_id"] = row.body["thread_id"]


async def _compose_card(work: Work, parcel: Parcel, row: Any) -> None:
    case = await case_numbered(work, row.case_id)
    assert case is not None  # noqa: S101 - cases are never deleted
    if case.group_id != row.group_id:
        raise NotNeeded  # it has moved to another group, where it has another card
    language = work.plan.business.language
    customer = await customer_numbered(work, case.customer_id)
    parcel.params["text"] = render(language, "cases/card", await cards.card_values(work, case, customer))
    parcel.params["parse_mode"] = "HTML"
    parcel.params["reply_markup"] = {"inline_keyboard": cards.card_buttons(language, case)}
    if row.body["fresh"] or case.card_message_id is None:
        parcel.method = "sendMessage"
    else:
        parcel.method = "editMessageText"
        parcel.params["message_id"] = case.card_message_id


async def _compose_topic(work: Work, parcel: Parcel, row: Any, group: StaffGroup | None) -> None:
    topic = await topic_of(work, row.customer_id, row.group_id)
    if topic is None or topic.state is TopicState.LIVE or group is None or not group.is_forum:
        raise NotNeeded
    topic.state = TopicState.MAKING
    parcel.method = "createForumTopic"
    parcel.params["name"] = topic.name


async def _compose_edit(work: Work, parcel: Parcel, row: Any) -> None:
    links = await links_of(work, [row.message_id], parcel.chat_id)
    if row.message_id not in links:
        raise NotNeeded
    parcel.method = row.body["method"]
    parcel.params |= {**row.body["params"], "message_id": links[row.message_id]}


async def _add_reply(work: Work, parcel: Parcel, row: Any) -> None:
    if not row.reply_to_id:
        return
    links = await links_of(work, [row.reply_to_id], parcel.chat_id)
    if row.reply_to_id in links:
        target = links[row.reply_to_id]
        parcel.params["reply_parameters"] = {"message_id": target, "allow_sending_without_reply": True}
