"""The file of the care plan: read at the start, and looked at while the bot runs.

A changed plan is put in force without a restart. A file that cannot be used changes nothing: the plan before stays
in force, and managers hear why. With several processes on one database each looks at its own file, and what one
puts in force is taken over by all: the plan that was put in force last counts, whichever file it came from.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import col, select

from bot import clock
from handlers import installing
from handlers.plans import changing
from handlers.plans.checking import usable
from models.database import Database, is_outage
from models.installation import PlanVersion
from models.plan import Plan, PlanError, plan_text, stored_plan
from models.staff import StaffGroup, staff_groups

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
#: A file that is empty or wrong may be one that somebody is still writing: so long it must stay as it is.
DOUBT_SECONDS = 2.0


@dataclass(frozen=True)
class PlanInForce:
    """The care plan, the text it was read from, and its key in the database."""

    plan: Plan
    text: str
    version: int


@dataclass(frozen=True)
class PlanFile:
    """What the file says: its text, and the plan, or the mistakes for which there is none."""

    text: str
    plan: Plan | None
    mistakes: tuple[str, ...] = ()


def read_file(path: Path | None) -> PlanFile:
    """What the file says now; without one, the plan that comes with the program."""
    return _understood(path, _text_of(path) if path else "")


def _text_of(path: Path) -> str | PlanError:
    try:
        return plan_text(path)
    except PlanError as error:
        return error


def _understood(path: Path | None, text: str | PlanError) -> PlanFile:
    if isinstance(text, PlanError):
        return PlanFile("", None, (str(text),))
    try:
        return PlanFile(text, usable(text, path.name if path else "plan", clock.wall().date()))
    except PlanError as error:
        return PlanFile(text, None, tuple(str(error).splitlines()))


class PlanWatch:
    """Knows the plan in force, and changes it when the file or another process says so."""

    def __init__(
        self,
        path: Path | None,
        database: Database,
        now: Callable[[], datetime],
        file: PlanFile,
        in_force: PlanInForce,
    ) -> None:
        """`file` is what the path said at the start, and `in_force` what came of it."""
        self.in_force = in_force
        self._path = path
        self._database = database
        self._now = now
        self._judged = self._seen = file
        self._words = ""  # what was read last
        self._since = 0.0  # monotonic: since when it reads so

    async def run(self, changed: Callable[[list[StaffGroup]], Awaitable[None]], on_said: Callable[[], None]) -> None:
        """Look for ever; `changed` is called with the staff groups that are new, `on_said` when there is to send."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                new_groups = await self._look()
            except Exception as error:
                if not is_outage(error):
                    raise
                log.warning("the plan cannot be looked at: the database does not answer (%s)", type(error).__name__)
                continue
            if new_groups is not None:
                on_said()
                await changed(new_groups)

    async def _look(self) -> list[StaffGroup] | None:
        """Take over what has changed; returns the new staff groups, or None where nothing has."""
        if self._path is None:
            return await self._follow()
        text = await asyncio.to_thread(_text_of, self._path)
        if str(text) != self._words:
            self._words, self._since = str(text), time.monotonic()
            self._seen = _understood(self._path, text)
        elif self._seen != self._judged and self._is_steady(self._seen):
            seen = self._seen
            groups = await (self._take_over(seen.text, seen.plan) if seen.plan else self._refuse(seen))
            self._judged = seen  # after the commit: an outage leaves it to be judged
            return groups
        return await self._follow()

    def _is_steady(self, seen: PlanFile) -> bool:
        doubtful = seen.plan is None or not seen.text.strip()
        return time.monotonic() - self._since >= (DOUBT_SECONDS if doubtful else 0)

    async def _take_over(self, text: str, plan: Plan) -> list[StaffGroup]:
        async with self._database.work(self._now, plan) as work:
            known = {group.chat_id for group in await staff_groups(work)}
            version = await changing.put_in_force(work, text)
            groups = await installing.meet_departments(work)
        if version != self.in_force.version:
            log.info("another plan is in force (version %d)", version)
        self.in_force = PlanInForce(plan, text, version)
        return [group for group in groups if group.chat_id not in known]

    async def _refuse(self, seen: PlanFile) -> list[StaffGroup]:
        log.error("PLAN_FILE cannot be used; the plan before stays in force:\n%s", "\n".join(seen.mistakes))
        async with self._database.work(self._now, self.in_force.plan, self.in_force.version) as work:
            await changing.refuse(work, seen.text, list(seen.mistakes))
        return []

    async def _follow(self) -> list[StaffGroup] | None:
        """Take over what another process has put in force."""
        if self._database.is_sqlite:
            return None
        newer = select(PlanVersion).where(col(PlanVersion.id) > self.in_force.version)
        async with self._database.reading() as session:
            found = (await session.exec(newer.order_by(col(PlanVersion.id).desc()).limit(1))).first()
        if found is None:
            return None
        log.info("another process put a plan in force (version %d)", found.id)
        self.in_force = PlanInForce(stored_plan(found.text), found.text, found.id or 0)
        return []
