"""What a page that shows the sandbox needs: chats, menus, files, and the stream of events."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.sandbox.bot import received, result
from tests.telegram import Json, Telegram

BUTTONS = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}


@asynccontextmanager
async def events(telegram: Telegram) -> AsyncIterator[AsyncIterator[Json]]:
    """What happens from now on."""

    async def read(stream: aiohttp.ClientResponse) -> AsyncIterator[Json]:
        async for line in stream.content:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])

    async with aiohttp.ClientSession() as session, session.get(f"{telegram.url}/control/events") as stream:
        await stream.content.readline()
        yield read(stream)


async def next_of(happenings: AsyncIterator[Json], kind: str) -> Json:
    async for each in happenings:
        if each["event"] == kind:
            return each
    raise AssertionError(f"the stream ended without {kind}")


async def test_chats_say_who_is_in_them_and_who_blocked_the_bot(telegram: Telegram) -> None:
    anna, chen = await telegram.user("Anna"), await telegram.user("Chen")
    group = await telegram.group("Staff", members=[chen])
    await telegram.say(anna, "hello")
    async with events(telegram) as happenings:
        await telegram.block(anna)
        blocked = await next_of(happenings, "chat")
        await telegram.leave(chen, group)
        left = await next_of(happenings, "chat")

    chats = {chat["id"]: chat for chat in await telegram.look("chats")}
    assert chats[anna["id"]] == blocked["chat"]
    assert chats[anna["id"]]["blocked"] is True
    assert chats[group["id"]]["members"][str(chen["id"])] == left["chat"]["members"][str(chen["id"])] == "left"


async def test_the_newest_messages_can_be_asked_for_alone(telegram: Telegram) -> None:
    anna = await telegram.user("Anna")
    for number in range(4):
        await telegram.say(anna, f"word {number}")

    newest = await telegram.look(f"chat/{anna['id']}", last=2)

    assert [message["text"] for message in newest] == ["word 2", "word 3"]
    assert len(await telegram.look(f"chat/{anna['id']}")) == 4


async def test_the_answer_to_a_press_is_told_to_those_who_watch(telegram: Telegram) -> None:
    anna = await telegram.user("Anna")
    await telegram.say(anna, "hello")
    asked = await result(telegram, "sendMessage", chat_id=anna["id"], text="Sure?", reply_markup=BUTTONS)
    async with events(telegram) as happenings:
        query = await telegram.press(anna, asked, "Yes")
        await result(telegram, "answerCallbackQuery", callback_query_id=query, text="Noted", show_alert=True)
        answer = await next_of(happenings, "answer")

    assert (answer["id"], answer["user_id"]) == (query, anna["id"])
    assert (answer["text"], answer["show_alert"]) == ("Noted", True)


async def test_a_vote_is_seen_in_the_chat(telegram: Telegram) -> None:
    anna = await telegram.user("Anna")
    await telegram.say(anna, "hello")
    options = [{"text": "Now"}, {"text": "Later"}]
    poll = await result(telegram, "sendPoll", chat_id=anna["id"], question="When?", options=options)
    async with events(telegram) as happenings:
        await telegram.vote(anna, poll["poll"]["id"], [1])
        edited = await next_of(happenings, "edited")

    assert [option["voter_count"] for option in edited["message"]["poll"]["options"]] == [0, 1]


async def test_the_menu_of_commands_is_the_narrowest_in_ones_language(telegram: Telegram) -> None:
    anna = await telegram.user("Anna")
    group = await telegram.group("Staff")

    async def set_menu(name: str, **facts: object) -> None:
        commands = [{"command": name, "description": name}]
        await result(telegram, "setMyCommands", commands=commands, **facts)

    await set_menu("everywhere")
    await set_menu("private", scope={"type": "all_private_chats"})
    await set_menu("privat", scope={"type": "all_private_chats"}, language_code="de")
    await set_menu("here", scope={"type": "chat", "chat_id": group["id"]})

    async def menu(chat: Json, language: str) -> str:
        found = await telegram.look(f"commands/{chat['id']}", language_code=language)
        return str(found[0]["command"])

    assert await menu(anna, "en") == "private"
    assert await menu(anna, "de-AT") == "privat"
    assert await menu(group, "de") == "here"
    await received(telegram)


async def test_files_are_handed_out_as_pictures_or_as_mere_bytes(telegram: Telegram) -> None:
    anna = await telegram.user("Anna")
    photo = await telegram.say(anna, photo={"base64": "iVBORw0KGgo="})
    page = await telegram.say(anna, document={"file_name": "a.html", "mime_type": "text/html", "base64": "PGI+"})
    async with aiohttp.ClientSession() as session:

        async def kind_of(file_id: str) -> tuple[int, str]:
            async with session.get(f"{telegram.url}/control/file/{file_id}") as answer:
                return answer.status, answer.content_type

        assert await kind_of(photo["photo"][-1]["file_id"]) == (200, "image/png")
        assert await kind_of(page["document"]["file_id"]) == (200, "application/octet-stream")
        assert (await kind_of("nothing"))[0] == 404
