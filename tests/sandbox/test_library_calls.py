"""python-telegram-bot's own methods against the sandbox: what a library sends is understood."""

from collections.abc import AsyncIterator

import pytest
import telegram as ptb
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter

from tests.telegram import Json, Telegram


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[ptb.Bot]:
    made = ptb.Bot(telegram.token, base_url=f"{telegram.url}/bot", base_file_url=f"{telegram.url}/file/bot")
    async with made:
        yield made


@pytest.fixture
async def person(telegram: Telegram) -> Json:
    return await telegram.user("Li")


@pytest.fixture
async def group(telegram: Telegram) -> Json:
    return await telegram.group("Staff", [await telegram.user("Owner")])


async def test_every_medium_is_uploaded_and_sent_again(bot: ptb.Bot, person: Json) -> None:
    chat = person["id"]
    photo = await bot.send_photo(chat, b"photo", caption="<b>照片</b>", parse_mode="HTML")
    assert photo.caption_entities[0].type == "bold"
    file = await bot.get_file(photo.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == b"photo"
    await bot.send_photo(chat, photo.photo[-1])
    document = await bot.send_document(chat, b"paper", filename="报告.pdf")
    assert document.document is not None
    assert document.document.file_size == 5
    await bot.send_video(chat, b"video", supports_streaming=True)
    await bot.send_audio(chat, b"audio", title="Song")
    await bot.send_voice(chat, b"voice")
    await bot.send_video_note(chat, b"note")
    await bot.send_animation(chat, b"animation")
    await bot.send_sticker(chat, b"sticker")
    media = [ptb.InputMediaPhoto(b"1", caption="album"), ptb.InputMediaPhoto(photo.photo[-1])]
    album = await bot.send_media_group(chat, media)
    assert len({message.media_group_id for message in album}) == 1
    edited = await bot.edit_message_media(ptb.InputMediaDocument(b"new"), chat, photo.message_id)
    assert isinstance(edited, ptb.Message)
    assert edited.document is not None


async def test_what_is_sent_is_edited_copied_pinned_and_deleted(bot: ptb.Bot, person: Json) -> None:
    chat = person["id"]
    keyboard = ptb.InlineKeyboardMarkup.from_button(ptb.InlineKeyboardButton("Yes", callback_data="yes"))
    sent = await bot.send_message(
        chat,
        "Hello",
        reply_markup=keyboard,
        link_preview_options=ptb.LinkPreviewOptions(is_disabled=True),
        protect_content=False,
        disable_notification=True,
    )
    answer = await bot.send_message(chat, "answer", reply_parameters=ptb.ReplyParameters(sent.message_id))
    assert answer.reply_to_message is not None
    bold = [ptb.MessageEntity("bold", 0, 2)]
    await bot.edit_message_text("好的", chat, sent.message_id, entities=bold, reply_markup=keyboard)
    await bot.edit_message_reply_markup(chat, sent.message_id, reply_markup=None)
    copy = await bot.copy_message(chat, chat, sent.message_id)
    assert copy.message_id == 3
    assert len(await bot.copy_messages(chat, chat, [1, 2, 3])) == 3
    assert (await bot.forward_message(chat, chat, 1)).forward_origin is not None
    await bot.pin_chat_message(chat, sent.message_id, disable_notification=True)
    await bot.unpin_chat_message(chat, sent.message_id)
    await bot.set_message_reaction(chat, sent.message_id, "👍")
    await bot.set_message_reaction(chat, sent.message_id)
    await bot.send_chat_action(chat, "typing")
    await bot.delete_message(chat, sent.message_id)
    await bot.delete_messages(chat, [2, 3])
    await bot.send_message(chat, "keys", reply_markup=ptb.ReplyKeyboardMarkup([["我要投诉", "查进度"]]))
    await bot.send_message(chat, "no keys", reply_markup=ptb.ReplyKeyboardRemove())
    await bot.send_message(chat, "?", reply_markup=ptb.ForceReply(input_field_placeholder="here"))


async def test_places_contacts_dice_and_polls_are_sent(bot: ptb.Bot, person: Json) -> None:
    chat = person["id"]
    await bot.send_location(chat, 31.2, 121.5)
    await bot.send_venue(chat, 31.2, 121.5, "Office", "Street 1")
    await bot.send_contact(chat, "+8600", "Li", last_name="Lei")
    await bot.send_dice(chat)
    poll = await bot.send_poll(chat, "How?", ["1", ptb.InputPollOption("2")], is_anonymous=False)
    assert (await bot.stop_poll(chat, poll.message_id)).is_closed


async def test_topics_are_managed(bot: ptb.Bot, group: Json) -> None:
    chat = group["id"]
    topic = await bot.create_forum_topic(chat, "Li", icon_color=0x6FB9F0)
    thread = topic.message_thread_id
    sent = await bot.send_message(chat, "card", message_thread_id=thread)
    assert sent.is_topic_message
    await bot.edit_forum_topic(chat, thread, name="Li Lei")
    await bot.close_forum_topic(chat, thread)
    await bot.reopen_forum_topic(chat, thread)
    await bot.unpin_all_forum_topic_messages(chat, thread)
    await bot.delete_forum_topic(chat, thread)
    await bot.edit_general_forum_topic(chat, "All")
    await bot.close_general_forum_topic(chat)
    await bot.reopen_general_forum_topic(chat)
    await bot.hide_general_forum_topic(chat)
    await bot.unhide_general_forum_topic(chat)
    await bot.unpin_all_general_forum_topic_messages(chat)
    assert (await bot.get_chat(chat)).is_forum
    assert (await bot.get_chat_member(chat, bot.id)).status == "administrator"
    assert len(await bot.get_chat_administrators(chat)) == 2
    assert await bot.get_chat_member_count(chat) == 2
    await bot.leave_chat(chat)
    with pytest.raises(Forbidden):
        await bot.send_message(chat, "x")


async def test_the_profile_is_kept(bot: ptb.Bot, person: Json, group: Json) -> None:
    commands = [ptb.BotCommand("start", "开始")]
    await bot.set_my_commands(commands, ptb.BotCommandScopeChat(group["id"]), "zh")
    assert len(await bot.get_my_commands(ptb.BotCommandScopeChat(group["id"]), "zh")) == 1
    await bot.delete_my_commands()
    await bot.set_my_name("Care")
    assert (await bot.get_my_name()).name == "Care"
    await bot.set_my_description("What it does")
    await bot.set_my_short_description("Short")
    await bot.set_chat_menu_button(menu_button=ptb.MenuButtonCommands())
    assert (await bot.get_chat_menu_button()).type == "commands"
    assert await bot.set_webhook("http://127.0.0.1:9/hook", max_connections=5, secret_token="s" * 32)
    assert (await bot.get_webhook_info()).url == "http://127.0.0.1:9/hook"
    await bot.delete_webhook()


async def test_errors_are_the_librarys_errors(telegram: Telegram, bot: ptb.Bot, person: Json) -> None:
    await telegram.block(person)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(person["id"], "x")
    owner = await telegram.user("Owner")
    old = await telegram.group("Old", [owner], forum=False, type="group")
    new = await telegram.migrate(old)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(old["id"], "x")
    assert moved.value.new_chat_id == new["id"]
    await telegram.fault("status", code=429, parameters={"retry_after": 3}, description="Too Many Requests")
    with pytest.raises(RetryAfter):
        await bot.send_message(owner["id"], "x")
    with pytest.raises(BadRequest, match=r"(?i)can't parse entities"):
        await bot.send_message(new["id"], "<3", parse_mode="HTML")
