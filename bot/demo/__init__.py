"""The demo: one believable case, played on a terminal by a real bot against a Telegram on this machine."""

import asyncio
import json
import os
import signal
import tempfile
import tomllib
from pathlib import Path

from bot.demo.live import Live, Words
from bot.demo.screen import Screen, Tone
from bot.demo.stage import TOKEN, Bot, Json, Sandbox, Stuck, sandbox
from bot.demo.story import BREATH, Story
from templates import LANGUAGES, ROOT

#: A whole case in half a minute is more than Telegram allows; here it allows more, and the bot keeps to that.
GROUP_PER_MINUTE, CHAT_PER_SECOND = 60, 5
QUIET_SECONDS = 0.5
LOOK_SECONDS = 0.05
SETTLE_SECONDS = 20.0


def usual_language() -> str:
    """The language of this terminal where we have it; ours where the terminal names none."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    language = named.partition("_")[0].partition(".")[0]
    if language in LANGUAGES:
        return language
    return "zh" if language in ("", "C", "POSIX") else "en"


async def play(language: str, *, fast: bool = False) -> int:
    """Play the case and print what is stored; `fast` leaves out the pauses for reading. Returns the exit code.

    Ctrl-C, SIGTERM and a closed terminal end it as cleanly as its own end does.
    """
    words = tomllib.loads((ROOT / "demo" / f"{language}.toml").read_text("utf-8"))
    screen = Screen()
    task = asyncio.ensure_future(_play(language, words, screen, 0 if fast else BREATH))
    caught: list[int] = []

    def stop(number: int) -> None:
        if not caught:  # a second Ctrl-C must not cut the cleaning short
            task.cancel()
        caught.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        await task
    except asyncio.CancelledError:
        screen.across(words["narrator"]["stopped"])
        return 128 + caught[0]
    except Stuck as stuck:
        screen.across(words["narrator"]["stuck"].format(reason=stuck), Tone.ALARM)
        return 1
    return 0


async def _play(language: str, words: Words, screen: Screen, breath: float) -> None:
    screen.across(words["narrator"]["opening"])
    with tempfile.TemporaryDirectory(prefix="huifang-demo-") as name:
        folder = Path(name)
        async with sandbox() as telegram:
            live = await _people(telegram, Live(telegram, screen, words, language), words["people"], language)
            bot = Bot(folder, _settings(folder, telegram, live.group, words, language))
            try:
                await bot.start()
                _headings(screen, words["screen"])
                async with live:
                    await Story(telegram, bot, live, screen, words, breath).play()
                    refused = await _settled(telegram)
            except Stuck as stuck:
                raise Stuck(f"{stuck}\n{bot.last_words()}") from stuck
            finally:
                await bot.stop()
        await _print_stored(folder, screen, words, language, refused)
    screen.across(words["narrator"]["again"], Tone.QUIET)


async def _print_stored(folder: Path, screen: Screen, words: Words, language: str, refused: int) -> None:
    # Imported only now: the database takes as long to load as a reader waits for the first line.
    from bot.demo.figures import stored

    screen.rule()
    screen.across(words["stored"]["title"])
    for line in await stored(_database_url(folder), words["stored"], language, refused, GROUP_PER_MINUTE):
        screen.across(f"  {line}", Tone.PLAIN)


async def _people(telegram: Sandbox, live: Live, names: dict[str, str], language: str) -> Live:
    """Put the people and their group on the stage."""
    await telegram.act("limits", group_per_minute=GROUP_PER_MINUTE, chat_per_second=CHAT_PER_SECOND)
    live.customer = await telegram.act("user", first_name=names["customer"], language_code=language)
    live.agent = await telegram.act("user", first_name=names["agent"], language_code=language)
    members = [live.agent["id"]]
    live.group = await telegram.act("group", title=names["group"], forum=True, members=members)
    return live


def _headings(screen: Screen, words: dict[str, str]) -> None:
    screen.rule()
    screen.both(words["left"], words["right"])
    screen.rule()


def _settings(folder: Path, telegram: Sandbox, group: Json, words: Words, language: str) -> dict[str, str]:
    plan = folder / "plan.toml"
    name = json.dumps(words["business"]["name"], ensure_ascii=False)
    plan.write_text(f'[business]\nname = {name}\nlanguage = "{language}"\n', "utf-8")
    return {
        "BOT_TOKEN": TOKEN,
        "STAFF_GROUP_ID": str(group["id"]),
        "TELEGRAM_API_URL": telegram.url,
        "DATABASE_URL": _database_url(folder),
        "PLAN_FILE": str(plan),
        "WEB_PORT": "0",
        "LIMIT_GROUP_PER_MINUTE": str(GROUP_PER_MINUTE),
        "LIMIT_CHAT_PER_SECOND": str(CHAT_PER_SECOND),
    }


def _database_url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'huifang.db'}"


async def _settled(telegram: Sandbox) -> int:
    """Wait until nothing is under way; returns how often Telegram answered 429. Raises Stuck."""
    for _ in range(int(SETTLE_SECONDS / LOOK_SECONDS)):
        state = await telegram.look("state")
        if not state["pending"] and not state["unacked"] and state["quiet"] > QUIET_SECONDS:
            return int(state["refused_429"])
        await asyncio.sleep(LOOK_SECONDS)
    raise Stuck("the bot does not come to rest")
