"""Customers and the topics in which staff see them."""

import enum
import unicodedata
from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field

from models.base import Base, BigKey, clean, text_enum
from models.cases import CaseKind

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
NAME_LIMIT = 64


class Customer(Base, table=True):
    """A person who writes to the bot. `number` is what staff call the file by.

    `next_is_new` and `next_kind` say what the customer's next words are to be: the start of a new matter,
    of a kind the customer has already named. `unreachable_since` is set when the customer blocked the bot.
    """

    __tablename__ = "customers"

    id: int = Field(sa_column=Column(BigKey, primary_key=True, autoincrement=False))
    user_id: int | None = Field(default=None, sa_type=BigInteger, unique=True)
    name: str
    username: str | None = None
    language: str
    language_chosen: bool = False
    next_is_new: bool = False
    next_kind: CaseKind | None = Field(default=None, sa_type=text_enum(CaseKind))
    unreachable_since: datetime | None = None
    created_at: datetime

    @property
    def chat_id(self) -> int:
        """The private chat with the bot, which Telegram numbers like the person."""
        assert self.user_id is not None, "a customer without Telegram has no chat"  # noqa: S101
        return self.user_id


class TopicState(enum.StrEnum):
    """The life of a topic: wanted -> making -> live -> gone. `making` that never ends is found by its name."""

    WANTED = "wanted"
    MAKING = "making"
    LIVE = "live"
    GONE = "gone"


class Topic(Base, table=True):
    """The topic of a customer in a staff group: a binding that can be replaced, one not `gone` at a time."""

    __tablename__ = "topics"
    __table_args__ = (
        Index(
            "uq_topics_one_per_customer",
            "customer_id",
            "group_id",
            unique=True,
            sqlite_where=text("state <> 'gone'"),
            postgresql_where=text("state <> 'gone'"),
        ),
        Index("uq_topics_thread", "group_id", "thread_id", unique=True),
    )

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    customer_id: int = Field(foreign_key="customers.id", sa_type=BigInteger, index=True)
    group_id: int = Field(foreign_key="staff_groups.id", sa_type=BigInteger)
    thread_id: int | None = Field(default=None, sa_type=BigInteger)
    name: str
    state: TopicState = Field(default=TopicState.WANTED, sa_type=text_enum(TopicState), index=True)
    wanted_at: datetime
    made_at: datetime | None = None


def display_name(first: str | None, last: str | None) -> str:
    """A name as staff may safely see it: NFC, no control or direction marks, one line, at most 64 characters."""
    joined = unicodedata.normalize("NFC", clean(" ".join(part for part in (first, last) if part)))
    seen = "".join(
        " " if c in "\r\n\t" else c for c in joined if c in "\r\n\t" or unicodedata.category(c) not in _INVISIBLE
    )
    return " ".join(seen.split())[:NAME_LIMIT].strip()


def topic_name(customer: Customer) -> str:
    """The name of the customer's topic: unique by its number, so a topic made in a crash can be found again."""
    number = f"#{customer.id}"
    return number if customer.name == number else f"{customer.name} {number}"
