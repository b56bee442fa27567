"""The sandbox, reached by HTTP as anybody would reach it: what people do there, and what is to be seen."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Self

import aiohttp

from bot.demo.processes import Stuck

Json = dict[str, Any]

CONNECT_SECONDS = 10.0
QUIET_SECONDS = 0.5
LOOK_SECONDS = 0.05
SETTLE_SECONDS = 20.0


class Telegram:
    """A Telegram on this machine."""

    def __init__(self, url: str) -> None:
        self.url = url
        # The stream of events lasts as long as the demo.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def act(self, what: str, **given: Any) -> Any:
        """Somebody, or fate, does something. Raises Stuck where the sandbox refuses."""
        async with self._session.post(f"{self.url}/control/{what}", json=given) as answer:
            found = json.loads(await answer.read())
        if answer.status != 200:
            raise Stuck(f"the sandbox refuses {what}: {found}")
        return found

    async def events(self, listening: asyncio.Event) -> AsyncIterator[Json]:
        """Everything that happens from now on; `listening` is set when nothing is missed any more."""
        async with self._session.get(f"{self.url}/control/events") as stream:
            async for line in stream.content:
                listening.set()
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

    async def settled(self) -> int:
        """Wait until nothing is under way; returns how often the bot was refused with 429. Raises Stuck."""
        for _ in range(int(SETTLE_SECONDS / LOOK_SECONDS)):
            async with self._session.get(f"{self.url}/control/state") as answer:
                state = json.loads(await answer.read())
            if not state["pending"] and not state["unacked"] and state["quiet"] > QUIET_SECONDS:
                return int(state["refused_429"])
            await asyncio.sleep(LOOK_SECONDS)
        raise Stuck("the bot does not come to rest")
