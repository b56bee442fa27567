"""Every word, who said it, and where Telegram shows it on either side."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field

from models.base import Base, BigKey, Json, text_enum


class Author(enum.StrEnum):
    """Whose words they are. A note never leaves the staff group; what a banned customer wrote, nobody has heard."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    NOTE = "note"
    UNHEARD = "unheard"


class Message(Base, table=True):
    """One message as its author wrote it; `text` is the latest, older ones are in `message_versions`.

    `origin_chat_id` and `origin_message_id` are where it was written (none for the bot's own words);
    the places where it was shown on the other side are its links.
    """

    __tablename__ = "messages"
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
