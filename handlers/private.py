"""What staff write to the bot alone: the answer to the customer whose notice they reply to, or words about which they
are asked; never a matter of their own, unless they say that they write as a customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from handlers import answers, questionnaires
from handlers.authority import require
from handlers.names import called
from handlers.refusals import Refusal
from handlers.said import Beside, Carried, Said
from handlers.speaking import Buttons, button, change_privately, send, tell_privately, tell_staff
from handlers.texts import pieces
from handlers.understanding.asides import For, looks_like_command, note_in, whom_for
from models.cases import Case, case_numbered, unfinished_cases_of
from models.customers import Customer, customer_numbered, customer_of
from models.delivery import Priority, What, staff_lane
from models.messages import Author, Message, album_of, message_at
from models.outbox import last_told
from models.private import Became, PrivateWords, album_words, words_at
from models.staff import Staff, staff_group
from models.work import Work
from templates import label

#: How long somebody who writes as a customer is taken for one (real time): a notice about a case ends it, too.
AS_CUSTOMER = timedelta(minutes=30)
#: A case that ended is offered for so long after its last notice.
STILL_MEANT = timedelta(days=1)
#: To how many customers words are offered.
OFFERED = 3
#: A piece of a text leaves room for who said it (UTF-16 units).
PIECE = 3500


@dataclass(frozen=True)
class Kept:
    """A message as it came, to be read again once its writer has said whom it is for."""

    telegram_id: int
    album: str | None
    as_written: dict[str, Any]


async def hear(work: Work, case: Case | None, said: Said, kept: Kept, by: Staff) -> None:
    """An agent's words in private: they answer the customer of the case whose notice they reply to, with the care of
    a customer's topic; what replies to none (None), or reads as meant for colleagues, is asked about."""
    person = require(by)
    if case is None or _reads_as_aside(said.text) or await _waits(work, person, kept):
        await _ask(work, person, case, kept)
        return
    await _carry(work, case, said, person, kept.telegram_id)


def _reads_as_aside(text: str) -> bool:
    if note_in(text) is not None or looks_like_command(text):
        return False  # which `answer` knows what to do with
    return whom_for(text, Beside.PLAIN) is For.HELD


async def _waits(work: Work, person: Staff, kept: Kept) -> bool:
    """Whether earlier items of the same album are asked about."""
    return bool(kept.album and await album_words(work, person.id or 0, kept.album))


# -- to the customer


async def _carry(work: Work, case: Case, said: Said, by: Staff, answers_at: int | None) -> tuple[str, Message]:
    """The words go to the case's customer or stay as a note, and are shown in the topic as their writer's.

    With `answers_at`, the writer reads there what became of them. Returns that as a template, and the message.
    """
    customer = await customer_of(work, case)
    album = said.content.album
    is_first = not (album and await album_of(work, customer.id, album))
    went = await answers.answer(work, customer, case, said, by)
    await work.flush()
    message = await message_at(work, said.at.chat_id, said.at.message_id) if said.at else None
    assert message is not None  # noqa: S101 - stored just now
    told = "private/sent" if customer.has_chat else "private/untold"
    template = "private/noted" if went is answers.Went.KEPT else told
    await _show(work, customer, case, message, by, template, alone=is_first)
    if answers_at and is_first:
        buttons = _take_back(by, message) if template == "private/sent" else None
        about: dict[str, Any] = {"answers": answers_at, "case_id": case.id, "priority": Priority.ANSWER}
        tell_privately(work, by, template, await _of(work, customer, case, by.language), buttons=buttons, **about)
    return template, message


async def _of(work: Work, customer: Customer, case: Case, language: str) -> dict[str, Any]:
    return {"name": await called(work, customer, language), "number": case.id}


def _take_back(by: Staff, message: Message) -> Buttons:
    return [[button(label(by.language, "button.take_back"), f"unsay:{message.id}")]]


async def _show(
    work: Work, customer: Customer, case: Case, message: Message, by: Staff, template: str, *, alone: bool
) -> None:
    """Colleagues see in the customer's topic what was said in private, by whom, and whether the customer has it."""
    group, said_as = await staff_group(work, case.group_id), template.partition("/")[2]
    row: dict[str, Any] = {"case_id": case.id, "priority": Priority.RELAY}
    parts = pieces(message.text, PIECE) if message.text else ([""] if alone else [])
    for part in parts:
        values = {"by": by.name, "text": part, "goes": said_as}
        about: dict[str, Any] = {"message_id": message.id} if part is parts[0] else {}
        tell_staff(work, group, customer, "private/shown", values, **row, **about)
    if message.kind == "text" or message.origin_message_id is None:
        return
    body = {
        "message_ids": [message.origin_message_id],
        "carried": Carried.COPIED.value,
        "from_chat_id": message.origin_chat_id,
        "kind": message.kind,
        "text": message.text[:1000],
    }
    lane = staff_lane(group.id or 0, customer.id)
    send(work, What.COPY, lane, body, group_id=group.id, customer_id=customer.id, **row)


async def change(work: Work, message: Message, said: Said, by: Staff) -> None:
    """An agent changed what they said in private: the customer's copy changes too, and colleagues see it.

    Raises Refusal for what would not have gone to the customer.
    """
    person, before = require(by), message.text
    await answers.change(work, message, said, person)
    if message.text == before or message.case_id is None:
        return
    customer, case = await customer_numbered(work, message.customer_id), await case_numbered(work, message.case_id)
    assert case is not None  # noqa: S101 - cases are never deleted
    group = await staff_group(work, case.group_id)
    for part in pieces(message.text, PIECE):
        values = {"by": person.name, "text": part, "goes": "changed"}
        tell_staff(work, group, customer, "private/shown", values, case_id=case.id, priority=Priority.RELAY)


async def take_back(work: Work, message: Message | None, by: Staff, shown_at: int) -> None:
    """The button under what says that words went to the customer: they are taken back. Raises Refusal."""
    person = require(by)
    if message is None or message.staff_id != person.id or message.author is not Author.AGENT:
        raise Refusal("stale")
    together = [message]
    if message.album:
        together = [each for each in await album_of(work, message.customer_id, message.album) if not each.recalled_at]
    for each in together or [message]:
        await answers.recall(work, each, person)
    customer = await customer_numbered(work, message.customer_id)
    case = await case_numbered(work, message.case_id) if message.case_id else None
    if case is not None:
        values = {"by": person.name, "text": message.text[:PIECE], "goes": "taken_back"}
        tell_staff(work, await staff_group(work, case.group_id), customer, "private/shown", values, case_id=case.id)
    shown: dict[str, Any] = {"name": await called(work, customer, person.language), "number": case.id if case else 0}
    change_privately(work, person, shown_at, "private/taken_back", shown, [])


# -- asked about


async def _ask(work: Work, person: Staff, meant: Case | None, kept: Kept) -> None:
    """Words that went to nobody: whom are they for?"""
    if await words_at(work, person.id or 0, kept.telegram_id):
        return
    is_first = not await _waits(work, person, kept)
    offered = await _offered(work, person, meant)
    words = PrivateWords(
        staff_id=person.id or 0,
        telegram_id=kept.telegram_id,
        album=kept.album,
        as_written=kept.as_written,
        case_ids=[case.id for case in offered],
        asked_at=work.real_now,
    )
    work.add(words)
    await work.flush()
    if is_first:
        buttons = [row for case in offered for row in await _choices(work, person, words, case)]
        buttons.append([button(label(person.language, "button.as_customer"), f"mine:{words.id}:own")])
        values = {"offered": bool(offered)}
        at = kept.telegram_id
        tell_privately(work, person, "private/asked", values, answers=at, buttons=buttons, priority=Priority.ANSWER)


async def _choices(work: Work, person: Staff, words: PrivateWords, case: Case) -> Buttons:
    customer = await customer_of(work, case)
    name = (await called(work, customer, person.language))[:24]
    to = label(person.language, "button.private_send", name=name, number=case.id)
    note = label(person.language, "button.private_note", number=case.id)
    return [
        [button(to, f"mine:{words.id}:send:{case.id}")],
        [button(note, f"mine:{words.id}:note:{case.id}")],
    ]


async def _offered(work: Work, person: Staff, meant: Case | None) -> list[Case]:
    """Whose case words may be about: the one they reply to, else that of the last notice, and those in hand."""
    if meant is not None:
        return [meant]
    found: dict[int, Case] = {}
    told = await last_told(work, person.user_id)
    case = await case_numbered(work, told.case_id) if told and told.case_id else None
    if told and case and (case.unfinished or work.real_now - told.created_at < STILL_MEANT):
        found[case.id] = case
    in_hand = await unfinished_cases_of(work, person.id or 0)
    for each in sorted(in_hand, key=lambda each: each.last_customer_at, reverse=True):
        found.setdefault(each.id, each)
    return list(found.values())[:OFFERED]


async def decide(
    work: Work,
    asked: Sequence[tuple[PrivateWords, Said]],
    number: int,
    by: Staff,
    shown_at: int,
    *,
    to_customer: bool,
) -> None:
    """Whoever wrote words says whose they are: the customer's of that case, who gets them, or a note there.

    Raises Refusal for words of others, and for cases that were not offered.
    """
    person, case = require(by), await case_numbered(work, number)
    if case is None or any(number not in words.case_ids for words, _ in asked):
        raise Refusal("stale")
    template, message = "private/noted", None
    for words, said in asked:
        _settle(words, person, Became.ANSWER if to_customer else Became.NOTE)
        if to_customer:
            template, sent = await _carry(work, case, said, person, None)
            message = message or sent
        else:
            await _keep_note(work, case, said, person)
    buttons = _take_back(person, message) if message and template == "private/sent" else []
    values = await _of(work, await customer_of(work, case), case, person.language)
    change_privately(work, person, shown_at, template, values, buttons)


async def _keep_note(work: Work, case: Case, said: Said, by: Staff) -> None:
    customer = await customer_of(work, case)
    note = note_in(said.text)
    await answers.keep_note(work, customer, case, said if note is None else said.with_text(note), by)
    await work.flush()
    message = await message_at(work, said.at.chat_id, said.at.message_id) if said.at else None
    if message is not None:
        await _show(work, customer, case, message, by, "private/noted", alone=True)


def _settle(words: PrivateWords, person: Staff, became: Became) -> None:
    """Words are decided about once, by whoever wrote them."""
    if words.staff_id != person.id or words.decided is not None:
        raise Refusal("stale")
    words.decided = became


async def reword(work: Work, kept: Kept, by: Staff) -> None:
    """An agent changed words about which they are asked: it is the new ones that will go where they say."""
    words = await words_at(work, require(by).id or 0, kept.telegram_id)
    if words is not None and words.decided is None:
        words.as_written = kept.as_written


# -- as a customer


async def writes_as_customer(work: Work, person: Staff) -> bool:
    """Whether somebody of the staff has lately said that they write as a customer; a notice of a case ends that."""
    since = person.as_customer_since
    if since is None or work.real_now - since > AS_CUSTOMER:
        return False
    told = await last_told(work, person.user_id)
    return told is None or told.created_at <= since


def begin_as_customer(work: Work, by: Staff) -> None:
    """What a member of staff writes next is a customer's: they have tapped what only customers tap."""
    require(by).as_customer_since = work.real_now


async def own_words(
    work: Work, asked: Sequence[tuple[PrivateWords, Said]], customer: Customer, by: Staff, shown_at: int
) -> None:
    """The words are a customer's, who is also on the staff: they go the way of any customer's. Raises Refusal."""
    person = require(by)
    for words, said in asked:
        _settle(words, person, Became.OWN)
        await questionnaires.hear(work, customer, said)
    person.as_customer_since = work.real_now
    minutes = {"minutes": round(AS_CUSTOMER.total_seconds() / 60)}
    no_more = [[button(label(person.language, "button.as_staff"), "staffagain:")]]
    change_privately(work, person, shown_at, "private/as_customer", minutes, no_more)


def end_as_customer(work: Work, by: Staff, shown_at: int) -> None:
    """What they write from now on is a colleague's again."""
    person = require(by)
    person.as_customer_since = None
    change_privately(work, person, shown_at, "private/as_staff", {}, [])
