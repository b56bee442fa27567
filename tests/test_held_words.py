"""What an agent writes in a customer's topic: whom it is for, and what is held until somebody says so."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from handlers.chat.entrance import COMMANDS
from handlers.said import Beside
from handlers.understanding.asides import For, whom_for
from models.cases import Case
from models.customers import Customer
from models.messages import Author, Message
from models.staff import Role, Staff
from tests import learning
from tests.desk import open_desk
from tests.line import Line, Shown

SQLITE_ALONE = "whom words are for is told from the words; how rows are kept is tested elsewhere"
NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
LIU = 20
CHEN, LENA = 101, 102
OPEN = Path(__file__).parents[2] / "shared" / "data" / "notes_open.jsonl"
PLANS = {
    "zh": '[business]\nlanguage = "zh"\n',
    "en": '[business]\nlanguage = "en"\n',
}


class Topic(Line):
    """A customer with a matter, an agent and a supervisor in her topic."""

    thread: int

    async def opens_shop(self, language: str) -> None:
        staff = ((1, CHEN, "Chen", Role.AGENT), (2, LENA, "Lena", Role.SUPERVISOR))
        await self.hire(
            *(
                Staff(id=key, user_id=user, name=name, username=f"staff{key}", role=role, joined_at=NOW)
                for key, user, name, role in staff
            )
        )
        await self.welcome(Customer(id=1, user_id=LIU, name="Liu", language=language, created_at=NOW))
        await self.customer_writes(LIU, "The kettle leaks")
        await self.post()
        await self.post()
        self.thread = self.shown("The kettle leaks").thread_id or 0
        assert self.thread

    async def chen_writes(self, text: str, **content: Any) -> int:
        """Returns the number of the message."""
        return await self.writes(CHEN, text, **content)

    async def writes(self, user: int, text: str, **content: Any) -> int:
        message = self.in_group(user, text, self.thread, **content)
        await self.hear(message=message)
        await self.post()
        return int(message["message_id"])

    async def edits(self, number: int, text: str, user: int = CHEN) -> None:
        message = self.in_group(user, text, self.thread) | {"message_id": number, "edit_date": int(NOW.timestamp())}
        await self.hear(edited_message=message)
        await self.post()

    def liu_reads(self) -> list[str]:
        """What stands in her chat, after the bot's own word that her matter is recorded."""
        return [each.text for each in self.telegram.shown if each.chat_id == LIU][1:]

    async def lena_said(self, text: str = "// one moment") -> dict[str, Any]:
        """What makes a message a reply to a colleague's, as part of its content."""
        said = self.in_group(LENA, text, self.thread)
        await self.hear(message=said)
        return {"reply_to_message": said}

    def to_liu(self) -> dict[str, Any]:
        return self.reply(self.shown("The kettle leaks"))

    def to_the_card(self) -> dict[str, Any]:
        return self.reply(self.card())

    def card(self) -> Shown:
        return next(
            each
            for each in reversed(self.telegram.shown)
            if any(data.startswith("resolve:") for _, data in each.buttons)
        )

    async def held(self) -> int:
        async with self.work() as work:
            return int((await work.first(select(Case))).held_count)

    async def notes(self) -> list[str]:
        async with self.work() as work:
            notes = select(Message).where(Message.author == Author.NOTE).order_by(Message.id)  # type: ignore[arg-type]
            return [each.text for each in await work.all(notes)]


@pytest.fixture(params=["zh", "en"])
async def topic(database_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Topic]:
    async with open_desk(database_url, PLANS[request.param], NOW, Topic) as found:
        await found.opens_shop(request.param)
        yield found


SEND = {"zh": "发给客户", "en": "Send to the customer"}
ONLY_US = {"zh": "只给同事看", "en": "Only us"}


def button(topic: Topic, words: dict[str, str]) -> tuple[str, Shown]:
    """The button that says so, and what it stands under."""
    text = words[topic.plan.business.language]
    return topic.shown(text).press(text), topic.shown(text)


async def test_dont_pay_her_in_reply_to_a_colleague_is_held_and_stays_among_us(topic: Topic) -> None:
    to_lena = await topic.lena_said("// shall we pay?")

    words = {"zh": "别赔，她上次也这样", "en": "don't pay her, she did it before"}[topic.plan.business.language]
    number = await topic.chen_writes(words, **to_lena)

    assert topic.liu_reads() == []
    assert await topic.held() == 1
    data, under = button(topic, ONLY_US)
    assert under.thread_id == topic.thread
    assert any("1" in line for line in topic.card().text.splitlines() if line.startswith(("有", "1")))

    await topic.press(CHEN, data, under)
    await topic.post()
    assert topic.liu_reads() == []
    assert await topic.held() == 0
    assert words in await topic.notes()
    assert not under.buttons
    assert number


async def test_held_words_go_to_the_customer_once_somebody_says_so(topic: Topic) -> None:
    to_lena = await topic.lena_said()
    await topic.chen_writes("Friday", **to_lena)
    async with topic.work() as work:
        assert (await work.first(select(Case))).first_response_at is None, "nothing was said to her yet"

    data, under = button(topic, SEND)
    topic.now += timedelta(minutes=5)
    await topic.press(LENA, data, under)
    await topic.post()

    assert topic.liu_reads() == ["Friday"]
    async with topic.work() as work:
        assert (await work.first(select(Case))).first_response_at == topic.now
    await topic.press(CHEN, data.replace("send", "keep"), under)
    await topic.post()
    assert topic.liu_reads() == ["Friday"], "what is decided is decided"
    assert topic.telegram.toasts[-1]


async def test_f5_an_edit_into_a_command_changes_nothing_at_the_customers(topic: Topic) -> None:
    number = await topic.chen_writes("您好，马上来看")

    for command in {each.name for each in COMMANDS}:
        for sign in "/／、":
            await topic.edits(number, f"{sign}{command} 1 2h x")
            assert topic.liu_reads() == ["您好，马上来看"]


async def test_f5_an_edit_says_nothing_that_an_answer_would_not_say(topic: Topic) -> None:
    number = await topic.chen_writes("您好，马上来看")

    for edit in ["、、她在撒谎", "／／x", "\\\\ x", "\u200b// x", "【内部】别赔", "fyi she is lying", "客户很难缠"]:
        await topic.edits(number, edit)

        assert topic.liu_reads() == ["您好，马上来看"]
        async with topic.work() as work:
            assert edit not in [each.text for each in await work.all(select(Message))]


async def test_s15_notes_stay_however_a_keyboard_types_them(topic: Topic) -> None:
    for found, note in enumerate(NOTES, 1):
        await topic.chen_writes(note)

        assert topic.liu_reads() == []
        assert await topic.held() == 0, "a note is not asked about"
        assert len(await topic.notes()) == found


NOTES = [
    "、、客户很难缠",
    "／／客户很难缠",
    "\\\\ 客户很难缠",
    "、note 客户很难缠",
    "／note 客户很难缠",
    "\u200b//客户很难缠",
    "备注：客户很难缠",
    "【内】客户很难缠",
    "客户很难缠（仅内部）",
    "NB she is difficult",
    "she is difficult (staff only)",
]


async def test_an_edit_of_held_words_is_what_goes(topic: Topic) -> None:
    to_lena = await topic.lena_said()
    number = await topic.chen_writes("Thursday", **to_lena)

    await topic.edits(number, "Friday")
    data, under = button(topic, SEND)
    await topic.press(CHEN, data, under)
    await topic.post()

    assert topic.liu_reads() == ["Friday"]


async def test_recall_in_reply_to_held_words_keeps_them_here(topic: Topic) -> None:
    to_lena = await topic.lena_said()
    message = topic.in_group(CHEN, "Friday", topic.thread, **to_lena)
    await topic.hear(message=message)

    await topic.writes(CHEN, "/recall", reply_to_message=message, entities=[_command("/recall")])

    assert topic.liu_reads() == []
    assert await topic.held() == 0
    assert "Friday" in await topic.notes()


def _command(text: str) -> dict[str, Any]:
    return {"type": "bot_command", "offset": 0, "length": len(text)}


async def test_where_only_replies_are_answers_other_words_stay(database_url: str) -> None:
    plan = '[business]\nlanguage = "en"\n[[department]]\nid = "care"\nkinds = ["enquiry"]\nanswer_by_reply = true\n'
    async with open_desk(database_url, plan, NOW, Topic) as topic:
        await topic.opens_shop("en")

        await topic.chen_writes("Sorry about that, we are sending you a new one")
        assert topic.liu_reads() == []
        assert await topic.notes() == ["Sorry about that, we are sending you a new one"]

        await topic.chen_writes("Sorry about that, we are sending you a new one", **topic.to_liu())
        assert topic.liu_reads() == ["Sorry about that, we are sending you a new one"]


async def test_within_the_grace_a_tap_takes_an_answer_back(database_url: str) -> None:
    plan = '[business]\nlanguage = "en"\nanswer_grace = "10s"\n'
    async with open_desk(database_url, plan, NOW, Topic) as topic:
        await topic.opens_shop("en")

        await topic.chen_writes("Sorry, your parcel is lost")
        assert topic.liu_reads() == []
        taken = topic.shown("Take back")
        await topic.press(CHEN, taken.press("Take back"), taken)
        topic.now += timedelta(seconds=11)
        await topic.post()
        assert topic.liu_reads() == []

        await topic.chen_writes("Sorry, your parcel is late")
        topic.now += timedelta(seconds=11)
        await topic.post()
        assert topic.liu_reads() == ["Sorry, your parcel is late"]


@pytest.mark.skipif(not OPEN.exists(), reason="the lines of agents are not beside this checkout")
async def test_lines_of_agents_go_through_the_whole_bot(database_url: str) -> None:
    """Lines that nothing was learnt from: what becomes of each, in the customer's chat and in the topic."""
    went: dict[tuple[str, str], list[str]] = defaultdict(list)
    async with open_desk(database_url, PLANS["zh"], NOW, Topic) as topic:
        await topic.opens_shop("zh")
        for line in map(json.loads, OPEN.read_text("utf-8").splitlines()):
            before = len(topic.liu_reads()), await topic.held(), await topic.notes()
            await topic.chen_writes(line["text"], **await _beside(topic, Beside(line["context"])))
            after = len(topic.liu_reads()), await topic.held(), await topic.notes()
            inside = line["context"] in (Beside.COLLEAGUE, Beside.MENTION)
            kind = "internal" if line["internal"] else "genuine", "beside a colleague" if inside else "elsewhere"
            went[kind].append("customer" if after[0] > before[0] else "held" if after[1] > before[1] else "stays")

    def share(what: str, where: str, found: str) -> float:
        return went[what, where].count(found) / len(went[what, where])

    assert share("internal", "beside a colleague", "customer") == 0
    assert share("internal", "elsewhere", "customer") <= 0.2, "more than half of the unmarked are held"
    assert share("genuine", "beside a colleague", "customer") >= 0.5
    assert share("genuine", "elsewhere", "customer") >= 0.95
    assert share("genuine", "elsewhere", "stays") == share("genuine", "beside a colleague", "stays") == 0, (
        "none is lost"
    )


async def _beside(topic: Topic, beside: Beside) -> dict[str, Any]:
    match beside:
        case Beside.CUSTOMER:
            return topic.to_liu()
        case Beside.COLLEAGUE:
            return await topic.lena_said()
        case Beside.CARD:
            return topic.to_the_card()
    return {}


def test_what_is_said_about_somebody_beside_a_colleagues_words_is_held() -> None:
    for words in ("抱歉，我忘了回她", "Thank you for your patience with this one, he is mad"):
        assert whom_for(words, Beside.COLLEAGUE) is For.HELD


def test_understand_says_of_each_line_where_it_goes_and_needs_no_settings(tmp_path: Path) -> None:
    lines = [
        {"lang": "zh", "text": "、、客户很难缠", "context": "plain"},
        {"lang": "en", "text": "Your parcel leaves us tonight", "context": "plain"},
        {"lang": "en", "text": "who told him Friday??", "context": "reply to a colleague's message"},
    ]
    file = tmp_path / "lines.jsonl"
    file.write_text("\n".join(json.dumps(each) for each in lines) + "\n", "utf-8")
    command = [sys.executable, "-m", "bot", "understand", "--notes", str(file)]
    env = {"PYTHONPATH": str(Path(__file__).parents[1])}
    said = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=True, text=True).stdout
    assert [json.loads(line)["goes"] for line in said.splitlines()] == ["colleagues", "customer", "held"]


def test_the_weights_are_what_is_learnt_from_the_lines() -> None:
    before = learning.DATA / "aside_weights.toml"
    assert learning.learnt_asides() == before.read_text("utf-8")
