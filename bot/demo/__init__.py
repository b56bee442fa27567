"""The demo: one believable case, played on a terminal by a real bot against a Telegram on this machine."""

import asyncio
import os
import signal
import tomllib
from typing import Any

from bot.demo.processes import Stuck, sandbox
from bot.demo.screen import Screen, Tone
from templates import LANGUAGES, ROOT

#: Between two steps, so that a person can read (seconds).
BREATH = 0.9


def usual_language() -> str:
    """The language of this terminal where we have it; ours where the terminal names none."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    language = named.partition("_")[0].partition(".")[0]
    if language in LANGUAGES:
        return language
    return "zh" if language in ("", "C", "POSIX") else "en"


async def play(language: str, *, fast: bool = False) -> int:
    """Play the case and print what is stored; `fast` leaves out the pauses for reading. Returns the exit code.

    Ctrl-C, SIGTERM and a closed terminal end it as cleanly as its own end does.
    """
    words = tomllib.loads((ROOT / "demo" / f"terminal.{language}.toml").read_text("utf-8"))
    screen = Screen()
    task = asyncio.ensure_future(_play(screen, words, language, 0 if fast else BREATH))
    caught: list[int] = []

    def stop(number: int) -> None:
        if not caught:  # a second Ctrl-C must not cut the cleaning short
            task.cancel()
        caught.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        await task
    except asyncio.CancelledError:
        screen.across(words["narrator"]["stopped"])
        return 128 + caught[0]
    except Stuck as stuck:
        screen.across(words["narrator"]["stuck"].format(reason=stuck), Tone.ALARM)
        return 1
    return 0


async def _play(screen: Screen, words: dict[str, Any], language: str, breath: float) -> None:
    screen.across(words["narrator"]["opening"])
    async with sandbox() as process:
        # Loaded while the sandbox comes up.
        from bot.demo.performance import perform

        await perform(process, screen, words, language, breath)
