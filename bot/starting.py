"""The start of a process: its lock, its tables, who it is to Telegram, and the staff group."""

import asyncio
import contextlib
import fcntl
import logging
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from telegram import Bot
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, ApplicationBuilder

from bot import clock, definitions
from bot.gateway import Gateway, outcome_of
from bot.plan_file import PlanFile, PlanInForce, read_file
from bot.request import AiohttpRequest
from bot.sender import IN_FLIGHT
from bot.settings import Settings
from handlers import groups, installing, open_database, staff
from handlers.chat import commands
from handlers.chat.entrance import COMMANDS
from handlers.chat.groups import standing_trouble
from handlers.plans import changing
from models.database import Database, is_outage
from models.delivery import Fate, Outcome
from models.migrations import NewerDatabase, head, migrate, version
from models.plan import Plan, stored_plan
from models.staff import StaffGroup, owner_count, staff_groups, staff_with_chat

log = logging.getLogger(__name__)

#: How long to wait for another process to let go of an SQLite database.
LOCK_SECONDS = 30


class CannotStart(Exception):
    """The process cannot start; the text says what to do."""


def build_bot(settings: Settings) -> Application[Any, Any, Any, Any, Any, Any]:
    """The library's application, with our HTTP client and without its own queue and scheduler."""
    url = settings.telegram_api_url
    builder = ApplicationBuilder().token(settings.bot_token.get_secret_value())
    builder = builder.base_url(f"{url}/bot").base_file_url(f"{url}/file/bot")
    builder = builder.request(AiohttpRequest(url, IN_FLIGHT + 8)).get_updates_request(AiohttpRequest(url, 1))
    return builder.updater(None).job_queue(None).build()


@contextlib.contextmanager
def only_process(settings: Settings) -> Any:
    """SQLite serves one process: hold a lock beside the file, given back by the system whatever happens."""
    path = _sqlite_path(settings)
    if path is None:
        yield
        return
    os.umask(0o077)  # customers' words are for nobody else on this machine
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{path}.lock", "a") as lock:
        _lock(lock.fileno(), path)
        yield


def _lock(handle: int, path: Path) -> None:
    for second in range(LOCK_SECONDS * 5):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if second == 0:
                log.warning("another process uses %s; waiting for it to end", path)
            time.sleep(0.2)
    raise CannotStart(
        f"DATABASE_URL: another process uses {path}. Stop it first; for several processes use PostgreSQL."
    )


def _sqlite_path(settings: Settings) -> Path | None:
    url = make_url(settings.database_url)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


async def migrate_to_head(database: Database) -> str | None:
    """Bring the tables to this version, waiting a little for a database that does not answer yet."""
    for attempt in range(10):
        try:
            before = await migrate(database.engine)
            log.info("the tables are at version %s%s", head(), "" if before else ", made anew")
            return before
        except NewerDatabase as error:
            raise CannotStart(
                f"DATABASE_URL: {error}. Install the newer version again, or restore a backup."
            ) from error
        except Exception as error:
            if not is_outage(error) or attempt == 9:
                raise CannotStart(f"DATABASE_URL: the database cannot be used: {_first_line(error)}") from error
            log.warning("the database does not answer (%s); trying again", type(error).__name__)
            await asyncio.sleep(1)
    raise AssertionError("unreachable")


def _first_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


async def until_known(application: Application[Any, Any, Any, Any, Any, Any]) -> None:
    """Ask Telegram who we are, until it answers; a refused token ends the start."""
    wait = 1.0
    while True:
        try:
            await application.initialize()
            return
        except InvalidToken as error:
            raise CannotStart("BOT_TOKEN: Telegram does not accept it; get a new one from @BotFather") from error
        except TelegramError as error:
            asked = max(wait, outcome_of(error).retry_after)
            log.warning("Telegram does not answer (%s); again in %g s", error.message, asked)
            await asyncio.sleep(asked)
            wait = min(30.0, wait * 2)


def first_plan(settings: Settings) -> Plan:
    """The plan of the settings; raises CannotStart where its file cannot be used."""
    file = read_file(settings.plan_file)
    if file.plan is None:
        raise _bad_plan(file)
    return file.plan


def _bad_plan(file: PlanFile) -> CannotStart:
    return CannotStart("\n".join(f"PLAN_FILE: {mistake}" for mistake in file.mistakes))


async def stored_plan_needed(database: Database, file: PlanFile) -> None:
    """Refuse to start where the plan file cannot be used and no plan was ever in force; raises CannotStart."""
    if file.plan is None:
        async with database.work(clock.wall, Plan()) as work:
            if await changing.latest(work) is None:
                raise _bad_plan(file)


async def prepare(settings: Settings, database: Database, gateway: Gateway, bot: Bot, file: PlanFile) -> PlanInForce:
    """Make the database this bot's, put the plan in force, know the staff groups; returns the plan in force.

    A plan file that cannot be used leaves the plan in force that was so before.
    """
    async with database.work(clock.wall, file.plan or Plan()) as work:
        stored = await changing.latest(work)
        if file.plan is None and stored:
            work.plan, work.plan_version = stored_plan(stored.text), stored.id
        try:
            await installing.install(work, bot.id, bot.username, settings.staff_group_id, settings.owner_ids)
        except installing.AnotherBot as error:
            raise CannotStart(f"BOT_TOKEN: {error}") from error
        if not await owner_count(work):
            log.warning(
                "OWNER_IDS: there is no owner, so nobody can give roles or confirm who is on the staff, and nobody "
                "hears when something stands in the bot's way; put your own Telegram id there"
            )
        if file.plan is None and stored:
            log.error(
                "PLAN_FILE cannot be used; the plan of %s stays in force (version %d):\n%s",
                f"{stored.taken_at:%Y-%m-%d %H:%M} UTC",
                stored.id,
                "\n".join(file.mistakes),
            )
            await changing.refuse(work, file.text, list(file.mistakes))
        else:
            await changing.put_in_force(work, file.text)
        await definitions.take(settings, work, work.plan)
        groups = await installing.meet_departments(work)
    for group in groups:
        await meet_group(database, gateway, bot, work.plan, group)
    assert work.plan_version is not None  # noqa: S101 - a plan was put in force above
    return PlanInForce(work.plan, stored.text if file.plan is None and stored else file.text, work.plan_version)


async def meet_group(database: Database, gateway: Gateway, bot: Bot, plan: Plan, group: StaffGroup) -> None:
    """Ask Telegram about a staff group, and say in the log what is wrong with its id."""
    chat_id = group.chat_id
    chat = await gateway.call("getChat", {"chat_id": chat_id})
    if chat.fate is Fate.MOVED and chat.new_chat_id:
        chat_id = chat.new_chat_id
        chat = await gateway.call("getChat", {"chat_id": chat_id})
    if chat.fate is not Fate.SENT:
        log.warning(
            "STAFF_GROUP_ID: Telegram shows this bot no group with the id %d (%s). Customers' words are stored and "
            "wait; add the bot to the group, or correct the id (huifang doctor helps)",
            chat_id,
            chat.detail,
        )
    member = await gateway.call("getChatMember", {"chat_id": chat_id, "user_id": bot.id})
    async with database.work(clock.wall, plan) as work:
        said, own = _if_sent(chat), _if_sent(member)
        title, is_forum = (str(said.get("title") or ""), bool(said.get("is_forum"))) if said else (None, None)
        met = await installing.meet_group(work, group.id or 0, chat_id, title, is_forum)
        if own is not None:
            trouble = standing_trouble(own, met.is_forum)
            await groups.note_trouble(work, met, trouble)
            if trouble != "kicked":
                await staff.offer_team(work, met)


async def show_menus(database: Database, gateway: Gateway, plan: Plan) -> None:
    """Show the commands in everybody's menus; nothing waits for it."""
    async with database.work(clock.wall, plan) as work:
        chat_ids = [group.chat_id for group in await staff_groups(work)]
        people = await staff_with_chat(work)
    for params in commands.menus(COMMANDS, chat_ids, people):
        outcome = await gateway.call("setMyCommands", params)
        if outcome.fate is not Fate.SENT:
            log.info("a menu of commands could not be set: %s", outcome.detail)


def _if_sent(outcome: Outcome) -> dict[str, Any] | None:
    return outcome.result if outcome.fate is Fate.SENT else None


@contextlib.asynccontextmanager
async def beside(settings: Settings) -> AsyncIterator[Database]:
    """The database for a command that runs beside the bot, or before it; raises CannotStart without its tables."""
    path = _sqlite_path(settings)
    if path is not None and not path.exists():
        raise CannotStart(f"DATABASE_URL: there is no {path} yet; make it with huifang migrate, or start the bot")
    database = open_database(settings.database_url, clock.wall)
    try:
        async with database.engine.connect() as connection:
            found = await connection.run_sync(version)
        if found != head():
            there = f"the tables are at version {found}" if found else "there are no tables of ours"
            raise CannotStart(
                f"DATABASE_URL: {there}, expected version {head()}; run huifang migrate, or start the bot"
            )
        async with database.work(clock.wall, Plan()) as work:
            await installing.begin_counting(work)
        yield database
    finally:
        await database.close()
