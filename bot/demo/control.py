"""The sandbox as the demo holds it: people act through its control API, over HTTP."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import orjson

Json = dict[str, Any]

LOOK_SECONDS = 0.03


class Refused(Exception):
    """The sandbox says no; the text is its reason."""


class Control:
    """The control API of the sandbox at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        # Nothing here takes long but the stream of events, which lasts as long as somebody watches.
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, connect=5))

    async def close(self) -> None:
        """Let go of every connection."""
        await self.session.close()

    async def act(self, path: str, **given: Any) -> Any:
        """POST /control/<path>; raises Refused."""
        return await self._request("POST", path, data=orjson.dumps(given))

    async def look(self, path: str, **query: Any) -> Any:
        """GET /control/<path>; raises Refused."""
        return await self._request("GET", path, params={key: str(value) for key, value in query.items()})

    async def _request(self, verb: str, path: str, **options: Any) -> Any:
        async with self.session.request(verb, f"{self.url}/control/{path}", **options) as answer:
            result = orjson.loads(await answer.read())
            if answer.status != 200:
                raise Refused(str(result.get("error", result)))
            return result

    async def see(self, chat_id: int, fits: Callable[[Json], bool], seconds: float = 10) -> Json:
        """The latest message in a chat that fits, waiting up to `seconds` for it; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while True:
            messages: list[Json] = await self.look(f"chat/{chat_id}")
            for message in reversed(messages):
                if not message["deleted"] and fits(message):
                    return message
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing of the kind in chat {chat_id} within {seconds:g} s")
            await asyncio.sleep(LOOK_SECONDS)

    async def collected(self, seconds: float = 10) -> bool:
        """Wait up to `seconds` until the bot has fetched every update; whether it has."""
        deadline = time.monotonic() + seconds
        while True:
            state = await self.look("state")
            if not state["pending"] and not state["unacked"]:
                return True
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(LOOK_SECONDS)


def button_data(message: Json, start: str, end: str = "") -> str | None:
    """The data of the first button under a message whose data starts and ends so."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    data = (str(button.get("callback_data", "")) for row in rows for button in row)
    return next((each for each in data if each.startswith(start) and each.endswith(end)), None)
