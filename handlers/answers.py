"""What staff write: answers that reach the customer, notes that stay, and what becomes of both afterwards."""

from typing import Any

from handlers import cases
from handlers.authority import require
from handlers.messages import join_album
from handlers.refusals import Refusal
from handlers.said import Carried, Content, Said, same_media, stored
from handlers.speaking import to_customer
from models.cases import Case
from models.customers import Customer, customer_numbered
from models.delivery import OutboxState, Priority, SendClass, What, customer_lane
from models.messages import Author, Message, MessageVersion, album_is_note, message_numbered, new_message
from models.outbox import pending_send, unsent
from models.staff import Staff
from models.work import Work

NOTE_MARK = "//"


async def answer(
    work: Work, customer: Customer, case: Case | None, said: Said, by: Staff, group_id: int | None = None
) -> bool:
    """An agent's words for a customer: they go to the customer, or stay where they are marked as a note. Returns
    whether they reach the customer: who has no chat is told by the agent.

    `group_id` is the staff group where they were written (None: elsewhere), from which media are copied.
    Raises Refusal for what looks like a command.
    """
    person = require(by)
    note = note_in(said.text)
    if note is None and said.content.album and await album_is_note(work, customer.id, said.content.album):
        note = said.text
    if note is not None:
        await keep_note(work, customer, case, said.with_text(note), person)
        return True
    if said.text.startswith("/"):
        raise Refusal("unknown_command")
    message_id = new_message(
        work,
        customer_id=customer.id,
        case_id=case.id if case else None,
        author=Author.AGENT,
        staff_id=person.id,
        **stored(said),
    )
    if customer.has_chat:
        row = {
            "case_id": case.id if case else None,
            "message_id": message_id,
            "reply_to_id": said.answers.id if said.answers else None,
            "priority": Priority.ANSWER,
        }
        await _send_on(work, customer, said, row, group_id)
    first = case is None or case.last_agent_at is None
    if case:
        await cases.note_answer(work, case, person, said.content.written_at, said.text)
    return customer.has_chat or not first


def note_in(text: str) -> str | None:
    """The words of a note, by its mark or by a caption that begins with /note; None for what is no note."""
    text = text.lstrip()
    if text.startswith(NOTE_MARK):
        return text[len(NOTE_MARK) :].strip()
    head, *rest = [*text.split(maxsplit=1), ""]
    return rest[0].strip() if head.partition("@")[0].lower() == "/note" else None


async def _send_on(work: Work, customer: Customer, said: Said, row: dict[str, Any], group_id: int | None) -> None:
    """The agent's message for the customer, in the way that its kind can be carried over."""
    content = said.content
    if content.carried is Carried.TEXT or said.at is None or group_id is None:
        body = {"text": content.text, "entities": content.entities or []}
        to_customer(work, customer, What.WORDS, body, **row)
        return
    source = {"carried": "copied", "from_group_id": group_id, "kind": content.kind, "text": ""}
    if not content.album:
        to_customer(work, customer, What.COPY, {"message_ids": [said.at.message_id], **source}, **row)
        return
    key = f"answer-album:{customer.id}:{content.album}"
    place = {"chat_id": customer.chat_id, "customer_id": customer.id, **row}
    await join_album(work, key, customer_lane(customer.chat_id), said.at.message_id, source, place)


# -- notes


async def keep_note(work: Work, customer: Customer, case: Case | None, said: Said, by: Staff) -> None:
    """Store words that stay among staff; an album with a note under one of its items stays whole."""
    person = require(by)
    if said.content.album:
        await _keep_back(work, f"answer-album:{customer.id}:{said.content.album}")
    new_message(
        work,
        customer_id=customer.id,
        case_id=case.id if case else None,
        author=Author.NOTE,
        staff_id=person.id,
        **{**stored(said), "entities": None, "reply_to_id": None},
    )


async def _keep_back(work: Work, key: str) -> None:
    """What waits under that key is not sent after all, and its messages are notes."""
    waiting = await pending_send(work, key)
    if waiting is not None:
        waiting.state = OutboxState.CANCELLED
        for item in waiting.body["items"]:
            (await message_numbered(work, item["message_id"])).author = Author.NOTE


# -- edits and recalls


async def change(work: Work, message: Message, said: Said, by: Staff) -> None:
    """An agent changed a message: the customer's copy changes too; a note stays a note."""
    require(by)
    content = said.content
    if message.author not in (Author.AGENT, Author.NOTE) or message.recalled_at:
        return
    same = same_media(message, content)
    if content.text == message.text and same:
        return
    if message.author is Author.AGENT and note_in(content.text) is not None:
        raise Refusal("edit_to_note")
    work.append(MessageVersion, message_id=message.id, text=message.text, replaced_at=work.now)
    message.text, message.entities, message.edited_at = content.text, content.entities, content.written_at
    message.media = content.media
    if message.author is Author.NOTE:
        message.text = content.text.lstrip().removeprefix(NOTE_MARK).strip()
        return
    customer = await customer_numbered(work, message.customer_id)
    _change_copy(work, customer, message, What.CHANGE, _changed(content, media_changed=not same))


def _changed(content: Content, *, media_changed: bool) -> dict[str, Any]:
    entities = content.entities or []
    if content.carried is Carried.TEXT:
        return {"words": content.text, "entities": entities}
    if media_changed and content.media:
        media = {"type": content.kind, "media": content.media.get("file_id")}
        return {"media": media, "caption": content.text, "entities": entities}
    return {"caption": content.text, "entities": entities}


def _change_copy(work: Work, customer: Customer, message: Message, what: What, body: dict[str, Any]) -> None:
    """Change or take back the customer's copy of a message, in its turn after the message itself."""
    if customer.has_chat:
        to_customer(
            work, customer, what, body, case_id=message.case_id, message_id=message.id, send_class=SendClass.C
        )


async def recall(work: Work, message: Message | None, by: Staff) -> None:
    """An answer disappears at the customer's, or is never sent. Raises Refusal for what is none, or gone already."""
    person = require(by)
    if message is None or message.author is not Author.AGENT:
        raise Refusal("recall_what")
    if message.recalled_at:
        raise Refusal("already_recalled")
    message.recalled_at = work.now
    customer = await customer_numbered(work, message.customer_id)
    waiting = await unsent(work, message.id)
    if waiting is not None and "items" not in waiting.body:
        waiting.state = OutboxState.CANCELLED
    else:
        _change_copy(work, customer, message, What.RECALL, {})
    work.audit(person, "recalled", f"message:{message.id}")
