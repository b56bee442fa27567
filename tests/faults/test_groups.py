"""F28-F35, F38: topics and groups change under the bot's hands, and customers cannot be reached."""

import json

import pytest

from tests.faults.rows import idle, number, rows, wait_rows
from tests.faults.shop import Shop
from tests.telegram import words

SQLITE_ALONE = "about what Telegram does; only a group that moves takes rows of many tables with it, by its own SQL"


async def test_f28_a_deleted_topic_is_rebuilt_once_for_twenty_messages_at_once(shop: Shop) -> None:
    await shop.bot()
    thread = await shop.known(shop.li)
    await shop.telegram.topic(shop.group, "delete", thread=thread)
    for n in range(20):
        await shop.telegram.say(shop.li, f"Line {n}.")
    await shop.relayed("Line 19.")
    await shop.settled(quiet=1.0)
    await idle(shop.url)
    [topic] = await shop.telegram.topics(shop.group)
    assert topic["thread_id"] != thread
    said = "\n".join(words(m) for m in await shop.telegram.chat(shop.group, topic["thread_id"]))
    assert [said.count(f"Line {n}.") for n in range(20)] == [1] * 20
    assert said.count("原来的话题已被删除") == 1
    assert said.count("工单 1001 ·") == 1, "the card stands in the new topic, once"
    answer = await shop.telegram.say(shop.agent, "Still here", chat=shop.group, thread=topic["thread_id"])
    await shop.telegram.wait_message(shop.li, "Still here")
    assert answer


async def test_f28_a_card_that_somebody_deleted_is_shown_again(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    thread = await shop.known(shop.li)
    card = await shop.telegram.wait_message(shop.group, "工单 1001", thread=thread)
    await shop.telegram.delete(card)
    await shop.telegram.say(shop.agent, "On it", chat=shop.group, thread=thread)
    await shop.telegram.wait_message(shop.group, "工单 1001", thread=thread, after=card)


async def test_f29_a_closed_topic_is_opened_and_the_words_arrive(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    thread = await shop.known(shop.li)
    await shop.telegram.topic(shop.group, "close", thread=thread, refuse=True)
    await shop.telegram.say(shop.li, "Knock knock")
    await shop.telegram.wait_message(shop.group, "Knock knock", thread=thread)
    assert len(await shop.shown("Knock knock")) == 1


async def test_f29_without_the_right_to_make_topics_words_go_to_general_and_owners_hear(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot(owner_ids=shop.agent["id"])
    await shop.telegram.say(shop.agent, "/start")
    await shop.settled()
    await shop.telegram.bot_member(shop.group, "administrator", {"can_manage_topics": False})
    await shop.telegram.wait_message(shop.agent, "管理话题")
    await shop.telegram.say(shop.li, "Hello?")
    relay = await shop.relayed("Hello?")
    assert "Li Wei" in words(relay)
    assert relay.get("message_thread_id") is None
    await shop.telegram.bot_member(shop.group, "administrator")
    await shop.telegram.wait_topic(shop.group, "Li Wei", timeout=15)  # not half a minute later
    assert len(await shop.shown("管理话题", shop.agent)) == 1


async def test_f30_general_is_written_to_without_a_thread(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    await shop.telegram.fault("status", "createForumTopic", times=None, code=400, description="Bad Request: no")
    await shop.telegram.say(shop.li, "Anybody?")
    await shop.relayed("Anybody?")
    for call in await shop.telegram.ledger(kind="call"):
        assert call["params"].get("message_thread_id") not in (1, "1")


async def test_f29_a_topic_that_is_refused_is_asked_for_again(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    await shop.telegram.fault("status", "createForumTopic", code=400, description="Bad Request: too many topics")
    await shop.telegram.say(shop.li, "Anybody?")
    await shop.relayed("Anybody?")
    await rows(shop.url, "UPDATE outbox SET not_before = NULL WHERE what = 'topic' AND state = 'new'")  # later
    thread = await shop.thread_of("Li Wei")
    await shop.telegram.wait_message(shop.group, "工单 1001", thread=thread)


async def test_f31_an_orphan_topic_is_adopted_or_removed(shop: Shop) -> None:
    bot = await shop.bot()
    await shop.telegram.fault("hold_after", "createForumTopic", seconds=30)
    await shop.telegram.say(shop.li, "Hello")
    await shop.telegram.wait_topic(shop.group, "Li Wei")
    await bot.kill()
    await shop.telegram.no_faults()
    await bot.restart()
    await shop.relayed("Hello")
    await idle(shop.url)  # so long as a lost topic may take to show up, a row waits
    await shop.settled()
    [topic] = await shop.telegram.topics(shop.group)
    [[thread]] = await rows(shop.url, "SELECT thread_id FROM topics WHERE state = 'live'")
    assert thread == topic["thread_id"]


async def test_f31_a_topic_whose_sign_of_life_comes_late_is_removed(small_shop: Shop) -> None:
    shop = small_shop
    bot = await shop.bot()
    await shop.telegram.wait_calls("getUpdates")
    await shop.telegram.say(shop.li, "Hello")
    await shop.relayed("Hello")
    [topic] = await shop.telegram.topics(shop.group)
    # As if a first try had succeeded in secret, with a service message that comes only now.
    spare = await shop.telegram.call("createForumTopic", chat_id=shop.group["id"], name=topic["name"])
    deleted = await shop.telegram.wait_calls("deleteForumTopic")
    assert int(deleted[0]["params"]["message_thread_id"]) == spare["result"]["message_thread_id"]
    await shop.settled()
    assert [each["thread_id"] for each in await shop.telegram.topics(shop.group)] == [topic["thread_id"]]
    assert bot.running


@pytest.mark.postgres_too
async def test_f32_a_group_that_moves_takes_everything_with_it(shop: Shop) -> None:
    bot = await shop.bot()
    await shop.known(shop.li)
    await bot.stop()
    await shop.telegram.say(shop.li, "Queued before the move")
    new = await shop.telegram.migrate(shop.group, announce=False)  # told only by the error
    await bot.restart()
    old, shop.group = shop.group, new
    await shop.relayed("Queued before the move")
    await shop.settled()
    await idle(shop.url)
    for count in (
        "SELECT count(*) FROM staff_groups WHERE chat_id = :old",
        "SELECT count(*) FROM outbox WHERE chat_id = :old",
        "SELECT count(*) FROM message_links WHERE chat_id = :old",
    ):
        assert await number(shop.url, count, old=old["id"]) == 0
    await bot.stop()
    await bot.restart()  # STAFF_GROUP_ID still names the old id; the stored one wins
    await shop.telegram.say(shop.li, "After another start")
    await shop.relayed("After another start")


async def test_f32_both_signals_of_a_move_change_things_once(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    await shop.known(shop.li)
    shop.group = await shop.telegram.migrate(shop.group, announce=True)
    await shop.telegram.say(shop.li, "Where did you go?")
    await shop.relayed("Where did you go?")
    await shop.settled()
    await idle(shop.url)
    assert await number(shop.url, "SELECT count(*) FROM audit WHERE action = 'group_moved'") == 1
    assert len(await shop.shown("Where did you go?")) == 1
    menu = await shop.telegram.look(f"commands/{shop.group['id']}", language_code="zh")
    assert "claim" in [each["command"] for each in menu], "the menu has come along"


async def test_f33_out_of_the_group_customers_are_answered_relays_wait_and_owners_hear(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot(owner_ids=shop.agent["id"])
    await shop.telegram.say(shop.agent, "/start")
    await shop.settled()
    await shop.telegram.bot_member(shop.group, "kicked")
    await shop.telegram.wait_message(shop.agent, "移出")
    await shop.telegram.say(shop.li, "Hello?")
    await shop.telegram.wait_message(shop.li, "1001")
    await shop.telegram.say(shop.li, "And another word")
    await shop.settled(quiet=1.0)
    await wait_rows(shop.url, "SELECT id FROM outbox WHERE state = 'new' AND what = 'words'")
    await shop.telegram.bot_member(shop.group, "administrator")
    await shop.relayed("And another word", timeout=15)  # not half a minute later
    shown = [words(message) for message in await shop.shown("")]
    assert [text for text in shown if "Hello?" in text]
    assert (
        await number(shop.url, "SELECT count(*) FROM outbox WHERE state = 'dead' AND what IN ('words', 'copy')") == 0
    )


async def test_f33_a_forum_that_is_no_forum_any_more_is_written_to_plainly(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    await shop.known(shop.li)
    await shop.telegram.forum(shop.group, False)
    anna = await shop.telegram.user("Anna")
    await shop.telegram.say(anna, "Hello from Anna")
    relay = await shop.relayed("Hello from Anna")
    assert "Anna" in words(relay)
    await shop.telegram.say(shop.li, "And from Li")
    await shop.relayed("And from Li")


async def test_f34_a_customer_who_blocked_the_bot_is_told_to_staff_at_that_very_answer(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    thread = await shop.known(shop.li)
    await shop.telegram.block(shop.li)
    await shop.telegram.wait_message(shop.group, "停用了本机器人", thread=thread)
    answer = await shop.telegram.say(shop.agent, "Here you are", chat=shop.group, thread=thread)
    note = await shop.telegram.wait_message(shop.group, "没有送到", thread=thread)
    assert note["reply_to_message"]["message_id"] == answer["message_id"]
    await shop.telegram.block(shop.li, blocked=False)
    await shop.telegram.wait_message(shop.group, "重新启用", thread=thread)
    again = await shop.telegram.say(shop.agent, "Here it is again", chat=shop.group, thread=thread)
    assert again
    await shop.telegram.wait_message(shop.li, "Here it is again")
    assert await shop.shown("Here you are", shop.li) == []


async def test_f35_a_chat_that_is_gone_is_shown_and_never_a_loop(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    thread = await shop.known(shop.li)
    await shop.telegram.user("Li Wei", id=shop.li["id"], deactivated=True)
    await shop.telegram.say(shop.agent, "Are you there?", chat=shop.group, thread=thread)
    await shop.telegram.wait_message(shop.group, "没有送到", thread=thread)
    await shop.settled(quiet=1.5)
    tries = [call for call in await shop.telegram.ledger("sendMessage") if "Are you there?" in str(call["params"])]
    assert len(tries) == 1


async def test_f35_any_other_refusal_is_shown_with_telegrams_words(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    thread = await shop.known(shop.li)
    await shop.telegram.fault(
        "status", "sendMessage", code=400, description="Bad Request: wrong weather", chat_id=shop.li["id"]
    )
    answer = await shop.telegram.say(shop.agent, "Are you there?", chat=shop.group, thread=thread)
    note = await shop.telegram.wait_message(shop.group, "rong weather", thread=thread)
    assert note["reply_to_message"]["message_id"] == answer["message_id"]


async def test_f38_killed_in_the_midst_of_an_album_it_arrives_whole(small_shop: Shop) -> None:
    shop = small_shop
    bot = await shop.bot()
    thread = await shop.known(shop.li)
    for n in range(3):
        await shop.telegram.say(shop.li, photo=True, caption=f"Side {n}", media_group_id="77")
    await wait_rows(shop.url, "SELECT id FROM outbox WHERE what = 'copy' AND state = 'new'")
    await bot.kill()
    for n in range(3, 6):
        await shop.telegram.say(shop.li, photo=True, caption=f"Side {n}", media_group_id="77")
    await bot.restart()
    await shop.telegram.wait_message(shop.group, "Side 5", thread=thread, timeout=20)
    await shop.settled(quiet=1.5)
    said = [words(message) for message in await shop.shown("Side")]
    assert said == [f"Side {n}" for n in range(6)]
    sent = await shop.telegram.ledger("sendMediaGroup")
    assert sum(len(json.loads(call["params"]["media"])) for call in sent if call["ok"]) == 6


async def test_f38_an_item_that_comes_twice_is_shown_once(small_shop: Shop) -> None:
    shop = small_shop
    await shop.bot()
    await shop.known(shop.li)
    await shop.telegram.album(shop.li, ["photo", "photo"], caption="Both sides")
    await shop.relayed("Both sides")
    [call] = await shop.telegram.ledger("sendMediaGroup")
    assert len(json.loads(call["params"]["media"])) == 2
