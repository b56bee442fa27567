"""F01-F05: the process is killed, and what it had in hand is neither lost nor done twice."""

import pytest

from tests.faults.rows import held, idle, number, wait_rows
from tests.faults.shop import Shop
from tests.telegram import words


async def test_f01_killed_before_the_inbox_commit_the_update_comes_again(shop: Shop) -> None:
    bot = await shop.bot()
    async with held(shop.url):
        await shop.telegram.say(shop.li, "The kettle leaks")
        await shop.handed_out()
        await bot.kill()
    assert await number(shop.url, "SELECT count(*) FROM inbox") == 0
    await bot.restart()
    await shop.relayed("The kettle leaks")
    await idle(shop.url)
    assert len(await shop.shown("The kettle leaks")) == 1


async def test_f02_killed_between_the_commit_and_the_acknowledgement_it_is_done_once(shop: Shop) -> None:
    bot = await shop.bot()
    await shop.telegram.wait_calls("getUpdates")
    await shop.telegram.fault("drop_before", "getUpdates", times=None)  # the poll under way is past it
    await shop.telegram.say(shop.li, "The kettle leaks")
    await wait_rows(shop.url, "SELECT id FROM inbox")
    await shop.relayed("The kettle leaks")
    await idle(shop.url)
    assert (await shop.telegram.state())["unacked"] == 1
    await bot.kill()
    await shop.telegram.no_faults()
    await bot.restart()
    await shop.settled()
    await idle(shop.url)
    assert await number(shop.url, "SELECT count(*) FROM inbox WHERE lane = :lane", lane=str(shop.li["id"])) == 1
    assert len(await shop.shown("The kettle leaks")) == 1
    assert await number(shop.url, "SELECT count(*) FROM cases") == 1


@pytest.mark.parametrize("place", ["before", "after"])
async def test_f03_killed_at_any_commit_everything_takes_effect_once(shop: Shop, place: str) -> None:
    bot = shop.new_bot()
    for commit in range(3, 6):
        await shop.telegram.say(shop.li, f"Word {commit} of Li Wei")
        await bot.crash(f"{place}_commit:{commit}")
    await bot.restart()
    await shop.settled(quiet=1.0)
    await idle(shop.url)
    assert await number(shop.url, "SELECT count(*) FROM inbox WHERE state <> 'done'") == 0
    assert await number(shop.url, "SELECT count(*) FROM messages WHERE author = 'customer'") == 3
    assert await number(shop.url, "SELECT count(*) FROM cases") == 1
    assert len(await shop.telegram.topics(shop.group)) == 1
    for commit in range(3, 6):
        copies = await shop.shown(f"Word {commit} of Li Wei")
        assert 1 <= len(copies) <= 2
        # The second copy stands there because of a kill with the send in flight, and says so.
        assert all("可能重复" in words(copy) for copy in copies[1:])


async def test_f04_killed_between_the_claim_and_the_call_it_is_sent_once(shop: Shop) -> None:
    bot = shop.new_bot()
    await shop.telegram.say(shop.li, "/help")
    await bot.crash("before_call:sendMessage:1")
    assert await number(shop.url, "SELECT count(*) FROM outbox WHERE state = 'sending'") >= 1
    assert await shop.telegram.ledger("sendMessage") == []
    await bot.restart()
    await shop.settled()
    await idle(shop.url)
    assert len(await shop.telegram.ledger("sendMessage")) == 1


@pytest.mark.parametrize("moment", ["while the answer is held", "with the answer in hand"])
async def test_f05_killed_after_telegram_took_it_there_is_one_marked_repeat(small_shop: Shop, moment: str) -> None:
    shop = small_shop
    bot = await shop.bot()
    await shop.known(shop.li)
    if moment == "while the answer is held":
        await shop.telegram.fault("hold_after", "sendMessage", seconds=20)
        await shop.telegram.say(shop.li, "Where are you?")
        await shop.relayed("Where are you?")
        await bot.kill()
    else:
        await bot.stop()
        await shop.telegram.say(shop.li, "Where are you?")
        await bot.crash("after_call:sendMessage:1")
    await bot.restart()
    await wait_rows(shop.url, "SELECT id FROM outbox WHERE maybe_repeated AND state = 'sent'")
    await idle(shop.url)
    first, second = await shop.shown("Where are you?")
    assert "可能重复" not in words(first)
    assert "可能重复" in words(second)


async def test_f05_an_answer_that_may_have_arrived_twice_is_pointed_out_to_staff(small_shop: Shop) -> None:
    shop = small_shop
    bot = await shop.bot()
    thread = await shop.known(shop.li)
    await shop.telegram.fault("hold_after", "sendMessage", seconds=20, chat_id=shop.li["id"])
    answer = await shop.telegram.say(shop.agent, "A new one is on its way", chat=shop.group, thread=thread)
    await shop.telegram.wait_message(shop.li, "A new one is on its way")
    await bot.kill()
    await bot.restart()
    note = await shop.telegram.wait_message(shop.group, "可能送了两次", thread=thread)
    assert note["reply_to_message"]["message_id"] == answer["message_id"]
    assert len(await shop.shown("A new one is on its way", shop.li)) == 2


async def test_f05_what_may_go_out_only_once_is_not_repeated_after_a_kill(small_shop: Shop) -> None:
    shop = small_shop
    bot = await shop.bot(owner_ids=shop.agent["id"])
    await shop.telegram.say(shop.agent, "/start")
    await shop.settled()
    await shop.telegram.fault("hold_after", "sendMessage", seconds=20, chat_id=shop.agent["id"])
    await shop.telegram.bot_member(shop.group, "member")
    await shop.telegram.wait_message(shop.agent, "Staff")
    await bot.kill()
    await bot.restart()
    await shop.settled(quiet=1.5)
    await idle(shop.url)
    assert len(await shop.shown("Staff", shop.agent)) == 1
    assert await number(shop.url, "SELECT count(*) FROM outbox WHERE state = 'uncertain'") == 1
