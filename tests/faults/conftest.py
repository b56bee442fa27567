"""A shop on each kind of database, or on the one that a fault is about."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.rows import idle
from tests.faults.shop import Shop, open_shop
from tests.postgres import new_database

_NUMBERS = itertools.count(1)


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop, once on SQLite and once on PostgreSQL."""
    async with open_shop(database_url, tmp_path) as found:
        yield found


@pytest.fixture
async def small_shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop on SQLite, for faults that have nothing to do with storage."""
    async with open_shop(f"sqlite+aiosqlite:///{tmp_path / 'huifang.db'}", tmp_path) as found:
        yield found


@pytest.fixture
async def large_shop(postgres_server: str, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop on PostgreSQL, which several processes may serve."""
    async with new_database(postgres_server) as url, open_shop(url, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
async def shop_of_all(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """A small shop whose bot runs already and serves all tests of a module, one after the other."""
    folder = tmp_path_factory.mktemp("open")
    async with open_shop(f"sqlite+aiosqlite:///{folder / 'huifang.db'}", folder) as found:
        await found.bot()
        yield found


@pytest.fixture
async def running_shop(shop_of_all: Shop) -> AsyncIterator[Shop]:
    """It, with a customer of the test's own for `li`; what the test has left undone the next one does not meet."""
    shop_of_all.li = await shop_of_all.telegram.user(f"Li Wei {next(_NUMBERS):02}", language_code="zh")
    yield shop_of_all
    await shop_of_all.telegram.no_faults()
    await shop_of_all.settled()
    await idle(shop_of_all.url)
