"""What falls due while the bot is killed again and again, over the nights on which clocks change.

    python -m tests.schedules --restarts 100 --due 1000 --db sqlite --seed 1

Visits, questionnaires and reminders fall due over two nights of New York in which the clocks go forward and back.
People's time runs on in leaps, now and then two hours ahead and back again, while the process is killed and started.
In the end every one has gone exactly once, in nobody's night. Exit code 1 on any violation.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from handlers import open_database, questionnaires
from models.contact import Contact, ContactState
from models.customers import Customer, ServiceEvent
from models.delivery import Outbox, OutboxState
from models.plan import read_plan
from models.visits import TO_COME, Visit, VisitState
from tests.faults.rows import number, rows
from tests.postgres import new_database, running_postgres
from tests.running import QuickBot, RunningBot
from tests.soak import LIFTED, Report
from tests.telegram import Json, Telegram

ZONE = ZoneInfo("America/New_York")
#: Noon before each of the nights, by the wall clock, and how long we look.
NIGHTS = (datetime(2027, 3, 13, 12, tzinfo=ZONE), datetime(2027, 11, 6, 12, tzinfo=ZONE))
SPAN = timedelta(hours=44)
PLAN = """
[business]
language = "en"
timezone = "America/New_York"
[contact]
quiet = "21:00-09:00"
gap = "1h"
[[visit]]
id = "delivery"
when = "event:delivery"
after = "1h"
by = "bot"
"""
REMIND_AFTER = timedelta(hours=3)
#: What a clock that jumps is off by.
JUMP = timedelta(hours=2)
PATIENCE = 60.0


@dataclass(frozen=True)
class Options:
    """What to do, and how often."""

    restarts: int = 100
    due: int = 1000
    db: str = "sqlite"
    seed: int = 1
    forked: bool = False  # whether a process has imported the program before it starts: quicker, and the rest alike


class Schedules:
    """Customers with something that falls due, a process, the hand that kills it, and the clock."""

    def __init__(self, options: Options, folder: Path, url: str, telegram: Telegram) -> None:
        self.options = options
        self.url = url
        self.telegram = telegram
        self._folder = folder
        self._random = random.Random(options.seed)
        self._database = open_database(url, lambda: datetime.now(UTC))
        self._ahead = timedelta(0)
        self._leaps: list[tuple[datetime, timedelta]] = []  # since when people's time is so far ahead
        self._users: dict[int, Json] = {}
        self.jumps = 0

    async def run(self) -> Report:
        """Everything, in turn."""
        group = await self.telegram.group("Staff", forum=True)
        (self._folder / "plan.toml").write_text(PLAN, "utf-8")
        kind = QuickBot if self.options.forked else RunningBot
        bot = await kind.start(
            self._folder,
            bot_token=self.telegram.token,
            staff_group_id=group["id"],
            owner_ids="",
            telegram_api_url=self.telegram.url,
            database_url=self.url,
            plan_file=self._folder / "plan.toml",
            **LIFTED,
        )
        try:
            await self._plan()
            per_night = max(1, self.options.restarts // len(NIGHTS))
            for noon in NIGHTS:
                await self._leap(noon - datetime.now(UTC))
                for _ in range(per_night):
                    await self._step(SPAN / per_night)
                    await self._end(bot)
                await self._until_over(noon + 2 * SPAN)
        except BaseException:
            print(bot.log[-6000:], file=sys.stderr)
            raise
        finally:
            code = await bot.stop()
        report = Report()
        report.expect(code == 0, f"the process ended with {code}")
        errors = [line for line in bot.log.splitlines() if " ERROR " in line or "Traceback" in line]
        if errors:
            print(bot.log[bot.log.index(errors[0]) :][:20000], file=sys.stderr)
        report.expect(not errors, f"the log says {errors[:3]}")
        await self._judge(report)
        await self._database.close()
        return report

    # -- what falls due

    async def _plan(self) -> None:
        """Of five customers three are visited after a delivery, and two get a questionnaire and its reminder."""
        count = max(5, self.options.due * 5 // 7)
        ids = range(100_001, 100_001 + count)
        for customer_id in ids:
            self._users[customer_id] = await self.telegram.user(f"Customer {customer_id}")
        async with self._database.work(lambda: datetime.now(UTC), read_plan(PLAN)) as work:
            for customer_id in ids:
                moment = self._random.choice(NIGHTS) + self._random.uniform(0, 0.9) * SPAN
                user_id = self._users[customer_id]["id"]
                name = f"Customer {customer_id}"
                customer = Customer(id=customer_id, user_id=user_id, name=name, language="en", created_at=work.now)
                work.add(customer)
                await work.flush()
                if customer_id % 5 < 3:
                    at = moment.astimezone(UTC)
                    work.add(ServiceEvent(customer_id=customer_id, ref=f"D{customer_id}", name="delivery", at=at))
                else:
                    await questionnaires.plan(
                        work,
                        customer,
                        "nps",
                        f"nps:{customer_id}",
                        "visit",
                        moment.astimezone(UTC),
                        lasts=timedelta(days=5),
                        remind_after=REMIND_AFTER,
                    )

    # -- kills and clocks

    async def _leap(self, to: timedelta) -> None:
        """From now on people's time is so far ahead."""
        self._ahead = to
        await rows(self.url, "UPDATE installation SET ahead_seconds = :ahead", ahead=int(to.total_seconds()))
        self._leaps.append((datetime.now(UTC), to))

    async def _step(self, on: timedelta) -> None:
        """Time runs on; now and then the clock is off for a moment."""
        await self._leap(self._ahead + on)
        if self._random.random() < 0.15:
            self.jumps += 1
            straight = self._ahead
            await self._leap(straight + self._random.choice((JUMP, -JUMP)))
            await asyncio.sleep(self._random.uniform(0.5, 1.5))
            await self._leap(straight)
        await asyncio.sleep(self._random.uniform(0.1, 1.6))

    async def _end(self, bot: RunningBot) -> None:
        """Kill it, or ask it to stop, and start it again; sometimes without waiting until it is ready."""
        if self._random.random() < 0.8:
            await bot.kill()
        else:
            await bot.stop()
        if self._random.random() < 0.2:
            await bot.begin()
        else:
            await bot.restart()

    async def _until_over(self, end: datetime) -> None:
        """Time runs on until nothing is left to come of this night."""
        left = (
            "SELECT (SELECT count(*) FROM visits WHERE state IN ('planned', 'moved') AND due_at < :until)"
            " + (SELECT count(*) FROM invitations WHERE due_at < :until"
            "    AND (state = 'planned' OR state = 'asked' AND remind_at IS NOT NULL))"
            " + (SELECT count(*) FROM outbox WHERE state IN ('new', 'sending'))"
        )
        until: Any = end.astimezone(UTC)
        if self.options.db == "sqlite":
            until = f"{until:%Y-%m-%d %H:%M:%S}"
        try:
            async with asyncio.timeout(PATIENCE + self.options.due / 10):
                while await number(self.url, left, until=until):
                    await self._leap(self._ahead + timedelta(hours=2))
                    await asyncio.sleep(1.2)
                    await self.telegram.settled(quiet=0.3)
        except TimeoutError:
            states = (
                "SELECT 'visit', state, reason, min(due_at), count(*) FROM visits GROUP BY state, reason UNION ALL "
                "SELECT 'invitation', state, reason, min(due_at), count(*) FROM invitations GROUP BY state, reason "
                "UNION ALL SELECT 'outbox', state, what, min(not_before), count(*) FROM outbox GROUP BY state, what"
            )
            now = datetime.now(UTC) + self._ahead
            raise AssertionError(f"at {now} something waits still: {await rows(self.url, states)}") from None

    # -- what must hold

    async def _judge(self, report: Report) -> None:
        """Hold what the customers got against what fell due."""
        got: Counter[int] = Counter()
        for entry in await self.telegram.ledger(kind="call"):
            if entry["method"] == "sendMessage" and entry["ok"]:
                got[int(entry["params"]["chat_id"])] += 1
        async with self._database.reading() as session:
            contacts = list((await session.exec(select(Contact))).all())
            visits = list((await session.exec(select(Visit))).all())
            sent = list((await session.exec(select(Outbox).where(col(Outbox.key).like("contact:%")))).all())
        uncertain = Counter(row.customer_id for row in sent if row.state is OutboxState.UNCERTAIN)
        missed = doubled = arrived = 0
        for customer_id, user in self._users.items():
            wanted = 1 if customer_id % 5 < 3 else 2
            arrived += got[int(user["id"])]
            doubled += max(0, got[int(user["id"])] - wanted)
            missed += max(0, wanted - got[int(user["id"])] - uncertain[customer_id])
        late = sorted(self._lateness(visits, sent))
        report.figures |= {
            "restarts": self.options.restarts,
            "jumps of the clock": self.jumps,
            "due": self._due(),
            "arrived": arrived,
            "missed": missed,
            "doubled": doubled,
            "of unknown fate, never repeated": sum(uncertain.values()),
            "worst lateness, restarts included (s)": round(late[-1], 1) if late else 0,
            "median lateness (s)": round(late[len(late) // 2], 1) if late else 0,
        }
        report.expect(missed == 0, f"{missed} were missed")
        report.expect(doubled == 0, f"{doubled} came twice")
        report.expect(sum(uncertain.values()) <= self.options.restarts * 2, "too many of unknown fate")
        report.expect(len(visits) == len({visit.occurrence for visit in visits}), "an occurrence was planned twice")
        report.expect(not [each for each in visits if each.state in TO_COME], "visits are still to come")
        report.expect(not [each for each in visits if each.state is VisitState.MISSED], "visits were missed")
        nights = [each for each in contacts if each.state is ContactState.SENT and self._at_night(each)]
        report.expect(not nights, f"{len(nights)} went in quiet hours: {nights[:2]}")
        violations = await self.telegram.violations()
        report.expect(not violations, f"the sandbox complains: {violations[:3]}")

    def _due(self) -> int:
        return sum(1 if customer_id % 5 < 3 else 2 for customer_id in self._users)

    def _at_night(self, contact: Contact) -> bool:
        assert contact.sent_at is not None
        return not 9 <= contact.sent_at.astimezone(ZONE).hour < 21

    def _lateness(self, visits: list[Visit], sent: list[Outbox]) -> list[float]:
        """How long after its moment each visit went, in real seconds."""
        at = {row.key: row.sent_at for row in sent if row.sent_at}
        found = []
        for visit in visits:
            went = at.get(f"contact:{visit.about}")
            due = next(
                (self._reached(since, ahead, visit.due_at) for since, ahead in self._passing(visit.due_at)), None
            )
            if went and due:
                found.append((went - due).total_seconds())
        return found

    def _passing(self, moment: datetime) -> list[tuple[datetime, timedelta]]:
        """The leaps after which people's time came to that moment."""
        ends = [since for since, _ in self._leaps[1:]] + [datetime.max.replace(tzinfo=UTC) - timedelta(days=999)]
        return [
            (since, ahead)
            for (since, ahead), end in zip(self._leaps, ends, strict=True)
            if end + ahead > moment and since + ahead >= self._leaps[0][0] + self._leaps[0][1]
        ]

    def _reached(self, since: datetime, ahead: timedelta, moment: datetime) -> datetime:
        return max(since, moment - ahead)


async def schedules(options: Options, folder: Path, url: str) -> Report:
    """One run on that database."""
    telegram = await Telegram.start(quick=options.forked)
    try:
        return await Schedules(options, folder, url, telegram).run()
    finally:
        await telegram.stop()


@asynccontextmanager
async def _database(kind: str, folder: Path) -> AsyncIterator[str]:
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'huifang.db'}"
        return
    with running_postgres() as server:
        async with new_database(server) as url:
            yield url


async def _main(options: Options) -> int:
    with tempfile.TemporaryDirectory() as folder:
        async with _database(options.db, Path(folder)) as url:
            report = await schedules(options, Path(folder), url)
    print(f"{options}\n{report}")
    return 1 if report.violations else 0


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m tests.schedules", description=(__doc__ or "").split("\n")[0])
    defaults: dict[str, Any] = vars(Options())
    for name, default in defaults.items():
        if name != "forked":
            parser.add_argument(f"--{name}", type=type(default), default=default)
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(_options())))
