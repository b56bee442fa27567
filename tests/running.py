"""The bot as tests run it: a process of its own, started as an operator would, by its environment alone."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any, Self

from tests import preloaded
from tests.preloaded import Forked

ROOT = Path(__file__).parents[1]
READY_SECONDS = 30.0


class RunningBot:
    """`python -m bot run`, with what it printed."""

    module = "bot"
    preloaded = False  # whether it is forked from a process that has imported it, see preloaded.py

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self.folder = folder
        self.output = bytearray()
        self._process: asyncio.subprocess.Process | Forked | None = None
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    @classmethod
    async def start(cls, folder: Path, **settings: Any) -> Self:
        """Start with these settings (names in any case) and wait until it is ready."""
        clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        named = {name.upper(): str(value) for name, value in settings.items()}
        defaults = {"WEB_PORT": "0", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        bot = cls({**clean, **defaults, **named}, folder)
        await bot.begin()
        await bot.until("ready")
        return bot

    async def begin(self) -> None:
        """Start the process, without waiting."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.preloaded:
            self._process = await preloaded.start(
                self.module, "run", environment=self.environment, folder=self.folder
            )
        else:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self.module, "run"),
                env=self.environment,
                cwd=self.folder,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while part := await self._process.stdout.read(4096):
            self.output += part
            self._changed.set()
        self._changed.set()

    @property
    def log(self) -> str:
        """Everything printed so far, over all restarts."""
        return self.output.decode("utf-8", "replace")

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process is not None
        return self._process.pid

    async def until(self, words: str, timeout: float = READY_SECONDS, since: int = 0) -> None:  # noqa: ASYNC109
        """Wait until the log, from that place on, holds these words."""
        try:
            async with asyncio.timeout(timeout):
                while words not in self.log[since:]:
                    if self._process is None or self._process.returncode is not None:
                        break
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass
        if words not in self.log[since:]:
            raise AssertionError(f"the bot never said {words!r}:\n{self.log[-6000:]}")

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    async def kill(self) -> None:
        """SIGKILL."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        if self._process.returncode is None:
            self.send_signal(number)
        code = await asyncio.wait_for(self._process.wait(), 20)
        if self._reader is not None:
            await self._reader
        return code

    async def restart(self) -> None:
        """Start again after its end, and wait until it is ready."""
        since = len(self.log)
        await self.begin()
        await self.until("ready", since=since)

    async def exit_code(self) -> int:
        """Wait for the process to end by itself."""
        assert self._process is not None
        code = await asyncio.wait_for(self._process.wait(), 30)
        if self._reader is not None:
            await self._reader
        return code


class QuickBot(RunningBot):
    """The same, where a test is not about the start."""

    preloaded = True


async def command(
    *arguments: str | Path, environment: dict[str, str] | None = None, folder: Path = ROOT
) -> tuple[int, str]:
    """What `python -m bot <arguments>` ends with, and what it prints."""
    process = await preloaded.start(
        "bot",
        *map(str, arguments),
        environment=dict(os.environ) if environment is None else environment,
        folder=folder,
    )
    printed = (await process.stdout.read()).decode()
    return await process.wait(), printed
