"""The sandbox held against strangers: what it says must parse in aiogram's strict types and in PTB's."""

import asyncio
from functools import cache
from importlib import import_module
from typing import Any
from unittest.mock import patch

import pydantic
import pytest
import telegram as ptb
from telegram.ext import ApplicationBuilder, ContextTypes, MessageHandler, filters

from bot.sandbox.checks import TYPES
from tests.sandbox.bot import received, result
from tests.telegram import Json, Telegram

EVERY_KIND = [
    *("message", "edited_message", "callback_query", "poll", "poll_answer", "my_chat_member"),
    *("chat_member", "message_reaction"),
]
# Fields of a message that say nothing by themselves, or that `say` fills in its own way.
NOT_CONTENT = frozenset(
    (
        *("message_id", "date", "chat", "from", "edit_date", "entities", "caption_entities", "caption"),
        *("text", "reply_to_message", "reply_markup", "is_topic_message", "message_thread_id"),
        *("sender_chat", "via_bot", "forward_origin", "media_group_id", "migrate_to_chat_id"),
        *("migrate_from_chat_id", "external_reply", "quote", "reply_to_story"),
        *("business_connection_id", "sender_business_bot", "guest_query_id", "guest_bot_caller_user"),
        *("guest_bot_caller_chat", "receiver_user", "ephemeral_message_id", "direct_messages_topic"),
    )
)
CONTENT = sorted(set(TYPES["Message"]["fields"]) - NOT_CONTENT)

# The type that aiogram and PTB call so.
PARSED_BY = {
    "message": "Message",
    "id": "MessageId",
    "file": "File",
    "poll": "Poll",
    "user": "User",
    "chat": "ChatFullInfo",
    "topic": "ForumTopic",
    "webhook": "WebhookInfo",
    "command": "BotCommand",
}


@cache
def aiogram() -> Any:
    """Imported by who runs these tests alone, and each of its types is made ready when it is first used.

    By itself it makes all four hundred ready at once, which took four times as long as the rest of these tests.
    """
    names: Json = {}

    def later(_of: Any, /, _types_namespace: Json | None = None, **_options: Any) -> None:
        names.update(_types_namespace or {})

    with patch.object(pydantic.BaseModel, "model_rebuild", classmethod(later)):
        library = import_module("aiogram")
    ready: Any = pydantic.BaseModel.model_rebuild

    def now(of: Any, /, **options: Any) -> Any:
        return ready.__func__(of, **{**options, "_types_namespace": names})

    for kind in (library.types.TelegramObject, library.methods.TelegramMethod, library.methods.Response):
        kind.model_rebuild = classmethod(now)
    return library


def parse_update(update: Json) -> None:
    """Both libraries read an update, and find in it the kind that it is."""
    kind = next(name for name in update if name != "update_id")
    assert getattr(aiogram().types.Update.model_validate(update), kind) is not None
    parsed = ptb.Update.de_json(update, None)
    assert getattr(parsed, kind) is not None


def parse_result(kind: str, value: Any) -> None:
    for each in value if isinstance(value, list) else [value]:
        if kind == "bool":
            assert each is True
            continue
        assert getattr(aiogram().types, PARSED_BY[kind]).model_validate(each)
        assert getattr(ptb, PARSED_BY[kind]).de_json(each, None)


def parse_member(value: Json) -> None:
    # aiogram tells the kinds of member apart inside an update only.
    when = {"chat": {"id": -1, "type": "group"}, "from": value["user"], "date": 1}
    change = {**when, "old_chat_member": value, "new_chat_member": value}
    assert aiogram().types.ChatMemberUpdated.model_validate(change)
    assert ptb.ChatMember.de_json(value, None).status == value["status"]


@pytest.mark.parametrize("field", CONTENT)
async def test_a_message_of_every_kind_parses(telegram: Telegram, field: str) -> None:
    person = await telegram.user("Zhang")
    content: dict[str, Any] = {field: True}
    await telegram.say(person, **content)
    [update] = await received(telegram)
    assert field in update["message"]
    parse_update(update)


async def stir_a_group(telegram: Telegram, owner: Json, agent: Json) -> None:
    """Everything that can happen in a group."""
    group = await telegram.group("Staff", [owner])
    await telegram.join(agent, group)
    for status in ("administrator", "restricted", "kicked", "member", "left"):
        await telegram.member(agent, group, status, by=owner)
    thread = (await telegram.topic(group, "create", name="Lin"))["message_id"]
    await telegram.say(owner, "in a topic", chat=group, thread=thread)
    asked = await telegram.say(owner, "General", chat=group)
    await telegram.say(owner, "an answer", chat=group, reply_to=asked)
    await telegram.react(owner, asked, "👍")
    await telegram.topic(group, "rename", thread=thread, name="Lin 2")
    for place in (thread, None):
        await telegram.topic(group, "close", thread=place)
        await telegram.topic(group, "reopen", thread=place)
    await telegram.topic(group, "delete", thread=thread)
    await telegram.say(owner, "as the group", chat=group, anonymous=True)
    channel = {"id": -1007, "type": "channel", "title": "C"}
    await telegram.say(owner, "as a channel", chat=group, sender_chat=channel)
    await telegram.bot_member(group, "member")
    await telegram.bot_member(group, "administrator")
    await telegram.migrate(group)


async def stir_a_private_chat(telegram: Telegram, customer: Json) -> None:
    """Everything that can happen in a private chat."""
    chat = customer["id"]
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
    sent = await result(telegram, "sendMessage", chat_id=chat, text="?", reply_markup=keyboard)
    await telegram.press(customer, sent, "Yes")
    await telegram.press(customer, {**sent, "message_id": 999}, "gone", forge=True)
    await telegram.edit(await telegram.say(customer, "words"), "other words")
    await telegram.album(customer, ["photo", "video"], caption="both")
    poll = {"chat_id": chat, "question": "?", "options": [{"text": "a"}, {"text": "b"}]}
    for anonymous in (True, False):
        asked = await result(telegram, "sendPoll", **poll, is_anonymous=anonymous)
        await telegram.vote(customer, asked["poll"]["id"], [1])
    await telegram.block(customer)
    await telegram.block(customer, False)


async def test_every_kind_of_update_parses(telegram: Telegram) -> None:
    owner, agent, customer = [await telegram.user(name) for name in ("Owner", "Agent", "Customer")]
    await result(telegram, "getUpdates", allowed_updates=EVERY_KIND)
    await stir_a_group(telegram, owner, agent)
    await stir_a_private_chat(telegram, customer)
    updates = await received(telegram)
    for update in updates:
        parse_update(update)
    seen = {name for update in updates for name in update}
    assert seen - {"update_id"} == set(EVERY_KIND)


async def test_every_answer_parses(telegram: Telegram) -> None:
    owner, customer = [await telegram.user(name) for name in ("Owner", "Customer")]
    group = await telegram.group("Staff", [owner])
    chat, staff = customer["id"], group["id"]
    photo = (await telegram.say(customer, photo=True))["photo"][-1]["file_id"]
    video = (await telegram.say(customer, video=True))["video"]["file_id"]
    media = [{"type": "photo", "media": photo, "caption": "<b>x</b>", "parse_mode": "HTML"}]
    media.append({"type": "video", "media": video})
    sent = await result(telegram, "sendMessage", chat_id=chat, text="Hello")
    keyboard = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}, {"text": "B", "url": "https://a.bc"}]]}
    topic = await result(telegram, "createForumTopic", chat_id=staff, name="Li")
    parse_result("topic", topic)
    thread = topic["message_thread_id"]
    poll = await result(telegram, "sendPoll", chat_id=chat, question="?", options=[{"text": "a"}, {"text": "b"}])
    here = {"chat_id": chat, "message_id": sent["message_id"]}
    from_here = {"from_chat_id": chat, "chat_id": staff, "message_thread_id": thread}
    calls: list[tuple[str, str, Json]] = [
        ("user", "getMe", {}),
        ("message", "sendPhoto", {"chat_id": chat, "photo": photo, "caption": "c"}),
        ("message", "sendVideo", {"chat_id": chat, "video": video}),
        ("message", "sendMediaGroup", {"chat_id": chat, "media": media}),
        ("message", "sendLocation", {"chat_id": chat, "latitude": 1.5, "longitude": 2}),
        (
            "message",
            "sendVenue",
            {"chat_id": chat, "latitude": 1, "longitude": 2, "title": "t", "address": "a"},
        ),
        ("message", "sendContact", {"chat_id": chat, "phone_number": "+1", "first_name": "f"}),
        ("message", "sendDice", {"chat_id": chat}),
        ("bool", "sendChatAction", {"chat_id": chat, "action": "typing"}),
        ("id", "copyMessage", {**from_here, "message_id": sent["message_id"]}),
        ("id", "copyMessages", {**from_here, "message_ids": [1, 2, 3]}),
        ("message", "forwardMessage", {**from_here, "message_id": sent["message_id"]}),
        ("id", "forwardMessages", {**from_here, "message_ids": [1, 2]}),
        ("message", "sendMessage", {"chat_id": staff, "message_thread_id": thread, "text": "in the topic"}),
        ("message", "editMessageText", {**here, "text": "<i>new</i>", "parse_mode": "HTML"}),
        ("message", "editMessageReplyMarkup", {**here, "reply_markup": keyboard}),
        ("message", "editMessageMedia", {**here, "media": media[0]}),
        ("message", "editMessageCaption", {**here, "caption": "other"}),
        ("bool", "setMessageReaction", {**here, "reaction": [{"type": "emoji", "emoji": "👍"}]}),
        ("bool", "pinChatMessage", here),
        ("chat", "getChat", {"chat_id": chat}),
        ("chat", "getChat", {"chat_id": staff}),
        ("bool", "unpinChatMessage", here),
        ("file", "getFile", {"file_id": photo}),
        ("poll", "stopPoll", {"chat_id": chat, "message_id": poll["message_id"]}),
        ("bool", "setMyCommands", {"commands": [{"command": "start", "description": "Start"}]}),
        ("command", "getMyCommands", {}),
        ("webhook", "getWebhookInfo", {}),
        ("bool", "editForumTopic", {"chat_id": staff, "message_thread_id": thread, "name": "Lin"}),
        ("bool", "closeForumTopic", {"chat_id": staff, "message_thread_id": thread}),
        ("bool", "reopenForumTopic", {"chat_id": staff, "message_thread_id": thread}),
        ("bool", "hideGeneralForumTopic", {"chat_id": staff}),
        ("bool", "deleteForumTopic", {"chat_id": staff, "message_thread_id": thread}),
        ("bool", "deleteMessage", here),
    ]
    for kind, method, params in calls:
        parse_result(kind, await result(telegram, method, **params))
    for member in await result(telegram, "getChatAdministrators", chat_id=staff):
        parse_member(member)
    parse_member(await result(telegram, "getChatMember", chat_id=staff, user_id=chat))
    for update in await received(telegram):
        parse_update(update)


async def test_an_aiogram_bot_echoes(telegram: Telegram) -> None:
    library = aiogram()
    server = import_module("aiogram.client.telegram").TelegramAPIServer.from_base(telegram.url)
    session = import_module("aiogram.client.session.aiohttp").AiohttpSession(api=server)
    bot = library.Bot(telegram.token, session=session)
    dispatcher = library.Dispatcher()

    async def echo(message: Any) -> None:
        await message.copy_to(message.chat.id)

    dispatcher.message.register(echo)
    running = asyncio.ensure_future(dispatcher.start_polling(bot, handle_signals=False, polling_timeout=2))
    try:
        await hear_echo(telegram)
    finally:
        await dispatcher.stop_polling()
        await running
        await session.close()


async def test_a_python_telegram_bot_echoes(telegram: Telegram) -> None:
    async def echo(update: ptb.Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        await update.message.copy(update.message.chat.id)

    base = f"{telegram.url}/bot"
    application = ApplicationBuilder().token(telegram.token).base_url(base).job_queue(None).build()
    application.add_handler(MessageHandler(filters.ALL, echo))
    async with application:
        assert application.updater is not None
        await application.updater.start_polling(timeout=2)
        await application.start()
        try:
            await hear_echo(telegram)
        finally:
            await application.updater.stop()
            await application.stop()


async def hear_echo(telegram: Telegram) -> None:
    """A bot that copies back whatever it hears does so for words, an album and a file."""
    person = await telegram.user("Echo")
    await telegram.say(person, "好 & <3")
    await telegram.wait_message(person, "好 & <3")
    await telegram.say(person, "all of it", document=True, caption="paper")
    await telegram.wait_message(person, where=lambda message: "document" in message)
    for number in range(20):
        await telegram.say(person, f"word {number}")
    last = await telegram.wait_message(person, "word 19")
    assert last["text"] == "word 19"
    await telegram.settled(quiet=0.1)
