"""The demo as its command runs it, but for this: the bot and the sandbox that it starts are forked (preloaded.py).

Importing is most of what a start costs, and the page's tests start the demo and kill its bot again and again.
"""

import asyncio
from pathlib import Path
from typing import Any

from bot.__main__ import main
from tests import preloaded
from tests.preloaded import Forked


async def _start(_python: str, _m: str, module: str, *arguments: str, env: Any, cwd: Path, **_pipes: Any) -> Forked:
    """Instead of asyncio's own, for `python -m module arguments`."""
    return await preloaded.start(module, *arguments, environment=env, folder=cwd)


if __name__ == "__main__":
    preloaded.fork_on()
    asyncio.create_subprocess_exec = _start  # type: ignore[assignment]  # takes what the demo gives
    main()
