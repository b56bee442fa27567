"""What every test may ask for: an empty database of each kind."""

import gc
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler.loadfile import LoadFileScheduling

from tests import preloaded, statements
from tests.postgres import new_database, running_postgres

# Before python-telegram-bot is imported: durations come as timedelta, as they will in its next version.
os.environ["PTB_TIMEDELTA"] = "1"

gc.disable()  # until all is collected: what is imported meanwhile stays
statements.share()

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("huifang", deadline=None)
hypothesis.settings.load_profile("huifang")

#: Fixtures whose parameter is the kind of database.
DATABASES = {"database_url", "module_database"}

#: What takes longest begins first, or one process would still be at it when the others are done.
LONGEST_FIRST = (
    *("demo", "test_sending.py", "test_groups.py", "test_old_history.py", "test_storage.py", "test_receiving.py"),
    *("test_processes.py", "test_kills.py", "test_standards.py", "test_customers.py", "test_visits.py"),
    *("test_bad_updates.py", "test_questionnaires.py", "test_schedules.py", "test_surveys.py", "test_approvals.py"),
    *("test_refusals.py", "test_calendars.py", "test_routing_machine.py", "test_simulation.py", "test_soak.py"),
)


def _together(file: str) -> str:
    """What one process runs of a file: it alone, and those of the demo together, which share it and the browser."""
    return "demo" if "tests/demo/" in file else file.rpartition("/")[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first; what stays together keeps its order."""
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(_together(item.path.as_posix()), len(places)))


class _Scheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no types
    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "demo" if _together(file) == "demo" else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Who runs what, where several processes do."""
    return _Scheduling(config, log)


def pytest_collection_finish() -> None:
    """What has been imported stays: the search for rubbish need not look through it again and again."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000, 20, 20)  # as in the bot itself


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of one server for all tests of this process; tests ask for `database_url`."""
    with running_postgres(careless=True) as server:
        yield server


def pytest_configure(config: pytest.Config) -> None:
    """Where there will be several of us, they share what forks."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        folder = tempfile.TemporaryDirectory(prefix="pre-")  # a short path: a socket's name may not be long
        config.add_cleanup(folder.cleanup)
        config.add_cleanup(preloaded.close)
        preloaded.share(Path(folder.name))


@pytest.fixture(scope="session", autouse=True)
def _end_of_preloaded() -> Iterator[None]:
    yield
    preloaded.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of the database runs on both kinds, unless its module says why it need not: SQLITE_ALONE = "why".

    Stories are about what people see: of them only those run on both that are marked `postgres_too`.
    """
    alone = hasattr(metafunc.module, "SQLITE_ALONE") or metafunc.module.__name__.startswith("tests.stories.")
    alone = alone and metafunc.definition.get_closest_marker("postgres_too") is None
    said = [str(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize")]
    for fixture in DATABASES.intersection(metafunc.fixturenames).difference(said):
        metafunc.parametrize(fixture, ["sqlite"] if alone else ["sqlite", "postgres"], indirect=True)


@pytest.fixture
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a fresh, empty database, of the kind that is the parameter.

    It is good for another process too, as DATABASE_URL in its environment.
    """
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'huifang.db'}"
        return
    async with new_database(request.getfixturevalue("postgres_server")) as url:
        yield url


@pytest.fixture(scope="module")
async def module_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """The address of an empty database that the tests of a module share."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('data') / 'huifang.db'}"
        return
    async with new_database(request.getfixturevalue("postgres_server")) as url:
        yield url
