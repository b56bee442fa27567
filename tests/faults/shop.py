"""A shop with customers, one agent and the bot: the scene of every fault."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handlers import open_database
from tests.faults.rows import POLL_SECONDS, number
from tests.running import ROOT, QuickBot
from tests.tables import make_tables
from tests.telegram import Json, Telegram, words

LIFTED = dict.fromkeys(
    ("limit_group_per_minute", "limit_chat_per_second", "limit_overall_per_second", "limit_topics_per_minute"),
    100_000,
)
#: Telegram's own, as the bot keeps them by default.
USUAL_LIMITS: dict[str, Any] = dict.fromkeys(LIFTED, "")
PATIENCE = 25.0


class Bot(QuickBot):
    """The bot as a process."""

    async def crash(self, at: str) -> None:
        """Start, and wait for its end by itself at that place (see crashing.py); what comes next starts as usual."""
        self.module, self.environment["CRASH_AT"] = "tests.faults.crashing", at
        try:
            await self.begin()
            code = await self.exit_code()
        finally:
            self.module = "bot"
            del self.environment["CRASH_AT"]
        assert code == -signal.SIGKILL, f"the bot never came to {at}:\n{self.log[-3000:]}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def pause(self) -> None:
        """SIGSTOP."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)


class Shop:
    """The people, and the processes that serve them."""

    def __init__(self, telegram: Telegram, url: str, folder: Path) -> None:
        self.telegram = telegram
        self.url = url
        self.folder = folder
        self.bots: list[Bot] = []
        self.agent: Json = {}
        self.li: Json = {}
        self.group: Json = {}

    async def move_in(self, **group: Any) -> None:
        """The agent Chen, the customer Li Wei, and the staff group."""
        self.agent = await self.telegram.user("Chen")
        self.li = await self.telegram.user("Li Wei", language_code="zh")
        self.group = await self.telegram.group("Staff", members=[self.agent["id"]], **group)

    def new_bot(self, **settings: Any) -> Bot:
        """A process that is yet to be started; the agent is an owner, and nobody else is asked about."""
        plan = self.folder / "staff.toml"
        plan.write_text('[business]\nenrolment = "group"\n', "utf-8")
        named = {
            "bot_token": self.telegram.token,
            "staff_group_id": self.group["id"],
            "owner_ids": self.agent["id"],
            "plan_file": plan,
            "web_port": 0,
            "telegram_api_url": self.telegram.url,
            "database_url": self.url,
            **LIFTED,
            **settings,
        }
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        environment |= {name.upper(): str(value) for name, value in named.items() if value != ""}
        self.bots.append(Bot({**environment, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}, self.folder))
        return self.bots[-1]

    async def bot(self, **settings: Any) -> Bot:
        """A process that is ready."""
        bot = self.new_bot(**settings)
        await bot.begin()
        await bot.until("ready")
        return bot

    async def close(self) -> None:
        """End every process that still runs."""
        for bot in self.bots:
            if bot.running:
                bot.resume()
                await bot.stop()

    # -- what staff and customers see

    async def shown(self, text: str, chat: Json | None = None) -> list[Json]:
        """The bot's messages with these words, in the staff group unless `chat` says where; cards left out."""
        bot_id = int(self.telegram.token.partition(":")[0])
        found = await self.telegram.chat(self.group if chat is None else chat)
        return [
            message
            for message in found
            if message["author"] == bot_id and text in words(message) and "reply_markup" not in message
        ]

    async def relayed(self, text: str, timeout: float = PATIENCE) -> Json:  # noqa: ASYNC109
        """The first message by which staff read these words."""
        relay = lambda message: "reply_markup" not in message  # noqa: E731
        return await self.telegram.wait_message(self.group, text, timeout=timeout, where=relay)

    async def thread_of(self, name: str) -> int:
        """The topic of a customer."""
        return int((await self.telegram.wait_topic(self.group, name, timeout=PATIENCE))["thread_id"])

    async def handed_out(self) -> None:
        """Wait until the bot holds an update that it has not acknowledged."""
        async with asyncio.timeout(PATIENCE):
            while True:
                if (await self.telegram.state())["unacked"]:
                    return
                await asyncio.sleep(0.02)

    async def settled(self, quiet: float = 0.5) -> None:
        """Until every update is handled and the bot made no call for `quiet` seconds: on a busy machine one that is
        at work may be silent for as long."""
        async with asyncio.timeout(PATIENCE):
            await self.telegram.settled(quiet, PATIENCE)
            while await number(self.url, "SELECT count(*) FROM inbox WHERE state = 'new'"):
                await asyncio.sleep(POLL_SECONDS)
                await self.telegram.settled(quiet, PATIENCE)

    async def known(self, person: Json, greeting: str = "Hello") -> int:
        """A customer who has written and been relayed; returns the topic."""
        await self.telegram.say(person, greeting)
        thread = await self.thread_of(person["first_name"])
        await self.telegram.wait_message(self.group, greeting, thread=thread, timeout=PATIENCE)
        await self.settled()
        return thread


@asynccontextmanager
async def open_shop(url: str, folder: Path, limits: Json | None = None, **group: Any) -> AsyncIterator[Shop]:
    """A shop on an empty database, with a sandbox of its own."""
    telegram, database = await Telegram.start(limits=limits), open_database(url, lambda: datetime.now(UTC))
    shop = Shop(telegram, url, folder)
    try:
        await make_tables(database)
        await database.close()
        await shop.move_in(**group)
        yield shop
    finally:
        await shop.close()
        await telegram.stop()
