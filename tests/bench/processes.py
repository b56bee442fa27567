"""The processes that are measured, and what Linux says of their cost."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any, Self

from tests.running import ROOT, RunningBot

TICKS = os.sysconf("SC_CLK_TCK")
#: Limits that nothing here can reach: Telegram's would hide what the program itself can do.
NO_LIMITS = {
    name: 1_000_000_000
    for name in ("limit_group_per_minute", "limit_chat_per_second", "limit_overall_per_second", "limit_topics_per_minute")
}  # fmt: skip


def cpu_seconds(pid: int) -> float:
    """Processor time, user and system, that a process has used so far."""
    # The name, in brackets, may hold spaces; the times are fields 14 and 15.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mib(pid: int) -> float:
    """The most memory that a process has had resident so far, in MiB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


class Echo:
    """The echo bot, running."""

    name = "echo of python-telegram-bot"

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    @classmethod
    async def start(cls, url: str, token: str) -> Self:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.echo", url, token),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        assert line == b"ready\n", line
        return cls(process)

    async def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        await asyncio.wait_for(self._process.wait(), 20)


async def start_product(folder: Path, **settings: Any) -> RunningBot:
    """The whole product, as an operator starts it."""
    return await RunningBot.start(folder, owner_ids="", log_level="WARNING", **NO_LIMITS, **settings)
