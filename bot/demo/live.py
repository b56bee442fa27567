"""What happens in both chats: shown as it happens, and remembered, so that the story can wait for it."""

import asyncio
from collections.abc import Callable
from typing import Any, Self

from bot.demo.processes import Stuck
from bot.demo.screen import Screen, Tone
from bot.demo.telegram import Json, Telegram
from templates import label

WAIT_SECONDS = 30.0
Words = dict[str, Any]


class Live:
    """The customer's chat on the left, the staff group on the right."""

    def __init__(self, telegram: Telegram, screen: Screen, words: Words, language: str) -> None:
        self.customer: Json = {}
        self.agent: Json = {}
        self.group: Json = {}
        self._telegram = telegram
        self._screen = screen
        self._words = words
        self._language = language
        self._messages: dict[tuple[int, int], Json] = {}
        self._changed = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        listening = asyncio.Event()
        self._following = asyncio.create_task(self._follow(listening))
        self._following.add_done_callback(lambda _: self._changed.set())
        await listening.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._following is not None:
            self._following.cancel()

    async def _follow(self, listening: asyncio.Event) -> None:
        async for event in self._telegram.events(listening):
            message = event.get("message")
            if event["event"] not in ("message", "edited") or not isinstance(message, dict):
                continue
            key = (message["chat"]["id"], message["message_id"])
            known = self._messages.get(key)
            self._messages[key] = message
            self._show(message, known)
            self._changed.set()

    async def until(self, chat: Json, fits: Callable[[Json], bool]) -> Json:
        """The latest message of a chat that fits, as soon as there is one. Raises Stuck."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while not (found := self._find(chat["id"], fits)):
                    if self._following is None or self._following.done():
                        raise Stuck("the sandbox is gone")
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise Stuck(f"nothing more happens in {chat['id']}") from None
        return found

    def _find(self, chat_id: int, fits: Callable[[Json], bool]) -> Json | None:
        messages = (message for key, message in reversed(self._messages.items()) if key[0] == chat_id)
        return next(filter(fits, messages), None)

    def latest(self, chat: Json) -> int:
        """The id of the chat's latest message."""
        return max((number for chat_id, number in self._messages if chat_id == chat["id"]), default=0)

    def _show(self, message: Json, known: Json | None) -> None:
        lines = self._changes(message, known) if known else self._message(message)
        if not lines:
            return
        author = message["author"]
        tone = {self.customer["id"]: Tone.CUSTOMER, self.agent["id"]: Tone.AGENT}.get(author, Tone.PLAIN)
        show = self._screen.left if message["chat"]["id"] == self.customer["id"] else self._screen.right
        show("\n".join(lines), Tone.QUIET if known else tone)

    def _message(self, message: Json) -> list[str]:
        if created := message.get("forum_topic_created"):
            return [self._words["screen"]["topic"].format(name=created["name"])]
        names = {person["id"]: person["first_name"] for person in (self.customer, self.agent)}
        name = names.get(message["author"], self._words["screen"]["bot"])
        media = [f"[{label(self._language, 'content.photo')}]"] if "photo" in message else []
        return [f"{name}: {' '.join([*media, text_of(message)])}".rstrip(), *_button_rows(message)]

    def _changes(self, message: Json, known: Json) -> list[str]:
        """The lines of an edited message that are new."""
        before = set(text_of(known).splitlines())
        new = [line for line in text_of(message).splitlines() if line and line not in before]
        return [self._words["screen"]["edited"], *new] if new else []


def text_of(message: Json) -> str:
    """What a message says, text or caption."""
    return str(message.get("text") or message.get("caption") or "")


def button_of(message: Json, data: str) -> Json | None:
    """The button whose data begins like that."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    found = (button for row in rows for button in row)
    return next((button for button in found if button["callback_data"].startswith(data)), None)


def _button_rows(message: Json) -> list[str]:
    markup = message.get("reply_markup", {})
    rows = markup.get("inline_keyboard") or (message.get("reply_keyboard") or {}).get("keyboard") or []
    # Buttons that stand one to a row are listed in one line all the same: the screen is small.
    return [" ".join(f"[{button['text']}]" for row in rows for button in row)] if rows else []
