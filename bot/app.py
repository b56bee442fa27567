"""The composition root: the only place where everything meets, and the order of starting and stopping."""

import asyncio
import contextlib
import fcntl
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text
from telegram import Bot
from telegram.ext import Application, ApplicationBuilder

from bot import clock, web
from bot.budget import Budget, Limits
from bot.gateway import Gateway
from bot.intake import ALLOWED_UPDATES, Intake, Poller
from bot.request import AiohttpRequest
from bot.sender import IN_FLIGHT, Sender
from bot.settings import Settings
from bot.worker import Worker
from handlers import TICKS, installing
from models import inbox
from models.database import Database, is_outage
from models.delivery import Fate, Outcome
from models.migrations import NewerDatabase, migrate
from models.plan import Plan, PlanError, load_plan

log = logging.getLogger(__name__)

#: How long to wait for another process to let go of an SQLite database.
LOCK_SECONDS = 30
LEADER_LOCK = 0x48F1_0002
LEADER_SECONDS = 1.0
#: How often a sender looks for rows that other processes may have added (seconds).
ALONE_LOOKS, SHARED_LOOKS = 1.0, 0.1


class CannotStart(Exception):
    """The process cannot start; the text says what to do."""


def build_bot(settings: Settings) -> Application[Any, Any, Any, Any, Any, Any]:
    """The library's application, with our HTTP client and without its own queue and scheduler."""
    url = settings.telegram_api_url
    builder = ApplicationBuilder().token(settings.bot_token.get_secret_value())
    builder = builder.base_url(f"{url}/bot").base_file_url(f"{url}/file/bot")
    builder = builder.request(AiohttpRequest(url, IN_FLIGHT + 8)).get_updates_request(AiohttpRequest(url, 1))
    return builder.updater(None).job_queue(None).build()


async def run(settings: Settings) -> None:
    """Run the bot until a signal ends it. Raises CannotStart."""
    plan = _plan(settings)
    with _only_process(settings):
        database = Database(settings.database_url, clock.now)
        try:
            await migrate_to_head(database)
            application = build_bot(settings)
            gateway = Gateway(application.bot)
            await _until_known(application)
            try:
                await _prepare(settings, database, gateway, application.bot, plan)
                await _serve(settings, database, gateway, application, plan)
            finally:
                await application.shutdown()
        finally:
            await database.close()


def _plan(settings: Settings) -> Plan:
    try:
        return load_plan(settings.plan_file)
    except PlanError as error:
        raise CannotStart(f"PLAN_FILE: {error}") from error


@contextlib.contextmanager
def _only_process(settings: Settings) -> Any:
    """SQLite serves one process: hold a lock beside the file, given back by the system whatever happens."""
    path = _sqlite_path(settings)
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{path}.lock", "a") as lock:
        _lock(lock.fileno(), path)
        yield


def _lock(handle: int, path: Path) -> None:
    import time

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
    prefix = "sqlite+aiosqlite:///"
    return Path(settings.database_url.removeprefix(prefix)) if settings.database_url.startswith(prefix) else None


async def migrate_to_head(database: Database) -> str | None:
    """Bring the tables to this version, waiting a little for a database that does not answer yet."""
    for attempt in range(10):
        try:
            return await migrate(database.engine)
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


async def _until_known(application: Application[Any, Any, Any, Any, Any, Any]) -> None:
    """Ask Telegram who we are, until it answers; a refused token ends the start."""
    from telegram.error import InvalidToken, TelegramError

    wait = 1.0
    while True:
        try:
            await application.initialize()
            return
        except InvalidToken as error:
            raise CannotStart("BOT_TOKEN: Telegram does not accept it; get a new one from @BotFather") from error
        except TelegramError as error:
            log.warning("Telegram does not answer (%s); again in %g s", error.message, wait)
            await asyncio.sleep(wait)
            wait = min(30.0, wait * 2)


async def _prepare(settings: Settings, database: Database, gateway: Gateway, bot: Bot, plan: Plan) -> None:
    """Make the database this bot's, know the staff group, and show the menus."""
    async with database.work(clock.now(), plan) as work:
        try:
            group = await installing.install(work, bot.id, bot.username, settings.staff_group_id, settings.owner_ids)
        except installing.AnotherBot as error:
            raise CannotStart(f"BOT_TOKEN: {error}") from error
        chat_id = group.chat_id
    chat = await gateway.call("getChat", {"chat_id": chat_id})
    if chat.fate is Fate.MOVED and chat.new_chat_id:
        chat_id = chat.new_chat_id
        chat = await gateway.call("getChat", {"chat_id": chat_id})
    member = await gateway.call("getChatMember", {"chat_id": chat_id, "user_id": bot.id})
    async with database.work(clock.now(), plan) as work:
        await installing.meet_group(work, chat_id, _if_sent(chat), _if_sent(member))
    for params in installing.menus(chat_id):
        outcome = await gateway.call("setMyCommands", params)
        if outcome.fate is not Fate.SENT:
            log.info("a menu of commands could not be set: %s", outcome.detail)


def _if_sent(outcome: Outcome) -> dict[str, Any] | None:
    return outcome.result if outcome.fate is Fate.SENT else None


async def _serve(
    settings: Settings, database: Database, gateway: Gateway,
    application: Application[Any, Any, Any, Any, Any, Any], plan: Plan,
) -> None:  # fmt: skip
    current = lambda: plan  # noqa: E731
    limits = Limits(
        settings.limit_group_per_minute, settings.limit_chat_per_second, settings.limit_overall_per_second,
        settings.limit_topics_per_minute,
    )  # fmt: skip
    looks = ALONE_LOOKS if database.is_sqlite else SHARED_LOOKS
    senders: list[Sender] = []

    def wake_senders() -> None:
        for sender in senders:
            sender.wake()

    worker = Worker(database, application, gateway, current, clock.now, wake_senders)
    intake = Intake(database, current, clock.now, worker.wake)
    poller = Poller(gateway, intake)

    async def send() -> None:
        sender = Sender(database, gateway, Budget(limits), current, clock.now, looks)
        senders.append(sender)
        try:
            await sender.run()
        finally:
            senders.remove(sender)
            with contextlib.suppress(Exception):  # on the way out: what is not recorded is taken over later
                await asyncio.shield(sender.stop())

    async def health() -> dict[str, Any]:
        async with database.work(clock.now(), plan) as work:
            counts = await inbox.counts(work)
        return {"status": "ok", "inbox": counts, "outbox_waiting": sum(sender.depth for sender in senders)}

    duties: list[Callable[[], Coroutine[Any, Any, None]]] = [worker.run, intake.run]
    leading: list[Callable[[], Coroutine[Any, Any, None]]] = [send]
    if settings.webhook_url:
        await _set_webhook(settings, gateway)
    else:
        leading.append(lambda: _poll(gateway, poller))
    ticks = clock.scheduler(database, current, TICKS, wake_senders)
    async with _web_server(
        settings, web.application(settings, intake, health), shared=not database.is_sqlite
    ) as serve:
        duties += [serve, lambda: _lead(database, leading, ticks)]
        await _until_signalled(duties)


async def _poll(gateway: Gateway, poller: Poller) -> None:
    outcome = await gateway.call("deleteWebhook", {})
    if outcome.fate is not Fate.SENT:
        log.warning("a webhook that may be set could not be removed: %s", outcome.detail)
    await poller.run()


async def _set_webhook(settings: Settings, gateway: Gateway) -> None:
    assert settings.webhook_secret is not None  # noqa: S101 - the settings see to it
    params = {
        "url": settings.webhook_url, "secret_token": settings.webhook_secret.get_secret_value(),
        "allowed_updates": ALLOWED_UPDATES, "max_connections": 40,
    }  # fmt: skip
    wait = 1.0
    while (outcome := await gateway.call("setWebhook", params)).fate is not Fate.SENT:
        if outcome.fate is Fate.REFUSED:
            raise CannotStart(f"WEBHOOK_URL: Telegram does not accept it: {outcome.detail}")
        log.warning("the webhook could not be set (%s); again in %g s", outcome.detail, wait)
        await asyncio.sleep(outcome.retry_after or wait)
        wait = min(30.0, wait * 2)


@asynccontextmanager
async def _web_server(
    settings: Settings, app: Any, *, shared: bool
) -> AsyncIterator[Callable[[], Coroutine[Any, Any, None]]]:
    """The web server, bound; without a webhook the bot can do without it."""
    try:
        sock = web.bind(settings.web_host, settings.web_port, shared=shared)
    except OSError as error:
        if settings.webhook_url:
            raise CannotStart(f"WEB_HOST, WEB_PORT: cannot listen there: {error.strerror}") from error
        log.warning(
            "no health page: cannot listen on %s:%d (%s)",
            settings.web_host,
            settings.web_port,
            error.strerror,
        )
        yield asyncio.Event().wait  # type: ignore[misc]
        return
    with sock:
        log.info("listening on http://%s:%d", settings.web_host, sock.getsockname()[1])
        yield lambda: web.serve(app, sock)


async def _lead(database: Database, leading: list[Callable[[], Coroutine[Any, Any, None]]], ticks: Any) -> None:
    """Do what only one process may do (send, poll, watch the clock) while we are that process."""
    while True:
        async with _leadership(database) as lost:
            log.info("this process sends%s", "" if len(leading) < 2 else " and polls")
            ticks.start() if not ticks.running else ticks.resume()
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(duty()) for duty in leading]
                    await lost.wait()
                    for task in tasks:
                        task.cancel()
            finally:
                ticks.pause()
        log.warning("the database let go of us; another process may send now")


@asynccontextmanager
async def _leadership(database: Database) -> AsyncIterator[asyncio.Event]:
    """Hold the advisory lock of PostgreSQL; the event is set when its connection is lost. SQLite is ours anyway."""
    lost = asyncio.Event()
    if database.is_sqlite:
        yield lost
        return
    waited = False
    while True:
        try:
            async with database.engine.connect() as connection:
                connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
                lock = text("SELECT pg_try_advisory_lock(:lock)")
                if (await connection.execute(lock, {"lock": LEADER_LOCK})).scalar_one():
                    watch = asyncio.create_task(_watch(connection, lost))
                    try:
                        yield lost
                        return
                    finally:
                        watch.cancel()
                        with contextlib.suppress(Exception):  # the connection may be gone
                            await connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LEADER_LOCK})
        except Exception as error:
            if not is_outage(error):
                raise
        if not waited:
            log.info("another process sends; this one takes over when it ends")
        waited = True
        await asyncio.sleep(LEADER_SECONDS)


async def _watch(connection: Any, lost: asyncio.Event) -> None:
    try:
        while True:
            await asyncio.sleep(LEADER_SECONDS)
            await connection.execute(text("SELECT 1"))
    except Exception as error:  # whatever it is, we cannot be sure of the lock any more
        log.warning("the connection that makes us the sender is lost (%s)", type(error).__name__)
        lost.set()


async def _until_signalled(duties: list[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Run the duties until SIGTERM or SIGINT; a duty that fails ends the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    log.info("ready")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(duty()) for duty in duties]
        await stop.wait()
        log.info("stopping")
        for task in tasks:
            task.cancel()


def run_forever(settings: Settings) -> int:
    """The command `run`; returns the exit code."""
    try:
        if sys.platform != "win32":
            import uvloop

            uvloop.run(run(settings))
        else:
            asyncio.run(run(settings))
    except CannotStart as error:
        log.error("%s", error)
        return 1
    return 0


async def migrate_only(settings: Settings) -> str:
    """The command `migrate`; returns what to print. Raises CannotStart."""
    from models.migrations import head

    with _only_process(settings):
        database = Database(settings.database_url, clock.now)
        try:
            before = await migrate_to_head(database)
        finally:
            await database.close()
    return f"The tables are at version {head()}." + ("" if before else " They were made anew.")


async def replay_dead(settings: Settings) -> int:
    """The command `replay`; returns how many updates are new again. The bot may run meanwhile."""
    database = Database(settings.database_url, clock.now)
    try:
        async with database.work(clock.now(), Plan()) as work:
            return await inbox.replay(work)
    finally:
        await database.close()
