"""F23, F25 and the rest of a process's life: it is told to stop, replaced, mistaken for another, misconfigured."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.faults.hook import webhook
from tests.faults.rows import idle, number, rows, wait_rows
from tests.faults.shop import Shop
from tests.telegram import Telegram, words

CANARY = "1000000001:canary-in-the-coal-mine-7Q"


async def test_f23_told_to_stop_in_the_midst_it_ends_soon_and_nothing_is_lost_or_repeated(shop: Shop) -> None:
    bot = await shop.bot()
    await shop.telegram.latency(80)
    await shop.telegram.flood(40, 4, rate=40)
    await asyncio.sleep(0.5)
    async with asyncio.timeout(10):
        assert await bot.stop() == 0
    assert await number(shop.url, "SELECT count(*) FROM outbox WHERE state = 'sending'") == 0
    await bot.restart()
    await shop.settled(quiet=1.0)
    await idle(shop.url)
    for person in range(4):
        said = await _lines(shop, f"Customer {person + 1}")
        assert said == [f"word {n}" for n in range(10)]


async def test_f23_told_to_stop_as_soon_as_it_is_ready_it_ends_at_once(small_shop: Shop) -> None:
    bot = await small_shop.bot()
    for _ in range(8):  # what a start leaves to do beside the service was in the way of one stop in ten
        async with asyncio.timeout(8):
            assert await bot.stop() == 0
        await bot.restart()
    assert "Traceback" not in bot.log


async def test_f23_a_stop_does_not_wait_for_an_answer_that_never_comes(small_shop: Shop) -> None:
    shop = small_shop
    bot = await shop.bot()
    await shop.known(shop.li)
    await shop.telegram.fault("hold_after", "sendMessage", seconds=60)
    await shop.telegram.say(shop.li, "Hold on")
    await shop.relayed("Hold on")
    async with asyncio.timeout(12):
        assert await bot.stop() == 0
    await bot.restart()
    await shop.relayed("可能重复")


async def test_f23_the_new_process_takes_over_while_the_old_one_ends(large_shop: Shop) -> None:
    shop, settings = large_shop, webhook()
    old = await shop.bot(**settings)
    await shop.telegram.flood(45, 3, rate=25)  # still at it when the other is ready
    new = await shop.bot(**settings)
    assert await old.stop() == 0
    await new.until("this process sends")
    await shop.settled(quiet=1.5)
    await idle(shop.url)
    for person in range(3):
        assert await _lines(shop, f"Customer {person + 1}") == [f"word {n}" for n in range(15)]


async def test_f23_on_sqlite_the_new_process_waits_until_the_old_one_has_ended(small_shop: Shop) -> None:
    shop = small_shop
    old = await shop.bot()
    await shop.known(shop.li)
    new = shop.new_bot()
    await new.begin()
    await new.until("another process uses")
    assert await old.stop() == 0
    await new.until("ready")
    await shop.telegram.say(shop.li, "Who is there?")
    await shop.relayed("Who is there?")


async def _lines(shop: Shop, name: str) -> list[str]:
    thread = await shop.thread_of(name)
    topic = await shop.telegram.chat(shop.group, thread)
    return [line for message in topic for line in words(message).split("\n") if line.startswith("word")]


@pytest.mark.parametrize(("code", "description"), [(401, "Unauthorized"), (404, "Not Found")])
async def test_f25_with_a_revoked_token_everything_waits_for_the_new_one(
    small_shop: Shop, code: int, description: str
) -> None:
    shop = small_shop
    bot = await shop.bot()
    await shop.known(shop.li)
    await shop.telegram.say(shop.li, "Before")
    await shop.relayed("Before")
    for method in ("getUpdates", "sendMessage"):
        await shop.telegram.fault("status", method, times=None, code=code, description=description)
    thread = await shop.thread_of("Li Wei")
    await shop.telegram.say(shop.agent, "An answer that waits", chat=shop.group, thread=thread)
    await bot.until("see BOT_TOKEN")
    await wait_rows(shop.url, "SELECT id FROM outbox WHERE attempts > 0")
    calls = (await shop.telegram.state())["calls"]
    await asyncio.sleep(2)
    assert (await shop.telegram.state())["calls"] - calls <= 4, "no tight loop"
    assert bot.running
    await bot.stop()
    assert await rows(shop.url, "SELECT id FROM outbox WHERE state IN ('dead', 'uncertain')") == []
    await shop.telegram.no_faults()
    await rows(shop.url, "UPDATE outbox SET not_before = NULL WHERE state = 'new'")  # a minute later
    await bot.restart()
    await shop.telegram.say(shop.li, "And after")
    await shop.relayed("And after")
    await shop.telegram.wait_message(shop.li, "An answer that waits")


async def test_f25_a_token_that_telegram_refuses_ends_the_start_with_advice(small_shop: Shop) -> None:
    bot = small_shop.new_bot(bot_token="1000000001:wrong")
    await bot.begin()
    assert await bot.exit_code() == 1
    assert "BOT_TOKEN" in bot.log
    assert "@BotFather" in bot.log
    assert "Traceback" not in bot.log
    assert "1000000001:wrong" not in bot.log


async def test_another_bots_token_is_refused_by_the_database(small_shop: Shop) -> None:
    shop = small_shop
    bot = await shop.bot()
    await bot.stop()
    await shop.telegram.control("bot", token="1000000002:another")
    other = shop.new_bot(bot_token="1000000002:another")
    await other.begin()
    assert await other.exit_code() == 1
    assert "BOT_TOKEN" in other.log
    assert "1000000001" in other.log, "it says whose database this is"
    assert "Traceback" not in other.log
    assert "1000000002:another" not in other.log
    await bot.restart()


async def test_wrong_settings_end_the_start_with_their_names_and_what_is_expected(small_shop: Shop) -> None:
    bot = small_shop.new_bot(bot_token=CANARY)
    wrong = {
        "STAFF_GROUP_ID": "12",
        "OWNER_IDS": "me",
        "DATABASE_URL": "mysql://x",
        "TELEGRAM_API_URL": "https://api.telegram.org/bot",
        "WEBHOOK_SECRET": "with blanks",
        "WEB_PORT": "99999",
        "LOG_LEVEL": "LOUD",
        "LIMIT_GROUP_PER_MINUTE": "0",
        "LIMIT_TOPICS_PER_MINUTE": "-1",
    }
    bot.environment |= wrong
    await bot.begin()
    assert await bot.exit_code() == 1
    for name in wrong:
        [line] = [line for line in bot.log.splitlines() if line.startswith(f"{name}:")]
        assert "expected" in line
    assert "Traceback" not in bot.log
    assert "canary" not in bot.log


@pytest.mark.parametrize("words", ["", "[business]\nlanguage = 'fr'\ntimezon = 'UTC'\n"])
async def test_without_a_plan_that_was_ever_in_force_a_bad_plan_file_ends_the_start(
    small_shop: Shop, tmp_path: Path, words: str
) -> None:
    path = tmp_path / "plan.toml"
    if words:
        path.write_text(words, "utf-8")
    bot = small_shop.new_bot(plan_file=path)
    await bot.begin()
    assert await bot.exit_code() == 1
    lines = [line for line in bot.log.splitlines() if "PLAN_FILE: " in line]
    assert len(lines) == (2 if words else 1), "each mistake"
    assert all("expected" in line or "did you mean timezone?" in line for line in lines)
    assert "Traceback" not in bot.log


async def test_a_missing_token_is_asked_for(small_shop: Shop) -> None:
    bot = small_shop.new_bot(bot_token="")
    await bot.begin()
    assert await bot.exit_code() == 1
    assert "BOT_TOKEN: is missing" in bot.log
    assert "Traceback" not in bot.log


async def test_without_an_owner_the_start_warns_and_with_one_it_does_not(small_shop: Shop) -> None:
    for owners, warned in (("", True), (small_shop.agent["id"], False)):
        bot = await small_shop.bot(owner_ids=owners)
        assert ("OWNER_IDS: there is no owner" in bot.log) == warned
        assert await bot.stop() == 0


async def test_the_token_is_never_in_the_log_whatever_goes_wrong(small_shop: Shop) -> None:
    shop = small_shop
    await shop.telegram.control("bot", token=CANARY.replace("1000000001", "1000000003"))
    token = CANARY.replace("1000000001", "1000000003")
    other = Telegram(shop.telegram.url, token, None)
    try:
        group = await shop.telegram.group("Staff of the other", members=[shop.agent["id"]])
        bot = shop.new_bot(bot_token=token, staff_group_id=group["id"], log_level="DEBUG")
        await bot.begin()
        await bot.until("ready")
        for fault in ("drop_before", "html", "truncate", "empty"):
            await shop.telegram.fault(fault)
        await shop.telegram.control("say", bot=1000000003, from_id=shop.li["id"], chat_id=shop.li["id"], text="Hello")
        await shop.telegram.fault("status", "getUpdates", code=401, description="Unauthorized")
        await wait_rows(shop.url, "SELECT id FROM outbox WHERE state = 'sent'", timeout=40)
        await shop.telegram.down(1)
        await bot.until("Telegram cannot be polled")
        await bot.stop()
        assert "canary" not in bot.log
        [[stored]] = await rows(shop.url, "SELECT count(*) FROM outbox WHERE cast(body AS text) LIKE '%canary%'")
        assert stored == 0
    finally:
        await other.stop()


async def test_interrupted_from_the_keyboard_it_ends_like_any_other_stop(small_shop: Shop) -> None:
    bot = await small_shop.bot()
    assert await bot._end(signal.SIGINT) == 0
    assert "Traceback" not in bot.log
