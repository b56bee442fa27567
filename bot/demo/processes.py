"""The demo's two processes: the sandbox and the bot. They end with the demo, however it ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

TOKEN = "1000000001:demo"  # noqa: S105 - it opens nothing but the sandbox beside us
ROOT = Path(__file__).parents[2]
START_SECONDS = 20.0
END_SECONDS = 10.0


class Stuck(Exception):
    """The demo cannot go on; the text says why."""


class SandboxProcess:
    """`python -m bot.sandbox`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def address(self) -> str:
        """Where it listens, once it does. Raises Stuck."""
        assert self._process.stdout is not None  # noqa: S101
        line = await asyncio.wait_for(self._process.stdout.readline(), START_SECONDS)
        if not line:
            raise Stuck("the sandbox did not start")
        return line.decode().split()[-1]


@asynccontextmanager
async def sandbox() -> AsyncIterator[SandboxProcess]:
    """A sandbox for as long as we need it, on its way up; it also ends when its standard input does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.sandbox", "--token", TOKEN, "--until-stdin-closes"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_with_packages(dict(os.environ)),
        start_new_session=True,
    )  # fmt: skip
    try:
        yield SandboxProcess(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await _ended(process)


class Bot:
    """`python -m bot run`, an ordinary one, in a folder of its own, with these settings alone."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        from bot.settings import Settings

        names = {name.upper() for name in Settings.model_fields}
        kept = {name: value for name, value in os.environ.items() if name.upper() not in names}
        self._environment = {**_with_packages(kept), **settings}
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.started_at = 0.0  # seconds of the monotonic clock

    async def start(self) -> None:
        """Start it, without waiting for it to be ready."""
        self.started_at = time.monotonic()
        with self._log_file.open("ab") as log:
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

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self._log_file.read_text("utf-8", "replace").splitlines()[-15:])

    @property
    def _log_file(self) -> Path:
        return self._folder / "bot.log"


def _with_packages(environment: dict[str, str]) -> dict[str, str]:
    """The environment, with the way to our packages: the bot runs in another folder."""
    paths = [str(ROOT), *filter(None, [environment.get("PYTHONPATH")])]
    return {**environment, "PYTHONPATH": os.pathsep.join(paths)}


async def _ended(process: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(process.wait(), END_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
