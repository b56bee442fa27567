"""What can be seen on this side: the names in `.env`, the database, the plan, the web server's port."""

import difflib
import errno
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import aiohttp
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from bot import clock, web
from bot.doctor.finding import Finding, ok, warn, wrong
from bot.settings import Settings
from handlers import open_database
from handlers.plans.checking import examine
from models import migrations
from models.installation import Installation
from models.plan import PlanError, plan_text

NAMES = [name.upper() for name in Settings.model_fields]
#: How much alike two names are that are taken for the same (0 to 1, difflib's ratio).
ALIKE = 0.7
PROBE_SECONDS = 1.5


def misspelt(env_file: Path) -> Iterator[Finding]:
    """Names in the file that are no settings but look like one."""
    try:
        lines = env_file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return  # a missing file is an empty one, and the settings have said so if it cannot be read
    for line in lines:
        found = re.match(r"\s*(?:export\s+)?(\w+)\s*=", line)
        name = found[1].upper() if found else ""
        if not name or name in NAMES:
            continue
        for meant in difflib.get_close_matches(name, NAMES, 1, ALIKE):
            yield warn(env_file.name, f"{name} is not a setting and does nothing. Did you mean {meant}?")


# -- the database


async def database(settings: Settings, bot_id: int | None) -> list[Finding]:
    """Whether the database can be opened and written, at which version it is, and whose it is."""
    found = open_database(settings.database_url, clock.wall)
    if found.is_sqlite and (missing := _not_yet_there(Path(found.url.database or ""))):
        return [missing]
    try:
        async with found.engine.connect() as connection:
            return [await _stored(connection, bot_id)]
    except Exception as error:  # whatever it is, the operator reads it here instead of a traceback
        return [wrong("database", f"cannot be used ({_first_line(error)}). Check DATABASE_URL.")]
    finally:
        await found.close()


def _not_yet_there(path: Path) -> Finding | None:
    """What to say of a file that the first start will make; None when it is there."""
    if path.exists():
        return None
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return wrong("database", f"{path} cannot be made: {folder} cannot be written. Check DATABASE_URL.")
    return ok("database", f"{path} is not there yet; the first start makes it.")


async def _stored(connection: AsyncConnection, bot_id: int | None) -> Finding:
    # The same right that a migration needs. Nothing stays: both databases take it back.
    await connection.execute(text("CREATE TABLE huifang_doctor (id INTEGER)"))
    await connection.rollback()
    version = await connection.run_sync(migrations.version)
    if version is None:
        return ok("database", "empty; the first start makes the tables.")
    if not migrations.is_known(version):
        return wrong(
            "database",
            f"its version {version} is newer than this program. Install the newer program, or restore a backup.",
        )
    if version != migrations.head():
        words = f"at version {version}; the next start takes it to {migrations.head()}. Make a backup first."
        return warn("database", words)
    owner = (await connection.execute(select(col(Installation.bot_id), col(Installation.bot_username)))).first()
    if owner is not None and bot_id is not None and owner.bot_id != bot_id:
        return wrong(
            "database",
            f"belongs to another bot, @{owner.bot_username} ({owner.bot_id}). Use that bot's BOT_TOKEN, "
            "or another DATABASE_URL.",
        )
    return ok("database", f"can be written, version {version}.")


def _first_line(error: BaseException) -> str:
    words = str(getattr(error, "orig", None) or error).splitlines()
    return f"{type(error).__name__}: {words[0]}" if words else type(error).__name__


# -- plan and time zone


def plan(settings: Settings) -> Iterator[Finding]:
    """Whether the care plan can be used, and what time it is for the business."""
    try:
        text = plan_text(settings.plan_file) if settings.plan_file else ""
    except PlanError as error:
        yield wrong("plan", f"{error}. Mend PLAN_FILE, or the file that it names.")
        return
    found, mistakes = examine(text, clock.wall().date())
    for mistake in mistakes:
        say = wrong if mistake.serious else warn
        yield say("plan", f"{settings.plan_file}:{mistake}.")
    if any(mistake.serious for mistake in mistakes):
        return
    yield ok("plan", str(settings.plan_file or "the one that comes with the program"))
    zone = found.business.timezone
    yield ok("time zone", f"{zone.key}, where it is {clock.wall().astimezone(zone):%Y-%m-%d %H:%M} now.")


# -- the web server


async def web_port(settings: Settings) -> Finding:
    """Whether the web server can listen where the settings say, or already does."""
    host, port = settings.web_host, settings.web_port
    where = f"{host}:{port}"
    if port == 0:
        where = f"any free port of {host}"
    try:
        web.bind(host, port, shared=False).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE and await _is_ours(f"http://{host}:{port}/healthz"):
            return ok("web server", f"a bot runs here and answers at http://{where}/healthz.")
        reason = error.strerror or type(error).__name__
        words = f"cannot listen on {where} ({reason}). Set WEB_PORT to a free port (0: any), or mend WEB_HOST."
        if settings.webhook_url:
            return wrong("web server", words)
        return warn("web server", words + " Until then the bot runs without its health page.")
    return ok("web server", f"can listen on {where}.")


async def _is_ours(address: str) -> bool:
    """Whether what listens there is a bot like this one."""
    timeout = aiohttp.ClientTimeout(total=PROBE_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(address) as answer:
            health = json.loads(await answer.read())
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return False
    return isinstance(health, dict) and "inbox" in health
