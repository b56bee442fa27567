"""A refused deed leaves nothing, whatever it did before it refused: every refusal there is, and every table.

Each story (tests/refusals/) ends with what is refused; then all tables are compared, and nothing but the polite no
has been added. tests/test_undone.py shows that it cannot be otherwise.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import pytest

from models.plan import read_plan
from templates import LANGUAGES, labels
from tests.desk import open_desk
from tests.refusals import aftercare, cases, files  # noqa: F401 - the stories
from tests.refusals.shop import NOW, PLAN, STORIES, Shop, Story, is_no, only_a_no


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
async def test_a_refused_deed_leaves_nothing(shop: Shop, key: str, story: Story) -> None:
    update = await story(shop)
    before = await shop.tables()
    shop.telegram.toasts.clear()
    await shop.hear(**update)
    said = only_a_no(before, await shop.tables())
    heard = [words for words in (*shop.telegram.toasts, said) if words]
    assert len(heard) == 1, heard
    assert is_no(key, heard[0]), heard
