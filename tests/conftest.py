"""What every test may ask for: an empty database of each kind."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests import preloaded
from tests.postgres import new_database, running_postgres

# Before python-telegram-bot is imported: durations come as timedelta, as they will in its next version.
os.environ["PTB_TIMEDELTA"] = "1"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of one server for all tests of this process; tests ask for `database_url`."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def _end_of_preloaded() -> Iterator[None]:
    yield
    preloaded.close()


@pytest.fixture(params=["sqlite", "postgres"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a fresh, empty database; the test runs once on SQLite and once on PostgreSQL.

    It is good for another process too, as DATABASE_URL in its environment.
    """
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'huifang.db'}"
        return
    async with new_database(request.getfixturevalue("postgres_server")) as url:
        yield url
