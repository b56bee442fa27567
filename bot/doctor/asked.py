"""The questionnaires: whether every file can be used, and whether it still says what is stored under its version."""

from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bot import clock, definitions
from bot.doctor.finding import Finding, ok, warn
from bot.settings import Settings
from handlers import open_database
from handlers.questionnaires import differing
from models import migrations
from models.database import Database
from models.questionnaires import read_questionnaire


async def questionnaires(settings: Settings) -> AsyncIterator[Finding]:
    """What is wrong with the files, each line with how to mend it; else how many there are."""
    texts, wrong = definitions.usable(settings)
    for line in wrong:
        yield warn("questionnaires", f"{line}. It is not used; try huifang questionnaire check.")
    changed = await _changed(settings, texts)
    for line in changed:
        yield warn("questionnaires", f"{line}.")
    if not wrong and not changed:
        keys = sorted({read_questionnaire(text).key for text in texts.values()})
        yield ok("questionnaires", f"{len(keys)} can be used ({', '.join(keys)}).")


async def _changed(settings: Settings, texts: dict[str, str]) -> list[str]:
    """Files that differ from what is stored; none where there is no database to ask, which is said elsewhere."""
    database = open_database(settings.database_url, clock.wall)
    if not _is_there(database):
        return []
    try:
        async with database.engine.connect() as connection:
            if await connection.run_sync(migrations.version) != migrations.head():
                return []
        async with database.reading() as session:
            found = await differing(session, texts)
    except (SQLAlchemyError, OSError):
        return []
    finally:
        await database.close()
    return [f"{each.name}: {definitions.changed_words(each)}" for each in found]


def _is_there(database: Database) -> bool:
    """Whether there is something to look into: SQLite would make a file that is not there."""
    return not database.is_sqlite or Path(database.url.database or "").exists()
