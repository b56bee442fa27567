"""The customer's words: to which case they belong, and how staff come to read them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from handlers import cases, speaking
from handlers.attribution import lines_before
from handlers.contact import asks_to_stop
from handlers.customers import bans
from handlers.customers.joining import share_phone
from handlers.happenings.cases import CaseResumed
from handlers.happenings.messages import CustomerSpoke, WordsChanged
from handlers.quoting import CAPTION, FRAME, in_full
from handlers.said import CAPTIONED, Carried, Said, same_media, stored
from handlers.speaking import customer_keyboard, send, tell_customer, tell_staff
from handlers.texts import pieces, utf16_length
from handlers.typed import is_thanks
from models.cases import Case, CaseState, case_numbered, cases_of, recent_cases
from models.customers import Customer
from models.delivery import Priority, What, staff_lane
from models.messages import Author, Message, MessageVersion, new_message
from models.outbox import pending_send
from models.staff import main_group, staff_group
from models.work import Work
from templates import label

#: A piece of a long text leaves room for a name, marks and the frame's sign before it (UTF-16 units).
PIECE = 3850
#: What a mark and the frame's sign may add to a text when it is merged with others.
MARKS = 20 + FRAME
#: So much of its words stands where a message cannot be shown itself.
DESCRIBED = 3000
#: A text of more pieces than this goes as a file.
MOST_PIECES = 4
#: Kinds whose words no frame can hold: a forward shows whose they are.
SPEAKING = frozenset(("contact", "venue", "rich_message"))
#: How long to wait for the rest of an album after each item.
ALBUM_WAIT = timedelta(seconds=1)


async def receive(work: Work, customer: Customer, said: Said) -> Case | None:
    """Anything a customer says: it is stored, belongs to a case, and goes to staff. Returns the case, if any."""
    case = await _take_in(work, customer, said)
    words = cases.in_short(said.text)
    if case and words and not case.subject_confirmed and case.subject == _asks_for_person(work):
        case.subject = words  # so far they had only asked for a person
    return case


async def _take_in(work: Work, customer: Customer, said: Said) -> Case | None:
    if await bans.is_banned(work, customer, said.own_words):
        bans.keep_unheard(work, customer, said)
        return None
    case = await _case_for(work, customer, said)
    if case is not None:  # else a channel's own note about the chat, with no matter at hand
        await relay(work, customer, case, said)
    return case


async def relay(work: Work, customer: Customer, case: Case, said: Said) -> None:
    """Store the customer's message with its case and send it on to staff."""
    message_id = _store(work, customer, case, said)
    case.last_customer_at = work.now
    if case.state is CaseState.PENDING:
        case.move(CaseState.OPEN, work.now)
        work.happen(CaseResumed(case, customer))
    content = said.content
    quiet = await bans.is_muted(work, customer, said.own_words)
    if not content.housekeeping and not quiet:
        work.happen(CustomerSpoke(case, customer, said.own_words, content.written_at, content.kind))
    await _show(work, customer, case, said, message_id, quiet=quiet)
    if case.card_message_id is None:
        cases.redraw_card(work, case)


async def receive_phone(work: Work, customer: Customer, phone: str, said: Said) -> None:
    """A customer shares their number, for which the channel vouches; where a case is open, staff see it there."""
    await share_phone(work, customer, phone)
    if any(case.unfinished for case in await cases_of(work, customer.id)):
        await receive(work, customer, said)
    else:
        tell_customer(work, customer, "customers/phone_kept", keyboard=customer_keyboard(customer.language))


async def keep_answer(work: Work, customer: Customer, case: Case | None, said: Said) -> None:
    """Words that answer what we asked with buttons: stored, and read by staff; what follows is up to the answer.

    About no case, staff read them with the other answers.
    """
    said = replace(said, answers=None)
    message_id = _store(work, customer, case, said)
    if case is not None:
        quiet = await bans.is_muted(work, customer, said.own_words)
        await _show(work, customer, case, said, message_id, quiet=quiet)


def _store(work: Work, customer: Customer, case: Case | None, said: Said) -> int:
    return new_message(
        work,
        customer_id=customer.id,
        case_id=case.id if case else None,
        author=Author.CUSTOMER,
        **stored(said),
    )


async def _show(work: Work, customer: Customer, case: Case, said: Said, message_id: int, *, quiet: bool) -> None:
    """Show staff the customer's message, in the topic."""
    await cases.want_topic(work, customer, await staff_group(work, case.group_id))
    row = {
        "group_id": case.group_id,
        "customer_id": customer.id,
        "case_id": case.id,
        "message_id": message_id,
        "reply_to_id": said.answers.id if said.answers else None,
        "priority": Priority.RELAY,
    }
    await show_staff(work, customer, said, row, {"quiet": True} if quiet else {})


async def show_staff(
    work: Work, customer: Customer, said: Said, row: dict[str, Any], how: dict[str, Any] | None = None
) -> None:
    """A customer's message for staff, in the way that its kind can be carried over; `row` says where."""
    lane, content, how = staff_lane(row["group_id"], customer.id), said.content, how or {}
    before = await lines_before(work, said)
    if content.carried is Carried.TEXT:
        words_to_staff(work, lane, content.text, content.entities, row, before, **how)
        return
    key = f"album:{row['customer_id']}:{content.album}" if content.album else None
    if before and (key is None or await pending_send(work, key) is None):  # an album has them once
        _say_before(work, lane, before, row, how)
    words, entities = in_full(content.text, content.entities)
    described = {"kind": content.kind, "text": words[:DESCRIBED]}
    if content.carried not in (Carried.COPIED, Carried.FORWARDED) or said.at is None:
        body = {"template": "messages/described", "values": described, **how}
        send(work, What.SAY, lane, body, **row)
        return
    carried = Carried.FORWARDED if content.kind in SPEAKING else content.carried
    source = {"carried": carried.value, "from_chat_id": said.at.chat_id, "quoted": True, **described, **how}
    copied = carried is Carried.COPIED
    beside = copied and utf16_length(words) + FRAME > CAPTION
    caption = (
        {"caption": "" if beside else words, "entities": entities} if copied and content.kind in CAPTIONED else {}
    )
    if key and copied:
        item = {"kind": content.kind, "file_id": (content.media or {}).get("file_id"), **caption}
        await join_album(work, key, lane, said.at.message_id, source, row, item)
    else:
        send(work, What.COPY, lane, {"message_ids": [said.at.message_id], **source, **caption}, **row)
    if beside:
        words_to_staff(work, lane, content.text, content.entities, row, **how)


def _say_before(work: Work, lane: str, lines: list[str], row: dict[str, Any], how: dict[str, Any]) -> None:
    """Lines of ours before what cannot hold them, in a message of their own."""
    body = {"template": "staff/plain", "values": {"text": "\n".join(lines)}, **how}
    send(work, What.SAY, lane, body, **{**row, "message_id": None, "reply_to_id": None})


def words_to_staff(
    work: Work,
    lane: str,
    text: str,
    entities: list[dict[str, Any]] | None,
    row: dict[str, Any],
    before: list[str] | None = None,
    **body: Any,
) -> None:
    """A customer's text for staff, in full: in one row, in several pieces when long, as a file when very long.

    `before` are lines of ours about it, which stand in the same message where they can.
    """
    text, entities = in_full(text, entities)
    body["quoted"] = True
    length = utf16_length(text)
    if before and length + utf16_length("\n".join(before)) > PIECE:
        _say_before(work, lane, before, row, body)
    elif before:
        body["before"] = before
    if length <= PIECE:
        alone = before or row["reply_to_id"] is not None
        size = 0 if alone else length + MARKS
        send(work, What.WORDS, lane, {"text": text, "entities": entities, **body}, size=size, **row)
        return
    parts = pieces(text, PIECE) if length <= PIECE * MOST_PIECES else []
    if not 0 < len(parts) <= MOST_PIECES:
        send(work, What.WORDS, lane, {"text": text, "as_file": True, **body}, **row)
        return
    for part in parts:
        send(work, What.WORDS, lane, {"text": part, "entities": None, **body}, **row)


async def join_album(
    work: Work,
    key: str,
    lane: str,
    telegram_id: int,
    source: dict[str, Any],
    row: dict[str, Any],
    more: dict[str, Any] | None = None,
) -> None:
    """One outbox row an album, whichever way it goes: it waits a moment after each item, so that late ones join.

    `more` is what is needed to send the item anew.
    """
    waiting = await pending_send(work, key)
    item = {"telegram_id": telegram_id, "message_id": row["message_id"], **(more or {})}
    due = work.real_now + ALBUM_WAIT
    if waiting is None:
        send(work, What.COPY, lane, {"items": [item], **source}, key=key, not_before=due, **row)
    else:
        waiting.body = {**waiting.body, "items": [*waiting.body["items"], item]}
        waiting.cost = len(waiting.body["items"])
        waiting.not_before = due


async def _case_for(work: Work, customer: Customer, said: Said) -> Case | None:
    """The case these words belong to: the one replied to, else the latest; a new one where there is none."""
    current, content, replied = await cases_of(work, customer.id), said.content, said.answers
    meant = await case_numbered(work, replied.case_id) if replied and replied.case_id else None
    too_old = meant is not None and meant.id not in {case.id for case in current}
    if not customer.next_is_new and not too_old:
        case = meant or _latest(current)
        if case is not None:
            _take_up_again(work, customer, case, said)
            return case
    if content.housekeeping:
        return None
    parent = meant or next(iter(await recent_cases(work, customer.id, 1)), None)
    return await cases.open_case(
        work,
        customer,
        words=said.own_words,
        about=content.text,
        kind=customer.next_kind,
        parent=None if customer.next_is_new else parent,
        quiet=asks_to_stop(said.own_words),
    )


def _latest(current: list[Case]) -> Case | None:
    """The latest unfinished case, else the latest that can be taken up again."""
    unfinished = [case for case in current if case.unfinished]
    return next(reversed(unfinished or current), None)


def _take_up_again(work: Work, customer: Customer, case: Case, said: Said) -> None:
    """Words after the end reopen the case, unless they are thanks or a wish to be left alone."""
    content = said.content
    if case.unfinished or content.housekeeping or content.kind == "sticker" or is_thanks(said.own_words):
        return
    if asks_to_stop(said.own_words):
        return
    cases.reopen(work, case, customer, "words")
    another = [[speaking.button(label(customer.language, "button.another_matter"), "another:")]]
    tell_customer(work, customer, "cases/reopened_by_words", {"number": case.id}, buttons=another, case=case)


async def call_person(work: Work, customer: Customer, said: Said) -> None:
    """The customer asks for a person: their words reach staff at once, marked as urgent."""
    before = {case.id: case.unfinished for case in await cases_of(work, customer.id)}
    taken = await _take_in(work, customer, said)
    if taken and taken.id not in before:  # the button's words are no matter; the next ones may be
        taken.subject = _asks_for_person(work)
    if taken is None or taken.id not in before or await bans.is_muted(work, customer, ""):
        return
    group, values = await staff_group(work, taken.group_id), {"number": taken.id}
    tell_staff(work, group, customer, "cases/asks_for_person", values, priority=Priority.ANSWER)
    if before[taken.id]:
        tell_customer(work, customer, "customers/person_called", values, case=taken)


def _asks_for_person(work: Work) -> str:
    """What a case is about in which a person was asked for, and nothing else said."""
    return label(work.plan.business.language, "case.asks_for_person")


# -- edits


async def change(work: Work, customer: Customer, message: Message, said: Said) -> None:
    """A customer changed a message: staff get the new text whole, under the old one, which is kept."""
    content = said.content
    if message.recalled_at or (content.text == message.text and same_media(message, content)):
        return
    _record_edit(work, message, said)
    if await bans.is_banned(work, customer, said.own_words):
        return
    if message.author is Author.UNHEARD:  # changed to words that go through, or when the ban was over
        message.origin_chat_id = message.origin_message_id = None
        await work.flush()
        await receive(work, customer, said)
        return
    case = await case_numbered(work, message.case_id) if message.case_id else None
    group_id = case.group_id if case else (await main_group(work)).id or 0  # an answer to a questionnaire has no case
    if case is not None:
        case.last_customer_at = work.now
    row = {
        "group_id": group_id,
        "customer_id": customer.id,
        "case_id": message.case_id,
        "message_id": message.id,
        "reply_to_id": message.id,
        "priority": Priority.RELAY,
    }
    before = await lines_before(work, said)
    if not same_media(message, content):
        before = []  # they stand before the media
        whole = replace(said, content=replace(content, carried=Carried.COPIED, album=None))
        await show_staff(work, customer, whole, row)
        message.kind, message.media = content.kind, content.media
    words_to_staff(
        work, staff_lane(group_id, customer.id), content.text, content.entities, row, before, mark="edited"
    )
    if case is not None:
        work.happen(WordsChanged(case, customer, said.own_words))


def _record_edit(work: Work, message: Message, said: Said) -> None:
    work.append(MessageVersion, message_id=message.id, text=message.text, replaced_at=work.now)
    message.text = said.text
    message.entities = said.content.entities
    message.edited_at = said.content.written_at
