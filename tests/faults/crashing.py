"""The bot, which ends itself by SIGKILL at the place that CRASH_AT names. Tests run it instead of the bot.

CRASH_AT is a point and how often it is passed before the end:
    before_commit:3     at the third commit, with nothing of it done
    after_commit:3      right after it
    before_call:sendMessage:1   when the first such call is about to set out
    after_call:sendMessage:1    when its answer has come, with nothing recorded
"""

import functools
import os
import signal
from collections.abc import Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.__main__ import main
from bot.gateway import Gateway


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _arm(point: str, method: str, count: int) -> None:
    place, _, what = point.partition("_")
    owner: Any = AsyncSession if what == "commit" else Gateway
    setattr(owner, what, _crashing(getattr(owner, what), place, method, count))


def _crashing(original: Callable[..., Any], place: str, method: str, count: int) -> Callable[..., Any]:
    passed = 0

    @functools.wraps(original)
    async def crashing(*args: Any, **named: Any) -> Any:
        nonlocal passed
        passed += not method or method in args
        reached = passed >= count
        if reached and place == "before":
            _end()
        result = await original(*args, **named)
        if reached and place == "after":
            _end()
        return result

    return crashing


if __name__ == "__main__":
    parts = os.environ["CRASH_AT"].split(":")
    _arm(parts[0], parts[1] if len(parts) > 2 else "", int(parts[-1]))
    main()
