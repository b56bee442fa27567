"""The doctor: looks at all that the bot needs, changes nothing, and says in plain lines what is wrong.

The bot may run meanwhile: no lock is taken, no update is fetched, and what is written to the database to see
whether it can be is rolled back.
"""

from collections.abc import AsyncIterator
from pathlib import Path

from bot.doctor.asked import questionnaires
from bot.doctor.finding import Finding, Level, wrong
from bot.doctor.here import database, misspelt, plan, web_port
from bot.doctor.telegram_side import Telegram
from bot.logs import RedactingFormatter
from bot.settings import Settings, SettingsError


async def examine(settings: Settings, env_file: Path = Path(".env")) -> int:
    """Look at everything and print one line for each; returns the exit code, 1 where something is wrong."""
    hidden = RedactingFormatter(settings.secrets)
    code = 0
    async for finding in _findings(settings, env_file):
        print(hidden.redact(str(finding)), flush=True)
        if finding.level is Level.WRONG:
            code = 1
    return code


async def _findings(settings: Settings, env_file: Path) -> AsyncIterator[Finding]:
    for finding in misspelt(env_file):
        yield finding
    async with Telegram(settings) as telegram:
        async for finding in telegram.findings():
            yield finding
    for finding in await database(settings, telegram.bot_id):
        yield finding
    for finding in plan(settings):
        yield finding
    async for finding in questionnaires(settings):
        yield finding
    yield await web_port(settings)


def without_settings(error: SettingsError, env_file: Path = Path(".env")) -> list[Finding]:
    """What can be said when the settings cannot even be read: each that is wrong, and names like theirs."""
    found = []
    for line in str(error).splitlines():
        name, _, words = line.partition(": ")
        found.append(wrong(name, words))
    return found + list(misspelt(env_file))
