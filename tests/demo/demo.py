"""The demo as tests run it: started by its command, met over HTTP and in a browser."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from tests import preloaded
from tests.preloaded import Forked
from tests.tables import make_tables_at
from tests.telegram import POLL_SECONDS, Json, client_session

ROOT = Path(__file__).parents[2]
READY_SECONDS = 40


class Demo:
    """`python -m bot demo`, and its address."""

    def __init__(self, process: asyncio.subprocess.Process | Forked, url: str) -> None:
        self.process = process
        self.url = url
        self._session = client_session()
        self.people: Json = {}

    @classmethod
    async def start(cls, *arguments: str, played: bool = True) -> Self:
        """Start it and wait until the case at the beginning is played, or until the bot runs."""
        process = await cls.begin("demo", "--port", "0", "--no-browser", *arguments)
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)).decode()
        demo = cls(process, line.split()[2].rstrip("/"))
        try:
            assert (await demo.get("/"))[0] == 200
            demo.people = await demo.json("/demo/cast")
            await demo.until(lambda state: bool(state["story"] == "played" if played else state["bot"] == "running"))
        except BaseException:
            await demo.stop()
            raise
        return demo

    @staticmethod
    async def begin(*arguments: str) -> asyncio.subprocess.Process | Forked:
        """Start the process, without waiting."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *arguments), stdout=asyncio.subprocess.PIPE, env=dict(os.environ), cwd=ROOT
        )

    async def get(self, path: str, **options: Any) -> tuple[int, Any, bytes]:
        """Status, headers and body."""
        async with self._session.get(f"{self.url}{path}", **options) as answer:
            return answer.status, answer.headers, await answer.read()

    async def json(self, path: str) -> Any:
        async with self._session.get(f"{self.url}{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path: str, headers: Json | None = None, **given: Any) -> tuple[int, Any]:
        """Status and what the answer says."""
        async with self._session.post(f"{self.url}{path}", json=given, headers=headers) as answer:
            text = await answer.text()
            return answer.status, await answer.json() if text else None

    async def until(self, fits: Any, seconds: float = READY_SECONDS) -> Json:
        """How the demo stands, once it fits."""
        deadline = time.monotonic() + seconds
        while not fits(state := await self.json("/demo/state")):
            assert time.monotonic() < deadline, state
            await asyncio.sleep(POLL_SECONDS)
        found: Json = state
        return found

    async def chat(self, chat_id: int) -> list[Json]:
        messages: list[Json] = await self.json(f"/control/chat/{chat_id}")
        return [message for message in messages if not message["deleted"]]

    async def sees(self, chat_id: int, text: str, seconds: float = 15) -> Json:
        """The newest message there with these words."""
        deadline = time.monotonic() + seconds
        while True:
            for message in reversed(await self.chat(chat_id)):
                if text in str(message.get("text") or message.get("caption") or ""):
                    return message
            assert time.monotonic() < deadline, f"nobody reads {text!r} in {chat_id}"
            await asyncio.sleep(POLL_SECONDS)

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        await self._session.close()
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 20)


class QuickDemo(Demo):
    """The same, where a test is not about the start: it and what it starts are forked."""

    _folder: TemporaryDirectory[str]

    @classmethod
    async def start(cls, *arguments: str, played: bool = True) -> Self:
        """The same, on tables that are there."""
        folder = TemporaryDirectory(prefix="huifang-demo-")
        url = f"sqlite+aiosqlite:///{folder.name}/demo.db"
        await make_tables_at(url)
        demo = await super().start(*arguments, "--database-url", url, played=played)
        demo._folder = folder
        return demo

    @staticmethod
    async def begin(*arguments: str) -> Forked:
        """Start the process, without waiting."""
        return await preloaded.start("tests.demo.quick", *arguments, environment=os.environ, folder=ROOT)

    async def stop(self) -> int:
        """SIGTERM; the exit code, when what it started has ended too."""
        code = await super().stop()
        assert self.process.stdout is not None
        await asyncio.wait_for(self.process.stdout.read(), 20)
        self._folder.cleanup()
        return code
