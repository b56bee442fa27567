"""What staff write: answers that reach the customer, notes that stay, and what is held until somebody says which."""

import enum
from typing import Any

from handlers import cases
from handlers.authority import require
from handlers.messages import join_album
from handlers.names import shown_name
from handlers.refusals import Refusal
from handlers.said import CAPTIONED, Beside, Said, stored
from handlers.speaking import Buttons, button, tell_staff, to_customer
from handlers.understanding.asides import For, looks_like_command, note_in, whom_for
from models.cases import Case, case_numbered
from models.customers import Customer, customer_numbered
from models.delivery import OutboxState, Priority, What, customer_lane
from models.messages import (
    Author,
    Message,
    album_author,
    held_with,
    message_numbered,
    new_message,
)
from models.outbox import pending_send
from models.staff import Staff, StaffGroup, staff_member
from models.work import Work
from templates import label


class Went(enum.StrEnum):
    """What became of an agent's words: said to the customer, kept among staff, held until somebody says whom they are
    for, or left to the agent to tell, where the customer has no chat."""

    SENT = "sent"
    KEPT = "kept"
    HELD = "held"
    UNTOLD = "untold"


async def answer(
    work: Work, customer: Customer, case: Case | None, said: Said, by: Staff, group: StaffGroup | None = None
) -> Went:
    """An agent's words: they go to the customer, stay among staff where they are marked as a note, or are held.

    `group` is the staff group where they were written, in which the agent is asked about held words and from which
    media are copied (None: elsewhere, where whoever calls this asks). Raises Refusal for what looks like a command.
    """
    person = require(by)
    note = note_in(said.text)
    if note is None and looks_like_command(said.text):
        raise Refusal("unknown_command")
    before = await album_author(work, customer.id, said.content.album) if said.content.album else None
    if note is not None or before is Author.NOTE or _is_talk(work, case, said, group):
        await keep_note(work, customer, case, said.with_text(said.text if note is None else note), person)
        return Went.KEPT
    if before is Author.HELD:  # it goes where the words under an earlier item go
        _store(work, customer, case, said, person, Author.HELD)
        return Went.HELD
    if group is not None and _may_be_for_us(said):
        await _hold(work, customer, case, said, person, group)
        return Went.HELD
    message = _store(work, customer, case, said, person, Author.AGENT)
    await _send(work, customer, message, group)
    await _offer_to_take_back(work, customer, message, group)
    first = case is None or case.last_agent_at is None
    if case:
        await cases.note_answer(work, case, person, said.content.written_at, said.text)
    return Went.SENT if customer.has_chat or not first else Went.UNTOLD


def _may_be_for_us(said: Said) -> bool:
    """Whether words are held: by what they say, because they are passed on, or because they cannot be read."""
    unread = said.content.kind in ("poll", "checklist", "rich_message")
    return unread or said.second_hand or whom_for(said.text, said.beside) is For.HELD


def _is_talk(work: Work, case: Case | None, said: Said, group: StaffGroup | None) -> bool:
    """Whether words reply to nothing of the customer's, in a department where only replies are answers."""
    department = work.plan.department_named(case.department if case else None)
    if group is None or department is None or not department.answer_by_reply:
        return False
    return said.answers is None and said.beside is not Beside.CARD


async def _offer_to_take_back(work: Work, customer: Customer, message: Message, group: StaffGroup | None) -> None:
    """Where the plan has a grace: until it is over, a tap takes the answer back before the customer sees it."""
    grace = work.plan.business.answer_grace
    if grace is None or group is None or not customer.has_chat or message.album:
        return
    business = work.plan.business
    tell_staff(
        work,
        group,
        customer,
        "answers/grace",
        {"name": await shown_name(work, customer), "seconds": round(grace.total_seconds())},
        answers=message.origin_message_id,
        buttons=[[button(label(business.language, "button.take_back"), f"takeback:{message.id}")]],
        priority=Priority.ANSWER,
    )


def _store(work: Work, customer: Customer, case: Case | None, said: Said, by: Staff, author: Author) -> Message:
    """Store an agent's words; the message that is returned is only to be read."""
    values: dict[str, Any] = {
        "customer_id": customer.id,
        "case_id": case.id if case else None,
        "author": author,
        "staff_id": by.id,
        **stored(said),
    }
    return Message(id=new_message(work, **values), **values)


async def _send(work: Work, customer: Customer, message: Message, group: StaffGroup | None) -> None:
    """An agent's message for the customer, in the way that its kind can be carried over."""
    if not customer.has_chat:
        return
    grace = work.plan.business.answer_grace
    row: dict[str, Any] = {
        "case_id": message.case_id,
        "message_id": message.id,
        "reply_to_id": message.reply_to_id,
        "priority": Priority.ANSWER,
        "not_before": work.real_now + grace if grace else None,
    }
    if message.kind == "text" or message.origin_message_id is None:
        body: dict[str, Any] = {"text": message.text, "entities": message.entities or []}
        to_customer(work, customer, What.WORDS, body, **row)
        return
    place_of = {"from_group_id": group.id} if group else {"from_chat_id": message.origin_chat_id}
    source: dict[str, Any] = {"carried": "copied", **place_of, "kind": message.kind, "text": ""}
    words: dict[str, Any] = {}
    if message.kind in CAPTIONED:
        words = {"caption": message.text, "entities": message.entities or []}
    if not message.album:
        body = {"message_ids": [message.origin_message_id], **source, **words}
        to_customer(work, customer, What.COPY, body, **row)
        return
    key = f"answer-album:{customer.id}:{message.album}"
    place = {"chat_id": customer.chat_id, "customer_id": customer.id, **row}
    del place["not_before"]  # an album waits for its late items
    item = {"kind": message.kind, "file_id": (message.media or {}).get("file_id"), **words}
    await join_album(work, key, customer_lane(customer.chat_id), message.origin_message_id, source, place, item)


# -- held words


async def _hold(work: Work, customer: Customer, case: Case | None, said: Said, by: Staff, group: StaffGroup) -> None:
    """Words that may be meant for colleagues go to nobody; whoever wrote them is asked at once."""
    if said.content.album:
        await _keep_back(work, f"answer-album:{customer.id}:{said.content.album}", Author.HELD)
    message = _store(work, customer, case, said, by, Author.HELD)
    if case is not None:
        case.held_count += 1
    tell_staff(
        work,
        group,
        customer,
        "answers/held",
        {"name": await shown_name(work, customer)},
        answers=message.origin_message_id,
        buttons=held_buttons(work.plan.business.language, message.id),
        priority=Priority.ANSWER,
    )


def held_buttons(language: str, message_id: int) -> Buttons:
    """What may become of held words."""
    words = {"send": label(language, "button.held_send"), "keep": label(language, "button.held_keep")}
    return [[button(text, f"held:{message_id}:{choice}") for choice, text in words.items()]]


async def decide(work: Work, message: Message, by: Staff, *, send: bool, group: StaffGroup | None = None) -> None:
    """Somebody says whom held words are for: they go to the customer now, or stay as a note. Raises Refusal.

    `group` is the staff group where they were written.
    """
    person = require(by)
    held = await held_with(work, message)
    if not held:
        raise Refusal("held_decided")
    if send:
        await require_same_customer(work, message)
    customer = await customer_numbered(work, message.customer_id)
    case = await count_decided(work, message)
    for each in held:
        each.author = Author.AGENT if send else Author.NOTE
        if send:
            await _send(work, customer, each, group)
    if send and case is not None:
        writer = await staff_member(work, message.staff_id or 0)
        await cases.note_answer(work, case, writer, work.now, message.text)
    work.audit(person, "held_sent" if send else "held_kept", f"message:{message.id}")


async def require_same_customer(work: Work, message: Message) -> None:
    """Raise Refusal where the case of a message went to somebody else since: customers were parted."""
    case = await case_numbered(work, message.case_id) if message.case_id else None
    if case is not None and case.customer_id != message.customer_id:
        raise Refusal("stale")


async def count_decided(work: Work, message: Message) -> Case | None:
    case = await case_numbered(work, message.case_id) if message.case_id else None
    if case is not None:
        case.held_count = max(0, case.held_count - 1)
    return case


# -- notes


async def keep_note(work: Work, customer: Customer, case: Case | None, said: Said, by: Staff) -> None:
    """Store words that stay among staff; an album with a note under one of its items stays whole."""
    person = require(by)
    if said.content.album:
        await _keep_back(work, f"answer-album:{customer.id}:{said.content.album}", Author.NOTE)
    new_message(
        work,
        customer_id=customer.id,
        case_id=case.id if case else None,
        author=Author.NOTE,
        staff_id=person.id,
        **{**stored(said), "entities": None, "reply_to_id": None},
    )


async def _keep_back(work: Work, key: str, author: Author) -> None:
    """What waits under that key is not sent for now, or never; its messages are what `author` says."""
    waiting = await pending_send(work, key)
    if waiting is not None:
        waiting.state = OutboxState.CANCELLED
        for item in waiting.body["items"]:
            (await message_numbered(work, item["message_id"])).author = author
