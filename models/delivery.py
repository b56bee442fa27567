"""The inbox and the outbox: what Telegram handed us, and what Telegram is to be handed."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field

from models.base import Base, BigKey, Json, text_enum


class InboxState(enum.StrEnum):
    """new -> done, or dead after too many failures; a dead row can be replayed and is new again."""

    NEW = "new"
    DONE = "done"
    DEAD = "dead"


class Fate(enum.StrEnum):
    """What became of one call. The gateway alone tells these apart; everybody else goes by them."""

    SENT = "sent"
    LATER = "later"  # 429: not done; not before `retry_after` seconds
    UNSENT = "unsent"  # never reached Telegram: try again, whatever it is
    UNKNOWN = "unknown"  # may or may not have been done: a cut connection, a time-out, a 5xx
    BLOCKED = "blocked"  # the customer blocked the bot, never started it, or is gone
    CHAT_GONE = "chat_gone"
    MOVED = "moved"  # the group has the id `new_chat_id` now
    NO_RIGHTS = "no_rights"  # the bot may not do this in the group, or was removed from it
    NOT_FORUM = "not_forum"
    TOPIC_GONE = "topic_gone"
    TOPIC_CLOSED = "topic_closed"
    ENTITIES = "entities"  # the formatting was refused
    TOO_LONG = "too_long"
    SOURCE_GONE = "source_gone"  # the message to copy or edit is not there any more
    UNCOPYABLE = "uncopyable"
    UNAUTHORIZED = "unauthorized"  # the token is not valid
    REFUSED = "refused"  # anything else that will not work next time either


@dataclass(frozen=True)
class Outcome:
    """The fate of a call, with Telegram's result or its words."""

    fate: Fate
    result: Any = None
    detail: str = ""
    retry_after: float = 0.0  # seconds
    new_chat_id: int | None = None


class Inbox(Base, table=True):
    """One update as Telegram sent it, stored before it is acknowledged.

    `update_id` is unique while the row is young: Telegram may start counting anew after a quiet week.
    Rows of a `lane` are handled in the order of their ids. `not_before` is real time.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        Index("ix_inbox_todo", "id", sqlite_where=text("state = 'new'"), postgresql_where=text("state = 'new'")),
        Index("ix_inbox_received", "received_at"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    update_id: int | None = Field(default=None, sa_type=BigInteger, unique=True)
    lane: str
    raw: str
    received_at: datetime
    state: InboxState = Field(default=InboxState.NEW, sa_type=text_enum(InboxState))
    attempts: int = 0
    not_before: datetime | None = None
    error: str | None = None


class OutboxState(enum.StrEnum):
    """new -> sending -> sent; or uncertain (fate unknown, class B), dead (refused for good), cancelled."""

    NEW = "new"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    DEAD = "dead"
    CANCELLED = "cancelled"


class SendClass(enum.StrEnum):
    """A: at least once. B: at most once. C: may be repeated freely."""

    A = "A"
    B = "B"
    C = "C"


class Priority(enum.IntEnum):
    """Lower goes first."""

    ANSWER = 0
    RELAY = 1
    NOTICE = 2
    SCHEDULED = 3


class What(enum.StrEnum):
    """What an outbox row asks for; `body` holds what that needs.

    SAY         what we say: {text} frozen, or {template, values} for staff, rendered when it goes; {buttons?,
                keyboard?, answers?, thread_id?, link_to?, language?}. A button is {text, press}, a key {text,
                asks_contact?}
    WORDS       a person's text: {text, entities, mark?, as_file?}
    COPY        a person's messages: {carried: "copied" or "forwarded", from_chat_id or from_group_id, message_ids
                or items, kind, text}
    CHANGE      put others in the place of ours {text, buttons}, or of a person's {words or caption, entities,
                media?}, or take the buttons {buttons: []}; `at` is where it stands, else where the row's message was
                shown
    RECALL      take back what the row's message was shown as: {}
    CARD        the card of a case, drawn from its state when it goes: {fresh}
    TOPIC       make the customer's topic: {}; DROP_TOPIC and OPEN_TOPIC: {thread_id}
    POLL        {question, options, anonymous, several?, thread_id?}; CLOSE_POLL: {at}
    All may say {quiet} (without a sound) and {plain} (without formatting, which Telegram refused).
    """

    SAY = "say"
    WORDS = "words"
    COPY = "copy"
    CHANGE = "change"
    RECALL = "recall"
    CARD = "card"
    TOPIC = "topic"
    DROP_TOPIC = "drop_topic"
    OPEN_TOPIC = "open_topic"
    POLL = "poll"
    CLOSE_POLL = "close_poll"


#: Of a case, to a member of staff alone.
_TOLD = text("case_id is not null and customer_id is null and group_id is null")


class Outbox(Base, table=True):
    """One thing to tell Telegram.

    A row for a customer freezes `chat_id`; a row for staff names `group_id` and, for a topic, `customer_id`.
    `lane` keeps order; `cost` is the number of messages it counts as; `reply_to_id` is one of our messages.
    `not_before`, `claimed_at` and `sent_at` are real time. `maybe_repeated` marks a second try of unknown fate.
    """

    __tablename__ = "outbox"
    kept_if_there: ClassVar[bool] = True  # a key that waits already says the same
    __table_args__ = (
        Index("ix_outbox_new", "id", sqlite_where=text("state = 'new'"), postgresql_where=text("state = 'new'")),
        Index(
            "ix_outbox_sending",
            "id",
            sqlite_where=text("state = 'sending'"),
            postgresql_where=text("state = 'sending'"),
        ),
        Index(
            "uq_outbox_pending_key",
            "key",
            unique=True,
            # Albums have keys too, to be found by, and two of them may well wait.
            sqlite_where=text("state = 'new' and what = 'card'"),
            postgresql_where=text("state = 'new' and what = 'card'"),
        ),
        Index("ix_outbox_sent", "sent_at"),
        Index("ix_outbox_message", "message_id"),
        Index("ix_outbox_told", "chat_id", "id", sqlite_where=_TOLD, postgresql_where=_TOLD),
        Index(
            "ix_outbox_shown",
            "telegram_id",
            sqlite_where=text("message_id is null"),
            postgresql_where=text("message_id is null"),
        ),
    )

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    lane: str
    priority: int
    send_class: SendClass = Field(sa_type=text_enum(SendClass))
    what: What = Field(sa_type=text_enum(What))
    body: dict[str, Any] = Field(sa_type=Json)
    cost: int = 1
    size: int = 0  # UTF-16 units of a text that may be merged with its neighbours, else 0
    chat_id: int | None = Field(default=None, sa_type=BigInteger)
    group_id: int | None = Field(default=None, sa_type=BigInteger)
    customer_id: int | None = Field(default=None, sa_type=BigInteger)
    case_id: int | None = Field(default=None, sa_type=BigInteger)
    message_id: int | None = Field(default=None, sa_type=BigInteger)
    reply_to_id: int | None = Field(default=None, sa_type=BigInteger)
    key: str | None = None
    state: OutboxState = Field(default=OutboxState.NEW, sa_type=text_enum(OutboxState))
    created_at: datetime
    not_before: datetime | None = None
    attempts: int = 0
    maybe_repeated: bool = False
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    telegram_id: int | None = Field(default=None, sa_type=BigInteger)
    error: str | None = None


class Pause(Base, table=True):
    """Until when Telegram told us to leave a scope alone ("all", or a chat id); real time, survives a restart."""

    __tablename__ = "pauses"

    scope: str = Field(primary_key=True)
    until: datetime


def customer_lane(chat_id: int) -> str:
    """The lane of a private chat."""
    return f"c{chat_id}"


def staff_lane(group_id: int, customer_id: int | None) -> str:
    """The lane of a customer's topic in a staff group, or of General."""
    return f"g{group_id}:{customer_id or 0}"


def topic_lane(group_id: int, customer_id: int) -> str:
    """The lane of what makes a customer's topic: words must not wait for it longer than they want to."""
    return f"t{group_id}:{customer_id}"


def made_in(lane: str) -> str:
    """The lane of what makes the topic that a staff lane leads to."""
    return f"t{lane[1:]}"
