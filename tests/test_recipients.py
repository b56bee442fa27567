"""To whom a message goes: before every call its customer and its chat are held against each other."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select, update

from models.customers import Customer
from models.delivery import Outbox, OutboxState, What
from models.staff import Role, Staff
from tests.desk import open_desk
from tests.line import Line

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
LIU, ZHAO = 20, 21
CHEN, BOSS = 101, 102
WORDS = "您好，明天上午十点送到。"


class Topic(Line):
    """Two customers, an agent in the topic of one of them, and an owner in private."""

    thread: int

    async def opens_shop(self) -> None:
        staff = ((1, CHEN, Role.AGENT), (2, BOSS, Role.OWNER))
        await self.hire(
            *(
                Staff(id=key, user_id=user, name=role.value, role=role, started_bot=True, joined_at=NOW)
                for key, user, role in staff
            )
        )
        await self.welcome(
            Customer(id=1, user_id=LIU, name="Liu", language="zh", created_at=NOW),
            Customer(id=2, user_id=ZHAO, name="Zhao", language="zh", created_at=NOW),
        )
        await self.customer_writes(LIU, "水壶漏水")
        await self.post()
        await self.post()
        self.thread = self.shown("水壶漏水").thread_id or 0

    async def spoil(self, what: What = What.WORDS) -> None:
        """A wrong mapping: what waits for Liu is bound for Zhao's chat."""
        async with self.work() as work:
            rows = update(Outbox).where(col(Outbox.chat_id) == LIU, col(Outbox.what) == what)
            await work.session.exec(rows.where(col(Outbox.state) == OutboxState.NEW).values(chat_id=ZHAO))

    def read_by(self, user: int) -> list[str]:
        return [each.text for each in self.telegram.shown if each.chat_id == user]


@pytest.fixture
async def topic(database_url: str) -> AsyncIterator[Topic]:
    async with open_desk(database_url, "", NOW, Topic) as found:
        await found.opens_shop()
        yield found


async def test_f6_s14_what_is_bound_for_another_customers_chat_is_dead_and_owners_are_told(topic: Topic) -> None:
    await topic.hear(message=topic.in_group(CHEN, WORDS, topic.thread))
    await topic.spoil()

    await topic.post()

    assert topic.read_by(ZHAO) == []
    async with topic.work() as work:
        [row] = await work.all(select(Outbox).where(col(Outbox.chat_id) == ZHAO))
        assert row.state is OutboxState.DEAD
    assert "不是客户 #1 的" in topic.read_by(BOSS)[-1]
    told = topic.shown("这条消息没有发出")
    assert told.thread_id == topic.thread
    assert WORDS in told.text


async def test_f6_s14_a_change_of_what_stands_in_another_customers_chat_is_not_made(topic: Topic) -> None:
    message = topic.in_group(CHEN, WORDS, topic.thread)
    await topic.hear(message=message)
    await topic.post()
    await topic.hear(edited_message={**message, "text": "您好，明天下午送到。", "edit_date": int(NOW.timestamp())})
    await topic.spoil(What.CHANGE)

    await topic.post()

    assert topic.read_by(LIU)[-1] == WORDS
    assert "不是客户 #1 的" in topic.read_by(BOSS)[-1]


async def test_f6_s14_a_customer_with_another_account_now_gets_nothing_in_the_old_one(topic: Topic) -> None:
    await topic.hear(message=topic.in_group(CHEN, WORDS, topic.thread))
    async with topic.work() as work:
        liu = await work.first(select(Customer).where(Customer.id == 1))
        liu.user_id = 22

    await topic.post()

    assert WORDS not in topic.read_by(LIU)
    assert WORDS not in topic.read_by(22), "the words were frozen for a chat; staff decide what becomes of them"
    assert WORDS in topic.shown("这条消息没有发出").text


async def test_s14_what_staff_read_alone_has_no_customer_and_goes_as_ever(topic: Topic) -> None:
    await topic.hear(message=topic.private(CHEN, "/help"))

    await topic.post()

    assert "/find" in topic.read_by(CHEN)[-1]
