"""F13-F17, F24, F26, F27: updates that come twice, out of order, mutilated, or faster than they are handled."""

import asyncio
import copy
import io
import json
import random
import sys
import time
from typing import Any

import aiohttp
import pytest

from bot.intake import ALLOWED_UPDATES
from tests.faults.rows import held, idle, number, rows, wait_rows
from tests.faults.shop import Shop
from tests.soak import free_port
from tests.telegram import Json, words

SECRET = "a-secret-of-the-test"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET}


def webhook() -> dict[str, Any]:
    """Settings of a webhook at a free port."""
    port = free_port()
    return {"webhook_url": f"http://127.0.0.1:{port}/hook", "webhook_secret": SECRET, "web_port": port}


async def post(url: str, update: Any) -> int:
    """Hand over one update as Telegram would; returns the status."""
    body = update if isinstance(update, str) else json.dumps(update)
    data = io.BytesIO(body.encode())
    async with aiohttp.ClientSession() as session, session.post(url, data=data, headers=HEADERS) as answer:
        assert await answer.read() == b"", "a body would be taken for a call"
        return answer.status


def written(person: Json, text: str, update_id: int, **fields: Any) -> Json:
    """An update with a person's message."""
    sender = {"id": person["id"], "is_bot": False, "first_name": person["first_name"]}
    message = {
        "message_id": 500_000 + update_id % 100_000, "date": int(time.time()), "text": text, "from": sender,
        "chat": {"id": person["id"], "type": "private", "first_name": person["first_name"]}, **fields,
    }  # fmt: skip
    return {"update_id": update_id, "message": message}


# -- F13


@pytest.mark.parametrize("processes", [1, 3])
async def test_f13_the_same_update_many_times_at_once_takes_effect_once(large_shop: Shop, processes: int) -> None:
    await _redelivered(large_shop, processes)


async def test_f13_the_same_update_many_times_takes_effect_once_on_sqlite(small_shop: Shop) -> None:
    await _redelivered(small_shop, 1)


async def _redelivered(shop: Shop, processes: int) -> None:
    settings = webhook()
    for _ in range(processes):
        await shop.bot(**settings)
    updates = [written(shop.li, f"Line {n}.", 900_000_000 + n) for n in range(30)]
    for _ in range(2):
        answers = await asyncio.gather(
            *(post(settings["webhook_url"], update) for update in updates for _ in range(5))
        )
        assert set(answers) == {200}
    await idle(shop.url)
    await shop.telegram.settled(quiet=1.0)
    assert await number(shop.url, "SELECT count(*) FROM inbox WHERE update_id >= 900000000") == 30
    assert await number(shop.url, "SELECT count(*) FROM messages WHERE author = 'customer'") == 30
    assert await number(shop.url, "SELECT count(*) FROM cases") == 1
    text = "\n".join(words(message) for message in await shop.shown("Line"))
    assert [text.count(f"Line {n}.") for n in range(30)] == [1] * 30


async def test_f13_polled_updates_that_come_again_take_effect_once(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    await shop.known(shop.li)
    await shop.telegram.update(written(shop.li, "Twice told", 900_000_000), duplicate=5)
    await shop.relayed("Twice told")
    await shop.telegram.settled(quiet=1.0)
    assert len(await shop.shown("Twice told")) == 1


# -- F14


async def test_f14_an_edit_that_overtakes_its_message_waits_for_it(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    await shop.known(shop.li)
    original = written(shop.li, "It leeks", 900_000_001)
    changed = {**original["message"], "text": "It leaks", "edit_date": int(time.time())}
    await shop.telegram.update({"update_id": 900_000_000, "edited_message": changed})
    await asyncio.sleep(0.3)
    await shop.telegram.update(original)
    await shop.relayed("It leaks")
    shown = [words(message) for message in await shop.shown("It le")]
    assert [text.split("\n")[-1] for text in shown] == ["It leeks", "It leaks"]


async def test_f14_customers_shuffled_together_each_keep_their_order(shop: Shop) -> None:
    settings = webhook()
    await shop.bot(**settings)
    people = [await shop.telegram.user(f"Person {n}") for n in range(6)]

    async def talk(person: Json, first_id: int) -> None:
        for line in range(8):
            update = written(person, f"{person['first_name']} line {line}.", first_id + line)
            assert await post(settings["webhook_url"], update) == 200

    ids = random.Random(14).sample(range(900_000_000, 900_000_600, 100), 6)
    await asyncio.gather(*(talk(person, first) for person, first in zip(people, ids, strict=True)))
    await idle(shop.url)
    text = "\n".join(words(message) for message in await shop.shown(" line "))
    for person in people:
        places = [text.index(f"{person['first_name']} line {line}.") for line in range(8)]
        assert places == sorted(places)


# -- F15

ODD: list[Any] = [
    None, True, False, 0, -1, 2**31, 2**63, 2**70, 1e308, "", "x" * 5000, "\x00", "\ud800", "<b>", [], [[]], {},
    {"id": None}, "\u202eevil", "😀" * 300, ["a"], {"a": {"b": {"c": []}}}, float("nan"),
]  # fmt: skip


def mutated(update: Json, chance: random.Random) -> Json:
    """The update with one to three of its parts gone, swapped for rubbish, doubled or renamed."""
    made: Json = copy.deepcopy(update)
    for _ in range(chance.randint(1, 3)):
        holder: Any = made
        while True:
            keys = [key for key in holder if key != "update_id"] if isinstance(holder, dict) else range(len(holder))
            if not keys:
                break
            key = chance.choice(list(keys))
            value = holder[key]
            if isinstance(value, dict | list) and value and chance.random() < 0.8:
                holder = value
                continue
            match chance.randrange(4):
                case 0:
                    del holder[key]
                case 1 | 2:
                    holder[key] = copy.deepcopy(chance.choice(ODD))
                case 3 if isinstance(holder, dict):
                    holder[f"{key}_new"] = holder.pop(key)
            break
    return made


async def _recorded(shop: Shop) -> list[Json]:
    """Updates of many kinds, as Telegram words them."""
    telegram, li, agent, group = shop.telegram, shop.li, shop.agent, shop.group
    topic = await telegram.topic(group, "create", name="By hand")
    first = await telegram.say(li, "Hello *there* https://example.org", reply_to=None)
    for kind in ("photo", "sticker", "voice", "video_note", "location", "contact", "poll", "document", "venue"):
        await telegram.say(li, **{kind: True})
    await telegram.say(li, "Again", reply_to=first)
    await telegram.edit(first, "Hello again")
    await telegram.say(agent, "Morning all", chat=group)
    await telegram.say(agent, "In a topic", chat=group, thread=topic["message_thread_id"])
    await telegram.press(li, first, "kind:1001:complaint", forge=True)
    await telegram.press(agent, await telegram.say(agent, "x", chat=group), "claim:1001", forge=True)
    await telegram.block(li)
    await telegram.block(li, blocked=False)
    answer = await telegram.call("getUpdates", timeout=0, allowed_updates=ALLOWED_UPDATES)
    found: list[Json] = answer["result"]
    assert len(found) >= 15
    await telegram.call("getUpdates", timeout=0, offset=found[-1]["update_id"] + 1)
    return found


def _by(update: Json, person: Json, number_: int) -> Json:
    """The same from somebody else."""
    changed: Json = json.loads(json.dumps(update).replace(str(person["id"]), str(5_100_000_000 + number_)))
    return changed


async def test_f15_a_thousand_mutilated_updates_stop_nothing(shop: Shop) -> None:
    recorded = await _recorded(shop)
    private = [update for update in recorded if str(shop.group["id"]) not in json.dumps(update)]
    chance = random.Random(15)
    settings = webhook()
    bot = await shop.bot(**settings)
    wang = await shop.telegram.user("Wang")
    thread = await shop.known(wang)
    pid, ids = bot.pid, iter(range(900_000_000, 900_010_000))

    async def pour(count: int) -> None:
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            for _ in range(count):
                # Of many people, since after a failure a person's later words wait for its repeats.
                number_ = next(ids)
                update = _by(chance.choice(private if number_ % 80 else recorded), shop.li, number_ % 150)
                update = {**mutated(update, chance), "update_id": number_}
                body = json.dumps(update, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
                async with session.post(settings["webhook_url"], data=body) as answer:
                    assert answer.status == 200, body

    async with asyncio.timeout(60):
        await asyncio.gather(*(pour(125) for _ in range(8)))
    await shop.telegram.say(wang, "I am still a good customer")
    await shop.telegram.wait_message(shop.group, "still a good customer", thread=thread, timeout=40)
    await wait_rows(shop.url, "SELECT id FROM inbox WHERE state = 'new'", lambda found: not found, 60)
    assert bot.pid == pid
    assert bot.running
    assert await number(shop.url, "SELECT count(*) FROM inbox WHERE update_id >= 900000000") == 1000
    states = {row[0] for row in await rows(shop.url, "SELECT DISTINCT state FROM inbox")}
    assert states == {"done", "dead"}


async def test_f15_one_unreadable_update_among_good_ones_stops_none_of_them(shop: Shop) -> None:
    await shop.bot()
    await shop.known(shop.li)
    await shop.telegram.say(shop.li, "The one before")
    broken = written(shop.li, "Broken words", 0)["message"]
    del broken["chat"]["type"]
    await shop.telegram.update({"message": broken})
    await shop.telegram.update({"something_new": {"from": {"id": 5, "first_name": "Q"}, "chat": {"id": 5}}})
    await shop.telegram.update(raw='{"update_id": 800000000, "message": {"text": "\\ud800 and \\u0000", "chat": []}}')
    await shop.telegram.say(shop.li, "The one after")
    await shop.relayed("The one after")
    await shop.relayed("Broken words")
    dead = await wait_rows(shop.url, "SELECT id FROM inbox WHERE state = 'dead'", lambda found: len(found) >= 2)
    assert dead
    assert await shop.shown("The one before")


async def test_f15_a_megabyte_of_text_with_everything_in_it_reaches_staff(shop: Shop) -> None:
    settings = webhook()
    await shop.bot(**settings)
    await shop.known(shop.li)
    text = "😀 x" * 250_000 + "\x00\ud83d"
    assert await post(settings["webhook_url"], written(shop.li, text, 900_000_000)) == 200
    [call] = await shop.telegram.wait_calls("sendDocument", timeout=30)
    assert call["ok"]
    await shop.telegram.say(shop.li, "That was all")
    await shop.relayed("That was all")


# -- F16


def poison(person: Json) -> Json:
    """An update that can be read, and whose message has a number that no database takes."""
    update = written(person, "Poisoned words", 900_000_000)
    update["message"]["message_id"] = 2**63
    return update


async def test_f16_a_handler_that_always_raises_ends_in_a_raw_fallback_and_stops_nobody(shop: Shop) -> None:
    bot = await shop.bot()
    thread = await shop.known(shop.li)
    anna = await shop.telegram.user("Anna")
    await shop.telegram.update(poison(shop.li))
    await shop.telegram.say(anna, "Nobody waits for poison")
    await shop.telegram.wait_message(shop.group, "Nobody waits for poison", timeout=4)
    await shop.telegram.say(shop.li, "My next words")
    raw = await shop.relayed("Poisoned words")
    assert raw.get("message_thread_id") is None, "in General, where somebody looks"
    assert "Li Wei" in words(raw)
    await shop.telegram.wait_message(shop.group, "My next words", thread=thread, timeout=10)
    [[attempts, state]] = await rows(shop.url, "SELECT attempts, state FROM inbox WHERE update_id = 900000000")
    assert state == "dead"
    assert attempts >= 3
    assert bot.running


async def test_f16_dead_updates_are_replayed_by_command(small_shop: Shop) -> None:
    shop = small_shop
    bot = await shop.bot()
    await shop.known(shop.li)
    await shop.telegram.update(poison(shop.li))
    await wait_rows(shop.url, "SELECT id FROM inbox WHERE state = 'dead'")
    # The upgrade that makes it digestible.
    await rows(shop.url, "UPDATE inbox SET raw = replace(raw, '9223372036854775808', '777777') WHERE state = 'dead'")
    replay = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "replay"), env=bot.environment, cwd=bot.folder
    )
    assert await replay.wait() == 0
    thread = await shop.thread_of("Li Wei")
    await shop.telegram.wait_message(shop.group, "Poisoned words", thread=thread, timeout=15)


# -- F17


async def test_f17_updates_are_acknowledged_at_once_while_handling_stands_still(large_shop: Shop) -> None:
    shop, settings = large_shop, webhook()
    await shop.bot(**settings)
    await shop.known(shop.li)
    seconds = []
    async with held(shop.url, "messages"):  # every handler now waits here
        for n in range(40):
            began = time.monotonic()
            assert await post(settings["webhook_url"], written(shop.li, f"Line {n}.", 900_000_000 + n)) == 200
            seconds.append(time.monotonic() - began)
        assert await shop.shown("Line ") == []
    # The catalogue's 100 ms, with room for a machine that does other things.
    assert sorted(seconds)[-2] < 0.3, seconds
    await shop.relayed("Line 39.")


# -- F24, F26, F27


async def test_f24_of_two_pollers_the_second_waits_and_says_so(small_shop: Shop) -> None:
    shop = small_shop
    bot = await shop.bot()
    await shop.known(shop.li)
    await shop.telegram.call("getUpdates", timeout=0)  # somebody else polls with our token
    await bot.until("another process polls for this bot")
    polls = len(await shop.telegram.ledger("getUpdates"))
    await asyncio.sleep(1.5)
    assert len(await shop.telegram.ledger("getUpdates")) <= polls + 1, "no tight loop"
    await shop.telegram.say(shop.li, "Do you hear me?")
    await shop.relayed("Do you hear me?")


async def test_f24_a_webhook_set_by_somebody_else_is_removed_at_the_next_start(small_shop: Shop) -> None:
    shop = small_shop
    bot = await shop.bot()
    await shop.known(shop.li)
    await bot.stop()
    await shop.telegram.call("setWebhook", url=f"http://127.0.0.1:{free_port()}/elsewhere")
    await bot.restart()
    await shop.telegram.say(shop.li, "Do you hear me?")
    await shop.relayed("Do you hear me?")


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_f26_f27_nothing_waiting_is_dropped_and_every_kind_is_asked_for(small_shop: Shop, mode: str) -> None:
    shop = small_shop
    await shop.telegram.say(shop.li, "Written before the start")
    await shop.bot(**(webhook() if mode == "webhook" else {}))
    await shop.relayed("Written before the start")
    method = "setWebhook" if mode == "webhook" else "getUpdates"
    [call, *_] = await shop.telegram.ledger(method)
    asked = set(json.loads(call["params"]["allowed_updates"]))
    assert {"message", "edited_message", "callback_query", "my_chat_member", "chat_member"} <= asked
    assert await shop.telegram.violations() == []
    for each in await shop.telegram.ledger(kind="call"):
        assert "drop_pending_updates" not in each["params"]
