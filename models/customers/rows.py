"""Customers with their files, what they bought and what was done for them, and the topics in which staff see them."""

import enum
import unicodedata
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, and_, text
from sqlmodel import Field, col

from models.base import Base, BigKey, Json, clean, text_enum
from models.cases import CaseKind

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
NAME_LIMIT = 64


def _where_filled(name: str, column: str, filled: str) -> Index:
    return Index(name, column, sqlite_where=text(filled), postgresql_where=text(filled))


class TierBy(enum.StrEnum):
    """Who gave a customer the tier: the plan's rule, or somebody by hand, which goes first until its end."""

    RULE = "rule"
    HAND = "hand"


class Customer(Base, table=True):
    """A person who writes to the bot. `number` is what staff call the file by.

    `next_is_new` and `next_kind` say what the customer's next words are to be: the start of a new matter,
    of a kind the customer has already named. `unreachable_since` is set when the customer blocked the bot.

    The file: `salutation` is how to address them, `tier` and `segments` are ids of the plan (never shown to the
    customer), `fields` the plan's own fields by their ids, `zone` the IANA name of the city's time zone, `phone`
    as `models/customers/phones.py` writes it, `ref` what another system numbers them by. A customer that was merged
    into another names it in `merged_into_id` and has no Telegram account of its own any more. `open_run_id` is the
    invitation that the customer's words answer: of those that are open, the one asked or tapped last;
    `recovering_since` a low score that was not made good yet.
    """

    __tablename__ = "customers"
    __table_args__ = (
        # What /find reads whole: narrow, so that a million customers are looked through in a moment.
        Index("ix_customers_name", "name"),
        Index("ix_customers_phone", "phone"),
        _where_filled("ix_customers_salutation", "salutation", "salutation IS NOT NULL"),
        _where_filled("ix_customers_username", "username", "username IS NOT NULL"),
        _where_filled("ix_customers_tagged", "id", "tags <> '[]'"),
        Index(
            "ix_customers_merged",
            "merged_into_id",
            sqlite_where=text("merged_into_id IS NOT NULL"),
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
    )

    id: int = Field(sa_column=Column(BigKey, primary_key=True, autoincrement=False))
    user_id: int | None = Field(default=None, sa_type=BigInteger, unique=True)
    name: str
    username: str | None = None
    language: str
    language_chosen: bool = False
    next_is_new: bool = False
    next_kind: CaseKind | None = Field(default=None, sa_type=text_enum(CaseKind))
    unreachable_since: datetime | None = None
    salutation: str | None = None
    tier: str | None = None
    tier_by: TierBy = Field(default=TierBy.RULE, sa_type=text_enum(TierBy))
    tier_reason: str | None = None
    tier_approved_by: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)
    tier_until: datetime | None = None
    segments: list[str] = Field(default_factory=list, sa_type=Json)
    phone: str | None = None
    city: str | None = None
    zone: str | None = None
    tags: list[str] = Field(default_factory=list, sa_type=Json)
    fields: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    notes: str = ""
    dedicated_agent_id: int | None = Field(default=None, foreign_key="staff.id", sa_type=BigInteger)
    ref: str | None = Field(default=None, unique=True)
    last_contact_at: datetime | None = None
    merged_into_id: int | None = Field(default=None, foreign_key="customers.id", sa_type=BigInteger)
    banned_until: datetime | None = None
    muted_until: datetime | None = None
    open_run_id: int | None = Field(default=None, sa_type=BigInteger)
    recovering_since: datetime | None = None
    created_at: datetime

    @property
    def as_actor(self) -> dict[str, int | None]:
        """Who did something, as columns."""
        return {"staff_id": None, "customer_id": self.id}

    @property
    def subject(self) -> str:
        """Whom something was done to, in the audit."""
        return f"customer:{self.id}"

    @property
    def has_chat(self) -> bool:
        """Whether there is a channel by which we can write to them at all."""
        return self.user_id is not None

    @property
    def reachable(self) -> bool:
        """Whether what we write now would arrive, as far as we know."""
        return self.has_chat and self.unreachable_since is None

    @property
    def chat_id(self) -> int:
        """The private chat with the bot, which Telegram numbers like the person."""
        assert self.user_id is not None, "a customer without Telegram has no chat"  # noqa: S101
        return self.user_id


#: The same of the rows of a query: customers to whom we can write at all, and whom it would reach as far as we know.
HAS_CHAT: Any = col(Customer.user_id).is_not(None)
REACHABLE: Any = and_(HAS_CHAT, col(Customer.unreachable_since).is_(None))


class Purchase(Base, table=True):
    """What a customer bought. `amount` is in hundredths of the business's currency; `ref` is the order's number.

    `fresh` until what follows from it (a visit, a tier) was set going.
    """

    __tablename__ = "purchases"
    __table_args__ = (
        Index("ix_purchases_customer", "customer_id", "at", "amount"),
        Index("ix_purchases_fresh", "id", sqlite_where=text("fresh"), postgresql_where=text("fresh")),
    )

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    customer_id: int = Field(foreign_key="customers.id", sa_type=BigInteger)
    ref: str = Field(unique=True)
    at: datetime
    amount: int = Field(sa_type=BigInteger)
    product: str = ""
    fresh: bool = True


class ServiceEvent(Base, table=True):
    """What was done for a customer outside the chat; `name` is what the plan calls it: "delivery", ..."""

    __tablename__ = "service_events"
    __table_args__ = (
        Index("ix_service_events_customer", "customer_id", "at"),
        Index("ix_service_events_fresh", "id", sqlite_where=text("fresh"), postgresql_where=text("fresh")),
    )

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    customer_id: int = Field(foreign_key="customers.id", sa_type=BigInteger)
    ref: str = Field(unique=True)
    name: str
    at: datetime
    details: str = ""
    fresh: bool = True


class JoinToken(Base, table=True):
    """A single-use token of a deep link that joins a Telegram person to a customer; only its hash is kept."""

    __tablename__ = "join_tokens"

    token_hash: str = Field(primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", sa_type=BigInteger, index=True)
    expires_at: datetime
    used_at: datetime | None = None


class Merge(Base, table=True):
    """Two customers were one person. `moved` holds the keys of the rows that moved, by table, for the way back."""

    __tablename__ = "merges"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True))
    survivor_id: int = Field(foreign_key="customers.id", sa_type=BigInteger, index=True)
    merged_id: int = Field(foreign_key="customers.id", sa_type=BigInteger, index=True)
    moved: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    staff_id: int | None = Field(default=None, sa_type=BigInteger)
    customer_id: int | None = Field(default=None, sa_type=BigInteger)
    at: datetime
    undone_at: datetime | None = None


def display_name(first: str | None, last: str | None) -> str:
    """A name as staff may safely see it: NFC, no control or direction marks, one line, at most 64 characters."""
    joined = unicodedata.normalize("NFC", clean(" ".join(part for part in (first, last) if part)))
    seen = "".join(
        " " if c in "\r\n\t" else c for c in joined if c in "\r\n\t" or unicodedata.category(c) not in _INVISIBLE
    )
    return " ".join(seen.split())[:NAME_LIMIT].strip()
