"""The sender by itself, on a real database and beside a Telegram that does what a test says.

Whatever fails around it: no row waits for ever, no lane stays busy, no slot stays taken.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select, update

from bot.budget import Budget, Limits
from bot.gateway import Gateway
from bot.lanes import LATE_AT_FIRST, LATE_SECONDS, NEVER_LATE, Lanes
from bot.sender import Sender
from handlers import delivery, open_database, retention
from models.database import Database
from models.delivery import Fate, Outbox, OutboxState, Outcome, Priority, SendClass, What
from models.outbox import Waiting
from models.plan import Plan
from models.work import Work
from tests.tables import make_tables

PATIENCE = 20.0


def wall() -> datetime:
    return datetime.now(UTC)


class FakeTelegram:
    """Does every call at once."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def call(self, _method: str, params: dict[str, Any], _file: object = None) -> Outcome:
        self.texts.append(params["text"])
        return Outcome(Fate.SENT, {"message_id": len(self.texts)})


class Scene:
    """A database, a sender that runs, and the faults that a test asks for."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self.database = database
        self.telegram = FakeTelegram()
        self.fault: Callable[[Work], None] = lambda _work: None  # called before each commit of the sender
        late = NEVER_LATE if database.is_sqlite else LATE_SECONDS
        self.sender = Sender(
            self.begin, database.reading, cast("Gateway", self.telegram), Budget(limits), lambda: True, 0.05, late
        )

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Work]:
        async with self.database.work(wall, Plan()) as work:
            yield work
            self.fault(work)

    def work(self) -> AbstractAsyncContextManager[Work]:
        return self.database.work(wall, Plan())

    async def write(self, *texts: str, **values: Any) -> None:
        """A row for each text, to one customer unless told otherwise."""
        async with self.work() as work:
            for text in texts:
                work.add(row(text, **values))
        self.sender.wake()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - a fact about others, not an event
                await asyncio.sleep(0.01)

    async def sent(self, *texts: str) -> None:
        """Wait until exactly these have set out, in any order."""
        with suppress(TimeoutError):
            await self.until(lambda: len(self.telegram.texts) >= len(texts))
        assert sorted(self.telegram.texts) == sorted(texts)

    async def until_states(self, *states: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while await self.states() != [*states]:  # noqa: ASYNC110 - rows of a database
                await asyncio.sleep(0.01)

    async def states(self) -> list[str]:
        async with self.work() as work:
            return [found.state.value for found in await work.all(select(Outbox).order_by(col(Outbox.id)))]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While this lasts the sender leads; afterwards it may lead again."""
        task = asyncio.create_task(self.sender.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def row(text: str, **values: Any) -> Outbox:
    chat = values.pop("chat", 1)
    usual: dict[str, Any] = {
        "lane": f"c{chat}",
        "chat_id": chat,
        "priority": Priority.ANSWER,
        "send_class": SendClass.A,
        "what": What.WORDS,
        "body": {"text": text},
        "created_at": wall(),
    }
    return Outbox(**{**usual, **values})


@pytest.fixture
async def scene(database_url: str) -> AsyncIterator[Scene]:
    """A sender without limits."""
    database = open_database(database_url, wall)
    await make_tables(database)
    yield Scene(database, Limits(*[1_000_000.0] * 4))
    await database.close()


def outage() -> OperationalError:
    return OperationalError("COMMIT", {}, Exception("database is locked"))


async def test_a_row_left_in_flight_far_below_a_long_backlog_is_sent_again(scene: Scene) -> None:
    await scene.write("in flight", state=OutboxState.SENDING)
    async with scene.work() as work:  # all but the last wait for tomorrow, so that nobody has to send them
        waiting = row("backlog", chat=2, not_before=wall() + timedelta(days=1)).model_dump(exclude={"id"})
        await work.session.exec(insert(Outbox), params=[waiting] * (LATE_AT_FIRST + 10))
        work.add(row("last", chat=3))
    async with scene.running():
        await scene.sent("in flight", "last")


async def test_a_row_whose_claim_was_committed_without_an_answer_is_sent_again(scene: Scene) -> None:
    async with scene.running():
        await scene.write("before")
        await scene.sent("before")
        async with scene.work() as work:  # what a claim leaves whose commit came through and whose answer did not
            work.add(row("lost from sight", state=OutboxState.SENDING))
        await scene.write(*[f"after {number}" for number in range(3)], chat=2)
        await scene.until(lambda: len(scene.telegram.texts) == 4)
        scene.sender._doubtful = True  # as after any outage
        scene.sender.wake()
        await scene.sent("before", "lost from sight", *[f"after {number}" for number in range(3)])


async def test_keys_that_sqlite_would_give_again_hide_no_row(scene: Scene) -> None:
    async with scene.running():
        await scene.write("old", "older")
        await scene.until(lambda: len(scene.telegram.texts) == 2)
        await scene.until_states("sent", "sent")
        async with scene.work() as work:
            month_ago = wall() - retention.OUTBOX_KEPT - timedelta(days=1)
            await work.session.exec(update(Outbox).values(created_at=month_ago))
        async with scene.work() as work:
            assert await retention.forget_outbox(work)
        await scene.write("the first word after a quiet month")
        await scene.sent("old", "older", "the first word after a quiet month")


async def test_an_outage_while_rows_are_taken_one_by_one_leaves_no_lane_busy(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([RuntimeError("a fault of ours"), RuntimeError("of this very row")])
    outages = iter([outage()])
    claim, set_aside = delivery.claim, delivery.set_aside

    async def failing(work: Work, picked: Any) -> Any:
        error = next(failures, None) if picked else None
        if error:
            raise error
        return await claim(work, picked)

    async def setting_aside(work: Work, ids: list[int], error: Exception) -> None:
        if found := next(outages, None):
            raise found
        await set_aside(work, ids, error)

    monkeypatch.setattr(delivery, "claim", failing)
    monkeypatch.setattr(delivery, "set_aside", setting_aside)
    texts = [f"to {number}" for number in range(6)]
    async with scene.work() as work:
        for number, text in enumerate(texts):
            work.add(row(text, chat=number + 1))
    async with scene.running():
        await scene.sent(*texts)
        assert scene.sender._budget._overall.room(0.0) == 1_000_000 - len(texts)


async def test_a_sender_that_loses_its_lead_in_a_commit_that_fails_has_no_slot_taken(scene: Scene) -> None:
    entered = asyncio.Event()

    @asynccontextmanager
    async def slow() -> AsyncIterator[Work]:
        async with scene.database.work(wall, Plan()) as work:
            yield work
            if scene.sender._began:
                entered.set()
                await asyncio.sleep(0.2)
                raise outage()

    await scene.write("word")
    begin, scene.sender._begin = scene.sender._begin, slow
    async with scene.running():
        await entered.wait()
    scene.sender._begin = begin
    assert scene.sender._budget._overall.flying == 0
    async with scene.running():
        await scene.sent("word")


async def test_when_the_first_of_joined_texts_was_cancelled_the_others_go_at_once_and_once(scene: Scene) -> None:
    await scene.write("cancelled", "second", "third", size=10)
    async with scene.work() as work:
        rows = await work.all(select(Outbox).order_by(col(Outbox.id)))
    group = [Waiting(each.id, each.priority, each.lane, "c1", each.what, 1, 10, None) for each in rows]
    async with scene.work() as work:
        first = await work.first(select(Outbox).order_by(col(Outbox.id)))
        first.state = OutboxState.CANCELLED
    scene.sender._lanes.put(group)
    scene.sender._pacing.take(group)
    await scene.sender._record_and_claim([group])
    await scene.sent("second\nthird")
    await scene.sender._record_and_claim([])
    assert await scene.states() == ["cancelled", "sent", "sent"]
    assert not scene.sender.depth


async def test_what_cannot_be_handled_is_set_aside_and_its_neighbours_go_on(scene: Scene) -> None:
    await scene.write("fine")
    await scene.write("broken", chat=2, body={"method": "sendMessage"})
    await scene.write("fine too", chat=3)
    async with scene.running():
        await scene.sent("fine", "fine too")
        await scene.until_states("sent", "dead", "sent")


# -- keys that come late


def test_keys_between_those_seen_may_come_late_for_a_while_and_no_longer() -> None:
    lanes = Lanes(LATE_SECONDS)
    lanes.pass_to([5, 8], now=0.0)
    assert lanes.gaps(1.0) == [1, 2, 3, 4, 6, 7]
    lanes.pass_to([6], now=2.0)
    assert (lanes.gaps(3.0), lanes.last_id) == ([1, 2, 3, 4, 7], 8)
    lanes.pass_to([10], now=30.0)
    assert lanes.gaps(LATE_SECONDS + 1) == [9]
    assert lanes.gaps(LATE_SECONDS + 31) == []


def test_a_long_backlog_leaves_few_gaps_and_sqlite_none() -> None:
    lanes = Lanes(LATE_SECONDS)
    lanes.pass_to(range(900_000, 1_000_001), now=0.0)
    assert lanes.gaps(1.0) == []
    lanes = Lanes(LATE_SECONDS)
    lanes.pass_to([10_000_000], now=0.0)
    assert len(lanes.gaps(1.0)) == LATE_AT_FIRST - 1
    lanes = Lanes(NEVER_LATE)
    lanes.pass_to([5, 8], now=0.0)
    assert (lanes.gaps(0.0), lanes.last_id) == ([], 8)


async def test_what_an_open_transaction_commits_late_is_sent_though_higher_keys_were_seen(scene: Scene) -> None:
    if scene.database.is_sqlite:
        return  # one transaction at a time: nothing comes late
    async with scene.running():
        async with scene.work() as late:
            late.add(row("early key, late commit"))
            await late.flush()
            await scene.write("late key, early commit", chat=2)
            await scene.sent("late key, early commit")
        await scene.sent("late key, early commit", "early key, late commit")
    assert all(gap > 0 for gap in scene.sender._lanes.gaps(0.0))


# -- a topic in the making


def _waiting(row_id: int, lane: str, not_before: datetime | None = None) -> Waiting:
    return Waiting(row_id, Priority.RELAY, lane, "g1", What.WORDS, 1, 10, not_before)


def test_words_leave_their_topic_five_seconds_to_be_made() -> None:
    lanes = Lanes(NEVER_LATE)
    lanes.put([_waiting(1, "t1:7"), _waiting(2, "g1:7"), _waiting(3, "g1:8")])

    assert lanes.topic_wait(lanes["g1:7"], now=100.0) == 5.0
    assert lanes.topic_wait(lanes["g1:7"], now=103.0) == 2.0
    assert lanes.topic_wait(lanes["g1:7"], now=106.0) == 0.0
    assert lanes.topic_wait(lanes["g1:8"], now=100.0) == 0.0


def test_words_go_at_once_when_their_topic_is_made_or_its_making_was_put_off() -> None:
    lanes = Lanes(NEVER_LATE)
    lanes.put([_waiting(1, "t1:7"), _waiting(2, "g1:7"), _waiting(3, "t1:8", wall()), _waiting(4, "g1:8")])
    assert lanes.topic_wait(lanes["g1:7"], now=100.0) > 0

    lanes.drop([("t1:7", 1)])

    assert lanes.topic_wait(lanes["g1:7"], now=100.1) == 0.0
    assert lanes.topic_wait(lanes["g1:8"], now=100.0) == 0.0
