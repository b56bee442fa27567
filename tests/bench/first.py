"""The first contact of a new customer, measured beside the stock echo's message on the same machine.

From the first words follow the customer's row, a case, a topic, the words in it, the case's card, and a receipt to
the customer. A round takes a number of new customers, who write one message each, and ends when all of that stands.
What is compared is processor time: of our process for a new customer, of the echo's for a message.
"""

import asyncio
import os
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from tests.bench.processes import cpu_seconds, running
from tests.bench.relay import FIRST_CUSTOMER, PATIENCE, Bench, Load, Stage, stage
from tests.bench.report import Goal
from tests.running import ROOT
from tests.telegram import Json

PLAN = ROOT / "templates" / "plans" / "shop.toml"
#: New customers of a round that come before the clock starts: code is loaded, statements are compiled.
BEFORE = 30
#: Whose messages the echo repeats.
ECHOED = 50


@dataclass(frozen=True)
class Size:
    """How much is measured, and on what."""

    database: str = "sqlite"  # or "postgres"
    rounds: int = 3
    customers: int = 300  # new ones, in each round
    rate: float | None = None  # how many of them write in a second; None: all at once
    against: Path | None = None  # another checkout of the project, whose bot takes part
    forked: bool = False  # see `Load`


@dataclass
class Contacts:
    """What the first contacts with one bot cost, round by round."""

    name: str
    cpu: list[float] = field(default_factory=list)  # milliseconds of its process for each
    seconds: list[float] = field(default_factory=list)  # from the first words to the last thing that had to stand
    lacking: int = 0  # what did not stand in the end


@dataclass
class Found:
    """All rounds; `echo` is milliseconds of processor time for a message."""

    bots: list[Contacts]
    echo: list[float] = field(default_factory=list)
    busy: float = 0.0  # what else the machine had to do before: processes that wanted a processor


@dataclass(frozen=True)
class Standing:
    """Of what must stand after the first words of new customers, how many there are."""

    words: int  # topics with their customer's words
    cards: int  # topics with a card
    receipts: int  # customers who have one

    def lacking(self, customers: int) -> int:
        """How many things do not stand."""
        return sum(customers - there for there in (self.words, self.cards, self.receipts))


def standing(entries: list[Json], word: str, users: range) -> Standing:
    """What stands, by the server's ledger: `word` begins the words of the new customers, who have these ids."""
    words, cards, receipts = set(), set(), set()
    for entry in entries:
        if entry["kind"] != "call" or not entry["ok"] or entry["method"] != "sendMessage":
            continue
        given = entry["params"]
        thread = given.get("message_thread_id")
        if thread and word in given["text"]:
            words.add(int(thread))
        if thread and "claim:" in str(given.get("reply_markup", "")):
            cards.add(int(thread))
        elif int(given["chat_id"]) in users:
            receipts.add(int(given["chat_id"]))
    return Standing(len(words), len(cards), len(receipts))


async def measure(size: Size) -> Found:
    """The echo and our bot, with a plan and without one, in turn; and another checkout's in the same way."""
    busy = os.getloadavg()[0]
    checkouts = [("huifang", ROOT)] + ([("other", size.against)] if size.against else [])
    async with AsyncExitStack() as stack:
        stages = {}
        for name, checkout in checkouts:
            for plan in (None, PLAN):
                called = f"{name}, {plan.name if plan else 'no plan'}"
                stages[called] = await stack.enter_async_context(
                    stage(size.database, ECHOED, checkout, plan, forked=size.forked)
                )
        found = Found([Contacts(name) for name in stages], busy=busy)
        for number in range(size.rounds):
            found.echo.append(await _echo(next(iter(stages.values())), size))
            for contacts, each in zip(found.bots, stages.values(), strict=True):
                await _contact(each, size, number, contacts)
    return found


async def _echo(at: Stage, size: Size) -> float:
    """Milliseconds of the echo's processor time for a message."""
    load = Load(size.database, messages=size.customers * 3, customers=ECHOED)
    return (await Bench(at.telegram, load).round(at.echo)).cpu  # seconds for 1,000 are milliseconds for one


async def _contact(at: Stage, size: Size, number: int, contacts: Contacts) -> None:
    """One round, by a process started for it and customers who have never written before."""
    first = FIRST_CUSTOMER + 1_000_000 + number * (size.customers + BEFORE)
    async with running(at.product):
        await _new_customers(at, replace(size, customers=BEFORE), first)
        used, began = cpu_seconds(at.product.pid), time.monotonic()
        lacking, quiet = await _new_customers(at, size, first + BEFORE)
        contacts.seconds.append(time.monotonic() - began - quiet)
        contacts.cpu.append(1000 * (cpu_seconds(at.product.pid) - used) / size.customers)
        contacts.lacking += lacking


async def _new_customers(at: Stage, size: Size, first: int) -> tuple[int, float]:
    """Let new customers write, and wait for all that follows: what is lacking, and how long all has been quiet."""
    begin = (await at.telegram.state())["ledger"]
    users = range(first, first + size.customers)
    bot = int(at.product.token.partition(":")[0])
    word = f"first {begin} words"
    await at.telegram.flood(size.customers, size.customers, start_user_id=first, text=word, rate=size.rate, bot=bot)
    deadline = time.monotonic() + PATIENCE + size.customers / (size.rate or 10)
    while True:
        await at.telegram.settled(quiet=0.3, timeout=deadline + PATIENCE - time.monotonic())
        lacking = standing(await at.telegram.ledger(since=begin), word, users).lacking(size.customers)
        if not lacking or time.monotonic() > deadline:
            return lacking, float((await at.telegram.state())["quiet"])
        await asyncio.sleep(0.2)


def _times_echo(contacts: Contacts, found: Found) -> float:
    """The median of the ratios of neighbouring rounds."""
    return median(ours / echo for ours, echo in zip(contacts.cpu, found.echo, strict=True))


def words(size: Size, found: Found) -> str:
    """Everything on one screen; figures are medians of the rounds."""
    how = f"{size.rate:g} a second" if size.rate else "at once"
    lines = [
        f"{size.database}, {size.customers} new customers {how}, {size.rounds} rounds; "
        f"load of the machine before: {found.busy:.1f} of {os.cpu_count()} processors",
        f"{'':<24}{'CPU-ms each':>12}{'to the echo':>13}{'seconds':>9}{'lacking':>9}",
        f"{'stock echo, a message':<24}{median(found.echo):>12.2f}{1:>13.2f}",
    ]
    for each in found.bots:
        times = _times_echo(each, found)
        lines.append(
            f"{each.name:<24}{median(each.cpu):>12.2f}{times:>13.2f}{median(each.seconds):>9.1f}{each.lacking:>9}"
        )
    return "\n".join(lines)


def goals(found: Found) -> list[Goal]:
    """Nothing is lacking; and what a first contact may cost, beside another checkout at most half of it."""
    ours = [each for each in found.bots if each.name.startswith("huifang")]
    others = [each for each in found.bots if each not in ours]
    checked = [Goal("lacking", sum(each.lacking for each in ours), "", 0)]
    for mine, other in zip(ours, others, strict=False):
        share = median(one / two for one, two in zip(mine.cpu, other.cpu, strict=True))
        checked.append(Goal(f"CPU of a first contact ({mine.name}), as a share of the other's", share, "", 0.5))
    return checked
