"""A shop with its bot, its staff and its customers, as the stories tell of them."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from bot.clock import TIME_HAS_LEAPT, has_followed
from handlers import open_database
from handlers.installing import let_time_pass
from models.customers import Customer as CustomerRow
from models.database import Database
from models.delivery import Inbox, InboxState, Outbox, OutboxState
from models.installation import Installation
from models.messages import Author, Message
from models.plan import Plan
from models.staff import Staff
from tests.running import QuickBot, RunningBot
from tests.tables import make_tables
from tests.telegram import PATIENCE_SECONDS, POLL_SECONDS, Json, Telegram, buttons, words

#: Stories are about what is said, not how fast: Telegram's limits are tested elsewhere.
NO_HURRY = {
    "limit_group_per_minute": 100_000,
    "limit_chat_per_second": 1_000,
    "limit_overall_per_second": 1_000,
    "limit_topics_per_minute": 10_000,
}
#: Seconds without a call after which it is worth looking whether anything waits.
QUIET = 0.1
Found = TypeVar("Found")
UNSENT = (OutboxState.NEW, OutboxState.SENDING)

_numbers = itertools.count(1)


class Person:
    """Somebody with a Telegram account."""

    def __init__(self, shop: "Shop", user: Json) -> None:
        self.shop = shop
        self.user = user

    @property
    def id(self) -> int:
        return int(self.user["id"])

    @property
    def name(self) -> str:
        return " ".join(self.user[key] for key in ("first_name", "last_name") if self.user.get(key))

    async def presses(self, message: Json, label_or_data: str, forge: bool = False) -> str:
        """Press a button; what Telegram shows them in answer ("" for nothing)."""
        telegram = self.shop.telegram
        query = await telegram.press(self.user, message, label_or_data, forge=forge)
        return str((await telegram.answer_to(query)).get("text", ""))

    async def edits(self, message: Json, text: str | None = None, **facts: Any) -> Json:
        return await self.shop.telegram.edit(message, text, **facts)


class Customer(Person):
    """Somebody who writes to the bot in private."""

    async def says(self, text: str | None = None, **content: Any) -> Json:
        return await self.shop.telegram.say(self.user, text, **content)

    async def hears(
        self, containing: str = "", after: Json | int | None = None, where: Callable[[Json], bool] | None = None
    ) -> Json:
        """The first message of the bot that fits."""
        return await self.shop.telegram.wait_message(self.user, containing, after=after, where=where)

    async def chat(self) -> list[Json]:
        return await self.shop.telegram.chat(self.user)

    async def topic(self, group: Json | None = None) -> int:
        """The thread of the customer's topic, once it is there."""
        return int((await self.shop.telegram.wait_topic(group or self.shop.group, self.name))["thread_id"])

    async def complains(self, text: str) -> Json:
        """Say it and wait for the case's number; returns the bot's answer."""
        said = await self.says(text)
        return await self.hears(after=said, where=lambda message: bool(buttons(message)))

    async def row(self) -> CustomerRow:
        found = await self.shop.stored(select(CustomerRow).where(CustomerRow.user_id == self.id))
        assert len(found) == 1
        customer: CustomerRow = found[0]
        return customer


class Agent(Person):
    """Somebody in a staff group, the main one unless another is said."""

    def __init__(self, shop: "Shop", user: Json, group: Json | None = None) -> None:
        super().__init__(shop, user)
        self.group = group or shop.group

    async def says(self, text: str | None = None, to: Customer | None = None, **content: Any) -> Json:
        """Write in a customer's topic, or in General (a plain group has nothing else)."""
        content.setdefault("thread", await to.topic(self.group) if to else None)
        return await self.shop.telegram.say(self.user, text, chat=self.group, **content)

    async def sees(
        self,
        containing: str = "",
        of: Customer | None = None,
        after: Json | int | None = None,
        where: Callable[[Json], bool] | None = None,
    ) -> Json:
        """The first message of the bot that fits, in the customer's topic or anywhere."""
        thread = await of.topic(self.group) if of else None
        return await self.shop.telegram.wait_message(self.group, containing, thread=thread, after=after, where=where)

    async def starts_bot(self) -> None:
        """Open the private chat, in which the bot may then write."""
        await self.shop.telegram.say(self.user, "/start")

    async def hears(self, containing: str = "", after: Json | int | None = None) -> Json:
        """The first message of the bot in private that says so."""
        return await self.shop.telegram.wait_message(self.user, containing, after=after)

    async def card(self, of: Customer, containing: str = "") -> Json:
        """The customer's latest card that says so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            topic = await self.shop.telegram.chat(self.group, await of.topic(self.group))
            shown = [each for each in topic if is_card(each)]
            fitting = [each for each in shown if containing in words(each)]
            if fitting:
                return fitting[-1]
            assert time.monotonic() < deadline, f"no card with {containing!r}: {[words(each) for each in shown]}"
            await asyncio.sleep(POLL_SECONDS)

    async def answers(self, text: str, to: Customer, **content: Any) -> Json:
        """Write to a customer and wait until they have it; returns the customer's copy."""
        said = await self.says(text, to=to, **content)
        await to.hears(text)
        return said


class Shop:
    """The running bot with its staff group, and everybody who comes by."""

    def __init__(
        self,
        telegram: Telegram,
        bot: RunningBot,
        group: Json,
        owner: Json,
        database: Database,
        groups: dict[str, Json] | None = None,
    ) -> None:
        self.telegram = telegram
        self.bot = bot
        self.group = group
        self.groups = groups or {}
        self.owner = Agent(self, owner)
        #: The bot's database, for what a story needs to be there from before.
        self.database = database

    async def customer(self, first_name: str = "王芳", language: str = "zh-hans", **facts: Any) -> Customer:
        """Somebody new; a number in the name tells them apart."""
        facts.setdefault("last_name", f"{next(_numbers)}.")
        user = await self.telegram.user(first_name, language_code=language, **facts)
        return Customer(self, user)

    async def agent(
        self, first_name: str = "小陈", language: str = "zh-hans", group: str = "", **facts: Any
    ) -> Agent:
        """Somebody who joins the staff group, or one of the module's GROUPS, and is on the staff by saying hello."""
        agent = await self.newcomer(first_name, language, group, **facts)
        await agent.says("我来了")
        on_staff = select(Staff).where(Staff.user_id == agent.id, col(Staff.active))
        await until(lambda: self.stored(on_staff), bool)
        return agent

    async def newcomer(
        self, first_name: str = "小陈", language: str = "zh-hans", group: str = "", **facts: Any
    ) -> Agent:
        """Somebody who joins the group and has not said a word there."""
        user = await self.telegram.user(first_name, language_code=language, **facts)
        joined = self.groups[group] if group else self.group
        await self.telegram.join(user, joined)
        return Agent(self, user, joined)

    async def topic_of(self, customer: Customer) -> list[Json]:
        """What stands in the customer's topic."""
        return await self.telegram.chat(self.group, await customer.topic())

    async def general(self) -> list[Json]:
        """What stands in General, or in a plain group."""
        return [each for each in await self.telegram.chat(self.group) if not each["thread_id"]]

    async def is_heard(self) -> None:
        """Wait until the bot has handled all that was said."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        await self.telegram.settled(quiet=0)
        while waiting := await self.stored(select(Inbox.lane).where(Inbox.state == InboxState.NEW)):
            assert time.monotonic() < deadline, f"something waits in {waiting}"
            await asyncio.sleep(POLL_SECONDS)

    async def calms_down(self) -> None:
        """Wait until the bot has heard all that was said and has nothing more to say."""
        deadline = time.monotonic() + 30
        while True:
            await self.telegram.settled(QUIET)
            waiting = [
                *await self.stored(select(Inbox.lane).where(Inbox.state == InboxState.NEW)),
                *await self.stored(select(Outbox.lane).where(col(Outbox.state).in_(UNSENT))),
            ]
            if not waiting:
                return
            assert time.monotonic() < deadline, f"something waits in {waiting}"

    async def stored(self, query: Any) -> Sequence[Any]:
        """What the database holds."""
        async with self.database.reading() as session:
            found: Sequence[Any] = (await session.exec(query)).all()
            return found

    async def time_passes(self, **amount: float) -> None:
        """People's time moves on (`days=1, hours=2`), as in the demo, once the bot has heard all that was said.

        When this returns, the bot has done what is due by then; what it says may still be under way.
        """
        await self.is_heard()
        async with self.database.work(lambda: datetime.now(UTC), Plan()) as work:
            ahead = await let_time_pass(work, int(timedelta(**amount).total_seconds()))
        since = len(self.bot.log)
        self.bot.send_signal(TIME_HAS_LEAPT)
        await self.bot.until(has_followed(timedelta(seconds=ahead)), since=since)

    async def now(self) -> datetime:
        """People's time."""
        ahead = await self.stored(select(Installation.ahead_seconds))
        return datetime.now(UTC) + timedelta(seconds=ahead[0])

    async def time_comes(self, weekday: int, clock: str, zone: str = "Asia/Shanghai") -> None:
        """People's time moves on to the next such moment: 0 is Monday, "23:40"."""
        now = (await self.now()).astimezone(ZoneInfo(zone))
        then = datetime.combine(now.date(), time_of_day.fromisoformat(clock), now.tzinfo)
        then += timedelta(days=(weekday - now.weekday()) % 7)
        if then <= now:
            then += timedelta(days=7)
        await self.time_passes(seconds=(then - now).total_seconds())

    async def words_of(self, customer: Customer, author: Author) -> list[str]:
        """The stored words of an author to or from a customer, in order."""
        row = await customer.row()
        query = select(Message).where(Message.customer_id == row.id, Message.author == author)
        return [message.text for message in await self.stored(query.order_by(col(Message.id)))]

    async def close(self) -> None:
        await self.database.close()


@asynccontextmanager
async def open_shop(
    folder: Path,
    database_url: str,
    *,
    forum: bool = True,
    plan: str = "",
    groups: dict[str, bool] | None = None,
    **settings: Any,
) -> AsyncIterator[Shop]:
    """A Telegram, a staff group with an owner in it, and the bot; `plan` is the text of a plan file."""
    telegram, database = await Telegram.start(), open_database(database_url, lambda: datetime.now(UTC))
    try:
        owner = await telegram.user("老板", username="boss", language_code="zh-hans")
        group = await telegram.group("客服群", members=[owner], forum=forum)
        folder.mkdir(parents=True, exist_ok=True)
        more = {
            name: await telegram.group(name, members=[owner], forum=topics) for name, topics in (groups or {}).items()
        }
        for name, made in more.items():
            plan = plan.replace(name, str(made["id"]))
        # Where a story is not about how authority begins, it begins with a word.
        if "enrolment" not in plan:
            plan = plan if "[business]\n" in plan else f"[business]\n{plan}"
            plan = plan.replace("[business]\n", '[business]\nenrolment = "group"\n', 1)
        if plan:
            (folder / "plan.toml").write_text(plan, "utf-8")
            settings["plan_file"] = folder / "plan.toml"
        given = {
            "bot_token": telegram.token,
            "staff_group_id": group["id"],
            "owner_ids": owner["id"],
            "telegram_api_url": telegram.url,
            "database_url": database_url,
        }
        await make_tables(database)
        bot = await QuickBot.start(folder, **{**given, **NO_HURRY, **settings})
        shop = Shop(telegram, bot, group, owner, database, more)
        try:
            yield shop
        finally:
            await shop.close()
            assert await bot.stop() == 0, bot.log[-4000:]
    finally:
        await telegram.stop()


async def until(look: Callable[[], Awaitable[Found]], holds: Callable[[Found], bool]) -> Found:
    """What is found once it is as it should be."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds(found := await look()):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(POLL_SECONDS)
    return found


def is_card(message: Json) -> bool:
    """Whether this is a card of a case: it has the buttons for staff."""
    data = [str(button.get("callback_data", "")) for button in buttons(message)]
    return any(each.partition(":")[0] in ("claim", "reopen") for each in data)


def case_number(message: Json) -> int:
    """The first case number in the words."""
    digits = "".join(c if c.isdigit() else " " for c in words(message)).split()
    return next(int(each) for each in digits if int(each) > 1000)


def replied_to(message: Json) -> int | None:
    """The id of the message that this one answers."""
    found = message.get("reply_to_message", {}).get("message_id")
    return int(found) if found is not None else None
