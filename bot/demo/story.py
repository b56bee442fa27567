"""One case from first word to last, as a customer and an agent live through it."""

import asyncio
import time
from typing import Any

from bot.demo.live import Live, button_of, text_of
from bot.demo.processes import Bot
from bot.demo.screen import Screen, Tone
from bot.demo.telegram import Json, Telegram


class Story:
    """Both people, each doing one thing after another; every step waits for what it leads to."""

    def __init__(
        self, telegram: Telegram, bot: Bot, live: Live, screen: Screen, words: dict[str, Any], breath: float
    ) -> None:
        """`breath`: seconds between two steps."""
        self._telegram = telegram
        self._bot = bot
        self._live = live
        self._screen = screen
        self._said = words["said"]
        self._press_words = words["screen"]["press"]
        self._narrator = words["narrator"]
        self._breath = breath
        self._thread: int | None = None

    async def play(self) -> None:
        """The whole case. Raises Stuck."""
        await self._complaint()
        await self._claim()
        await self._killed_in_mid_sentence()
        await self._resolved_too_soon()
        await self._mended()

    async def _complaint(self) -> None:
        live = self._live
        await self._agent_says("on_duty")  # the first word in the group makes her an agent
        await self._customer_says("start")
        await live.until(live.customer, lambda message: bool(message.get("reply_keyboard")))
        await self._pause()
        await self._customer_says("complaint")
        question = await live.until(live.customer, lambda message: bool(button_of(message, "kind:")))
        await self._pause()
        await self._customer_says("photo", photo=True)
        photo = await live.until(live.group, lambda message: "photo" in message)
        self._thread = photo["message_thread_id"]
        await self._pause()
        await self._press(live.customer, live.customer, question, "kind:")
        await live.until(live.customer, lambda message: _answers(message, question) and message["edited"])

    async def _claim(self) -> None:
        live = self._live
        card = await live.until(live.group, lambda message: bool(button_of(message, "claim:")))
        await self._pause()
        await self._press(live.agent, live.group, card, "claim:")
        name = live.agent["first_name"]
        await live.until(live.group, lambda message: _answers(message, card) and name in text_of(message))
        await self._pause()

    async def _killed_in_mid_sentence(self) -> None:
        live = self._live
        await self._agent_says("answer")
        pid = await self._bot.kill()
        self._screen.across(self._narrator["kill"].format(pid=pid), Tone.ALARM)
        await self._pause()
        for key in ("while_dead_1", "while_dead_2"):
            await self._customer_says(key)
            await self._pause()
        self._screen.across(self._narrator["restart"])
        await self._bot.start()
        for chat, key in (
            (live.customer, "answer"),
            (live.group, "while_dead_1"),
            (live.group, "while_dead_2"),
        ):
            await self._arrived(chat, key)
        seconds = time.monotonic() - self._bot.started_at
        self._screen.across(self._narrator["back"].format(seconds=seconds))
        await self._pause(2)

    async def _resolved_too_soon(self) -> None:
        live = self._live
        await self._resolve("resolve_1")
        await self._pause()
        await self._score("score:", 2)
        await live.until(live.group, lambda message: bool(button_of(message, "claim:")))
        self._screen.across(self._narrator["reopened"])
        await self._pause()
        await self._customer_says("disappointed")
        await self._arrived(live.group, "disappointed")
        await self._pause()

    async def _mended(self) -> None:
        live = self._live
        await self._agent_says("mended")
        await self._arrived(live.customer, "mended")
        await self._pause()
        await self._resolve("resolve_2")
        await self._pause()
        await self._score("score:", 5)
        await self._pause()
        before = live.latest(live.customer)
        await self._customer_says("comment")
        await live.until(live.customer, lambda message: message["message_id"] > before + 1)
        await live.until(live.group, lambda message: self._said["comment"] in text_of(message))
        await self._pause()

    # -- what people do

    async def _customer_says(self, key: str, **content: Any) -> None:
        words = {"caption": self._said[key]} if content else {"text": self._said[key]}
        customer = self._live.customer["id"]
        await self._telegram.act("say", from_id=customer, chat_id=customer, content=content, **words)

    async def _agent_says(self, key: str) -> None:
        live = self._live
        place = {"chat_id": live.group["id"], "thread_id": self._thread}
        await self._telegram.act("say", from_id=live.agent["id"], text=self._said[key], **place)

    async def _press(self, person: Json, chat: Json, message: Json, data: str) -> None:
        """Press the first button whose data begins like that."""
        button = button_of(message, data) or {}
        words = self._press_words.format(name=person["first_name"], label=button["text"])
        if person is self._live.customer:
            self._screen.left(words, Tone.CUSTOMER)
        else:
            self._screen.right(words, Tone.AGENT)
        where = {"chat_id": chat["id"], "message_id": message["message_id"]}
        await self._telegram.act("press", user_id=person["id"], data=button["callback_data"], **where)

    async def _resolve(self, key: str) -> None:
        live = self._live
        before = live.latest(live.customer)
        await self._agent_says(key)
        await live.until(live.customer, lambda message: message["message_id"] > before)

    async def _score(self, data: str, score: int) -> None:
        """The customer presses a score under the latest question; staff hear of it."""
        live = self._live
        question = await live.until(live.customer, lambda message: bool(button_of(message, data)))
        tag = (button_of(question, data) or {})["callback_data"].rpartition(":")[0]
        before = live.latest(live.group)
        await self._press(live.customer, live.customer, question, f"{tag}:{score}")
        await live.until(live.group, lambda message: message["message_id"] > before)

    async def _arrived(self, chat: Json, key: str) -> None:
        """Until words that a person wrote elsewhere stand in this chat, alone or joined with others."""
        words, people = self._said[key], (self._live.customer["id"], self._live.agent["id"])
        await self._live.until(chat, lambda message: words in text_of(message) and message["author"] not in people)

    async def _pause(self, breaths: float = 1) -> None:
        await asyncio.sleep(self._breath * breaths)


def _answers(message: Json, other: Json) -> bool:
    """Whether a message is that other one, perhaps edited since."""
    return bool(message["message_id"] == other["message_id"])
