"""Calls that are wrong are refused in Telegram's words; what reaches a bot is what people did."""

import aiohttp
import pytest

from tests.sandbox.bot import received, refusal, result
from tests.telegram import Json, Telegram

BUTTON = {"text": "Yes", "callback_data": "yes"}


async def test_an_unknown_token_and_an_unknown_method_are_told_apart(telegram: Telegram) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{telegram.url}/bot123:wrong/getMe") as answer:
            assert answer.status == 401
            assert (await answer.json())["description"] == "Unauthorized"
        async with session.get(f"{telegram.url}/bot{telegram.token}/getNothing") as answer:
            assert answer.status == 404
            assert (await answer.json())["error_code"] == 404


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"text": "x"}, "chat_id is empty"),
        ({"chat_id": "", "text": "x"}, "chat_id is empty"),
        ({"chat_id": 1, "text": ""}, "message text is empty"),
        ({"chat_id": 1, "text": "x", "txet": 1}, 'unknown parameter "txet" of sendMessage'),
        ({"chat_id": 1, "text": "x"}, "chat not found"),
        ({"chat_id": "@nobody", "text": "x"}, "chat not found"),
        ({"chat_id": True, "text": "x"}, "chat not found"),
        ({"chat_id": 1, "text": 5}, "can't parse text: must be of type String"),
        (
            {"chat_id": 1, "text": "x", "message_thread_id": "a"},
            "can't parse message_thread_id: must be of type Number",
        ),
        (
            {"chat_id": 1, "text": "x", "reply_markup": "{"},
            "can't parse reply keyboard markup JSON object: can't be parsed as JSON",
        ),
        ({"chat_id": 1, "text": "x", "reply_markup": {"a": 1}}, "object expected as reply markup"),
        (
            {"chat_id": 1, "text": "x", "entities": [{"type": "bold"}]},
            "can't parse entities: Can't find field \"length\" in MessageEntity",
        ),
        (
            {"chat_id": 1, "text": "x", "disable_notification": "perhaps"},
            "can't parse disable_notification: must be of type Boolean",
        ),
    ],
)
async def test_a_call_of_the_wrong_shape_is_refused(telegram: Telegram, params: Json, description: str) -> None:
    assert await refusal(telegram, "sendMessage", **params) == f"Bad Request: {description}"


@pytest.mark.parametrize(
    ("button", "description"),
    [
        (
            {"text": "x"},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        ({"text": "x", "callback_data": "y" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": "好" * 22}, "BUTTON_DATA_INVALID"),
        (
            {"text": "x", "url": "javascript:1"},
            "inline keyboard button URL 'javascript:1' is invalid: Wrong HTTP URL",
        ),
        ({"text": "x", "colour": "red"}, "unknown field"),
        ({"callback_data": "x"}, 'Can\'t find field "text"'),
    ],
)
async def test_a_wrong_button_is_refused(telegram: Telegram, button: Json, description: str) -> None:
    person = await telegram.user("Li")
    markup = {"inline_keyboard": [[button]]}
    said = await refusal(telegram, "sendMessage", chat_id=person["id"], text="x", reply_markup=markup)
    assert description in said


async def test_a_form_with_nested_json_and_a_file_is_understood(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("chat_id", str(person["id"]))
    form.add_field("caption", "<b>报告</b>")
    form.add_field("parse_mode", "HTML")
    form.add_field("reply_markup", '{"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}')
    form.add_field("document", b"\r\n--bytes\x00\r\n", filename="报告; 2.txt", content_type="text/plain")
    base = f"{telegram.url}/bot{telegram.token}"
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{base}/sendDocument", data=form) as answer:
            sent = (await answer.json())["result"]
        assert sent["caption"] == "报告"
        assert sent["document"]["file_name"] == "报告; 2.txt"
        file = await result(telegram, "getFile", file_id=sent["document"]["file_id"])
        async with session.get(f"{telegram.url}/file/bot{telegram.token}/{file['file_path']}") as answer:
            assert await answer.read() == b"\r\n--bytes\x00\r\n"
    again = await result(telegram, "sendDocument", chat_id=person["id"], document=sent["document"]["file_id"])
    assert again["document"] == sent["document"]


async def test_files_that_cannot_be_had_are_refused(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    chat = person["id"]
    large = await telegram.say(person, video={"file_size": 30_000_000})
    file_id = large["video"]["file_id"]
    assert await refusal(telegram, "getFile", file_id=file_id) == "Bad Request: file is too big"
    assert await refusal(telegram, "getFile", file_id="x") == "Bad Request: invalid file_id"
    said = await refusal(telegram, "sendPhoto", chat_id=chat, photo=file_id)
    assert said == "Bad Request: can't use file of type Video as Photo"
    said = await refusal(telegram, "sendPhoto", chat_id=chat, photo="https://example.org/a.jpg")
    assert said == "Bad Request: failed to get HTTP URL content"
    await telegram.control("file", forget=file_id)
    said = await refusal(telegram, "sendVideo", chat_id=chat, video=file_id)
    assert said == "Bad Request: wrong file identifier/HTTP URL specified"


async def test_people_out_of_reach_are_told_apart(telegram: Telegram) -> None:
    async def said_to(person: Json) -> str:
        return await refusal(telegram, "sendMessage", chat_id=person["id"], text="x")

    new = await telegram.user("New", never_started=True)
    assert await said_to(new) == "Forbidden: bot can't initiate conversation with a user"
    await telegram.say(new, "/start")
    await telegram.block(new)
    assert await said_to(new) == "Forbidden: bot was blocked by the user"
    await telegram.block(new, False)
    await result(telegram, "sendMessage", chat_id=new["id"], text="x")
    await telegram.user("Gone", id=new["id"], deactivated=True)
    assert await said_to(new) == "Forbidden: user is deactivated"
    with pytest.raises(AssertionError, match="is missing"):
        await telegram.control("say", text="who?")


async def test_a_method_that_the_sandbox_has_not_says_so(telegram: Telegram) -> None:
    said = await refusal(telegram, "setChatPermissions", chat_id=-1, permissions={"can_send_polls": True})
    assert said == "Bad Request: method is not available in this sandbox"


async def test_a_press_is_answered_once_and_in_time(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    markup = {"inline_keyboard": [[BUTTON]]}
    sent = await result(telegram, "sendMessage", chat_id=person["id"], text="?", reply_markup=markup)
    query = await telegram.press(person, sent, "Yes")
    await received(telegram)
    assert (await telegram.callback(query))["answer"] is None
    await result(telegram, "answerCallbackQuery", callback_query_id=query, text="Thanks")
    assert (await telegram.callback(query))["answer"]["text"] == "Thanks"
    late = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert await refusal(telegram, "answerCallbackQuery", callback_query_id=query) == late
    another = await telegram.press(person, sent, "yes")
    await telegram.clock(151)
    assert await refusal(telegram, "answerCallbackQuery", callback_query_id=another) == late
    assert await received(telegram) == []
    with pytest.raises(AssertionError, match="there is no button 'No'"):
        await telegram.press(person, sent, "No")


async def test_edits_need_a_change_and_an_own_message(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    chat = person["id"]
    sent = await result(telegram, "sendMessage", chat_id=chat, text="one")
    own = {"chat_id": chat, "message_id": sent["message_id"]}
    said = await refusal(telegram, "editMessageText", **own, text=" one ")
    assert said.startswith("Bad Request: message is not modified: specified new message content and reply")
    edited = await result(telegram, "editMessageText", **own, text="two")
    assert edited["edit_date"] >= sent["date"]
    said = await refusal(telegram, "editMessageCaption", **own, caption="x")
    assert said == "Bad Request: there is no caption in the message to edit"
    theirs = await telegram.say(person, "mine")
    theirs_id = theirs["message_id"]
    said = await refusal(telegram, "editMessageText", chat_id=chat, message_id=theirs_id, text="x")
    assert said == "Bad Request: message can't be edited"
    said = await refusal(telegram, "editMessageText", chat_id=chat, message_id=999, text="x")
    assert said == "Bad Request: message to edit not found"
    [message] = [each for each in await telegram.chat(chat) if each["edited"]]
    assert (message["text"], message["former"]) == ("two", ["one"])


async def test_messages_are_deleted_within_two_days(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    chat = person["id"]
    ids = [(await result(telegram, "sendMessage", chat_id=chat, text="x"))["message_id"] for _ in range(3)]
    await result(telegram, "deleteMessages", chat_id=chat, message_ids=[*ids[:2], 999])
    assert len(await telegram.chat(chat)) == 1
    said = await refusal(telegram, "deleteMessage", chat_id=chat, message_id=ids[0])
    assert said == "Bad Request: message to delete not found"
    await telegram.clock(48 * 3600 + 1)
    said = await refusal(telegram, "deleteMessage", chat_id=chat, message_id=ids[2])
    assert said == "Bad Request: message can't be deleted"


async def test_replies_need_their_message_unless_told_otherwise(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    said = await telegram.say(person, "有三个 words")
    chat, message_id = person["id"], said["message_id"]
    answer = await result(
        telegram,
        "sendMessage",
        chat_id=chat,
        text="x",
        reply_parameters={"message_id": message_id, "quote": "words"},
    )
    assert answer["reply_to_message"]["text"] == "有三个 words"
    assert answer["quote"] == {"text": "words", "position": 4, "is_manual": True}
    missing = {"message_id": 999}
    refused = await refusal(telegram, "sendMessage", chat_id=chat, text="x", reply_parameters=missing)
    assert refused == "Bad Request: message to be replied not found"
    missing["allow_sending_without_reply"] = True
    answer = await result(telegram, "sendMessage", chat_id=chat, text="x", reply_parameters=missing)
    assert "reply_to_message" not in answer


async def test_copies_keep_albums_and_leave_out_what_cannot_be_copied(telegram: Telegram) -> None:
    person, other = await telegram.user("Li"), await telegram.user("Wang")
    chat = person["id"]
    album = await telegram.album(person, ["photo", "video"], caption="two")
    invoice = await telegram.say(person, invoice=True)
    ids = [*(message["message_id"] for message in album), invoice["message_id"], 999]
    copies = await result(telegram, "copyMessages", chat_id=other["id"], from_chat_id=chat, message_ids=ids)
    assert len(copies) == 2
    shown = await telegram.chat(other)
    assert len({message["media_group_id"] for message in shown}) == 1
    assert shown[0]["media_group_id"] != album[0]["media_group_id"]
    assert shown[0]["caption"] == "two"
    assert "forward_origin" not in shown[0]
    from_here = {"chat_id": other["id"], "from_chat_id": chat}
    said = await refusal(telegram, "copyMessage", **from_here, message_id=invoice["message_id"])
    assert said == "Bad Request: message can't be copied"
    said = await refusal(telegram, "copyMessage", **from_here, message_id=999)
    assert said == "Bad Request: message to copy not found"
    said = await refusal(telegram, "copyMessages", **from_here, message_ids=[2, 1])
    assert said == "Bad Request: message identifiers must be in a strictly increasing order"
    forwarded = await result(telegram, "forwardMessage", **from_here, message_id=ids[0])
    assert forwarded["forward_origin"]["sender_user"]["id"] == chat


async def test_votes_reach_the_bot_that_sent_the_poll(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    options = [{"text": "a"}, {"text": "b"}]
    sent = await result(telegram, "sendPoll", chat_id=person["id"], question="?", options=options, is_anonymous=False)
    await received(telegram)
    await telegram.vote(person, sent["poll"]["id"], [1])
    updates = await received(telegram)
    assert [update["poll_answer"]["option_ids"] for update in updates if "poll_answer" in update] == [[1]]
    closed = await result(telegram, "stopPoll", chat_id=person["id"], message_id=sent["message_id"])
    assert closed["is_closed"]
    assert closed["options"][1]["voter_count"] == 1
    with pytest.raises(AssertionError, match="the poll is closed"):
        await telegram.vote(person, sent["poll"]["id"], [0])


async def test_commands_are_kept_by_scope_and_language(telegram: Telegram) -> None:
    group = await telegram.group("Staff", [await telegram.user("Owner")])
    scope = {"type": "chat", "chat_id": group["id"]}
    commands = [{"command": "resolve", "description": "处理完成"}]
    await result(telegram, "setMyCommands", commands=commands, scope=scope, language_code="zh")
    assert await result(telegram, "getMyCommands", scope=scope) == []
    assert await result(telegram, "getMyCommands", scope=scope, language_code="zh") == commands
    wrong = [{"command": "Resolve", "description": "x"}]
    assert await refusal(telegram, "setMyCommands", commands=wrong) == "Bad Request: BOT_COMMAND_INVALID"
    await result(telegram, "setMyDescription", description="客服", language_code="zh")
    assert await result(telegram, "getMyDescription", language_code="zh") == {"description": "客服"}
    assert await result(telegram, "getMyDescription") == {"description": ""}
