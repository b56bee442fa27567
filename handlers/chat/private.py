"""What staff write and press in private: the doors of their words, which are never a matter of their own unasked."""

import re
from collections.abc import Sequence

from handlers import cards, private
from handlers.chat import cases as chat_cases
from handlers.chat import customers as chat_customers
from handlers.chat import messages as chat_messages
from handlers.chat import questionnaires as chat_questionnaires
from handlers.chat import visits as chat_visits
from handlers.chat.content import read_content
from handlers.chat.doors import ORIGINAL_WAIT, Place, Where, keyboard
from handlers.chat.hearing import hear_said
from handlers.chat.presses import answer_press, pressed
from handlers.customers import known
from handlers.private import Kept
from handlers.refusals import NotYet, Refusal
from handlers.said import Said
from models.cases import Case, case_numbered, recent_cases
from models.messages import Author, Message, message_at, message_numbered
from models.outbox import row_shown_at
from models.private import PrivateWords, album_words, words_numbered
from models.routing.words import plain
from models.work import Work
from templates import LANGUAGES, word_list

#: What may stand around the words that ask for a list.
_AROUND = re.compile(r"^\W+|\W+$")


# -- lists


def _is_of(place: Place, words: str) -> bool:
    if place.what != "message" or place.second_hand:
        return False
    said = _AROUND.sub("", plain(place.text))
    return any(
        said == plain(each) for language in LANGUAGES for each in word_list(language, f"private_words.{words}")
    )


def asks_for_list(place: Place) -> bool:
    """Whether words ask for one's own cases, for who waits, or for figures."""
    return _is_of(place, "own") or _is_of(place, "figures") or keyboard("progress")(place)


async def list_own(work: Work, place: Place) -> None:
    """/mycases of staff, and words like "my cases" or "stats": the cases in hand, and those that they have as a
    customer."""
    await cards.tell_in_hand(work, place.speaker, figures=_is_of(place, "figures"))
    if place.customer is not None and await recent_cases(work, place.customer.id, 1):
        await chat_cases.mine(work, place)


# -- words


def is_words(place: Place) -> bool:
    """Whether somebody wrote or sent something that is not their own number."""
    return place.what == "message" and place.has_words and not chat_customers.is_own_contact(place)


async def words(work: Work, place: Place) -> None:
    """What a member of staff writes to the bot alone."""
    said = await hear_said(work, place)
    meant = await _case_meant(work, place, said)
    own = await private.writes_as_customer(work, place.speaker) and meant is None
    if own or _answers_as_customer(place, said):
        await _as_customer(work, place)
        return
    await private.hear(work, meant, said, _kept(place), place.speaker)


def _answers_as_customer(place: Place, said: Said) -> bool:
    """Whether it replies to what they wrote or were told as a customer."""
    answered = said.answers
    if answered is None or place.customer is None or answered.customer_id != place.customer.id:
        return False
    return answered.author in (Author.CUSTOMER, Author.BOT) or not _wrote(place, answered)


def _wrote(place: Place, message: Message) -> bool:
    """Whether it is what they wrote here as a member of staff."""
    return bool(message.origin_chat_id == place.raw["chat"]["id"])


async def _as_customer(work: Work, place: Place) -> None:
    """The way of a customer's words."""
    if keyboard("person")(place):
        await chat_messages.ask_for_person(work, place)
    elif chat_visits.may_answer(place):
        await chat_visits.words(work, place)
    else:
        await chat_questionnaires.words(work, place)


async def _case_meant(work: Work, place: Place, said: Said) -> Case | None:
    """The case of the notice that is replied to, or of what they themselves said before; None for no reply."""
    reply = place.raw.get("reply_to_message") or {}
    if said.answers is not None:
        return await case_numbered(work, said.answers.case_id) if said.answers.case_id else None
    if not isinstance(reply.get("message_id"), int):
        return None
    chat_id = place.raw["chat"]["id"]
    row = await row_shown_at(work, None, chat_id, reply["message_id"])
    is_bot = bool((reply.get("from") or {}).get("is_bot"))
    if row is None and is_bot and work.age < ORIGINAL_WAIT and _is_fresh(place, reply):
        raise NotYet  # it may not be recorded yet of whom that is
    return await case_numbered(work, row.case_id) if row and row.case_id else None


def _is_fresh(place: Place, reply: dict[str, object]) -> bool:
    age = place.raw.get("date", 0) - int(str(reply.get("date", 0)))
    return bool(0 <= age <= ORIGINAL_WAIT.total_seconds())


def _kept(place: Place) -> Kept:
    return Kept(place.raw["message_id"], read_content(place.raw).album, place.raw)


async def edited(work: Work, place: Place) -> None:
    """A member of staff changed what they wrote in private."""
    message = await message_at(work, place.raw["chat"]["id"], place.raw["message_id"])
    if message is None:
        await private.reword(work, _kept(place), place.speaker)
    elif message.staff_id is not None:
        await private.change(work, message, await hear_said(work, place), place.speaker)
    else:
        await chat_messages.edited(work, place)


# -- buttons


async def choice(work: Work, place: Place) -> None:
    """A button under the question whom words are for."""
    press, person, shown_at = pressed(place), place.speaker, place.message["message_id"]
    asked = await _asked(work, place, press.number())
    if press.word(1) == "own":
        await private.own_words(work, asked, await known(work, place.account), person, shown_at)
    elif press.word(1) in ("send", "note"):
        to_customer = press.word(1) == "send"
        await private.decide(work, asked, press.number(2), person, shown_at, to_customer=to_customer)
    else:
        raise Refusal("stale")
    answer_press(work, place)


async def _asked(work: Work, place: Place, key: int) -> Sequence[tuple[PrivateWords, Said]]:
    """Words that are asked about, with the rest of their album, as they were written."""
    found = await words_numbered(work, key)
    together: Sequence[PrivateWords] = [found] if found else []
    if found is not None and found.album:
        together = await album_words(work, found.staff_id, found.album)
    if not together:
        raise Refusal("stale")
    return [(each, await _read(work, place, each)) for each in together]


async def _read(work: Work, place: Place, words: PrivateWords) -> Said:
    written = Place(
        Where.PRIVATE, "message", words.as_written, place.user, customer=place.customer, agent=place.agent
    )
    return await hear_said(work, written)


async def take_back(work: Work, place: Place) -> None:
    """[Take back] under what says that words went to the customer."""
    message = await message_numbered(work, pressed(place).number())
    await private.take_back(work, message, place.speaker, place.message["message_id"])
    answer_press(work, place)


async def as_staff(work: Work, place: Place) -> None:
    """[No longer as a customer]."""
    private.end_as_customer(work, place.speaker, place.message["message_id"])
    answer_press(work, place)


async def begin_complaint(work: Work, place: Place) -> None:
    """The keyboard's button for a complaint: only customers tap it, and staff who write as one."""
    private.begin_as_customer(work, place.speaker)
    await chat_customers.begin_complaint(work, place)


async def begin_new_matter(work: Work, place: Place) -> None:
    """The button "another matter" under a case of their own."""
    private.begin_as_customer(work, place.speaker)
    await chat_customers.begin_new_matter(work, place)
