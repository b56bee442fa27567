"""From a message of Telegram's to what somebody said."""

from handlers.chat.content import read_content
from handlers.chat.doors import Place
from handlers.said import Origin, Said
from models.messages import Message, message_at
from models.work import Work


def read_said(place: Place, answers: Message | None = None) -> Said:
    """What somebody said in that place; `answers` is the stored message that it replies to, if any."""
    raw = place.raw
    return Said(
        content=read_content(raw),
        at=Origin(raw["chat"]["id"], raw["message_id"]),
        answers=answers,
        replies="reply_to_message" in raw,
        second_hand=place.second_hand,
    )


async def hear_said(work: Work, place: Place) -> Said:
    """What somebody said in that place, with what it answers."""
    reply = place.raw.get("reply_to_message") or {}
    telegram_id = reply.get("message_id")
    answers = None
    if (
        isinstance(telegram_id, int) and telegram_id != place.thread_id
    ):  # the head of a topic is answered by all in it
        chat_id = place.group.chat_id if place.group else place.raw["chat"]["id"]
        answers = await message_at(work, chat_id, telegram_id)
    return read_said(place, answers)
