"""Groups, topics, rights, moves."""

import pytest

from tests.sandbox.bot import received, refusal, result
from tests.telegram import Json, Telegram


@pytest.fixture
async def owner(telegram: Telegram) -> Json:
    return await telegram.user("Owner")


@pytest.fixture
async def group(telegram: Telegram, owner: Json) -> Json:
    made = await telegram.group("Staff", [owner])
    await received(telegram)
    return made


async def test_a_topic_is_named_by_its_first_message(telegram: Telegram, group: Json, owner: Json) -> None:
    topic = await result(telegram, "createForumTopic", chat_id=group["id"], name="Li")
    thread = topic["message_thread_id"]
    sent = await result(telegram, "sendMessage", chat_id=group["id"], message_thread_id=thread, text="card")
    assert sent["is_topic_message"]
    assert sent["message_thread_id"] == thread
    said = await telegram.say(owner, "answer", chat=group, thread=thread)
    assert "forum_topic_created" in said["reply_to_message"]
    kinds = [set(update["message"]) for update in await received(telegram)]
    assert "forum_topic_created" in kinds[0]
    assert len(kinds) == 2, "the bot hears of its topic and of people's words, not of its own"
    assert [each["name"] for each in await telegram.topics(group)] == ["Li"]


async def test_general_has_no_thread(telegram: Telegram, group: Json, owner: Json) -> None:
    said = await refusal(telegram, "sendMessage", chat_id=group["id"], message_thread_id=1, text="x")
    assert said == "Bad Request: message thread not found"
    first = await telegram.say(owner, "in General", chat=group)
    assert "message_thread_id" not in first
    answer = await telegram.say(owner, "an answer", chat=group, reply_to=first)
    assert answer["message_thread_id"] == first["message_id"]
    assert "is_topic_message" not in answer
    named = await refusal(
        telegram, "sendMessage", chat_id=group["id"], message_thread_id=first["message_id"], text="x"
    )
    assert named == "Bad Request: message thread not found"


async def test_a_deleted_topic_is_gone_with_its_messages(telegram: Telegram, group: Json, owner: Json) -> None:
    topic = await telegram.topic(group, "create", name="Li")
    thread = topic["message_id"]
    await telegram.say(owner, "words", chat=group, thread=thread)
    await telegram.topic(group, "delete", thread=thread)
    for method, more in (("sendMessage", {"text": "x"}), ("sendChatAction", {"action": "typing"})):
        said = await refusal(telegram, method, chat_id=group["id"], message_thread_id=thread, **more)
        assert said == "Bad Request: message thread not found"
    said = await refusal(telegram, "closeForumTopic", chat_id=group["id"], message_thread_id=thread)
    assert said == "Bad Request: TOPIC_ID_INVALID"
    assert await telegram.chat(group, thread=thread) == []
    with pytest.raises(AssertionError, match="there is no topic"):
        await telegram.say(owner, "x", chat=group, thread=thread)


async def test_admins_write_into_closed_topics_unless_fate_says_no(telegram: Telegram, group: Json) -> None:
    agent = await telegram.user("Agent")
    await telegram.join(agent, group)
    topic = await result(telegram, "createForumTopic", chat_id=group["id"], name="Li")
    thread = topic["message_thread_id"]
    there = {"chat_id": group["id"], "message_thread_id": thread}
    await result(telegram, "closeForumTopic", **there)
    assert await refusal(telegram, "closeForumTopic", **there) == "Bad Request: TOPIC_NOT_MODIFIED"
    await result(telegram, "sendMessage", **there, text="x")
    with pytest.raises(AssertionError, match="the topic is closed"):
        await telegram.say(agent, "x", chat=group, thread=thread)
    await telegram.topic(group, "close", thread=thread, refuse=True)
    assert await refusal(telegram, "sendMessage", **there, text="x") == "Bad Request: TOPIC_CLOSED"
    await result(telegram, "reopenForumTopic", **there)
    await result(telegram, "sendMessage", **there, text="x")


async def test_rights_decide(telegram: Telegram, group: Json, owner: Json) -> None:
    chat = group["id"]
    theirs = await telegram.say(owner, "mine", chat=group)
    rights = {"can_manage_topics": False, "can_pin_messages": False, "can_delete_messages": False}
    await telegram.bot_member(group, "administrator", rights)
    said = await refusal(telegram, "createForumTopic", chat_id=chat, name="Li")
    assert said == "Bad Request: not enough rights to create a topic"
    said = await refusal(telegram, "pinChatMessage", chat_id=chat, message_id=theirs["message_id"])
    assert said == "Bad Request: not enough rights to manage pinned messages in the chat"
    said = await refusal(telegram, "deleteMessage", chat_id=chat, message_id=theirs["message_id"])
    assert said == "Bad Request: message can't be deleted"
    await telegram.bot_member(group, "restricted")
    said = await refusal(telegram, "sendMessage", chat_id=chat, text="x")
    assert said == "Bad Request: not enough rights to send text messages to the chat"
    await telegram.bot_member(group, "kicked")
    said = await refusal(telegram, "sendMessage", chat_id=chat, text="x")
    assert said == "Forbidden: bot was kicked from the supergroup chat"
    updates = [update["my_chat_member"] for update in await received(telegram) if "my_chat_member" in update]
    assert [update["new_chat_member"]["status"] for update in updates] == [
        "administrator",
        "restricted",
        "kicked",
    ]


async def test_without_topics_the_chat_is_no_forum(telegram: Telegram, group: Json, owner: Json) -> None:
    plain = await telegram.group("Plain", [owner], forum=False, type="group")
    for chat in (plain, group):
        await telegram.forum(group, False)
        said = await refusal(telegram, "createForumTopic", chat_id=chat["id"], name="Li")
        assert said == "Bad Request: the chat is not a forum"
    with pytest.raises(AssertionError, match="the group has no topics"):
        await telegram.topic(group, "create", name="x")


@pytest.mark.parametrize("announce", [True, False])
async def test_a_group_that_moves_tells_its_new_id(telegram: Telegram, owner: Json, announce: bool) -> None:
    old = await telegram.group("Plain", [owner], forum=False, type="group")
    await telegram.say(owner, "before", chat=old)
    await received(telegram)
    new = await telegram.migrate(old, announce=announce)
    answer = await telegram.call("sendMessage", chat_id=old["id"], text="x")
    assert answer["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert answer["parameters"] == {"migrate_to_chat_id": new["id"]}
    await result(telegram, "sendMessage", chat_id=new["id"], text="x")
    messages = [update["message"] for update in await received(telegram)]
    assert len(messages) == (2 if announce else 0)
    if announce:
        assert messages[0]["migrate_to_chat_id"] == new["id"]
        assert messages[1]["migrate_from_chat_id"] == old["id"]


async def test_pins_are_told_to_the_bot_that_pinned(telegram: Telegram, group: Json) -> None:
    sent = await result(telegram, "sendMessage", chat_id=group["id"], text="card")
    await result(telegram, "pinChatMessage", chat_id=group["id"], message_id=sent["message_id"])
    [update] = await received(telegram)
    assert update["message"]["pinned_message"]["text"] == "card"
    [pinned] = [message for message in await telegram.chat(group) if message["pinned"]]
    assert pinned["text"] == "card"


async def test_a_bot_that_is_no_admin_hears_what_is_meant_for_it(telegram: Telegram, owner: Json) -> None:
    group = await telegram.group("Quiet", [owner], bot_status="member")
    sent = await result(telegram, "sendMessage", chat_id=group["id"], text="?")
    await telegram.say(owner, "plain talk", chat=group)
    await telegram.say(owner, "/command", chat=group)
    await telegram.say(owner, "an answer", chat=group, reply_to=sent)
    heard = [update["message"]["text"] for update in await received(telegram)]
    assert heard == ["/command", "an answer"]


async def test_members_are_counted_and_named(telegram: Telegram, group: Json, owner: Json) -> None:
    agent = await telegram.user("Agent")
    await telegram.join(agent, group, by=owner)
    assert await result(telegram, "getChatMemberCount", chat_id=group["id"]) == 3
    member = await result(telegram, "getChatMember", chat_id=group["id"], user_id=agent["id"])
    assert member["status"] == "member"
    await telegram.leave(agent, group)
    member = await result(telegram, "getChatMember", chat_id=group["id"], user_id=agent["id"])
    assert member["status"] == "left"
    said = await refusal(telegram, "getChatMember", chat_id=group["id"], user_id=42)
    assert said == "Bad Request: PARTICIPANT_ID_INVALID"
    admins = await result(telegram, "getChatAdministrators", chat_id=group["id"])
    assert [admin["status"] for admin in admins] == ["creator", "administrator"]
