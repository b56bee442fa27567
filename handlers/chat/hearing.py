"""From a message of Telegram's to what somebody said."""

from handlers.chat.content import read_content, read_quote, read_whose
from handlers.chat.doors import NOBODY, STAFF_PLACES, Place
from handlers.said import Beside, Origin, Said
from handlers.understanding.asides import calls, names_somebody
from models.messages import Author, Message, message_at
from models.staff import names_of_staff, staff_of_user
from models.work import Work


def read_said(place: Place, answers: Message | None = None, beside: Beside = Beside.PLAIN) -> Said:
    """What somebody said in that place; `answers` is the stored message that it replies to, if any."""
    raw = place.raw
    return Said(
        content=read_content(raw),
        at=Origin(raw["chat"]["id"], raw["message_id"]),
        answers=answers,
        replies="reply_to_message" in raw,
        second_hand=place.second_hand,
        whose=read_whose(raw),
        quote=read_quote(raw),
        beside=beside,
    )


async def hear_said(work: Work, place: Place) -> Said:
    """What somebody said in that place, with what it answers."""
    reply = place.raw.get("reply_to_message") or {}
    telegram_id = reply.get("message_id")
    answers = None
    if telegram_id == place.thread_id:  # the head of a topic is answered by all in it
        reply = {}
    elif isinstance(telegram_id, int):
        chat_id = place.group.chat_id if place.group else place.raw["chat"]["id"]
        answers = await message_at(work, chat_id, telegram_id)
    beside = await _beside(work, place, reply, answers) if place.where in STAFF_PLACES else Beside.PLAIN
    return read_said(place, answers, beside)


async def _beside(work: Work, place: Place, reply: dict[str, object], answers: Message | None) -> Beside:
    """What a message among staff stands beside: a colleague before all else."""
    if await _names_colleague(work, place):
        return Beside.MENTION
    author = reply.get("from")
    if "external_reply" in place.raw or "sender_chat" in reply:
        return Beside.COLLEAGUE
    if not isinstance(author, dict):
        return Beside.PLAIN
    if not author.get("is_bot") or author.get("id") in NOBODY:
        return Beside.PLAIN if author.get("id") == place.user.get("id") else Beside.COLLEAGUE
    if answers is None:
        return Beside.CARD
    if answers.author is Author.CUSTOMER:
        return Beside.CUSTOMER
    own = answers.author is Author.BOT or answers.staff_id == (place.agent.id if place.agent else None)
    return Beside.CARD if own else Beside.COLLEAGUE


async def _names_colleague(work: Work, place: Place) -> bool:
    """Whether a message names a member of staff, or somebody who may be one."""
    text = place.raw.get("text") or place.raw.get("caption") or ""
    if names_somebody(text):
        return True
    for entity in place.raw.get("entities") or place.raw.get("caption_entities") or ():
        if entity.get("type") == "text_mention":
            user_id = (entity.get("user") or {}).get("id")
            person = await staff_of_user(work, user_id) if isinstance(user_id, int) else None
            if person is not None and person.active:
                return True
    return any(calls(text, name) for name in await names_of_staff(work))
