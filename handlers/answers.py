"""What staff write: answers that reach the customer, notes that stay, and what becomes of both afterwards."""

from datetime import datetime
from typing import Any

from handlers import cases, duty
from handlers.chat.doors import ORIGINAL_WAIT, Place, Where, in_place
from handlers.content import Content, read_content, same_media
from handlers.happenings import AgentSpoke, Claimed
from handlers.messages import ALBUM_WAIT
from handlers.refusals import NotYet, Refusal
from handlers.routing.places import case_in_hand, topic_link
from handlers.speaking import send
from models.cases import Case, CaseState
from models.customers import Customer, customer_numbered
from models.delivery import Outbox, OutboxState, Priority, SendClass, What, customer_lane
from models.messages import Author, Message, MessageVersion, album_is_note, message_at, message_numbered, new_message
from models.outbox import pending_send, unsent
from models.staff import Staff
from models.topics import topic_of
from models.work import Work

NOTE_MARK = "//"


async def answer(work: Work, place: Place) -> None:
    """An agent's message in a customer's topic, or as a reply to it in a plain group: it goes to the customer."""
    if place.customer is None:
        raise Refusal("not_a_topic")
    content = read_content(place.raw)
    if content.housekeeping:
        return
    note = _note_in(content)
    if note is None and content.album and await album_is_note(work, place.customer.id, content.album):
        note = content.text
    if note is not None:
        await keep_note(work, place, place.customer, content, note)
        return
    if content.text.startswith("/"):
        raise Refusal("unknown_command")
    await _to_customer(work, place, place.customer, content)


def _note_in(content: Content) -> str | None:
    """The words of a note, by its mark or by a caption that begins with /note; None for what is no note."""
    text = content.text.lstrip()
    if text.startswith(NOTE_MARK):
        return text[len(NOTE_MARK) :].strip()
    head, *rest = [*text.split(maxsplit=1), ""]
    return rest[0].strip() if head.partition("@")[0].lower() == "/note" else None


async def _to_customer(work: Work, place: Place, customer: Customer, content: Content) -> None:
    case = await _case_or_none(work, place, customer)
    replied = await _replied_to(work, place)
    message_id = new_message(
        work,
        customer_id=customer.id,
        case_id=case.id if case else None,
        author=Author.AGENT,
        staff_id=place.speaker.id,
        kind=content.kind,
        text=content.text,
        entities=content.entities,
        media=content.media,
        album=content.album,
        written_at=content.written_at,
        origin_chat_id=place.raw["chat"]["id"],
        origin_message_id=place.raw["message_id"],
        reply_to_id=replied.id if replied else None,
    )
    if customer.user_id is None:
        if case is None or case.last_agent_at is None:
            in_place(work, place, "routing/no_telegram", {})
        if case:
            await note_answer(work, case, place.speaker, content.written_at, content.text)
        return
    row = {
        "chat_id": customer.chat_id,
        "customer_id": customer.id,
        "case_id": case.id if case else None,
        "message_id": message_id,
        "reply_to_id": replied.id if replied else None,
        "priority": Priority.ANSWER,
    }
    lane = customer_lane(customer.chat_id)
    if content.kind == "text":
        params = {"text": content.text, "entities": content.entities or []}
        send(work, What.CALL, lane, {"method": "sendMessage", "params": params}, **row)
    else:
        await _copy_to_customer(work, place, content, lane, row)
    if case:
        await note_answer(work, case, place.speaker, content.written_at, content.text)


async def _copy_to_customer(work: Work, place: Place, content: Content, lane: str, row: dict[str, Any]) -> None:
    source = {"from_group_id": place.staff_group.id, "kind": content.kind, "text": ""}
    telegram_id = place.raw["message_id"]
    if not content.album:
        send(work, What.COPY, lane, {"method": "copyMessage", "message_ids": [telegram_id], **source}, **row)
        return
    key = f"answer-album:{row['customer_id']}:{content.album}"
    item = {"telegram_id": telegram_id, "message_id": row["message_id"]}
    waiting = await pending_send(work, key)
    due = work.real_now + ALBUM_WAIT
    if waiting is None:
        body = {"method": "copyMessages", "items": [item], **source}
        send(work, What.COPY, lane, body, key=key, not_before=due, **row)
    else:
        waiting.body = {**waiting.body, "items": [*waiting.body["items"], item]}
        waiting.cost = len(waiting.body["items"])
        waiting.not_before = due


async def note_answer(work: Work, case: Case, person: Staff, at: datetime, words: str = "") -> None:
    """An agent has spoken, at Telegram's time `at`: the case has somebody, and its first response."""
    changed = False
    case.last_agent_at = work.now
    if case.first_response_at is None:
        case.first_response_at = at
    work.happen(AgentSpoke(case, person, at, words))
    if case.assignee_id is None and case.unfinished and await duty.has_room(work, case, person):
        cases.assign(work, case, person)
        work.happen(Claimed(case, person))
        changed = True
    if case.state is CaseState.NEW:
        case.move(CaseState.OPEN, work.now)
        changed = True
    if changed:
        cases.redraw_card(work, case)


async def _case_or_none(work: Work, place: Place, customer: Customer) -> Case | None:
    """The case in hand, or None for a customer without one; raises Refusal where it has moved elsewhere."""
    try:
        return await case_in_hand(work, place, customer)
    except Refusal as refusal:
        if refusal.key != "no_case":
            raise
        return None


async def _replied_to(work: Work, place: Place) -> Message | None:
    reply = place.raw.get("reply_to_message") or {}
    if not reply or reply.get("message_id") == place.thread_id:
        return None
    return await message_at(work, place.staff_group.chat_id, reply["message_id"])


# -- notes


async def note_command(work: Work, place: Place) -> None:
    """/note what colleagues should know."""
    if place.customer is None:
        raise Refusal("not_a_topic")
    words = place.text.split(maxsplit=1)
    if len(words) < 2:
        raise Refusal("empty_note")
    await keep_note(work, place, place.customer, read_content(place.raw), words[1].strip())


async def keep_note(work: Work, place: Place, customer: Customer, content: Content, words: str) -> None:
    """Store words that stay among staff; an album with a note under one of its items stays whole."""
    try:
        case = await _case_or_none(work, place, customer)
    except Refusal:  # a note may stand beside a matter that has moved
        case = None
    if content.album:
        await _keep_back(work, f"answer-album:{customer.id}:{content.album}")
    new_message(
        work,
        customer_id=customer.id,
        case_id=case.id if case else None,
        author=Author.NOTE,
        staff_id=place.speaker.id,
        kind=content.kind,
        text=words,
        media=content.media,
        album=content.album,
        written_at=content.written_at,
        origin_chat_id=place.raw["chat"]["id"],
        origin_message_id=place.raw["message_id"],
    )


async def _keep_back(work: Work, key: str) -> None:
    """What waits under that key is not sent after all, and its messages are notes."""
    waiting = await pending_send(work, key)
    if waiting is not None:
        waiting.state = OutboxState.CANCELLED
        for item in waiting.body["items"]:
            (await message_numbered(work, item["message_id"])).author = Author.NOTE


# -- edits and recalls


async def edited(work: Work, place: Place) -> None:
    """An agent changed a message: the customer's copy changes too; a note stays a note."""
    message = await message_at(work, place.raw["chat"]["id"], place.raw["message_id"])
    if message is None:
        if place.customer is not None and work.age < ORIGINAL_WAIT:
            raise NotYet
        return
    content = read_content(place.raw)
    if message.author not in (Author.AGENT, Author.NOTE) or message.recalled_at:
        return
    if content.text == message.text and same_media(message, content):
        return
    if message.author is Author.AGENT and _note_in(content) is not None:
        raise Refusal("edit_to_note")
    media_changed = not same_media(message, content)
    work.append(MessageVersion, message_id=message.id, text=message.text, replaced_at=work.now)
    message.text, message.entities, message.edited_at = content.text, content.entities, content.written_at
    message.media = content.media
    if message.author is Author.NOTE:
        message.text = content.text.lstrip().removeprefix(NOTE_MARK).strip()
        return
    customer = await customer_numbered(work, message.customer_id)
    _change_copy(work, customer, message, _edit_call(content, media_changed))


def _edit_call(content: Content, media_changed: bool) -> dict[str, Any]:
    entities = content.entities or []
    if content.kind == "text":
        return {"method": "editMessageText", "params": {"text": content.text, "entities": entities}}
    if media_changed and content.media:
        media = {
            "type": content.kind,
            "media": content.media.get("file_id"),
            "caption": content.text,
            "caption_entities": entities,
        }
        return {"method": "editMessageMedia", "params": {"media": media}}
    return {"method": "editMessageCaption", "params": {"caption": content.text, "caption_entities": entities}}


def _change_copy(work: Work, customer: Customer, message: Message, body: dict[str, Any]) -> None:
    """A call on the customer's copy of a message, in its turn after the message itself."""
    if customer.user_id is None:
        return  # there is none
    send(
        work,
        What.EDIT,
        customer_lane(customer.chat_id),
        body,
        chat_id=customer.chat_id,
        customer_id=customer.id,
        case_id=message.case_id,
        message_id=message.id,
        priority=Priority.ANSWER,
        send_class=SendClass.C,
    )


async def recall(work: Work, place: Place) -> None:
    """/recall in reply to an answer: it disappears at the customer's, or is never sent."""
    message = await _replied_to(work, place)
    if message is None or message.author is not Author.AGENT:
        raise Refusal("recall_what")
    if message.recalled_at:
        raise Refusal("already_recalled")
    message.recalled_at = work.now
    customer = await customer_numbered(work, message.customer_id)
    waiting: Outbox | None = await unsent(work, message.id)
    if waiting is not None and waiting.body.get("method") != "copyMessages":
        waiting.state = OutboxState.CANCELLED
    else:
        _change_copy(work, customer, message, {"method": "deleteMessage", "params": {}})
    work.audit(place.speaker, "recalled", f"message:{message.id}")
    in_place(work, place, "messages/recalled", {})


# -- General


async def point_to_topic(work: Work, place: Place) -> None:
    """A reply to the bot that names no customer: nothing goes to one by guess; say where it belongs."""
    reply = place.raw.get("reply_to_message") or {}
    message = await message_at(work, place.staff_group.chat_id, reply.get("message_id", 0))
    link = name = ""
    plain = place.where is Where.PLAIN
    if message is not None:
        customer = await customer_numbered(work, message.customer_id)
        topic = await topic_of(work, customer.id, place.staff_group.id or 0)
        name = customer.name
        if topic and topic.thread_id:
            link = topic_link(place.staff_group.chat_id, topic.thread_id)
    in_place(work, place, "staff/where_it_belongs", {"name": name, "link": link, "plain": plain})


def replies_to_bot(place: Place) -> bool:
    """Whether a message answers one of the bot's."""
    reply = place.raw.get("reply_to_message") or {}
    is_bot = bool((reply.get("from") or {}).get("is_bot"))
    return place.what == "message" and is_bot and reply.get("message_id") != place.thread_id


def answers_customer(place: Place) -> bool:
    """In a plain group: whether a message replies to what the bot showed of a customer."""
    return replies_to_bot(place) and place.where is Where.PLAIN and place.customer is not None
