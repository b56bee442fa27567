"""The demo as a whole: what runs, what the visitor may do to it, and how it stands."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from bot.clock import TIME_HAS_LEAPT, has_followed
from bot.demo.control import Control
from bot.demo.stored import counts
from bot.demo.story import Cast
from bot.demo.supervisor import BotProcess
from bot.demo.words import words
from handlers.installing import let_time_pass
from handlers.plans.describing import summary
from models.database import Database
from models.installation import Installation
from models.plan import Plan, load_plan
from templates import LANGUAGES

#: What Telegram allows one group in a minute; the demo starts without limits.
REAL_GROUP_LIMIT = 20
LOOK_SECONDS = 0.5


def wall() -> datetime:
    """The real time (UTC)."""
    return datetime.now(UTC)


class Stage:
    """Everything behind the page."""

    def __init__(
        self, control: Control, database: Database, bot: BotProcess, cast: Cast, language: str, plan_file: Path
    ) -> None:
        self.control = control
        self.plan_file = plan_file
        self.database = database
        self.bot = bot
        self.cast = cast
        self.language = language
        self.story = "waiting"  # waiting, playing, played
        self._down_until = 0.0  # monotonic
        self._limited = False
        self._ahead = 0
        self._stored: dict[str, Any] | None = None
        self._changed = asyncio.Event()
        self._watching = 0
        bot.on_change = self.changed

    def changed(self) -> None:
        """Wake everybody who watches."""
        self._changed.set()
        self._changed = asyncio.Event()

    def introduction(self) -> dict[str, Any]:
        """Who takes part, and what they may say in the tour and in the three things to try."""
        said = {part: words(self.language)[part] for part in ("lines", "tries")}
        return {**self.cast.shown(), "language": self.language, **said}

    def plan(self) -> dict[str, Any]:
        """The care plan in force in plain sentences, by language: headings, each with its sentences."""
        plan = load_plan(self.plan_file)
        return {language: summary(plan, language) for language in LANGUAGES}

    def set_story(self, story: str) -> None:
        """How far the case at the beginning is."""
        self.story = story
        self.changed()

    async def catch_up(self) -> None:
        """Let Telegram's clock follow people's time, which an earlier demo on the same database may have moved."""
        async with self.database.reading() as session:
            self._ahead = (await session.exec(select(Installation.ahead_seconds))).one()
        if self._ahead:
            await self.control.act("clock", advance=self._ahead)

    async def is_new(self) -> bool:
        """Whether nobody has written yet."""
        await self.look()
        return self._stored is not None and not self._stored["customers"]

    def state(self) -> dict[str, Any]:
        """How everything stands; `ahead` and `down` in seconds."""
        return {
            "bot": self.bot.state,
            "kills": self.bot.kills,
            "story": self.story,
            "down": max(0.0, round(self._down_until - time.monotonic(), 1)),
            "limited": self._limited,
            "ahead": self._ahead,
            "stored": self._stored,
        }

    # -- what the visitor does

    def kill(self) -> bool:
        """SIGKILL to the bot, which comes back by itself."""
        return self.bot.kill()

    async def down(self, seconds: float) -> None:
        """Telegram fails for so long."""
        await self.control.act("down", seconds=seconds)
        self._down_until = time.monotonic() + seconds
        self.changed()

    async def limit(self, on: bool) -> None:
        """Telegram's limit for a group, which the bot's own settings here leave out of account."""
        await self.control.act("limits", group_per_minute=REAL_GROUP_LIMIT if on else None)
        self._limited = on
        self.changed()

    async def let_days_pass(self, seconds: int) -> bool:
        """Move people's time, and wait until the bot has done what is due by then.

        False when the bot is not there, or does not fetch what waits, which Telegram would forget.
        """
        if self.bot.state != "running" or not await self.control.collected():
            return False
        async with self.database.work(wall, Plan()) as work:
            self._ahead = await let_time_pass(work, seconds)
        await self.control.act("clock", advance=seconds)
        self.changed()
        self.bot.send_signal(TIME_HAS_LEAPT)
        await self.bot.says(has_followed(timedelta(seconds=self._ahead)))
        return True

    # -- how it stands, live

    async def states(self) -> AsyncIterator[dict[str, Any]]:
        """The state now and after each change."""
        self._watching += 1
        last = None
        try:
            while True:
                changed, state = self._changed, self.state()
                if state != last:
                    yield state
                    last = state
                await changed.wait()
        finally:
            self._watching -= 1

    async def watch(self) -> None:
        """Look at what is stored, while somebody watches."""
        while True:
            if self._watching and self.bot.ready.is_set():
                # While the bot migrates, or PostgreSQL is away, the last figures stay.
                with contextlib.suppress(SQLAlchemyError, OSError):
                    await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Read what is stored."""
        found = await counts(self.database)
        if found != self._stored or self._down_until > time.monotonic() - 2 * LOOK_SECONDS:
            self._stored = found
            self.changed()
