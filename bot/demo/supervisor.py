"""The processes behind the demo: a sandbox, and an ordinary bot that may be killed and comes back."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_SECONDS = 30.0
#: How long a killed bot stays away: time enough to write something meanwhile (seconds).
AWAY_SECONDS = 3.0
LOG_BYTES = 32_768
#: The bot must not read an operator's settings: of the environment it gets these alone.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT")
PR_SET_PDEATHSIG = 1  # prctl(2)

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class DoesNotStart(Exception):
    """A process ended before it was ready; the text is what it said last."""


def _end_with_parent() -> None:
    """In the new process: on Linux the system ends it when the demo dies, even by SIGKILL."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _environment(**settings: str) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**passed_on, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **settings}


@contextlib.asynccontextmanager
async def running_sandbox(token: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A sandbox without limits, which may still be starting: `address_of` waits for it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.sandbox", "--token", token, "--no-limits", "--until-stdin-closes"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=_environment(),
        cwd=folder,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        assert process.stdin is not None  # noqa: S101 - a pipe
        process.stdin.close()
        await _ended(process)


async def address_of(sandbox: asyncio.subprocess.Process) -> str:
    """Where a sandbox listens, once it does; raises DoesNotStart."""
    assert sandbox.stdout is not None  # noqa: S101 - a pipe
    line = await asyncio.wait_for(sandbox.stdout.readline(), START_SECONDS)
    if not line.startswith(b"sandbox listening on "):
        raise DoesNotStart(f"the sandbox: {line.decode(errors='replace')}")
    return line.decode().split()[-1]


class BotProcess:
    """`python -m bot run` by its environment alone; whenever it ends it is started again."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._folder = folder
        self._settings = settings
        self.on_change: Callable[[], None] = lambda: None
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self.state = "starting"  # starting, running, dead
        self.kills = 0
        self.log = b""
        self._logged = asyncio.Event()
        self.ready = asyncio.Event()

    async def start(self) -> None:
        """Start it for the first time and wait until it is ready; raises DoesNotStart."""
        self._keeper = asyncio.create_task(self._keep())
        ready = asyncio.create_task(self.ready.wait())
        await asyncio.wait({ready, self._keeper}, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if not self.ready.is_set():
            raise DoesNotStart(self.log.decode(errors="replace"))

    def kill(self) -> bool:
        """SIGKILL; False when it is not running."""
        if self.state != "running" or self._process is None:
            return False
        self.kills += 1
        self._process.kill()
        return True

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it is there."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def says(self, words: str, seconds: float = START_SECONDS) -> bool:
        """Wait up to `seconds` until it has logged these words; whether it has."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while words.encode() not in self.log:
                    self._logged.clear()
                    await self._logged.wait()
        return words.encode() in self.log

    async def stop(self) -> None:
        """End it for good."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            await _ended(self._process)

    async def _keep(self) -> None:
        """Run it again and again; gives up when the first start fails."""
        while True:
            self._set("starting")
            await self._run_once()
            self._set("dead")
            if not self.ready.is_set():
                return
            await asyncio.sleep(AWAY_SECONDS)

    async def _run_once(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            env=_environment(**self._settings),
            cwd=self._folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        assert self._process.stdout is not None  # noqa: S101 - a pipe
        async for line in self._process.stdout:
            self.log = (self.log + line)[-LOG_BYTES:]
            self._logged.set()
            if line.rstrip().endswith(b": ready"):
                self.ready.set()
                self._set("running")
        await self._process.wait()

    def _set(self, state: str) -> None:
        self.state = state
        self.on_change()


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of a process that was told to end; one that does not is killed."""
    try:
        await asyncio.wait_for(process.wait(), 5)
    except TimeoutError:
        process.kill()
        await process.wait()
