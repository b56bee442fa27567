"""The demo in a browser: a page on which the reader is Telegram, the sandbox behind it, and the real bot."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.demo.control import Control
from bot.demo.story import gather
from bot.demo.supervisor import BotProcess, DoesNotStart, address_of, running_sandbox
from bot.demo.words import words
from templates import LANGUAGES, ROOT

TOKEN = "1000000001:sandbox"  # noqa: S105 - it opens nothing but the sandbox
#: Telegram's limits are off here until the visitor sets one, and the bot's own are out of the way.
LIMITS = {
    "LIMIT_GROUP_PER_MINUTE": "1000",
    "LIMIT_CHAT_PER_SECOND": "20",
    "LIMIT_OVERALL_PER_SECOND": "100",
    "LIMIT_TOPICS_PER_MINUTE": "60",
}


async def serve_demo(database_url: str | None, port: int, language: str | None, open_browser: bool) -> int:
    """Run the demo until a signal ends it; everything that it started ends with it. Returns the exit code.

    `database_url` None: a throw-away SQLite file; `port` 0: any free one; `language` None: the system's.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        with socket.create_server(("127.0.0.1", port)) as listener:
            async with AsyncExitStack() as stack:
                await _perform(stack, listener, database_url, language or system_language(), open_browser, stop)
    except OSError as error:
        print(f"The demo cannot listen on port {port}: {error.strerror}. Another one: --port 0", file=sys.stderr)
        return 1
    except DoesNotStart as error:
        print(f"The demo cannot start:\n{error}", file=sys.stderr)
        return 1
    return 0


async def _perform(
    stack: AsyncExitStack,
    listener: socket.socket,
    database_url: str | None,
    language: str,
    open_browser: bool,
    stop: asyncio.Event,
) -> None:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="huifang-demo-")))
    sandbox = await stack.enter_async_context(running_sandbox(TOKEN, folder))
    # The web server and the tables take a while to import, in which the sandbox starts.
    from bot.demo.performance import perform

    url = await address_of(sandbox)
    control = Control(url)
    stack.push_async_callback(control.close)
    cast = await gather(control, TOKEN, language)
    database_url = database_url or f"sqlite+aiosqlite:///{folder / 'demo.db'}"
    plan_file = _write_plan(folder, language)
    settings = {
        "BOT_TOKEN": TOKEN,
        "STAFF_GROUP_ID": str(cast.group["id"]),
        "OWNER_IDS": str(cast.agents[0]["id"]),
        "DATABASE_URL": database_url,
        "TELEGRAM_API_URL": url,
        "WEB_PORT": "0",
        "PLAN_FILE": str(plan_file),
        **LIMITS,
    }
    bot = BotProcess(folder, settings)
    stack.push_async_callback(bot.stop)
    await perform(control, database_url, bot, cast, language, listener, open_browser, stop, plan_file)


def _write_plan(folder: Path, language: str) -> Path:
    """A care plan for the shop of the demo, in the visitor's language and time zone."""
    names = ", ".join(f'{each} = "{words(each)["cast"]["business"]}"' for each in LANGUAGES)
    lines = (
        "[business]",
        f"name = {{ {names} }}",
        f'language = "{language}"',
        f'timezone = "{system_zone()}"',
        'enrolment = "group"',
    )
    path = folder / "plan.toml"
    text = (ROOT / "demo" / "plan.toml").read_text("utf-8")
    path.write_text(text.replace("\n{business}\n", "\n" + "\n".join(lines) + "\n"), "utf-8")
    return path


def system_language() -> str:
    """The language where nobody says: the system's, if it is one of ours."""
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if spoken.lower().startswith("zh") else "en"


def system_zone() -> str:
    """The time zone that this machine shows, so that cards and page agree; UTC where it has no name."""
    name = os.environ.get("TZ") or str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    with contextlib.suppress(ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(name).key
    return "UTC"
