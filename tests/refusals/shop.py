"""The scene of every refusal: a shop with its staff, a customer's complaint, and what people do there."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlmodel import select

from models.cases import Case, CaseKind
from models.delivery import SendClass
from models.questionnaires import QuestionnaireVersion, questionnaire_text, read_questionnaire
from models.staff import Role, Staff
from templates import LANGUAGES, ROOT, label
from tests.desk import AGENT, SUPERVISOR, Tables, differences
from tests.line import BOT, Line, Shown, Update

PLAN = """
[[tier]]
id = "vip"
[[tier]]
id = "regular"
[[severity]]
id = "critical"
keywords = ["漏电"]
[[severity]]
id = "normal"
[[field]]
id = "spent"
kind = "number"
[[field]]
id = "bought"
kind = "date"
[[department]]
id = "service"
kinds = ["complaint"]
assign = "claim"
capacity = 1
[[department]]
id = "advice"
kinds = ["enquiry"]
assign = "claim"
"""
NOW = datetime(2027, 2, 18, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai
OWNER, MEI, NEWCOMER = 4, 5, 6
WANG, LI = 7001, 7002
#: Whose words were passed on.
HIDDEN = {"type": "hidden_user", "sender_user_name": "someone", "date": 1}


class Shop(Line):
    """The scene of every story: 王 has a complaint, 李 has said nothing yet; staff are who they are."""

    async def open(self) -> None:
        """Staff come, questionnaires are known, and 王 complains."""
        await self.cast()
        await self.hire(
            Staff(id=OWNER, user_id=100 + OWNER, name="owner", role=Role.OWNER, joined_at=self.now),
            Staff(id=MEI, user_id=100 + MEI, name="梅", joined_at=self.now),
        )
        async with self.work() as work:
            for person in await work.all(select(Staff)):
                person.name, person.username = f"staff {person.id}", f"staff{person.id}"
                person.started_bot = True
            for path in sorted((ROOT / "questionnaires").glob("*.toml")):
                text = questionnaire_text(path)
                version = read_questionnaire(text).version
                row = QuestionnaireVersion(key=path.stem, version=version, digest="", text=text, taken_at=self.now)
                work.add(row)
        self.first_words = self.private(WANG, "水壶漏水，气死我了")
        await self.done({"message": self.first_words})
        async with self.work() as work:
            case = await work.first(select(Case))
            case.kind, case.department = CaseKind.COMPLAINT, "service"
        await self.post()

    # -- what stands there

    def button(self, begins: str, ends: str = "") -> tuple[str, Shown]:
        """The data of the latest button that begins and ends so, and the message under which it stands."""
        return next(
            (data, shown)
            for shown in reversed(self.telegram.shown)
            for _, data in shown.buttons
            if data.startswith(begins) and data.endswith(ends)
        )

    def card_of(self, case: int) -> Shown:
        """The first card of that case."""
        return next(
            each
            for each in self.telegram.shown
            if each.thread_id and any(data.endswith(f":{case}") for _, data in each.buttons)
        )

    @property
    def card(self) -> Shown:
        """The card of 王's case."""
        return self.card_of(1001)

    def topic_of(self, case: int) -> int:
        """The topic in which the card of that case stands."""
        found = self.card_of(case).thread_id
        assert found is not None
        return found

    @property
    def topic(self) -> int:
        """王's topic."""
        return self.topic_of(1001)

    # -- what people do

    def staff_says(self, text: str, who: int = AGENT, thread: int | None = None, **content: Any) -> Update:
        """In 王's topic, or another."""
        return {"message": self.in_group(100 + who, text, thread or self.topic, **content)}

    def in_general(self, text: str, who: int = AGENT, **content: Any) -> Update:
        """In General."""
        return {"message": self.in_group(100 + who, text, None, **content)}

    def in_private(self, text: str, who: int = AGENT) -> Update:
        """A member of staff alone with the bot."""
        return {"message": self.private(100 + who, text)}

    def staff_presses(self, data: str, who: int = AGENT, under: Shown | None = None) -> Update:
        """Under the card of 王's case, or another message."""
        return {"callback_query": self.pressed(100 + who, data, under or self.card)}

    def customer_presses(self, data: str, who: int = WANG, under: Shown | None = None) -> Update:
        """In their own chat, under the latest message there or another."""
        return {"callback_query": self.pressed(who, data, under or self.shown(chat=who))}

    def leaves(self, who: int) -> Update:
        """Telegram says that somebody has left the staff group."""
        was = self.in_group(100 + who, "")
        change = {key: was[key] for key in ("chat", "from", "date")}
        return {"chat_member": change | standing(was["from"], "member", "left")}

    def blocks_us(self, user: int) -> Update:
        """Telegram says that a customer has blocked the bot."""
        was = self.private(user)
        change = {key: was[key] for key in ("chat", "from", "date")}
        return {"my_chat_member": change | standing(BOT, "member", "kicked")}

    async def done(self, *updates: Update) -> None:
        """These come first, and are granted."""
        for update in updates:
            await self.hear(**update)
            await self.post()

    async def has(self, *rows: Any) -> None:
        """These rows are there, however they came."""
        for row in rows:
            async with self.work() as work:
                work.add(row)

    async def sets(self, table: Any, key: int, **columns: Any) -> None:
        """That row holds this, however it came."""
        async with self.work() as work:
            row = await work.first(select(table).where(table.id == key))
            for name, value in columns.items():
                setattr(row, name, value)

    async def resolved(self) -> None:
        """王's complaint is seen to."""
        await self.done(self.staff_says("/claim"), self.staff_says("/resolve 已换新壶"))

    async def asks_for_a_tier(self) -> None:
        """An agent asks that 王 be a VIP."""
        await self.done(self.staff_says("/tier vip 至 2027-06-30 老客户"))

    def decides(self, who: int = SUPERVISOR, answer: str = "yes") -> Update:
        """Somebody presses a button under what was last asked."""
        data, under = self.button("approval:", answer)
        return self.staff_presses(data, who, under)


def standing(user: Update, *was_and_is: str) -> Update:
    """How somebody stood in a chat, and how they stand."""
    sides = zip(("old_chat_member", "new_chat_member"), was_and_is, strict=True)
    return {side: {"status": status, "user": user, "until_date": 0} for side, status in sides}


# -- stories

Story = Callable[[Shop], Awaitable[Update]]
#: What ends with each refusal, by its key.
STORIES: dict[str, list[Story]] = {}


def refuses(key: str) -> Callable[[Story], Story]:
    """A story that ends with that refusal."""

    def told(story: Story) -> Story:
        STORIES.setdefault(key, []).append(story)
        return story

    return told


def at_once(key: str, *updates: Callable[[Shop], Update]) -> None:
    """Stories without a beginning."""
    for update in updates:

        async def story(shop: Shop, update: Callable[[Shop], Update] = update) -> Update:
            return update(shop)

        refuses(key)(story)


def typed(key: str, *texts: str, who: int = OWNER) -> None:
    """What somebody types in 王's topic."""
    for text in texts:
        at_once(key, lambda shop, text=text: shop.staff_says(text, who))  # type: ignore[misc]


def pressed(key: str, *buttons: str, who: int = AGENT) -> None:
    """What somebody presses in 王's topic."""
    for data in buttons:
        at_once(key, lambda shop, data=data: shop.staff_presses(data, who))  # type: ignore[misc]


def tapped(key: str, *buttons: str) -> None:
    """What 王 presses."""
    for data in buttons:
        at_once(key, lambda shop, data=data: shop.customer_presses(data))  # type: ignore[misc]


# -- the no


def only_a_no(before: Tables, after: Tables) -> str:
    """That nothing is there but a no, and a message of ours drawn anew; returns the words of the no, "" for none."""
    added, gone = differences(before, after)
    for changes in (added, gone):
        changes.pop("standings", None)  # what Telegram answered is kept, whatever it was asked for
    assert not gone, gone
    rows = added.pop("outbox", [])
    noes = [row for row in rows if row["send_class"] != SendClass.C]
    assert len(noes) <= 1, noes
    assert len(rows) <= len(noes) + 1, rows
    kept = added.pop("messages", [])  # of a customer's conversation it is a part
    assert [row["id"] for row in kept] == [row["message_id"] for row in noes if row["message_id"]], kept
    assert not added, added
    return words_in(noes[0]["body"]) if noes else ""


def words_in(body: Any) -> str:
    """The words of a row of the outbox."""
    found = body if isinstance(body, dict) else orjson.loads(body)
    return str(found.get("text") or found["values"]["text"])


def is_no(key: str, words: str) -> bool:
    """Whether it is that refusal, in any language and with any values."""
    for language in LANGUAGES:
        parts = re.split(r"\{\w+\}", label(language, f"refusal.{key}"))
        if re.fullmatch(".*".join(map(re.escape, parts)), words, re.DOTALL):
            return True
    return False
