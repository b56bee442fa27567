"""The two bots that are compared, as processes, and what Linux says of their cost."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.running import ROOT, RunningBot
from tests.telegram import Json, Telegram

TICKS = os.sysconf("SC_CLK_TCK")
ECHO_TOKEN = "1000000002:echo"
#: Limits out of reach: Telegram's own would hide what the program can do.
NO_LIMITS = dict.fromkeys(
    ("limit_group_per_minute", "limit_chat_per_second", "limit_overall_per_second", "limit_topics_per_minute"),
    1_000_000_000,
)


def cpu_seconds(pid: int) -> float:
    """Processor time, user and system, that a process has used so far."""
    # The name before the last bracket may hold spaces; user and system time are fields 14 and 15.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mib(pid: int) -> float:
    """The most memory that a process has held so far, in MiB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


class Contestant(Protocol):
    """A bot under measurement. Started anew for every round, so that no round inherits another's memory."""

    @property
    def token(self) -> str:
        """Its token at the server."""

    @property
    def pid(self) -> int:
        """The process's number."""

    async def start(self) -> None:
        """Start, and return when the bot is about to ask for updates."""

    async def stop(self) -> None:
        """End in good order."""

    async def customers(self) -> dict[int, int]:
        """Where this bot repeats the words of each customer: chat or topic -> Telegram's id of the customer."""


@asynccontextmanager
async def running(contestant: Contestant) -> AsyncIterator[None]:
    """Started, and stopped whatever happens."""
    await contestant.start()
    try:
        yield
    finally:
        await contestant.stop()


class Echo:
    """The stock echo bot of python-telegram-bot."""

    token = ECHO_TOKEN

    def __init__(self, telegram: Telegram, user_ids: Iterable[int]) -> None:
        self._telegram = telegram
        self._user_ids = user_ids
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.echo", self._telegram.url, self.token),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), 30)
        assert line == b"ready\n", f"the echo bot did not start: {line!r}"

    async def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        await asyncio.wait_for(self._process.wait(), 30)

    async def customers(self) -> dict[int, int]:
        return {user_id: user_id for user_id in self._user_ids}


@dataclass
class Product:
    """The whole product, `python -m bot run`, on one database for all rounds."""

    telegram: Telegram
    group: Json
    folder: Path
    database_url: str
    checkout: Path = ROOT  # whose code runs
    plan: Path | None = None  # the care plan that it keeps
    kind: type[RunningBot] = RunningBot
    running: RunningBot | None = None
    complaints: list[str] = field(default_factory=list)  # what its log warned of, over all rounds

    @property
    def token(self) -> str:
        return self.telegram.token

    @property
    def pid(self) -> int:
        assert self.running is not None
        return self.running.pid

    async def start(self) -> None:
        plan = {"plan_file": self.plan} if self.plan else {}
        self.running = await self.kind.start(
            self.folder,
            pythonpath=self.checkout,
            bot_token=self.token,
            staff_group_id=self.group["id"],
            owner_ids="",
            telegram_api_url=self.telegram.url,
            database_url=self.database_url,
            **plan,
            **NO_LIMITS,
        )

    async def stop(self) -> None:
        assert self.running is not None
        code = await self.running.stop()
        lines = self.running.log.splitlines()
        self.complaints += [line for line in lines if re.search(r" (WARNING|ERROR|CRITICAL) ", line)]
        assert code == 0, f"exit code {code}:\n{self.running.log[-6000:]}"

    async def customers(self) -> dict[int, int]:
        ids = {user["first_name"]: user["id"] for user in await self.telegram.look("users")}
        topics = await self.telegram.topics(self.group)
        # A topic is named after its customer, with the customer's number behind.
        return {topic["thread_id"]: ids[topic["name"].rpartition(" #")[0]] for topic in topics}
