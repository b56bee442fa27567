"""The kettle at 23:40: a mother has had an electric shock, and whoever is on duty answers from the private chat."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlmodel import select

from models.cases import Case
from models.messages import Author, Message
from tests.stories.shop import Agent, Customer, Shop, case_number, open_shop, until
from tests.telegram import Json, buttons, words

PLAN = """
[business]
language = "{language}"
timezone = "Asia/Shanghai"
[calendar]
mon = ["09:00-18:00"]
tue = ["09:00-18:00"]
wed = ["09:00-18:00"]
thu = ["09:00-18:00"]
fri = ["09:00-18:00"]
[[severity]]
id = "critical"
name = {{ zh = "重大", en = "Critical" }}
keywords = ["漏电", "electric shock"]
around_the_clock = true
say = {{ zh = "请先断电、离开危险处。", en = "Please switch off the power and step away." }}
[duty]
roster = [{{ agent = "@night", days = ["sat", "sun"], hours = "18:00-09:00" }}]
tell = "owner"
"""
SUNDAY = 6


@dataclass(frozen=True)
class Tongue:
    """What is said in one language."""

    business: str
    code: str
    shock: str
    number: str
    no_number: str
    called: str
    answer: str
    answered: str
    sent: str
    more: str
    not_sent: str
    to_her: str
    take_back: str
    taken_back: str
    stats: str
    in_hand: str
    aside: str
    a_note: str
    unanswered: str
    own: str
    as_customer: str


ZH = Tongue(
    business="zh",
    code="zh-hans",
    shock="你们那个电热水壶漏电，把我妈手麻了",
    number="编号",
    no_number="没有留电话",
    called="需要马上处理",
    answer="您好，请先拔掉插头，不要再碰水壶。您的电话是多少？我马上打给您。",
    answered="在私聊里答复了客户",
    sent="已发给",
    more="您好，救护车需要我们帮您叫吗？",
    not_sent="还没有发给任何人",
    to_her="发给",
    take_back="撤回",
    taken_back="撤回了私聊里的答复",
    stats="统计",
    in_hand="您手上 1 张工单",
    aside="别赔她，她上次也这样",
    a_note="备注",
    unanswered="十分钟内无人接手",
    own="我家的灯也坏了",
    as_customer="我是以客户身份写的",
)
EN = Tongue(
    business="en",
    code="en",
    shock="Your kettle gave my mother an electric shock",
    number="number",
    no_number="left no number",
    called="needs somebody now",
    answer="Please pull the plug and do not touch the kettle. Which number may I call you on?",
    answered="answered the customer in private",
    sent="Sent to",
    more="Shall we call an ambulance for you?",
    not_sent="Not sent to anybody",
    to_her="To ",
    take_back="Take back",
    taken_back="took back an answer given in private",
    stats="stats",
    in_hand="You have 1 case in hand",
    aside="Don't pay her, she did it before",
    a_note="A note",
    unanswered="Nobody has taken up",
    own="The lamp in my kitchen is broken, too",
    as_customer="I write as a customer",
)


@pytest.fixture(params=[ZH, EN], ids=["zh", "en"])
def tongue(request: pytest.FixtureRequest) -> Tongue:
    found: Tongue = request.param
    return found


@pytest.fixture
async def shop(tongue: Tongue, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop that speaks that language, on a Sunday night; nothing that the bot does is against Telegram's rules."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'h.db'}"
    async with open_shop(tmp_path, url, plan=PLAN.format(language=tongue.business)) as running:
        await running.owner.starts_bot()
        await running.owner.says("morning")
        yield running
        await running.telegram.settled()
        assert await running.telegram.violations() == []
        log = running.bot.log.splitlines()
        assert [line for line in log if " ERROR " in line or "Traceback" in line] == []


async def on_duty(shop: Shop, tongue: Tongue) -> Agent:
    night = await shop.agent("Night", language=tongue.code, username="night")
    await night.starts_bot()
    await night.says("morning")
    await shop.calms_down()
    await shop.time_comes(SUNDAY, "23:40")
    return night


async def alone(agent: Agent, text: str, **content: object) -> Json:
    """What somebody on the staff writes to the bot."""
    said: Json = await agent.shop.telegram.say(agent.user, text, **content)  # type: ignore[arg-type]
    return said


async def copies(customer: Customer, text: str) -> list[Json]:
    return [each for each in await customer.chat() if text in words(each) and not each["deleted"]]


async def numbers(shop: Shop) -> list[int]:
    return list(await shop.stored(select(Case.id)))


async def test_whoever_is_on_duty_answers_the_customer_from_the_private_chat(shop: Shop, tongue: Tongue) -> None:
    night = await on_duty(shop, tongue)
    liu = await shop.customer("Liu", language=tongue.code)

    said = await liu.says(tongue.shock)

    number = case_number(await liu.hears(tongue.number, after=said))
    page = await night.hears(tongue.called)
    assert tongue.no_number in words(page)
    way = f"https://t.me/c/{str(shop.group['id']).removeprefix('-100')}/{await liu.topic()}"
    assert way in str(page), "the topic is made first"

    await alone(night, tongue.answer, reply_to=page)

    await liu.hears(tongue.answer)
    told = await night.hears(f"{tongue.sent}")
    shown = await night.sees(tongue.answered, of=liu)
    assert tongue.answer in words(shown)
    assert "Night" in words(shown)
    assert await numbers(shop) == [number], "it is no matter of the agent's own"
    await shop.time_passes(minutes=11)
    await shop.calms_down()
    assert tongue.unanswered not in str(await shop.telegram.chat(shop.owner.user)), "nobody else is called"

    await night.presses(told, tongue.take_back)

    await night.sees(tongue.taken_back, of=liu)
    await until(lambda: copies(liu, tongue.answer), lambda found: found == [])


async def test_other_words_in_private_go_where_their_writer_says_and_are_never_a_matter(
    shop: Shop, tongue: Tongue
) -> None:
    night = await on_duty(shop, tongue)
    liu = await shop.customer("Liu", language=tongue.code)
    said = await liu.says(tongue.shock)
    number = case_number(await liu.hears(tongue.number, after=said))
    page = await night.hears(tongue.called)
    before = len(await liu.chat())

    said = await alone(night, tongue.more)
    asked = await shop.telegram.wait_message(night.user, tongue.not_sent, after=said)
    assert len(await liu.chat()) == before
    to_her = next(each["text"] for each in buttons(asked) if f":send:{number}" in each["callback_data"])
    assert to_her.startswith(tongue.to_her)
    await night.presses(asked, to_her)
    await liu.hears(tongue.more)
    await night.sees(tongue.answered, of=liu)

    said = await alone(night, tongue.stats)
    await night.hears(tongue.in_hand, after=said)

    before = len(await liu.chat())
    said = await alone(night, tongue.aside, reply_to=page)
    asked = await night.hears(tongue.not_sent, after=said)
    note = next(each["text"] for each in buttons(asked) if f":note:{number}" in each["callback_data"])
    assert note.startswith(tongue.a_note) or tongue.a_note in note
    await night.presses(asked, note)
    await night.sees(tongue.aside, of=liu)
    await shop.calms_down()
    assert len(await liu.chat()) == before
    assert await numbers(shop) == [number]
    notes = await shop.stored(select(Message.text).where(Message.author == Author.NOTE))
    assert list(notes) == [tongue.aside]


async def test_whoever_is_on_duty_can_still_complain(shop: Shop, tongue: Tongue) -> None:
    night = await on_duty(shop, tongue)
    said = await alone(night, tongue.own)
    asked = await night.hears(tongue.not_sent, after=said)
    assert await numbers(shop) == []

    await night.presses(asked, tongue.as_customer)

    number = case_number(await night.hears(tongue.number, after=said))
    assert await numbers(shop) == [number]
    await shop.owner.sees(tongue.own, of=Customer(shop, night.user))
