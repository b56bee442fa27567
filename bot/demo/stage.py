"""What the demo runs: the sandbox and the bot, each a process of its own that ends with the demo."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.settings import Settings

TOKEN = "1000000001:demo"  # noqa: S105 - it opens nothing but the sandbox beside us
ROOT = Path(__file__).parents[2]
START_SECONDS = 20.0
END_SECONDS = 10.0

Json = dict[str, Any]


class Stuck(Exception):
    """The demo cannot go on; the text says why."""


def environment() -> dict[str, str]:
    """Ours, without the settings of any real bot, and with the way to our packages."""
    names = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in names}
    return {**kept, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [kept.get("PYTHONPATH")])])}


class Sandbox:
    """A Telegram on this machine, reached by HTTP as its page would reach it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def act(self, what: str, **given: Any) -> Any:
        """Somebody, or fate, does something."""
        async with self._session.post(f"{self.url}/control/{what}", json=given) as answer:
            return await _checked(what, answer)

    async def look(self, what: str) -> Any:
        """What there is to see."""
        async with self._session.get(f"{self.url}/control/{what}") as answer:
            return await _checked(what, answer)

    async def events(self, listening: asyncio.Event) -> AsyncIterator[Json]:
        """Everything that happens from now on; `listening` is set when nothing is missed any more."""
        async with self._session.get(f"{self.url}/control/events") as stream:
            async for line in stream.content:
                listening.set()
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])


async def _checked(what: str, answer: aiohttp.ClientResponse) -> Any:
    found = json.loads(await answer.read())
    if answer.status != 200:
        raise Stuck(f"the sandbox refuses {what}: {found}")
    return found


@asynccontextmanager
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox for as long as we need it; it ends when its standard input does, however we end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.sandbox", "--token", TOKEN, "--until-stdin-closes"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        if not line:
            raise Stuck("the sandbox did not start")
        # The stream of events lasts as long as the demo.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=START_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            yield Sandbox(line.decode().split()[-1], session)
    finally:
        process.stdin.close()
        await _ended(process)


class Bot:
    """`python -m bot run`, an ordinary one, in a folder of its own."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._folder = folder
        self._environment = {**environment(), **settings}
        self._process: asyncio.subprocess.Process | None = None
        self.started_at = 0.0  # seconds of the monotonic clock

    async def start(self) -> None:
        """Start it, without waiting for it to be ready."""
        self.started_at = time.monotonic()
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"),
                cwd=self._folder, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    async def kill(self) -> int:
        """SIGKILL: it gets no chance to put anything in order. Returns its process id."""
        assert self._process is not None  # noqa: S101
        self._process.kill()
        await self._process.wait()
        return self._process.pid

    async def stop(self) -> None:
        """Ask it to end, if it was ever started."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            await _ended(self._process)

    @property
    def log_file(self) -> Path:
        """Where it writes its log."""
        return self._folder / "bot.log"

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self.log_file.read_text("utf-8", "replace").splitlines()[-15:])


async def _ended(process: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(process.wait(), END_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
