"""The relay, measured beside the stock echo bot of python-telegram-bot on the same server.

A round hands every message over at once and ends with the last call's arrival at the server. The clock is the
server's ledger, so neither bot is asked what it has done. Rounds of both alternate: the machine's speed changes,
the ratio of neighbouring rounds hardly does.
"""

import asyncio
import time
from contextlib import asynccontextmanager, nullcontext
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from tests.bench.processes import ECHO_TOKEN, Contestant, Echo, Product, cpu_seconds, peak_mib
from tests.postgres import new_database, running_postgres
from tests.telegram import Json, Telegram

FIRST_CUSTOMER = 6_000_000_001
#: How long a round may take: this, and as long as a bot of a tenth of the expected rate would need.
SLACK_SECONDS = 30.0
SLOWEST_RATE = 50
QUIET_SECONDS = 0.5


@dataclass(frozen=True)
class Load:
    """How much is measured."""

    rounds: int
    messages: int
    customers: int
    latency_seconds: float  # how long the part with 25 messages a second lasts
    database: str  # "sqlite" or "postgres"
    latency_rate: int = 25  # messages a second
    latency_ms: float = 50  # how long the server takes over every answer


@dataclass(frozen=True)
class Round:
    """What one round of one bot cost."""

    rate: float  # messages a second, from all there to the last call's arrival
    cpu: float  # CPU-seconds of the bot's process for 1,000 messages
    server: float  # the server's share of one processor meanwhile, 0 to 1
    memory: float  # peak, MiB
    lost: int


@dataclass(frozen=True)
class Latency:
    """From update there to its call's arrival, in milliseconds."""

    p50: float
    p99: float
    lost: int


@dataclass(frozen=True)
class Results:
    """Everything measured, oldest first."""

    echo: list[Round]
    product: list[Round]
    latency: Latency


@asynccontextmanager
async def _stage(load: Load) -> AsyncIterator[tuple[Telegram, Echo, Product]]:
    """A server with both bots; the product's database is empty."""
    with TemporaryDirectory(prefix="bench-") as name, running_postgres() if load.database == "postgres" else nullcontext("") as server:
        folder = Path(name)
        address = (
            new_database(server)
            if load.database == "postgres"
            else nullcontext(f"sqlite+aiosqlite:///{folder / 'huifang.db'}")
        )
        telegram = await Telegram.start()
        try:
            async with address as url:
                await telegram.control("bot", token=ECHO_TOKEN)
                group = await telegram.group("Staff")
                users = list(range(FIRST_CUSTOMER, FIRST_CUSTOMER + load.customers))
                yield telegram, Echo(telegram, users), Product(telegram, group, folder, url)
        finally:
            await telegram.stop()


async def run(load: Load) -> Results:
    """Measure; the product knows all customers before any clock starts."""
    async with _stage(load) as (telegram, echo, product):
        bench = Bench(telegram, load)
        await bench.introduce(product)
        rounds: dict[Contestant, list[Round]] = {}
        ...
