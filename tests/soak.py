"""The soak: customers write, the bot is killed again and again, and in the end nothing may be missing.

    python -m tests.soak --kills 20 --messages 2000 --mode polling --db sqlite --processes 1 --seed 1

The bot runs as it does in earnest, against the sandbox, with its limits lifted. What the sandbox's ledger and
chats show at the end is held against what was said. Exit code 1 on any violation.
"""

import argparse
import asyncio
import random
import re
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.faults.rows import idle, number, rows
from tests.postgres import new_database, running_postgres
from tests.running import QuickBot, RunningBot
from tests.telegram import Json, Telegram, words

CUSTOMERS = 12
AGENTS = 2
SECRET = "soak-secret"
LIFTED = dict.fromkeys(
    ("limit_group_per_minute", "limit_chat_per_second", "limit_overall_per_second", "limit_topics_per_minute"),
    100_000,
)
#: Every word said carries one of these, and is known again by it: who wrote to whom, and a running number.
TOKEN = re.compile(r"\b[ca]\d+-\d+(?:-e)?\b")
QUIET_SECONDS = 180.0


@dataclass(frozen=True)
class Options:
    """What to do, and how often."""

    kills: int = 20
    messages: int = 2000
    mode: str = "polling"
    db: str = "sqlite"
    processes: int = 1
    seed: int = 1
    forked: bool = (
        False  # whether the processes have imported the program before they start: quicker, and the rest alike
    )


@dataclass
class Said:
    """What people said, in the order in which each of them said it."""

    by_customer: dict[int, list[str]] = field(default_factory=dict)
    to_customer: dict[int, list[str]] = field(default_factory=dict)
    texts: dict[int, list[tuple[str, Json]]] = field(default_factory=dict)  # what may still be edited
    count: int = 0


@dataclass
class Report:
    """The figures, and what is wrong with them."""

    figures: dict[str, object] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.violations.append(otherwise)

    def __str__(self) -> str:
        lines = [f"  {name:<44}{value:>10}" for name, value in self.figures.items()]
        wrong = [f"VIOLATION  {violation}" for violation in self.violations]
        return "\n".join([*lines, *wrong, "FAILED" if wrong else "OK"])


class Soak:
    """One soak: people, processes, and the hand that kills."""

    def __init__(self, options: Options, folder: Path, url: str, telegram: Telegram) -> None:
        self.options = options
        self.url = url
        self.telegram = telegram
        self._folder = folder
        self._random = random.Random(options.seed)
        self._bots: list[RunningBot] = []
        self._begun: dict[int, int] = {}  # length of a bot's log at its latest start
        self._customers: list[Json] = []
        self._agents: list[Json] = []
        self._group: Json = {}
        self._said = Said()
        self._threads: dict[int, int] = {}  # topics in which agents have something to answer
        self._in_flight = 0
        self._bot_id = int(telegram.token.partition(":")[0])

    async def run(self) -> Report:
        """Everything, in turn."""
        began = time.monotonic()
        await self._open()
        try:
            for _ in range(self.options.kills):
                await self._talk_and_kill()
            await self._talk(self.options.messages - self._said.count)
            flooded = time.monotonic()
            await self._quiet()
            report = Report()
            report.figures["seconds of flood and kills"] = round(flooded - began, 1)
            report.figures["seconds until all was quiet"] = round(time.monotonic() - flooded, 1)
        except BaseException:
            for bot in self._bots:
                print(bot.log[-4000:], file=sys.stderr)
            raise
        finally:
            codes = [await bot.stop() for bot in self._bots]
        report.expect(codes == [0] * len(codes), f"the processes ended with {codes}")
        await self._judge(report)
        return report

    async def _open(self) -> None:
        telegram = self.telegram
        self._agents = [await telegram.user(f"Agent {number}") for number in range(AGENTS)]
        self._customers = [await telegram.user(f"Customer {number}") for number in range(CUSTOMERS)]
        ids = [agent["id"] for agent in self._agents]
        self._group = await telegram.group("Staff", forum=True, members=ids)
        for index in range(CUSTOMERS):
            self._said.by_customer[index], self._said.to_customer[index] = [], []
            self._said.texts[index] = []
        settings = {
            "bot_token": telegram.token,
            "staff_group_id": self._group["id"],
            "owner_ids": ",".join(map(str, ids)),  # who answers from the first word on
            "telegram_api_url": telegram.url,
            "database_url": self.url,
            "log_level": "INFO",
            **LIFTED,
        }
        if self.options.mode == "webhook":
            port = free_port()
            settings |= {
                "webhook_url": f"http://127.0.0.1:{port}/hook",
                "webhook_secret": SECRET,
                "web_port": port,
            }
        for _ in range(self.options.processes):
            kind = QuickBot if self.options.forked else RunningBot
            self._bots.append(await kind.start(self._folder, **settings))
            self._begun[len(self._bots) - 1] = 0

    # -- what happens

    async def _talk_and_kill(self) -> None:
        """A share of the messages, and in the midst of it the end of a process, which is started again."""
        talking = asyncio.create_task(self._talk(self.options.messages // (self.options.kills + 1)))
        await asyncio.sleep(self._random.uniform(0.0, 0.8))
        victim = self._victim()
        led = self._leads(victim)
        await self._bots[victim].kill()
        if led:
            sending = "SELECT coalesce(sum(cost), 0) FROM outbox WHERE state = 'sending'"
            self._in_flight += await number(self.url, sending)
        self._begun[victim] = len(self._bots[victim].log)
        if self._random.random() < 0.25:
            await self._bots[victim].begin()  # the next kill may meet it while it starts
        else:
            await self._bots[victim].restart()
        await talking

    def _victim(self) -> int:
        """A process by its number; the one that sends as often as all others together."""
        leaders = [index for index in range(len(self._bots)) if self._leads(index)]
        everybody = list(range(len(self._bots)))
        return self._random.choice(leaders if leaders and self._random.random() < 0.5 else everybody)

    def _leads(self, index: int) -> bool:
        return "this process sends" in self._bots[index].log[self._begun[index] :]

    async def _talk(self, count: int) -> None:
        """So many messages, each from somebody, most of them close together."""
        until = self._said.count + count
        while self._said.count < until:
            chance = self._random.random()
            if chance < 0.75:
                await self._write()
            elif chance < 0.80:
                await self._album()
            elif chance < 0.88:
                await self._edit()
            else:
                await self._answer()
            if self._random.random() < 0.2:
                await asyncio.sleep(self._random.uniform(0.0, 0.05))

    def _token(self, customer: int, *, answer: bool = False, edit: bool = False) -> str:
        self._said.count += 1
        return f"{'a' if answer else 'c'}{customer}-{self._said.count}{'-e' if edit else ''}"

    async def _write(self) -> None:
        who = self._random.randrange(CUSTOMERS)
        token = self._token(who)
        message = await self.telegram.say(self._customers[who], f"It leaks again, {token}")
        self._said.by_customer[who].append(token)
        self._said.texts[who].append((token, message))

    async def _album(self) -> None:
        who = self._random.randrange(CUSTOMERS)
        album = str(self._random.randrange(10**15))
        for kind in ("photo", "video", "photo"):
            token = self._token(who)
            picture: Json = {kind: True, "media_group_id": album}
            await self.telegram.say(self._customers[who], caption=token, **picture)
            self._said.by_customer[who].append(token)

    async def _edit(self) -> None:
        who = self._random.randrange(CUSTOMERS)
        if not self._said.texts[who]:
            return await self._write()
        place = self._random.randrange(len(self._said.texts[who]))
        _, message = self._said.texts[who].pop(place)
        token = self._token(who, edit=True)
        await self.telegram.edit(message, f"It leaks badly, {token}")
        self._said.by_customer[who].append(token)
        return None

    async def _answer(self) -> None:
        """An agent's words in the topic of a customer whose words can be read there."""
        who = self._random.randrange(CUSTOMERS)
        thread = await self._thread(who)
        if thread is None:
            return await self._write()
        token = self._token(who, answer=True)
        agent = self._random.choice(self._agents)
        await self.telegram.say(agent, f"We are on it, {token}", chat=self._group, thread=thread)
        self._said.to_customer[who].append(token)
        return None

    async def _thread(self, who: int) -> int | None:
        """The topic of a customer in which the bot has shown words of theirs."""
        if who not in self._threads:
            for topic in await self.telegram.topics(self._group):
                if topic["name"].startswith(f"Customer {who} #"):
                    read = _tokens(await self.telegram.chat(self._group, topic["thread_id"]), self._bot_id)
                    if read:
                        self._threads[who] = topic["thread_id"]
        return self._threads.get(who)

    async def _quiet(self) -> None:
        """Until nothing waits anywhere: at Telegram, in the inbox, in the outbox."""
        for index, bot in enumerate(self._bots):
            await bot.until("ready", since=self._begun[index])
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                while (await self.telegram.state())["pending"] and self.options.mode == "webhook":
                    await self.telegram.clock(advance=30)  # Telegram's pause after a refused delivery
                    await asyncio.sleep(0.5)
        except TimeoutError:
            last = (await self.telegram.ledger(kind="webhook"))[-3:]
            state = await self.telegram.state()
            raise AssertionError(f"updates stay with Telegram: {state}, {last}") from None
        # Quiet for longer than words wait for a topic, and than anything waits for its next try.
        for _ in range(2):
            await self.telegram.settled(quiet=1.5, timeout=QUIET_SECONDS)
            await idle(self.url, QUIET_SECONDS)

    # -- what must hold

    async def _judge(self, report: Report) -> None:
        """Hold what the chats show against what was said."""
        shown = await self.telegram.everything(self._group)
        lost = out_of_order = 0
        copies: Counter[str] = Counter()
        staff_side = _tokens(shown, self._bot_id)
        copies.update(staff_side)
        for said in self._said.by_customer.values():
            lost += await self._missing(said, set(copies))
            out_of_order += await self._overtaken(said, staff_side)
        for who, said in self._said.to_customer.items():
            arrived = _tokens(await self.telegram.everything(self._customers[who]), self._bot_id)
            copies.update(arrived)
            lost += await self._missing(said, set(arrived))
        repeats = sum(copies.values()) - len(copies)
        await self._judge_rows(report, sum(count > 1 for count in copies.values()))
        by_and_to = (*self._said.by_customer.values(), *self._said.to_customer.values())
        report.figures |= {
            "said by customers and agents": sum(map(len, by_and_to)),
            "kills": self.options.kills,
            "lost": lost,
            "out of order": out_of_order,
            "repeated": repeats,
            "sends in flight at the kills": self._in_flight,
            "most copies of one message": max(copies.values(), default=0),
        }
        report.expect(lost == 0, f"{lost} messages were lost")
        report.expect(out_of_order == 0, f"{out_of_order} messages overtook an earlier one")
        report.expect(repeats <= self._in_flight, f"{repeats} repeats, {self._in_flight} sends in flight")
        await self._judge_topics(report)
        violations = await self.telegram.violations()
        report.expect(not violations, f"the sandbox complains: {violations[:3]}")

    async def _missing(self, said: list[str], shown: set[str]) -> int:
        """How many did not arrive; of the first few, tell what the database knows."""
        lost = [token for token in said if token not in shown]
        for token in lost[:3]:
            await self._tell("lost", token)
        return len(lost)

    async def _overtaken(self, said: list[str], shown: list[str]) -> int:
        """How many stand for the first time after something that was said later; tell of the first few."""
        places = {token: place for place, token in reversed(list(enumerate(shown)))}
        arrived = [token for token in said if token in places]
        wrong = [(one, other) for one, other in pairwise(arrived) if places[other] < places[one]]
        for one, other in wrong[:3]:
            await self._tell("overtaken", one)
            await self._tell("  by", other)
        return len(wrong)

    async def _tell(self, what: str, token: str) -> None:
        """What the database knows of a message."""
        found = await rows(
            self.url,
            "SELECT m.id, m.kind, o.id, o.state, o.lane, o.what, o.priority, o.attempts, o.maybe_repeated,"
            " o.telegram_id, o.created_at, o.claimed_at, o.sent_at, o.error"
            " FROM messages m LEFT JOIN outbox o ON o.message_id = m.id WHERE m.text LIKE :text ORDER BY o.id",
            text=f"%{token}",
        )
        print(f"{what} {token}:", *(found or ["not even stored"]), sep="\n    ", file=sys.stderr)

    async def _judge_rows(self, report: Report, repeated: int) -> None:
        marked = await number(self.url, "SELECT coalesce(sum(cost), 0) FROM outbox WHERE maybe_repeated")
        report.figures["marked as possibly repeated"] = marked
        report.expect(repeated <= marked, f"{repeated} messages were repeated, but only {marked} are marked")
        states = await rows(
            self.url,
            "SELECT 'inbox ' || state, count(*) FROM inbox GROUP BY state"
            " UNION ALL SELECT 'outbox ' || state, count(*) FROM outbox GROUP BY state ORDER BY 1",
        )
        report.figures |= {str(state): count for state, count in states}
        for state, count in states:
            fine = state in ("inbox done", "outbox sent", "outbox cancelled")
            report.expect(fine, f"{count} rows are left: {state}")
        if self.options.db == "sqlite":
            [[check]] = await rows(self.url, "PRAGMA integrity_check")
            report.expect(check == "ok", f"integrity_check says {check}")

    async def _judge_topics(self, report: Report) -> None:
        names = [topic["name"] for topic in await self.telegram.topics(self._group)]
        made = len(await self.telegram.ledger("createForumTopic"))
        live = Counter(re.findall(r"Customer (\d+) #", " ".join(names)))
        wrong = {who: count for who, count in live.items() if count != 1}
        spoke = {str(who) for who, said in self._said.by_customer.items() if said}
        report.figures |= {"topics": len(names), "topics that were ever asked for": made}
        report.expect(not wrong, f"customers with several topics: {wrong}")
        report.expect(spoke == set(live), f"customers without a topic: {spoke - set(live)}")


def _tokens(messages: list[Json], bot_id: int) -> list[str]:
    """What the bot's messages carry, in the order in which it stands there; service messages carry nothing."""
    ours = sorted((m for m in messages if m["author"] == bot_id), key=lambda m: int(m["message_id"]))
    return [token for message in ours for token in TOKEN.findall(_spoken(message))]


def _spoken(message: Json) -> str:
    """The words of people; a case's card quotes them and is no relay of them."""
    return "" if "reply_markup" in message else words(message)


def free_port() -> int:
    """A port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def _database(options: Options, folder: Path) -> AsyncIterator[str]:
    if options.db == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'soak.db'}"
        return
    with running_postgres() as server:
        async with new_database(server) as url:
            yield url


async def soak(options: Options, folder: Path, url: str) -> Report:
    """Run one soak in a folder, on an empty database."""
    telegram = await Telegram.start(quick=options.forked)
    try:
        return await Soak(options, folder, url, telegram).run()
    finally:
        await telegram.stop()


async def _main(options: Options) -> int:
    print(f"soak: {options}", flush=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        async with _database(options, Path(name)) as url:
            report = await soak(options, Path(name), url)
    print(report)
    return 1 if report.violations else 0


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--mode", choices=["polling", "webhook"], default="polling")
    parser.add_argument("--db", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--processes", type=int, default=1, help="more than one needs --db postgres")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = Options(**vars(parser.parse_args()))
    if options.processes > 1 and options.db == "sqlite":
        parser.error("SQLite serves one process; take --db postgres")
    return options


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(_options())))
