"""The composition root: the only place where everything meets, and the order of starting and stopping."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from telegram.ext import Application

from bot import clock, web
from bot.budget import Budget, Limits
from bot.gateway import Gateway
from bot.intake import ALLOWED_UPDATES, Intake, Poller
from bot.lanes import LATE_SECONDS, NEVER_LATE
from bot.leading import Duty, Leadership
from bot.plan_file import PlanWatch, read_file
from bot.request import LOOPBACK
from bot.sender import Sender
from bot.settings import Settings
from bot.standings import Standings
from bot.starting import (
    CannotStart,
    build_bot,
    meet_group,
    migrate_to_head,
    only_process,
    prepare,
    show_menus,
    stored_plan_needed,
    until_known,
)
from bot.worker import Worker
from handlers import TICKS, open_database
from models import inbox, outbox
from models.database import Begin, Database
from models.delivery import Fate
from models.migrations import head
from models.plan import Plan
from models.staff import StaffGroup
from models.work import Work

log = logging.getLogger(__name__)

#: How often a sender looks for rows that other processes may have added (seconds).
ALONE_LOOKS, SHARED_LOOKS = 1.0, 0.1


async def run(settings: Settings) -> None:
    """Run the bot until a signal ends it. Raises CannotStart."""
    plan_file = read_file(settings.plan_file)
    with only_process(settings):
        database = open_database(settings.database_url, clock.wall)
        try:
            await migrate_to_head(database)
            await stored_plan_needed(database, plan_file)
            application = build_bot(settings)
            gateway = Gateway(application.bot)
            try:
                await until_known(application)
                plan = await prepare(settings, database, gateway, application.bot, plan_file)
                times = clock.Clock()
                watch = PlanWatch(settings.plan_file, database, times.now, plan_file, plan)
                async with _meanwhile(show_menus(database, gateway, plan.plan)):
                    await _serve(settings, database, gateway, application, times, watch)
            finally:
                await gateway.close()
        finally:
            await database.close()


@asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do something beside, at most until the end; it has let go of the database when this returns."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _serve(
    settings: Settings,
    database: Database,
    gateway: Gateway,
    application: Application[Any, Any, Any, Any, Any, Any],
    times: clock.Clock,
    watch: PlanWatch,
) -> None:
    def begin() -> AbstractAsyncContextManager[Work]:
        return database.work(times.now, watch.in_force.plan, watch.in_force.version)

    looks, late = (ALONE_LOOKS, NEVER_LATE) if database.is_sqlite else (SHARED_LOOKS, LATE_SECONDS)
    leadership = Leadership(database)
    sender = Sender(begin, database.reading, gateway, Budget(_limits(settings)), leadership.certain, looks, late)
    worker = Worker(begin, application.bot, gateway, sender.wake)
    intake = Intake(begin, worker.wake)
    poller = Poller(gateway, intake)

    async def plan_changed(new_groups: list[StaffGroup]) -> None:
        for group in new_groups:
            await meet_group(database, gateway, application.bot, watch.in_force.plan, group)
        await show_menus(database, gateway, watch.in_force.plan)

    leading: list[Duty] = [sender.run, lambda: Standings(begin, gateway).watch(times.now, sender.wake)]
    if settings.webhook_url:
        await _set_webhook(settings, gateway)
    else:
        leading.append(lambda: _poll(gateway, poller))
    ticks = clock.Ticks(begin, TICKS, sender.wake)
    if _days_may_pass(settings):
        leading.append(await _following_leaps(ticks, times, database))
    app = web.application(settings, intake, lambda: _health(begin, database, sender))
    async with _web_server(settings, app, shared=not database.is_sqlite) as serve:

        async def watching() -> None:
            await watch.run(plan_changed, sender.wake)

        async def sending() -> None:
            await leadership.lead(leading, ticks.scheduler)

        try:
            await _until_signalled([worker.run, intake.run, serve, watching, sending])
        finally:
            await worker.asking.end()
            await ticks.end()


async def _health(begin: Begin, database: Database, sender: Sender) -> dict[str, Any]:
    """What stands in /health."""
    async with begin() as work:
        counts = await inbox.counts(work)
    async with database.reading() as session:
        lag = await outbox.answer_lag(session, work.real_now - timedelta(hours=1))
    figures = {"inbox": counts, "outbox_waiting": sender.depth, "answers_in_the_last_hour": lag}
    return {"status": "ok", **figures}


async def _following_leaps(ticks: clock.Ticks, times: clock.Clock, database: Database) -> Duty:
    """The duty of doing what is due when people's time has leapt."""
    leapt = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(clock.TIME_HAS_LEAPT, leapt.set)
    await times.catch_up(database.reading)
    return lambda: ticks.follow_leaps(times, database.reading, leapt)


def _days_may_pass(settings: Settings) -> bool:
    """Only against a Telegram on this machine can people's time be moved."""
    return urlsplit(settings.telegram_api_url).hostname in LOOPBACK


def _limits(settings: Settings) -> Limits:
    return Limits(
        settings.limit_group_per_minute,
        settings.limit_chat_per_second,
        settings.limit_overall_per_second,
        settings.limit_topics_per_minute,
    )


async def _poll(gateway: Gateway, poller: Poller) -> None:
    outcome = await gateway.call("deleteWebhook", {})
    if outcome.fate is not Fate.SENT:
        log.warning("a webhook that may be set could not be removed: %s", outcome.detail)
    await poller.run()


async def _set_webhook(settings: Settings, gateway: Gateway) -> None:
    assert settings.webhook_secret is not None  # noqa: S101 - the settings see to it
    params = {
        "url": settings.webhook_url,
        "secret_token": settings.webhook_secret.get_secret_value(),
        "allowed_updates": ALLOWED_UPDATES,
        "max_connections": 40,
    }
    wait = 1.0
    while (outcome := await gateway.call("setWebhook", params)).fate is not Fate.SENT:
        if outcome.fate is Fate.REFUSED:
            raise CannotStart(f"WEBHOOK_URL: Telegram does not accept it: {outcome.detail}")
        log.warning("the webhook could not be set (%s); again in %g s", outcome.detail, wait)
        await asyncio.sleep(outcome.retry_after or wait)
        wait = min(30.0, wait * 2)


@asynccontextmanager
async def _web_server(settings: Settings, app: Any, *, shared: bool) -> AsyncIterator[Duty]:
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


async def _until_signalled(duties: list[Duty]) -> None:
    """Run the duties until SIGTERM or SIGINT; a duty that fails ends the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    _spare_the_collector()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    log.info("ready")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(duty()) for duty in duties]
        await stop.wait()
        log.info("stopping")
        for task in tasks:
            task.cancel()


def _spare_the_collector() -> None:
    """Libraries and tables stay for good: searching them for garbage again and again took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


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
    with only_process(settings):
        database = open_database(settings.database_url, clock.wall)
        try:
            before = await migrate_to_head(database)
        finally:
            await database.close()
    return f"The tables are at version {head()}." + ("" if before else " They were made anew.")


async def replay_dead(settings: Settings) -> int:
    """The command `replay`; returns how many updates are new again. The bot may run meanwhile."""
    database = open_database(settings.database_url, clock.wall)
    try:
        async with database.work(clock.wall, Plan()) as work:
            return await inbox.replay(work)
    finally:
        await database.close()
