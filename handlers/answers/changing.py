"""What becomes of an agent's words afterwards: they are changed, or taken back."""

from typing import Any

from handlers.answers.answering import count_decided, decide, require_same_customer
from handlers.authority import require
from handlers.refusals import Refusal
from handlers.said import Carried, Content, Said, same_media
from handlers.speaking import to_customer
from handlers.understanding.asides import For, looks_like_command, note_in, whom_for
from models.customers import Customer, customer_numbered
from models.delivery import Outbox, OutboxState, SendClass, What
from models.messages import (
    Author,
    Message,
    MessageVersion,
)
from models.outbox import unsent
from models.staff import Staff
from models.work import Work


async def change(work: Work, message: Message, said: Said, by: Staff) -> None:
    """An agent changed a message: the customer's copy changes too; a note stays a note, held words stay held.

    Raises Refusal for what an answer would be refused or held for: the customer keeps the old words.
    """
    require(by)
    content = said.content
    if message.author not in (Author.AGENT, Author.NOTE, Author.HELD) or message.recalled_at:
        return
    same = same_media(message, content)
    if content.text == message.text and same:
        return
    if message.author is Author.AGENT:
        if note_in(said.text) is not None and await _kept_back(work, message):
            message.author = Author.NOTE
        else:
            _refuse_edit(said)
    elif message.author is Author.HELD:
        await _settle_edit_of_held(work, message, said)
    work.append(MessageVersion, message_id=message.id, text=message.text, replaced_at=work.now)
    message.text, message.entities, message.edited_at = content.text, content.entities, content.written_at
    if not same:
        message.kind, message.media = content.kind, content.media
    if message.author is Author.NOTE:
        message.text = note_in(content.text) or content.text
    if message.author is not Author.AGENT:
        return
    await require_same_customer(work, message)
    customer = await customer_numbered(work, message.customer_id)
    body = _changed(content) if same else _with_media(message, content)
    _change_copy(work, customer, message, What.CHANGE, body)


async def _kept_back(work: Work, message: Message) -> bool:
    """Cancel what still waits to carry the message; returns whether it did, so that the customer has read nothing."""
    waiting = await unsent(work, message.id)
    if waiting is None or "items" in waiting.body or waiting.state is not OutboxState.NEW:
        return False
    waiting.state = OutboxState.CANCELLED
    return True


async def _settle_edit_of_held(work: Work, message: Message, said: Said) -> None:
    """Held words that become a note are decided by that; into a command nothing is changed."""
    if note_in(said.text) is not None:
        await count_decided(work, message)
        message.author = Author.NOTE
    elif looks_like_command(said.text):
        raise Refusal("edit_to_command")


def _refuse_edit(said: Said) -> None:
    """Refuse what would not have gone to the customer as an answer."""
    if note_in(said.text) is not None:
        raise Refusal("edit_to_note")
    if looks_like_command(said.text):
        raise Refusal("edit_to_command")
    if whom_for(said.text, said.beside) is For.HELD:
        raise Refusal("edit_to_aside")


def _changed(content: Content) -> dict[str, Any]:
    key = "words" if content.carried is Carried.TEXT else "caption"
    return {key: content.text, "entities": content.entities or []}


def _with_media(message: Message, content: Content) -> dict[str, Any]:
    """Other media, or the first ones, and from where they are copied if the copy does not take them."""
    media = {"type": content.kind, "media": (content.media or {}).get("file_id")}
    body = {"media": media, "caption": content.text, "entities": content.entities or []}
    return {**body, "from_chat_id": message.origin_chat_id, "message_ids": [message.origin_message_id]}


def _change_copy(work: Work, customer: Customer, message: Message, what: What, body: dict[str, Any]) -> None:
    """Change or take back the customer's copy of a message, in its turn after the message itself."""
    if customer.has_chat:
        to_customer(
            work, customer, what, body, case_id=message.case_id, message_id=message.id, send_class=SendClass.C
        )


async def recall(work: Work, message: Message | None, by: Staff) -> None:
    """An answer disappears at the customer's, or is never sent. Raises Refusal for what is none, or gone already."""
    person = require(by)
    if message is not None and message.author is Author.HELD:
        await decide(work, message, person, send=False)
        return
    if message is None or message.author is not Author.AGENT:
        raise Refusal("recall_what")
    if message.recalled_at:
        raise Refusal("already_recalled")
    message.recalled_at = work.now
    customer = await customer_numbered(work, message.customer_id)
    waiting = await unsent(work, message.id)
    if waiting is not None:
        _take_out(waiting, message)
    else:
        _change_copy(work, customer, message, What.RECALL, {})
    work.audit(person, "recalled", f"message:{message.id}")


def _take_out(waiting: Outbox, message: Message) -> None:
    """What waits is not sent; of an album, that item alone is not."""
    left = [item for item in waiting.body.get("items", ()) if item["message_id"] != message.id]
    if left:
        waiting.body, waiting.cost = {**waiting.body, "items": left}, len(left)
    else:
        waiting.state = OutboxState.CANCELLED
