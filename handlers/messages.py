"""The customer's words: to which case they belong, and how staff come to read them."""

from datetime import timedelta
from typing import Any

from handlers import cases, speaking
from handlers.contact import asks_to_stop
from handlers.content import Content, pieces, read_content, same_media, utf16_length
from handlers.customers import barring, known, main_group
from handlers.customers.commanding import says_something
from handlers.doors import ORIGINAL_WAIT, NotYet, Place
from handlers.happenings import CaseResumed, CustomerSpoke, WordsChanged
from handlers.speaking import send, tell_customer, tell_staff
from handlers.typed import is_thanks
from models.cases import Case, CaseState, case_numbered, cases_of, recent_cases
from models.customers import Customer
from models.delivery import Priority, What, staff_lane
from models.messages import Author, Message, MessageVersion, message_at, new_message
from models.outbox import pending_send
from models.staff import staff_group
from models.work import Work
from templates import label

#: A piece of a long text leaves room for a name and a mark before it (UTF-16 units).
PIECE = 3900
#: What marks may add to a text when it is merged with others.
MARKS = 20
#: A text of more pieces than this goes as a file.
MOST_PIECES = 4
#: How long to wait for the rest of an album after each item.
ALBUM_WAIT = timedelta(seconds=1)


async def receive(work: Work, place: Place) -> None:
    """Anything a customer sends: it is stored, belongs to a case, and goes to staff."""
    case = await _take_in(work, place, await known(work, place.user))
    words = cases.in_short(read_content(place.raw).text)
    if case and words and not case.subject_confirmed and case.subject == _asks_for_person(work):
        case.subject = words  # so far they had only asked for a person
        cases.redraw_card(work, case)


async def _take_in(work: Work, place: Place, customer: Customer) -> Case | None:
    content = read_content(place.raw)
    if await barring.is_banned(work, customer, content.text):
        barring.keep_unheard(work, place, customer, content)
        return None
    replied = await _replied_to(work, place)
    case = await _case_for(work, customer, content, replied)
    if case is not None:  # else Telegram's own note about the chat, with no matter at hand
        await relay(work, place, customer, case, content, replied)
    return case


async def relay(
    work: Work, place: Place, customer: Customer, case: Case, content: Content, replied: Message | None
) -> None:
    """Store the customer's message with its case and send it on to staff."""
    message_id = _store(work, place, customer, case, content, replied)
    case.last_customer_at = work.now
    if case.state is CaseState.PENDING:
        case.move(CaseState.OPEN, work.now)
        work.event(case, "answered", cases.actor_of(customer))
        work.happen(CaseResumed(case))
        cases.redraw_card(work, case)
    quiet = await barring.is_muted(work, customer, content.text)
    if not content.housekeeping and not quiet:
        work.happen(CustomerSpoke(case, customer, content.text, content.written_at, content.kind))
    await _show(work, place, customer, case, content, message_id, replied, quiet=quiet)
    if case.card_message_id is None:
        cases.redraw_card(work, case)


async def keep_answer(work: Work, place: Place, customer: Customer, case: Case | None, content: Content) -> None:
    """Words that answer what we asked with buttons: stored, and read by staff; what follows is up to the answer.

    About no case, staff read them with the other answers.
    """
    message_id = _store(work, place, customer, case, content, None)
    if case is not None:
        quiet = await barring.is_muted(work, customer, content.text)
        await _show(work, place, customer, case, content, message_id, None, quiet=quiet)


def _store(
    work: Work, place: Place, customer: Customer, case: Case | None, content: Content, replied: Message | None
) -> int:
    return new_message(
        work,
        customer_id=customer.id,
        case_id=case.id if case else None,
        author=Author.CUSTOMER,
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


async def _show(
    work: Work,
    place: Place,
    customer: Customer,
    case: Case,
    content: Content,
    message_id: int,
    replied: Message | None,
    *,
    quiet: bool,
) -> None:
    """Show staff the customer's message, in the topic."""
    await cases.want_topic(work, customer, await staff_group(work, case.group_id))
    row = {
        "group_id": case.group_id,
        "customer_id": customer.id,
        "case_id": case.id,
        "message_id": message_id,
        "reply_to_id": replied.id if replied else None,
        "priority": Priority.RELAY,
    }
    await _pass_on(work, place, customer, content, row, {"quiet": True} if quiet else {})


async def _pass_on(
    work: Work, place: Place, customer: Customer, content: Content, row: dict[str, Any], how: dict[str, Any]
) -> None:
    lane = staff_lane(row["group_id"], customer.id)
    if content.kind == "text":
        words_to_staff(work, lane, content.text, content.entities, row, **how)
        return
    source = {"from_chat_id": place.raw["chat"]["id"], "kind": content.kind, "text": content.text[:1000], **how}
    if content.method is None:
        body = {
            "template": "messages/described",
            "values": {"kind": content.kind, "text": content.text[:1000]},
            **how,
        }
        send(work, What.SAY, lane, body, **row)
    elif content.album and content.method == "copyMessage":
        await _join_album(work, lane, content.album, place.raw["message_id"], source, row)
    else:
        body = {"method": content.method, "message_ids": [place.raw["message_id"]], **source}
        send(work, What.COPY, lane, body, **row)


def words_to_staff(
    work: Work, lane: str, text: str, entities: list[dict[str, Any]] | None, row: dict[str, Any], **body: Any
) -> None:
    """A person's text for staff: in one row, in several pieces when long, as a file when very long."""
    if (length := utf16_length(text)) <= PIECE:
        size = length + MARKS if row["reply_to_id"] is None else 0
        send(work, What.WORDS, lane, {"text": text, "entities": entities, **body}, size=size, **row)
        return
    parts = pieces(text, PIECE) if length <= PIECE * MOST_PIECES else []
    if not 0 < len(parts) <= MOST_PIECES:
        send(work, What.WORDS, lane, {"text": text, "as_file": True, **body}, **row)
        return
    for part in parts:
        send(work, What.WORDS, lane, {"text": part, "entities": None, **body}, **row)


async def _join_album(
    work: Work, lane: str, album: str, telegram_id: int, source: dict[str, Any], row: dict[str, Any]
) -> None:
    """One outbox row an album: it waits a moment after each item, so that late ones still join."""
    key = f"album:{row['customer_id']}:{album}"
    waiting = await pending_send(work, key)
    item = {"telegram_id": telegram_id, "message_id": row["message_id"]}
    due = work.real_now + ALBUM_WAIT
    if waiting is None:
        body = {"method": "copyMessages", "items": [item], **source}
        send(work, What.COPY, lane, body, key=key, not_before=due, **row)
    else:
        waiting.body = {**waiting.body, "items": [*waiting.body["items"], item]}
        waiting.cost = len(waiting.body["items"])
        waiting.not_before = due


async def _replied_to(work: Work, place: Place) -> Message | None:
    reply = place.raw.get("reply_to_message")
    if not reply:
        return None
    return await message_at(work, place.raw["chat"]["id"], reply["message_id"])


async def _case_for(work: Work, customer: Customer, content: Content, replied: Message | None) -> Case | None:
    """The case these words belong to: the one replied to, else the latest; a new one where there is none."""
    current = await cases_of(work, customer.id)
    meant = await case_numbered(work, replied.case_id) if replied and replied.case_id else None
    too_old = meant is not None and meant.id not in {case.id for case in current}
    if not customer.next_is_new and not too_old:
        case = meant or _latest(current)
        if case is not None:
            _take_up_again(work, customer, case, content)
            return case
    if content.housekeeping:
        return None
    parent = meant or next(iter(await recent_cases(work, customer.id, 1)), None)
    return await cases.open_case(
        work,
        customer,
        words=content.text,
        kind=customer.next_kind,
        parent=None if customer.next_is_new else parent,
        quiet=asks_to_stop(content.text),
    )


def _latest(current: list[Case]) -> Case | None:
    """The latest unfinished case, else the latest that can be taken up again."""
    unfinished = [case for case in current if case.unfinished]
    return next(reversed(unfinished or current), None)


def _take_up_again(work: Work, customer: Customer, case: Case, content: Content) -> None:
    """Words after the end reopen the case, unless they are thanks or a wish to be left alone."""
    if case.unfinished or content.housekeeping or content.kind == "sticker" or is_thanks(content.text):
        return
    if asks_to_stop(content.text):
        return
    cases.reopen(work, case, cases.actor_of(customer), "words")
    another = [[speaking.button(label(customer.language, "button.another_matter"), "another:")]]
    tell_customer(work, customer, "cases/reopened_by_words", {"number": case.id}, buttons=another, case=case)


async def ask_for_person(work: Work, place: Place) -> None:
    """The keyboard's button for a person: their words reach staff at once, marked as urgent."""
    customer = await known(work, place.user)
    before = {case.id: case.unfinished for case in await cases_of(work, customer.id)}
    taken = await _take_in(work, place, customer)
    if taken and taken.id not in before:  # the button's words are no matter; the next ones may be
        taken.subject = _asks_for_person(work)
    if taken is None or taken.id not in before or await barring.is_muted(work, customer, ""):
        return
    group, values = await staff_group(work, taken.group_id), {"number": taken.id}
    tell_staff(work, group, customer, "cases/asks_for_person", values, priority=Priority.ANSWER)
    if before[taken.id]:
        tell_customer(work, customer, "customers/person_called", values, case=taken)


def _asks_for_person(work: Work) -> str:
    """What a case is about in which a person was asked for, and nothing else said."""
    return label(work.plan.business.language, "case.asks_for_person")


# -- edits


async def edited(work: Work, place: Place) -> None:
    """A customer changed a message: staff get the new text whole, under the old one, which is kept."""
    customer = await known(work, place.user)
    message = await message_at(work, place.raw["chat"]["id"], place.raw["message_id"])
    if message is None:
        if not says_something(work, place):
            return  # commands are not stored, and are not carried out a second time
        if work.age < ORIGINAL_WAIT:
            raise NotYet
        await receive(work, place)  # the original never came; these are the customer's words
        return
    content = read_content(place.raw)
    if message.recalled_at or (content.text == message.text and same_media(message, content)):
        return
    await _record_edit(work, message, content)
    if await barring.is_banned(work, customer, content.text):
        return
    if message.author is Author.UNHEARD:  # changed to words that go through, or when the ban was over
        message.origin_chat_id = message.origin_message_id = None
        await work.flush()
        await receive(work, place)
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
    lane = staff_lane(group_id, customer.id)
    if not same_media(message, content):
        source = {"from_chat_id": place.raw["chat"]["id"], "kind": content.kind, "text": content.text[:1000]}
        body = {"method": "copyMessage", "message_ids": [place.raw["message_id"]], **source}
        send(work, What.COPY, lane, body, **row)
        message.media = content.media
    words_to_staff(work, lane, content.text, content.entities, row, mark="edited")
    if case is not None:
        work.happen(WordsChanged(case, customer, content.text))


async def _record_edit(work: Work, message: Message, content: Content) -> None:
    work.append(MessageVersion, message_id=message.id, text=message.text, replaced_at=work.now)
    message.text = content.text
    message.entities = content.entities
    message.edited_at = content.written_at
