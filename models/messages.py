"""Every word, who said it, and where Telegram shows it on either side."""

import enum
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field, col, select

from models.base import Base, BigKey, Json, new_id, text_enum
from models.work import Work


class Author(enum.StrEnum):
    """Whose words they are. A note never leaves the staff group; held words of an agent wait there until somebody
    says whom they are for; what a banned customer wrote, nobody has heard."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    NOTE = "note"
    HELD = "held"
    UNHEARD = "unheard"


class Message(Base, table=True):
    """One message as its author wrote it; `text` is the latest, older ones are in `message_versions`.

    `origin_chat_id` and `origin_message_id` are where it was written (none for the bot's own words);
    the places where it was shown on the other side are its links.
    """

    __tablename__ = "messages"
    written_first: ClassVar[bool] = True  # links and the outbox refer to them
    __table_args__ = (
        Index("uq_messages_origin", "origin_chat_id", "origin_message_id", unique=True),
        Index("ix_messages_customer", "customer_id", "id"),
        Index("ix_messages_case", "case_id", "id"),
    )

    id: int = Field(sa_column=Column(BigKey, primary_key=True, autoincrement=False))
    customer_id: int = Field(foreign_key="customers.id", sa_type=BigInteger)
    case_id: int | None = Field(default=None, foreign_key="cases.id", sa_type=BigInteger)
    author: Author = Field(sa_type=text_enum(Author))
    staff_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)
    kind: str  # "text", "photo", ... as Telegram names the content
    text: str = ""  # the text or the caption
    entities: list[dict[str, Any]] | None = Field(default=None, sa_type=Json)
    media: dict[str, Any] | None = Field(default=None, sa_type=Json)
    album: str | None = None
    reply_to_id: int | None = Field(default=None, sa_type=BigInteger)
    origin_chat_id: int | None = Field(default=None, sa_type=BigInteger)
    origin_message_id: int | None = Field(default=None, sa_type=BigInteger)
    written_at: datetime  # Telegram's time stamp
    edited_at: datetime | None = None
    recalled_at: datetime | None = None


class MessageVersion(Base, table=True):
    """A text that an edit replaced."""

    __tablename__ = "message_versions"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    message_id: int = Field(foreign_key="messages.id", sa_type=BigInteger, index=True)
    text: str
    replaced_at: datetime


class MessageLink(Base, table=True):
    """Where a message is shown on the other side; several messages may share one place when merged."""

    __tablename__ = "message_links"
    __table_args__ = (Index("ix_message_links_place", "chat_id", "telegram_id"),)

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    message_id: int = Field(foreign_key="messages.id", sa_type=BigInteger, index=True)
    chat_id: int = Field(sa_type=BigInteger)
    telegram_id: int = Field(sa_type=BigInteger)


# -- queries


def new_message(work: Work, **values: Any) -> int:
    """Store a message; returns its key."""
    key = new_id()
    work.append(Message, id=key, **values)
    return key


async def message_numbered(work: Work, message_id: int) -> Message:
    """A message by its key."""
    message: Message = await work.first(select(Message).where(Message.id == message_id))
    return message


async def message_at(work: Work, chat_id: int, telegram_id: int) -> Message | None:
    """The message written or shown at that place; of several merged into one, the last."""
    written: Message | None = await work.first(
        select(Message).where(Message.origin_chat_id == chat_id, Message.origin_message_id == telegram_id)
    )
    if written is not None:
        return written
    shown: Message | None = await work.first(
        select(Message)
        .join(MessageLink, col(MessageLink.message_id) == Message.id)
        .where(MessageLink.chat_id == chat_id, MessageLink.telegram_id == telegram_id)
        .order_by(col(Message.id).desc())
    )
    return shown


async def links_of(work: Work, message_ids: Iterable[int], chat_id: int) -> dict[int, int]:
    """Where in that chat these messages stand, written or shown: message key -> Telegram's id."""
    wanted = list(message_ids)
    places = dict(
        await work.all(
            select(Message.id, Message.origin_message_id).where(
                col(Message.id).in_(wanted), Message.origin_chat_id == chat_id
            )
        )
    )
    shown = await work.all(
        select(MessageLink.message_id, MessageLink.telegram_id)
        .where(col(MessageLink.message_id).in_(wanted), MessageLink.chat_id == chat_id)
        .order_by(col(MessageLink.id).desc())
    )
    return {**dict(shown), **places}


async def album_of(work: Work, customer_id: int, album: str) -> Sequence[Message]:
    """The items of an album to or of that customer that are stored, in order."""
    query = select(Message).where(Message.customer_id == customer_id, Message.album == album)
    return await work.all(query.order_by(col(Message.id)))


async def album_author(work: Work, customer_id: int, album: str) -> Author | None:
    """Whether the items of that album that staff sent before are notes or held; None for neither."""
    kept = col(Message.author).in_((Author.NOTE, Author.HELD))
    query = select(Message.author).where(Message.customer_id == customer_id, Message.album == album, kept)
    found: Author | None = await work.first(query.limit(1))
    return found


async def held_with(work: Work, message: Message) -> Sequence[Message]:
    """The message if it is held, with the other items of its album, in order."""
    if message.author is not Author.HELD:
        return ()
    if not message.album:
        return (message,)
    query = select(Message).where(Message.customer_id == message.customer_id, Message.album == message.album)
    return await work.all(query.where(Message.author == Author.HELD).order_by(col(Message.id)))


async def is_answer(work: Work, message_id: int) -> bool:
    """Whether that message is an agent's answer."""
    author = await work.first(select(Message.author).where(Message.id == message_id))
    return bool(author == Author.AGENT)
