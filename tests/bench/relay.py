"""The relay, measured beside the stock echo bot of python-telegram-bot on the same server.

A round hands all messages over at once and ends with the last call's arrival at the server. The clock is the
server's ledger: neither bot is asked what it has done. Rounds of both alternate, because the machine's speed
changes while the ratio of neighbouring rounds hardly does.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.processes import ECHO_TOKEN, Contestant, Echo, Product, cpu_seconds, peak_mib, running
from tests.postgres import new_database, running_postgres
from tests.running import ROOT, QuickBot, RunningBot
from tests.tables import make_tables_at
from tests.telegram import Json, Telegram

FIRST_CUSTOMER = 6_000_000_001
#: A message that has not arrived after this time, and a second for every 50, is lost (seconds).
PATIENCE = 30.0
SLOWEST_RATE = 50


@dataclass(frozen=True)
class Load:
    """How much is measured, and on what."""

    database: str = "sqlite"  # or "postgres"
    rounds: int = 3
    messages: int = 3000
    customers: int = 200
    steady_seconds: float = 20  # how long the part about latency lasts
    steady_rate: float = 25  # its messages a second
    steady_ms: float = 50  # how long the server holds every answer in it (milliseconds)
    against: Path | None = None  # another checkout of the project, whose bot takes part
    # Whether server and bot are forked from a process that has imported them, and the tables made: to try the bench.
    forked: bool = False


@dataclass(frozen=True)
class Round:
    """What one round of one bot cost."""

    rate: float  # messages a second
    cpu: float  # CPU-seconds of the bot's process for 1,000 messages
    memory: float  # its peak, MiB
    server: float  # how busy the server was meanwhile: 1.0 is one processor
    lost: int


@dataclass(frozen=True)
class Results:
    """All rounds in their order, and the part about latency."""

    echo: list[Round]
    product: list[Round]
    latencies: list[float]  # seconds from a message's being there to its call's arrival
    late: int  # messages of that part that were lost
    busy: float = 0.0  # what else the machine had to do before: processes that wanted a processor
    complaints: tuple[str, ...] = ()  # what the product's log warned of
    other: list[Round] = field(default_factory=list)  # the bot of the other checkout, where one takes part


@dataclass(frozen=True)
class Journey:
    """One message: when it was there, and when its call arrived (seconds of one clock), or None."""

    there: float
    arrived: float | None


async def measure(load: Load) -> Results:
    """Run everything; the product has a case and a topic of every customer before a clock starts."""
    busy = os.getloadavg()[0]
    found: tuple[list[Round], list[Round], list[Round]] = ([], [], [])
    async with AsyncExitStack() as stack:
        stages = [await stack.enter_async_context(stage(load.database, load.customers, forked=load.forked))]
        if load.against:
            stages.append(await stack.enter_async_context(stage(load.database, load.customers, load.against)))
        benches = [Bench(each.telegram, load) for each in stages]
        for bench, each in zip(benches, stages, strict=True):
            async with running(each.product):
                await bench.introduce(each.product)
        contestants: list[tuple[Bench, Contestant]] = [(benches[0], stages[0].echo)]
        contestants += [(bench, each.product) for bench, each in zip(benches, stages, strict=True)]
        for _ in range(load.rounds):
            for (bench, contestant), rounds in zip(contestants, found, strict=False):
                rounds.append(await bench.round(contestant))
        journeys = await benches[0].steady(stages[0].product)
    echo, product, other = found
    times = [journey.arrived - journey.there for journey in journeys if journey.arrived is not None]
    late, complaints = len(journeys) - len(times), tuple(stages[0].product.complaints)
    return Results(echo, product, latencies=times, late=late, busy=busy, complaints=complaints, other=other)


@dataclass(frozen=True)
class Stage:
    """A server, and the two bots that meet there; one of them runs at a time."""

    telegram: Telegram
    echo: Echo
    product: Product


@asynccontextmanager
async def stage(
    database: str, customers: int, checkout: Path = ROOT, plan: Path | None = None, *, forked: bool = False
) -> AsyncIterator[Stage]:
    """One server, both bots, and an empty database for the product: "sqlite" or "postgres"."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        made: AbstractAsyncContextManager[str] = nullcontext(f"sqlite+aiosqlite:///{folder / 'huifang.db'}")
        if database == "postgres":
            made = new_database(stack.enter_context(running_postgres(careless=forked)))
        telegram = await Telegram.start(quick=forked)
        try:
            group = await telegram.group("Staff")
            await telegram.control("bot", token=ECHO_TOKEN)  # after the group, of which it is no member
            users = range(FIRST_CUSTOMER, FIRST_CUSTOMER + customers)
            async with made as url:
                if forked:
                    await make_tables_at(url)
                kind = QuickBot if forked else RunningBot
                product = Product(telegram, group, folder, url, checkout, plan, kind)
                yield Stage(telegram, Echo(telegram, users), product)
        finally:
            await telegram.stop()


class Bench:
    """Hands messages over and reads in the server's ledger what became of them."""

    def __init__(self, telegram: Telegram, load: Load) -> None:
        self._telegram = telegram
        self._load = load
        assert telegram._process is not None
        self._server_pid = telegram._process.pid

    async def introduce(self, product: Contestant) -> None:
        """A first message of every customer, until all have their topics; the words may stand elsewhere."""
        deadline = time.monotonic() + PATIENCE * 2
        await self._flood(product, self._load.customers, "first words")
        while len(await product.customers()) < self._load.customers:
            assert time.monotonic() < deadline, "not every customer has got a topic"
            await asyncio.sleep(0.2)
        await self._telegram.settled(quiet=1.5, timeout=PATIENCE * 2)

    async def warm_up(self, contestant: Contestant) -> None:
        """A message of every customer, off the clock: code is loaded, statements are compiled."""
        journeys = await self._pour(contestant, self._load.customers)
        lost = sum(journey.arrived is None for journey in journeys)
        assert not lost, f"{lost} of {len(journeys)} were lost while warming up"

    async def round(self, contestant: Contestant) -> Round:
        """All messages at once, by a process started for this round."""
        async with running(contestant):
            await self.warm_up(contestant)
            used = cpu_seconds(contestant.pid), cpu_seconds(self._server_pid)
            journeys = await self._pour(contestant, self._load.messages)
            cpu = cpu_seconds(contestant.pid) - used[0]
            server = cpu_seconds(self._server_pid) - used[1]
            memory = peak_mib(contestant.pid)
        arrivals = [journey.arrived for journey in journeys if journey.arrived is not None]
        seconds = max(arrivals) - max(journey.there for journey in journeys)
        return Round(
            rate=len(arrivals) / seconds,
            cpu=cpu * 1000 / len(arrivals),
            memory=memory,
            server=server / seconds,
            lost=len(journeys) - len(arrivals),
        )

    async def steady(self, product: Contestant) -> list[Journey]:
        """A steady stream to the product, while the server takes its time over every answer."""
        load = self._load
        async with running(product):
            await self.warm_up(product)
            await self._telegram.latency(load.steady_ms)
            count = int(load.steady_rate * load.steady_seconds)
            return await self._pour(product, count, load.steady_rate)

    async def _pour(self, contestant: Contestant, count: int, rate: float | None = None) -> list[Journey]:
        """That many messages from all customers in turn, at once or `rate` a second, and their journeys."""
        begin = (await self._telegram.state())["ledger"]
        word = f"since {begin} number"
        await self._flood(contestant, count, word, rate)
        deadline = time.monotonic() + PATIENCE + count / (rate or SLOWEST_RATE)
        while True:
            await self._telegram.settled(timeout=PATIENCE + count / (rate or SLOWEST_RATE))
            entries = await self._telegram.ledger(since=begin)
            arrived = _arrivals(entries, word, await contestant.customers())
            if len(arrived) >= count or time.monotonic() > deadline:
                return self._journeys(entries, word, count, arrived)

    async def _flood(self, contestant: Contestant, count: int, word: str, rate: float | None = None) -> None:
        await self._telegram.flood(
            count,
            self._load.customers,
            start_user_id=FIRST_CUSTOMER,
            text=word + " {n}",
            rate=rate,
            bot=int(contestant.token.partition(":")[0]),
        )

    def _journeys(
        self, entries: list[Json], word: str, count: int, arrived: dict[tuple[int, str], float]
    ) -> list[Journey]:
        users = self._load.customers
        there = [entry["t"] for entry in entries if entry["kind"] == "update" and entry["update"] == "message"]
        return [
            Journey(at, arrived.get((FIRST_CUSTOMER + number % users, f"{word} {number // users}")))
            for number, at in enumerate(there[:count])  # behind them, of new customers: that their topic was made
        ]


def _arrivals(entries: list[Json], word: str, customers: dict[int, int]) -> dict[tuple[int, str], float]:
    """When the first call with each customer's words arrived: (customer, words) -> time."""
    found: dict[tuple[int, str], float] = {}
    for entry in entries:
        _, begins, rest = entry["params"].get("text", "").partition(word) if entry["kind"] == "call" else ("", "", "")
        if begins and entry["ok"]:  # a mark may stand before the words, when they are repeated
            place = int(entry["params"].get("message_thread_id") or entry["params"]["chat_id"])
            if place in customers:
                found.setdefault((customers[place], word + rest), entry["t"])
    return found
