"""The sandbox as tests hold it: a Telegram on loopback whose people say what the test tells them."""

# Who waits knows how long: these helpers take a timeout as an argument.
# ruff: noqa: ASYNC109

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any, Self

import aiohttp

from tests import preloaded
from tests.preloaded import Forked

Json = dict[str, Any]

TOKEN = "1000000001:sandbox"
POLL_SECONDS = 0.02
#: How long what must come may take: beside others, on a machine that stalls, it takes its time.
PATIENCE_SECONDS = 30.0
#: Less than the server's.
KEEP_ALIVE_SECONDS = 2.0
ABOUT_A_MESSAGE = (
    *("caption", "entities", "media_group_id", "forward_origin"),
    *("via_bot", "sender_chat", "anonymous", "date", "bot"),
)
START_SECONDS = 20.0
NO_LIMITS: Json = {"group_per_minute": None, "chat_per_second": None, "overall_per_second": None}


def _id(what: "int | Json") -> int:
    """A user, chat or message, given as its id or as its object."""
    if isinstance(what, int):
        return what
    return int(what["message_id"] if "message_id" in what else what["id"])


def _chat_id(what: "int | Json") -> int:
    """The chat of a message, or a chat or user itself."""
    if isinstance(what, int):
        return what
    return int(what["chat"]["id"] if "chat" in what else what["id"])


def client_session() -> aiohttp.ClientSession:
    """A session that uses no connection which the server may close at that moment because it was idle."""
    connector = aiohttp.TCPConnector(keepalive_timeout=KEEP_ALIVE_SECONDS)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60))


class Telegram:
    """A running sandbox; every method is one control call unless it says more."""

    def __init__(self, url: str, token: str, process: asyncio.subprocess.Process | Forked | None) -> None:
        self.url = url
        self.token = token
        self._process = process
        self._session = client_session()
        self._news = "0"  # how much had happened when we last looked

    @classmethod
    async def start(cls, token: str = TOKEN, limits: Json | None = None, port: int = 0, quick: bool = True) -> Self:
        """Start a sandbox as a process of its own; without `limits` it answers no 429 by itself.

        A `quick` one is forked from a process that has imported it, see preloaded.py.
        """
        arguments = ("--token", token, "--port", str(port), "--no-limits", "--until-stdin-closes")
        process: asyncio.subprocess.Process | Forked
        if quick:
            process = await preloaded.start("bot.sandbox", *arguments, environment=os.environ, folder=Path.cwd())
        else:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot.sandbox", *arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        if not line.startswith(b"sandbox listening on "):
            raise AssertionError(f"the sandbox did not start: {line!r}")
        telegram = cls(line.decode().split()[-1], token, process)
        if limits is not None:
            await telegram.limits(**limits)
        return telegram

    async def stop(self) -> None:
        """End the sandbox; it takes no other process with it."""
        await self._session.close()
        if self._process is not None and self._process.returncode is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                await asyncio.wait_for(self._process.wait(), 5)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
            assert self._process.stdout is not None
            await self._process.stdout.read()

    async def control(self, path: str, **given: Any) -> Any:
        """POST /control/<path>; raises AssertionError with the sandbox's words when it refuses."""
        body = {name: value for name, value in given.items() if value is not None}
        return await self._request("POST", path, json=body)

    async def look(self, path: str, **query: Any) -> Any:
        """GET /control/<path>."""
        params = {name: str(value) for name, value in query.items() if value is not None}
        return await self._request("GET", path, params=params)

    async def watch(self, path: str, timeout: float, query: Json | None = None) -> AsyncIterator[Any]:
        """GET /control/<path> again whenever something has happened, until that many seconds are over."""
        deadline, query = time.monotonic() + timeout, {} if query is None else query
        yield await self.look(path, **query)
        while time.monotonic() < deadline:
            news = self._news
            await asyncio.sleep(POLL_SECONDS)
            yield await self.look(path, news=news, **query)

    async def _request(self, verb: str, path: str, **options: Any) -> Any:
        async with self._session.request(verb, f"{self.url}/control/{path}", **options) as answer:
            result = json.loads(await answer.read())
            if answer.status != 200:
                raise AssertionError(f"the sandbox refuses {path}: {result.get('error', result)}")
            self._news = answer.headers.get("News", self._news)
            return result

    async def call(self, method: str, **params: Any) -> Json:
        """A call as the bot would make it; the whole answer with ok, result or description."""
        url = f"{self.url}/bot{self.token}/{method}"
        async with self._session.post(url, json=params) as answer:
            whole: Json = json.loads(await answer.read())
            return whole

    # People

    async def user(self, first_name: str = "Person", **facts: Any) -> Json:
        """A person; `id=` of one who is there changes them.

        never_started=True: has never written to the bot; deactivated=True: the account is gone.
        """
        user: Json = await self.control("user", first_name=first_name, **facts)
        return user

    async def group(
        self, title: str, members: Iterable[int | Json] = (), forum: bool | None = None, **facts: Any
    ) -> Json:
        """A group in which the bot is an admin with every right; a forum, unless forum=False or type="group"."""
        if forum is None:
            forum = facts.get("type") != "group"
        ids = [_id(member) for member in members]
        chat: Json = await self.control("group", title=title, members=ids, forum=forum, **facts)
        return chat

    async def say(
        self,
        user: int | Json,
        text: str | None = None,
        chat: int | Json | None = None,
        thread: int | None = None,
        reply_to: int | Json | None = None,
        **content: Any,
    ) -> Json:
        """A person's message, to the bot unless `chat` says where.

        Besides `caption`, `entities`, `media_group_id`, `forward_origin`, `via_bot`, `sender_chat`,
        `anonymous` and `date`, any field of a message: sticker=True makes a plausible one.
        """
        facts = {name: content.pop(name) for name in ABOUT_A_MESSAGE if name in content}
        message: Json = await self.control(
            "say",
            from_id=_id(user),
            chat_id=_id(user) if chat is None else _chat_id(chat),
            text=text,
            thread_id=thread,
            reply_to=None if reply_to is None else _id(reply_to),
            content=content or None,
            **facts,
        )
        return message

    async def album(
        self,
        user: int | Json,
        items: list[Any],
        caption: str | None = None,
        chat: int | Json | None = None,
        thread: int | None = None,
    ) -> list[Json]:
        """Several media at once: ["photo", "video"], or ["document", {"file_name": ...}] in detail."""
        place = _id(user) if chat is None else _chat_id(chat)
        messages: list[Json] = await self.control(
            "album", from_id=_id(user), chat_id=place, items=items, caption=caption, thread_id=thread
        )
        return messages

    async def edit(self, message: Json, text: str | None = None, **facts: Any) -> Json:
        edited: Json = await self.control(
            "edit", chat_id=_chat_id(message), message_id=_id(message), text=text, **facts
        )
        return edited

    async def delete(self, message: Json) -> None:
        await self.control("delete", chat_id=_chat_id(message), message_id=_id(message))

    async def press(self, user: int | Json, message: Json, label_or_data: str, forge: bool = False) -> str:
        """Press a button by its label, or else by its data; returns the query's id.

        `forge` sends the data although no such button is there.
        """
        labels = [button["text"] for button in buttons(message)]
        by = {"label": label_or_data} if label_or_data in labels and not forge else {"data": label_or_data}
        pressed = await self.control(
            "press",
            user_id=_id(user),
            chat_id=_chat_id(message),
            message_id=_id(message),
            forge=forge or None,
            **by,
        )
        return str(pressed["id"])

    async def callback(self, query_id: str) -> Json:
        """How a press was answered: {"answer": {"text", "show_alert"} or None}."""
        answer: Json = await self.look(f"callback/{query_id}")
        return answer

    async def vote(self, user: int | Json, poll_id: str, options: list[int]) -> None:
        await self.control("vote", user_id=_id(user), poll_id=poll_id, option_ids=options)

    async def react(self, user: int | Json, message: Json, *emoji: str) -> None:
        await self.control(
            "react",
            user_id=_id(user),
            chat_id=_chat_id(message),
            message_id=_id(message),
            reactions=list(emoji),
        )

    async def block(self, user: int | Json, blocked: bool = True) -> None:
        await self.control("block", user_id=_id(user), blocked=blocked)

    # Groups

    async def join(self, user: int | Json, chat: int | Json, by: int | Json | None = None) -> None:
        await self.member(user, chat, "member", by=by)

    async def leave(self, user: int | Json, chat: int | Json) -> None:
        await self.member(user, chat, "left")

    async def member(
        self, user: int | Json, chat: int | Json, status: str, by: int | Json | None = None, **facts: Any
    ) -> None:
        """Give somebody a status: member, left, kicked, administrator, restricted."""
        actor = None if by is None else _id(by)
        await self.control("member", chat_id=_chat_id(chat), user_id=_id(user), status=status, by=actor, **facts)

    async def bot_member(self, chat: int | Json, status: str, rights: Json | None = None) -> None:
        """Promote, demote, remove the bot: `rights` overrules single rights of an administrator."""
        await self.control("bot_member", chat_id=_chat_id(chat), status=status, rights=rights)

    async def topic(self, chat: int | Json, action: str, thread: int | None = None, **facts: Any) -> Json:
        """create (name=), rename (name=), close (refuse=True: even to admins), reopen, delete."""
        done: Json = await self.control("topic", chat_id=_chat_id(chat), action=action, thread_id=thread, **facts)
        return done

    async def forum(self, chat: int | Json, is_forum: bool) -> None:
        await self.control("forum", chat_id=_chat_id(chat), is_forum=is_forum)

    async def migrate(self, chat: int | Json, announce: bool = True, **facts: Any) -> Json:
        """The group moves; returns the new chat."""
        new: Json = await self.control("migrate", chat_id=_chat_id(chat), announce=announce, **facts)
        return new

    # Fate

    async def update(self, update: Any = None, raw: str | None = None, duplicate: int | None = None) -> int:
        """Inject an update as it is, or `raw` JSON text verbatim; returns the id it counts as."""
        return int((await self.control("update", update=update, raw=raw, duplicate=duplicate))["update_id"])

    async def flood(self, count: int, users: int, **facts: Any) -> Json:
        """`count` messages from `users` people in turn: "word 0", "word 1" ... of each; rate= a second."""
        made: Json = await self.control("flood", count=count, users=users, **facts)
        return made

    async def fault(self, action: str, method: str | None = None, times: int | None = 1, **facts: Any) -> None:
        """One fault rule; times=None for ever."""
        rule = {"action": action, "times": times, **facts}
        await self.control("faults", rules=[{**rule, "method": method} if method else rule])

    async def no_faults(self) -> None:
        await self._request("DELETE", "faults")

    async def down(self, seconds: float, mode: str = "cut") -> None:
        await self.control("down", seconds=seconds, mode=mode)

    async def limits(self, **rates: float | None) -> Json:
        """Set limits; None switches one off."""
        set_: Json = await self._request("POST", "limits", json=rates)
        return set_

    async def latency(self, ms: float) -> None:
        await self.control("latency", ms=ms)

    async def clock(self, advance: float) -> None:
        """Move Telegram's clock forward, in seconds."""
        await self.control("clock", advance=advance)

    # What is to be seen

    async def chat(self, chat: int | Json, thread: int | None = None, since: int | None = None) -> list[Json]:
        """A chat's messages as its people see them; deleted ones are left out."""
        messages = await self.look(f"chat/{_chat_id(chat)}", thread_id=thread, since=since)
        return [message for message in messages if not message["deleted"]]

    async def everything(self, chat: int | Json) -> list[Json]:
        """A chat's messages, deleted ones too, which are marked so."""
        messages: list[Json] = await self.look(f"chat/{_chat_id(chat)}")
        return messages

    async def topics(self, chat: int | Json) -> list[Json]:
        """A forum's topics that are not deleted."""
        topics = await self.look(f"topics/{_chat_id(chat)}")
        return [topic for topic in topics if not topic["deleted"]]

    async def ledger(
        self, method: str | None = None, since: int | None = None, kind: str | None = None
    ) -> list[Json]:
        entries: list[Json] = await self.look("ledger", method=method, since=since, kind=kind)
        return entries

    async def violations(self) -> list[Json]:
        return await self.ledger(kind="violation")

    async def state(self) -> Json:
        state: Json = await self.look("state")
        return state

    # Waiting

    async def wait_message(
        self,
        chat: int | Json,
        containing: str = "",
        thread: int | None = None,
        after: int | Json | None = None,
        timeout: float = PATIENCE_SECONDS,
        where: Callable[[Json], bool] | None = None,
    ) -> Json:
        """The first of the bot's messages that fits; `thread=None` looks everywhere in the chat."""
        query: Json = {"thread_id": thread, "since": 0 if after is None else _id(after)}
        bot_id = int(self.token.partition(":")[0])
        async for messages in self.watch(f"chat/{_chat_id(chat)}", timeout, query):
            for message in messages:
                fits = message["author"] == bot_id and containing in words(message) and not message["deleted"]
                if fits and (where is None or where(message)):
                    found: Json = message
                    return found
        raise AssertionError(
            f"no message of the bot with {containing!r} in {_chat_id(chat)} within {timeout} s.\n"
            + transcript(await self.chat(chat))
        )

    async def wait_topic(self, chat: int | Json, containing: str = "", timeout: float = PATIENCE_SECONDS) -> Json:
        """The first topic whose name fits."""
        async for topics in self.watch(f"topics/{_chat_id(chat)}", timeout):
            for topic in topics:
                if containing in topic["name"] and not topic["deleted"]:
                    found: Json = topic
                    return found
        names = [topic["name"] for topic in await self.topics(chat)]
        raise AssertionError(f"no topic with {containing!r} within {timeout} s; there are {names}")

    async def wait_calls(self, method: str, count: int = 1, timeout: float = PATIENCE_SECONDS) -> list[Json]:
        """The ledger's entries of a method, once there are `count`."""
        done: list[Json] = []
        query: Json = {"method": method, "kind": "call"}
        async for calls in self.watch("ledger", timeout, query):
            if len(done) + len(calls) >= count:
                return [*done, *calls]
            # A call that is still under way is asked for again.
            done += [call for call in calls if call["ok"] is not None]
            query["since"] = done[-1]["n"] if done else 0
        raise AssertionError(f"{len(done)} of {count} calls of {method} within {timeout} s: {done}")

    async def answer_to(self, query_id: str) -> Json:
        """How a press was answered, once it is."""
        async for press in self.watch(f"callback/{query_id}", PATIENCE_SECONDS):
            if press["answer"] is not None:
                answer: Json = press["answer"]
                return answer
        raise AssertionError("nobody answered the press")

    async def settled(self, quiet: float = 0.5, timeout: float = 30) -> None:
        """Until nothing waits for the bot and it made no call but getUpdates for `quiet` seconds."""
        state: Json = {}
        async for state in self.watch("state", timeout):
            while not state["pending"] and not state["unacked"]:
                if state["quiet"] >= quiet:
                    return
                await asyncio.sleep(quiet - state["quiet"])
                state = await self.state()
        raise AssertionError(f"not settled within {timeout} s: {state}")


def words(message: Json) -> str:
    """What a message says, text or caption, without the sign that stands before a customer's words among staff."""
    return str(message.get("text") or message.get("caption") or "").replace("\U0001f4ac ", "")


def buttons(message: Json) -> list[Json]:
    """The buttons under a message, row by row."""
    return [button for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]


def transcript(messages: list[Json]) -> str:
    """A chat for a person to read when a test fails."""
    lines = []
    for message in messages:
        name = message.get("from", {}).get("first_name", "?")
        thread = f" in topic {message['thread_id']}" if message.get("thread_id") else ""
        known = ("message_id", "chat", "date", "from", "text", "caption", "entities")
        rest = "" if words(message) else " " + ", ".join(key for key in message if key not in known)
        labels = "".join(f" [{button['text']}]" for button in buttons(message))
        lines.append(f"  {message['message_id']}{thread} {name}: {words(message)}{rest}{labels}")
    return "The chat:\n" + ("\n".join(lines) or "  (empty)")
