"""Topics: where staff see a customer in a group with topics; each is a binding that can be replaced."""

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, and_, bindparam, or_, text
from sqlmodel import Field, col, select

from models.base import Base, BigKey, new_id, text_enum
from models.cases import is_new
from models.staff import staff_groups
from models.work import Work

#: What Telegram takes as a topic's name.
TITLE_LIMIT = 128


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

    # Made by us: topics are written together, which a database that gives the keys does one by one.
    id: int | None = Field(default_factory=new_id, sa_column=Column(BigKey, primary_key=True))
    customer_id: int = Field(foreign_key="customers.id", sa_type=BigInteger, index=True)
    group_id: int = Field(foreign_key="staff_groups.id", sa_type=BigInteger)
    thread_id: int | None = Field(default=None, sa_type=BigInteger)
    name: str
    state: TopicState = Field(default=TopicState.WANTED, sa_type=text_enum(TopicState), index=True)
    wanted_at: datetime
    made_at: datetime | None = None


def topic_name(name: str, customer_id: int) -> str:
    """The name of a customer's topic: unique by its number, so a topic made in a crash can be found again.

    As long as Telegram takes.
    """
    number = f"#{customer_id}"
    return number if name == number else f"{name[: TITLE_LIMIT - len(number) - 1]} {number}"


_OF_CUSTOMERS: Any = bindparam("customer_ids", expanding=True)
_TOPICS = select(Topic).where(col(Topic.customer_id).in_(_OF_CUSTOMERS), col(Topic.state) != TopicState.GONE)


class _Known(dict[tuple[int, int], Topic | None]):
    """The topics that this work has met, by customer and group."""


async def fetch_topics(work: Work, customer_ids: Sequence[int]) -> None:
    """Fetch the topics of these customers in one query."""
    if not customer_ids:
        return
    known = work.memory(_Known)
    for group in await staff_groups(work):
        known.update({(customer_id, group.id or 0): None for customer_id in customer_ids})
    for topic in await work.all(_TOPICS, customer_ids=customer_ids):
        known[topic.customer_id, topic.group_id] = topic


async def topic_of(work: Work, customer_id: int, group_id: int) -> Topic | None:
    """The customer's topic in that group that is wanted, in the making or live."""
    known, key = work.memory(_Known), (customer_id, group_id)
    if is_new(work, customer_id):
        return known.get(key)
    if key not in known:
        known[key] = await work.first(
            select(Topic).where(
                Topic.customer_id == customer_id,
                Topic.group_id == group_id,
                Topic.state != TopicState.GONE,
            )
        )
    return known[key]


def remember_topic(work: Work, topic: Topic) -> None:
    """Add a new topic."""
    work.add(topic)
    work.memory(_Known)[topic.customer_id, topic.group_id] = topic


def forget_topic(work: Work, topic: Topic) -> None:
    """Note that a topic is gone."""
    topic.state = TopicState.GONE
    work.memory(_Known)[topic.customer_id, topic.group_id] = None


def forget_topics_of(work: Work, customer_ids: Sequence[int]) -> None:
    """Nothing is known any more of the topics of these customers."""
    known = work.memory(_Known)
    for key in [key for key in known if key[0] in customer_ids]:
        del known[key]


_IN_THREADS = select(Topic).where(
    or_(
        col(Topic.thread_id).in_(bindparam("thread_ids", expanding=True)),
        and_(col(Topic.name).in_(bindparam("names", expanding=True)), col(Topic.state) != TopicState.GONE),
    )
)


class _At(dict[tuple[int, int], Topic | None]):
    """The topics that this work has met, by group and thread; None where there is none."""


class _Named(dict[tuple[int, str], Topic]):
    """Those that are not gone, by group and name."""


async def fetch_topics_in(work: Work, thread_ids: Sequence[int], names: Sequence[str]) -> list[Topic]:
    """Fetch the topics of these threads, in any group, and those that have these names, in one query."""
    if not thread_ids:
        return []
    at = work.memory(_At)
    for group in await staff_groups(work):
        at.update({(group.id or 0, thread_id): None for thread_id in thread_ids})
    found: list[Topic] = list(await work.all(_IN_THREADS, thread_ids=thread_ids, names=names))
    at.update({(topic.group_id, topic.thread_id): topic for topic in found if topic.thread_id is not None})
    alive = [topic for topic in found if topic.state is not TopicState.GONE]
    work.memory(_Named).update({(topic.group_id, topic.name): topic for topic in alive})
    return found


def make_live(work: Work, topic: Topic, thread_id: int) -> None:
    """The topic has been made; it is that thread."""
    topic.thread_id = thread_id
    topic.state = TopicState.LIVE
    topic.made_at = work.now
    work.memory(_At)[topic.group_id, thread_id] = topic


async def topic_at(work: Work, group_id: int, thread_id: int) -> Topic | None:
    """The topic of that thread, gone or not."""
    at, key = work.memory(_At), (group_id, thread_id)
    if key not in at:
        at[key] = await work.first(select(Topic).where(Topic.group_id == group_id, Topic.thread_id == thread_id))
    return at[key]


async def topic_named(work: Work, group_id: int, name: str | None) -> Topic | None:
    """The topic, not gone, that was made or is being made under that name."""
    known = work.memory(_Named).get((group_id, name or ""))
    if known is not None and known.state is not TopicState.GONE:
        return known
    topic: Topic | None = await work.first(
        select(Topic).where(Topic.group_id == group_id, Topic.name == name, Topic.state != TopicState.GONE)
    )
    return topic
