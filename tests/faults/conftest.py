"""A shop on each kind of database, or on the one that a fault is about."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.shop import Shop, open_shop
from tests.postgres import new_database


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
