"""One performance: people and bot on the stage, the story played, what is stored told at the end."""

import json
import tempfile
from pathlib import Path

from bot.demo.live import Live, Words
from bot.demo.processes import TOKEN, Bot, SandboxProcess, Stuck
from bot.demo.screen import Screen, Tone
from bot.demo.story import Story
from bot.demo.telegram import Json, Telegram

#: A whole case in half a minute is more than Telegram allows; here it allows more, and the bot keeps to that.
GROUP_PER_MINUTE, CHAT_PER_SECOND = 60, 5


async def perform(process: SandboxProcess, screen: Screen, words: Words, language: str, breath: float) -> None:
    """Play the case; `breath` is the pause between two steps (seconds). Raises Stuck."""
    with tempfile.TemporaryDirectory(prefix="huifang-demo-") as name:
        folder = Path(name)
        async with Telegram(await process.address()) as telegram:
            live = Live(telegram, screen, words, language)
            await _people(telegram, live, words["people"], language)
            bot = Bot(folder, _settings(folder, telegram, live.group, words, language))
            try:
                await bot.start()
                _headings(screen, words["screen"])
                async with live:
                    await Story(telegram, bot, live, screen, words, breath).play()
                    refused = await telegram.settled()
            except Stuck as stuck:
                raise Stuck(f"{stuck}\n{bot.last_words()}") from stuck
            finally:
                await bot.stop()
        await _print_stored(folder, screen, words, language, refused)
    screen.across(words["narrator"]["again"], Tone.QUIET)


async def _people(telegram: Telegram, live: Live, names: dict[str, str], language: str) -> None:
    """Put the people and their group on the stage."""
    await telegram.act("limits", group_per_minute=GROUP_PER_MINUTE, chat_per_second=CHAT_PER_SECOND)
    live.customer = await telegram.act("user", first_name=names["customer"], language_code=language)
    live.agent = await telegram.act("user", first_name=names["agent"], language_code=language)
    members = [live.agent["id"]]
    live.group = await telegram.act("group", title=names["group"], forum=True, members=members)


def _headings(screen: Screen, words: dict[str, str]) -> None:
    screen.rule()
    screen.both(words["left"], words["right"])
    screen.rule()


def _settings(folder: Path, telegram: Telegram, group: Json, words: Words, language: str) -> dict[str, str]:
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


async def _print_stored(folder: Path, screen: Screen, words: Words, language: str, refused: int) -> None:
    # Imported only now: the database takes as long to load as a reader waits for the first line.
    from bot.demo.figures import stored

    screen.rule()
    screen.across(words["stored"]["title"])
    for line in await stored(_database_url(folder), words["stored"], language, refused, GROUP_PER_MINUTE):
        screen.across(f"  {line}", Tone.PLAIN)
