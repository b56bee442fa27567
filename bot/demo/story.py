"""Who takes part in the demo, and the short case that is already played when the page opens."""

import base64
from dataclasses import dataclass
from typing import Any

from bot.demo.control import Control, Json, button_data
from bot.demo.words import FILES, words
from templates import LANGUAGES

PICTURE = FILES / "kettle.png"
PICTURE_SIZE = {"width": 800, "height": 600}


@dataclass(frozen=True)
class Cast:
    """The people, as Telegram knows them, one of each language on either side; and the staff group."""

    customers: list[Json]
    agents: list[Json]
    group: Json
    bot: Json

    def shown(self) -> dict[str, Any]:
        """For the page."""
        return {"customers": self.customers, "agents": self.agents, "group": self.group, "bot": self.bot}


async def gather(control: Control, token: str, language: str) -> Cast:
    """Let everybody appear; those who speak `language` come first, and the bot has a name in it."""
    bot = await control.act("bot", token=token, first_name=words(language)["cast"]["bot"])
    order = [language, *(other for other in LANGUAGES if other != language)]
    customers = [await control.act("user", **words(each)["cast"]["customer"]) for each in order]
    agents = [await control.act("user", **words(each)["cast"]["agent"]) for each in order]
    members = [agent["id"] for agent in agents]
    title = words(language)["cast"]["group"]
    group = await control.act("group", title=title, forum=True, members=members)
    return Cast(customers, agents, group, bot)


async def play(control: Control, cast: Cast, language: str) -> None:
    """One complaint from the first word to the score; then the other customer says hello.

    Raises TimeoutError where the bot does not answer, and Refused where it did something else.
    """
    said = words(language)["story"]
    customer, other = cast.customers
    await control.act("say", from_id=customer["id"], text="/start")
    await control.see(customer["id"], lambda message: bool(message.get("reply_keyboard")))
    await _complain(control, customer["id"], said)
    card = await control.see(cast.group["id"], lambda message: bool(button_data(message, "claim:")))
    await _answer(control, cast, card, said)
    asked = await control.see(customer["id"], lambda message: bool(button_data(message, "q:", said["score"])))
    await _press(control, customer["id"], asked, "q:", said["score"])
    await control.see(customer["id"], lambda message: bool(button_data(message, "q:", ":!skip")))
    await control.act("say", from_id=customer["id"], text=said["comment"])
    await control.act("say", from_id=other["id"], text="/start")
    await control.see(other["id"], lambda message: bool(message.get("reply_keyboard")))
    await control.collected()


async def _complain(control: Control, customer_id: int, said: Json) -> None:
    """The first words, with a picture; the customer says what kind of matter it is."""
    data = base64.b64encode(PICTURE.read_bytes()).decode()
    photo = {"photo": {"base64": data, **PICTURE_SIZE}}
    await control.act("say", from_id=customer_id, caption=said["complaint"], content=photo)
    received = await control.see(customer_id, lambda message: bool(button_data(message, "kind:")))
    await _press(control, customer_id, received, "kind:", ":complaint")


async def _answer(control: Control, cast: Cast, card: Json, said: Json) -> None:
    """An agent claims the case, answers, leaves a note, hears thanks, and resolves it."""
    agent, customer = cast.agents[0], cast.customers[0]
    group, thread = cast.group["id"], card["thread_id"]

    async def write(text: str) -> None:
        await control.act("say", from_id=agent["id"], chat_id=group, thread_id=thread, text=text)

    await control.act(
        "press", user_id=agent["id"], chat_id=group, message_id=card["message_id"], data=button_data(card, "claim:")
    )
    await write(said["answer"])
    await control.see(customer["id"], lambda message: message.get("text") == said["answer"])
    await write(said["note"])
    await control.act("say", from_id=customer["id"], text=said["thanks"])
    await control.see(group, lambda message: message.get("text", "").endswith(said["thanks"]))
    await write(f"/resolve {said['resolution']}")


async def _press(control: Control, user_id: int, message: Json, start: str, end: str) -> None:
    """Press the button whose data starts and ends so."""
    wanted = button_data(message, start, end)
    await control.act("press", user_id=user_id, message_id=message["message_id"], data=wanted)
