"""A refused deed leaves nothing, whatever it did before it refused: every refusal there is, and every table.

Each story (tests/refusals/) ends with what is refused; then all tables are compared, and nothing but the polite no
has been added. tests/test_undone.py shows that it cannot be otherwise.
"""

import ast
import sqlite3
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from handlers.chat import entrance
from handlers.refusals import Refusal
from models.plan import read_plan
from templates import LANGUAGES, labels
from tests.desk import open_desk
from tests.refusals import aftercare, cases, files, private  # noqa: F401 - the stories
from tests.refusals.shop import NOW, PLAN, STORIES, Shop, Story, is_no, only_a_no

HANDLERS = Path(__file__).parents[1] / "handlers"
#: A line that refuses: its file and number.
Line = tuple[Path, int]
#: Use cases that ask again what every door of the chat has asked before them: no update ends there.
ASKED_BY_THE_DOOR = {
    "authority.py::require_own",
    "visits/answers.py::turn",
    "visits/results.py::record_outcome",
}


@pytest.fixture(scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Shop, sqlite3.Connection]]:
    """The scene, played once, and its database as it was then."""
    path = tmp_path_factory.mktemp("refusals") / "huifang.db"
    async with open_desk(f"sqlite+aiosqlite:///{path}", PLAN, NOW, Shop) as shop:
        await shop.open()
        with closing(sqlite3.connect(":memory:")) as kept:
            with closing(sqlite3.connect(path)) as database:
                database.backup(kept)
            yield shop, kept


@pytest.fixture
def shop(scene: tuple[Shop, sqlite3.Connection]) -> Shop:
    """The scene again, for one story."""
    played, kept = scene
    with closing(sqlite3.connect(str(played.database.url.database))) as database:
        kept.backup(database)
    shop = Shop(played.database, read_plan(PLAN), NOW)
    shop.telegram.take_over(played.telegram)
    return shop


@pytest.fixture(scope="module")
def refused_at() -> Iterator[list[Line]]:
    """The lines that refused so far, one for each story that was told."""
    lines: list[Line] = []
    say_no = entrance.say_no

    async def noting(work: Any, update: Any, name: str, refusal: Refusal) -> None:
        last = traceback.extract_tb(refusal.__traceback__)[-1]
        lines.append((Path(last.filename), last.lineno or 0))
        await say_no(work, update, name, refusal)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(entrance, "say_no", noting)
        yield lines


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_a_story(language: str) -> None:
    assert STORIES.keys() == labels(language)["refusal"].keys()


@pytest.mark.parametrize(
    ("key", "story"),
    [
        pytest.param(key, story, id=f"{key}-{number}")
        for key, stories in STORIES.items()
        for number, story in enumerate(stories, 1)
    ],
)
async def test_a_refused_deed_leaves_nothing(shop: Shop, refused_at: list[Line], key: str, story: Story) -> None:
    update = await story(shop)
    before = await shop.tables()
    shop.telegram.toasts.clear()
    await shop.hear(**update)
    said = only_a_no(before, await shop.tables())
    heard = [words for words in (*shop.telegram.toasts, said) if words]
    assert len(heard) == 1, heard
    assert is_no(key, heard[0]), heard


def test_every_line_that_refuses_has_a_story(refused_at: list[Line]) -> None:
    if len(refused_at) < sum(map(len, STORIES.values())):
        pytest.skip("only some of the stories were told")
    untold = {name for name, path, line in _refusing() if (path, line) not in refused_at}
    assert untold == ASKED_BY_THE_DOOR, "each line that refuses has a story in tests/refusals/"


def _refusing() -> Iterator[tuple[str, Path, int]]:
    """Every line that refuses: the function in which it stands, its file and number."""
    for path in sorted(HANDLERS.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for raised in ast.walk(function):
                if isinstance(raised, ast.Raise) and ast.unparse(raised).startswith("raise Refusal("):
                    yield f"{path.relative_to(HANDLERS)}::{function.name}", path, raised.lineno
