"""From an outbox row, in words of ours, to Telegram's call that says it."""

from hashlib import sha256
from html import escape
from typing import Any

from handlers import cards, cases
from handlers.addresses import link_in, link_to
from handlers.delivery.copying import carry
from handlers.delivery.parcels import LOOK_AGAIN, TOPIC_WAIT, NotNeeded, NotNow, Parcel
from handlers.names import shown_name
from handlers.quoting import CAPTION, MOST_ENTITIES, framed, shifted
from handlers.texts import utf16_length
from models.cases import case_numbered
from models.customers import customer_numbered
from models.delivery import Priority, What
from models.messages import links_of
from models.staff import StaffGroup, staff_group
from models.topics import Topic, TopicState, topic_of
from models.work import Work
from templates import label, render


async def compose(work: Work, parcel: Parcel) -> None:
    """Say what to call for the parcel. Raises NotNow where it cannot go yet, NotNeeded where nothing is left."""
    row = parcel.head
    group = await staff_group(work, row.group_id) if row.group_id else None
    parcel.chat_id = group.chat_id if group else row.chat_id
    parcel.params = {"chat_id": parcel.chat_id}
    topic = await _topic_for(work, row, group) if group and row.customer_id else None
    match row.what:
        case What.SAY:
            await _say(work, parcel, row, await _general_prefix(work, row, group, topic))
        case What.WORDS:
            _words(work, parcel, await _general_prefix(work, row, group, topic))
        case What.COPY:
            await _copy(work, parcel, row, await _general_prefix(work, row, group, topic))
        case What.CHANGE:
            await _change(work, parcel, row)
        case What.RECALL:
            parcel.method = "deleteMessage"
            parcel.params["message_id"] = await _shown_at(work, parcel, row)
        case What.CARD:
            await _card(work, parcel, row)
        case What.TOPIC:
            await _make_topic(work, parcel, row, group)
        case What.DROP_TOPIC | What.OPEN_TOPIC:
            parcel.method = "deleteForumTopic" if row.what is What.DROP_TOPIC else "reopenForumTopic"
            parcel.params["message_thread_id"] = row.body["thread_id"]
        case What.POLL:
            _poll(parcel, row)
        case What.CLOSE_POLL:
            parcel.method = "stopPoll"
            parcel.params["message_id"] = row.body["at"]
    if parcel.method in ("sendMessage", "editMessageText") and (row.group_id or row.customer_id is None):
        parcel.params["link_preview_options"] = {"is_disabled": True}  # staff open what they choose to open
    await _place(work, parcel, row, topic)


async def _place(work: Work, parcel: Parcel, row: Any, topic: Topic | None) -> None:
    """The topic it goes to, whether it makes a sound, and what it answers."""
    is_new = parcel.method.startswith(("send", "copy", "forward"))
    if topic and topic.thread_id and is_new:
        parcel.params["message_thread_id"] = topic.thread_id
    if row.body.get("quiet") and is_new:
        parcel.params["disable_notification"] = True
    if parcel.method.startswith("send") or parcel.method == "copyMessage":
        await _add_reply(work, parcel, row)


async def _topic_for(work: Work, row: Any, group: StaffGroup) -> Topic | None:
    """The live topic the row goes to, or None for General; raises NotNow while waiting for one is right."""
    if row.what in (What.TOPIC, What.OPEN_TOPIC, What.DROP_TOPIC) or not group.is_forum:
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
    values = {"name": await shown_name(work, customer), "number": customer.id}
    return label(work.plan.business.language, "relay.from", **values) + "\n"


# -- words


async def _say(work: Work, parcel: Parcel, row: Any, prefix: str) -> None:
    """What we say ourselves: frozen for a customer, rendered now for staff."""
    body = row.body
    parcel.method = "sendMessage"
    text = body.get("text")
    if text is None:
        values = {**body["values"], **await _link(work, row)}
        language = body.get("language") or work.plan.business.language
        text = escape(prefix) + render(language, body["template"], values)
    parcel.params |= {"text": text} if body.get("plain") else {"text": text, "parse_mode": "HTML"}
    if markup := _markup(body):
        parcel.params["reply_markup"] = markup
    if body.get("answers"):
        parcel.params["reply_parameters"] = {"message_id": body["answers"], "allow_sending_without_reply": True}
    if body.get("thread_id"):
        parcel.params["message_thread_id"] = body["thread_id"]


async def _link(work: Work, row: Any) -> dict[str, str]:
    """The address of the topic that the text leads to; waits a while for one that is being made."""
    if not row.body.get("link_to"):
        return {}
    customer_id, group_id = row.body["link_to"]
    group, customer = await staff_group(work, group_id), await customer_numbered(work, customer_id)
    case = await case_numbered(work, row.case_id) if row.case_id else None
    link = await (link_to(work, customer, case) if case else link_in(work, group, customer))
    if link:
        return {"link": link}
    if (case or group.is_forum) and work.real_now - row.created_at < TOPIC_WAIT:
        raise NotNow(work.real_now + LOOK_AGAIN)
    return {}


def _markup(body: dict[str, Any]) -> dict[str, Any] | None:
    """Buttons under a message, or the keyboard under the customer's input."""
    if body.get("buttons") is not None:
        return inline(body["buttons"])
    if not body.get("keyboard"):
        return None
    rows = [
        [{"text": key["text"], **({"request_contact": True} if key.get("asks_contact") else {})} for key in keys]
        for keys in body["keyboard"]
    ]
    return {"keyboard": rows, "resize_keyboard": True, "is_persistent": True}


def inline(buttons: list[list[dict[str, str]]]) -> dict[str, Any]:
    """Buttons as Telegram takes them."""
    rows = [[{"text": each["text"], "callback_data": each["press"]} for each in row] for row in buttons]
    return {"inline_keyboard": rows}


def _words(work: Work, parcel: Parcel, prefix: str) -> None:
    """A person's text, with those of others that go in the same message."""
    language = work.plan.business.language
    if parcel.head.body.get("as_file"):
        parcel.method = "sendDocument"
        parcel.file = (f"{parcel.head.message_id}.txt", parcel.head.body["text"].encode("utf-8", "replace"))
        parcel.params["caption"] = prefix + _before(parcel.head) + label(language, "relay.long_text")
        return
    text = prefix
    entities: list[dict[str, Any]] = []
    for row in parcel.rows:
        text += "\n" if row is not parcel.head else ""
        if row.maybe_repeated and row.group_id:
            text += label(language, "relay.maybe_repeated") + "\n"
        if row.body.get("mark"):
            text += label(language, f"relay.{row.body['mark']}") + "\n"
        text += _before(row)
        words, formatting = _said(row.body, language)
        entities += shifted(formatting, utf16_length(text))
        text += words
    parcel.method = "sendMessage"
    parcel.params["text"] = text if text.strip() else label(language, "relay.empty")
    if len(entities) > MOST_ENTITIES:
        entities = [entity for entity in entities if entity["type"] == "blockquote"]
    if entities:
        parcel.params["entities"] = entities


def _said(body: dict[str, Any], language: str) -> tuple[str, list[dict[str, Any]]]:
    """A row's words and their formatting; a customer's stand in the frame, however bare they go."""
    text, entities = body["text"], () if body.get("plain") else body.get("entities") or ()
    if not body.get("quoted"):
        return text, list(entities)
    return framed(text, entities) if text.strip() else (label(language, "relay.empty"), [])


def _before(row: Any) -> str:
    """Lines of ours about the words, whose they are and what they are about: outside of them."""
    return "".join(f"{line}\n" for line in row.body.get("before") or ())


async def _copy(work: Work, parcel: Parcel, row: Any, prefix: str) -> None:
    """A person's messages as they are, or an album of them; a customer's words in the frame."""
    source = row.body.get("from_chat_id") or (await staff_group(work, row.body["from_group_id"])).chat_id
    parcel.params["from_chat_id"] = source
    carry(parcel, prefix)
    if parcel.method == "sendMediaGroup":
        del parcel.params["from_chat_id"]
    elif row.body.get("mark") and parcel.method == "copyMessage":
        parcel.params |= _marked(await _reader(work, row), row.body)


def _marked(language: str, body: dict[str, Any]) -> dict[str, Any]:
    """The caption with its mark before it, where it fits; else the copy has its own."""
    mark = label(language, f"relay.{body['mark']}") + "\n"
    caption = mark + body["caption"]
    if utf16_length(caption) > CAPTION:
        return {}
    return {"caption": caption, "caption_entities": shifted(body.get("entities") or (), utf16_length(mark))}


async def _reader(work: Work, row: Any) -> str:
    """The language of the customer in whose chat it goes, else of the business."""
    if row.group_id or row.customer_id is None:
        return work.plan.business.language
    return (await customer_numbered(work, row.customer_id)).language


# -- what stands already


async def _change(work: Work, parcel: Parcel, row: Any) -> None:
    """Change a message of ours, or the copy of a person's, where it stands."""
    body = row.body
    parcel.params["message_id"] = await _shown_at(work, parcel, row)
    if "text" in body:  # words of ours
        parcel.method = "editMessageText"
        parcel.params |= {"text": body["text"], **({} if body.get("plain") else {"parse_mode": "HTML"})}
    elif "words" in body:
        parcel.method = "editMessageText"
        parcel.params |= {"text": body["words"], "entities": body.get("entities") or []}
    elif "media" in body:
        parcel.method = "editMessageMedia"
        entities = body.get("entities") or []
        parcel.params["media"] = {**body["media"], "caption": body["caption"], "caption_entities": entities}
    elif "caption" in body:
        parcel.method = "editMessageCaption"
        parcel.params |= {"caption": body["caption"], "caption_entities": body.get("entities") or []}
    else:
        parcel.method = "editMessageReplyMarkup"
    if "buttons" in body:
        parcel.params["reply_markup"] = inline(body["buttons"])


async def _shown_at(work: Work, parcel: Parcel, row: Any) -> int:
    """Where it stands: as the row says, else where the message of the row was shown."""
    if row.body.get("at"):
        return int(row.body["at"])
    links = await links_of(work, [row.message_id], parcel.chat_id)
    if row.message_id not in links:
        raise NotNeeded
    return links[row.message_id]


async def _card(work: Work, parcel: Parcel, row: Any) -> None:
    """The card of a case as it stands now."""
    case = await case_numbered(work, row.case_id)
    assert case is not None  # noqa: S101 - cases are never deleted
    if case.group_id != row.group_id:
        raise NotNeeded  # it has moved to another group, where it has another card
    language = work.plan.business.language
    customer = await customer_numbered(work, case.customer_id)
    text = render(language, "cases/card", await cards.card_values(work, case, customer))
    parcel.params |= {"text": text, "parse_mode": "HTML", "reply_markup": inline(cards.card_buttons(language, case))}
    parcel.drawn = sha256(repr((text, parcel.params["reply_markup"])).encode()).hexdigest()[:16]
    if row.body["fresh"] or case.card_message_id is None:
        parcel.method = "sendMessage"
    elif parcel.drawn == case.card_drawn:
        raise NotNeeded  # it shows all that already
    else:
        parcel.method = "editMessageText"
        parcel.params["message_id"] = case.card_message_id


# -- topics and polls


async def _make_topic(work: Work, parcel: Parcel, row: Any, group: StaffGroup | None) -> None:
    topic = await topic_of(work, row.customer_id, row.group_id)
    if topic is None or topic.state is TopicState.LIVE or group is None or not group.is_forum:
        raise NotNeeded
    topic.state = TopicState.MAKING
    parcel.method = "createForumTopic"
    parcel.params["name"] = topic.name


def _poll(parcel: Parcel, row: Any) -> None:
    body = row.body
    parcel.method = "sendPoll"
    parcel.params |= {
        "question": body["question"],
        "options": [{"text": option} for option in body["options"]],
        "is_anonymous": body["anonymous"],
    }
    if body.get("several"):
        parcel.params["allows_multiple_answers"] = True
    if body.get("thread_id"):
        parcel.params["message_thread_id"] = body["thread_id"]


async def _add_reply(work: Work, parcel: Parcel, row: Any) -> None:
    if not row.reply_to_id:
        return
    links = await links_of(work, [row.reply_to_id], parcel.chat_id)
    if row.reply_to_id in links:
        target = links[row.reply_to_id]
        parcel.params["reply_parameters"] = {"message_id": target, "allow_sending_without_reply": True}
