"""Abuse: who bans and mutes, what the customer hears of it, and what no ban stops."""

from sqlmodel import select

from models.audit import Audit
from models.cases import Case
from models.contact import Consent
from models.messages import Author
from models.visits import Outcome, Visit, VisitState
from templates import label
from tests.stories.asking import scored
from tests.stories.shop import Agent, Customer, Shop, case_number
from tests.telegram import buttons, words

PLAN = """
[contact]
quiet = ""
gap = "0s"
[[visit]]
id = "after_repair"
when = "case_resolved"
kinds = ["request"]
after = "1d"
by = "bot"
[[severity]]
id = "critical"
name = { zh = "重大", en = "Critical" }
keywords = ["漏电", "electric shock"]
first_response = "10m"
around_the_clock = true
say = { zh = "请先断电，离开危险处。", en = "Please switch off the power and step away." }
[[severity]]
id = "normal"
name = { zh = "一般", en = "Normal" }
"""


async def with_topic(shop: Shop, name: str = "王芳", **facts: str) -> Customer:
    customer = await shop.customer(name, **facts)
    await customer.complains("你们的门铃不响")
    await customer.topic()
    return customer


async def chen_of(shop: Shop) -> Agent:
    chen = await shop.agent("小陈")
    await chen.says("大家早")
    await shop.calms_down()
    return chen


async def shown(shop: Shop, customer: Customer) -> str:
    await shop.calms_down()
    return "\n".join(words(each) for each in await shop.topic_of(customer))


async def test_s32_a_ban_keeps_words_from_staff_counts_them_and_ends_by_itself(shop: Shop) -> None:
    chen, wang, boss = await chen_of(shop), await with_topic(shop), shop.owner
    asked = await chen.says("/ban 3d 辱骂", to=wang)
    await chen.sees("需要主管", of=wang, after=asked)
    for wrong in ("/ban", "/ban 3d", "/ban 辱骂", "/ban 400d 辱骂"):
        asked = await boss.says(wrong, to=wang)
        await boss.sees("请写成：/ban", of=wang, after=asked)

    asked = await boss.says("/ban 3天 辱骂同事", to=wang)

    told = words(await wang.hears("暂不处理您在这里发来的消息"))
    assert "辱骂同事" not in told
    await boss.sees("停止受理，到", of=wang, after=asked)
    unheard = await wang.says("听不见的话")
    await wang.edits(unheard, "改过的听不见的话")
    await wang.says("转人工")
    assert "听不见" not in await shown(shop, wang)
    assert "改过的听不见的话" not in await shown(shop, wang)
    assert await shop.words_of(wang, Author.UNHEARD) == ["改过的听不见的话", "转人工"]
    asked = await chen.says("/file", to=wang)
    file = words(await chen.sees("客户档案", of=wang, after=asked))
    assert "已停止受理，到" in file
    assert "期间来信 2 条" in file

    await shop.time_passes(days=3, minutes=1)
    await wang.says("听得见的话")
    await chen.sees("听得见的话", of=wang)
    row = await wang.row()
    trail = await shop.stored(select(Audit).where(Audit.subject == f"customer:{row.id}", Audit.action == "banned"))
    assert [each.details["reason"] for each in trail] == ["辱骂同事"]


async def test_s32_no_ban_and_no_mute_stops_words_of_danger(shop: Shop) -> None:
    boss, wang = shop.owner, await with_topic(shop)
    await boss.says("/ban 30d 辱骂", to=wang)
    await wang.hears("暂不处理")

    said = await wang.says("你们那个水壶漏电，把我妈手麻了")

    await wang.hears("请先断电", after=said)
    await boss.sees("漏电", of=wang)
    cases = await shop.stored(select(Case).where(Case.customer_id == (await wang.row()).id))
    assert "critical" in {case.severity for case in cases}
    await wang.says("现在怎么办")  # while the danger is open, all words go through
    await boss.sees("现在怎么办", of=wang)


async def test_words_that_are_changed_to_tell_of_danger_go_through(shop: Shop) -> None:
    boss, wang = shop.owner, await with_topic(shop)
    await boss.says("/ban 30d 辱骂", to=wang)
    await wang.hears("暂不处理")
    said = await wang.says("水壶")
    await shop.calms_down()

    await wang.edits(said, "水壶漏电")

    await wang.hears("请先断电", after=said)
    await boss.sees("水壶漏电", of=wang)


async def test_a_muted_customer_is_heard_without_a_sound(shop: Shop) -> None:
    boss, wang = shop.owner, await with_topic(shop)
    asked = await boss.says("/mute 2小时 刷屏", to=wang)
    await wang.hears("回复会慢一些")
    await boss.sees("静默接收，到", of=wang, after=asked)

    await wang.says("一条")
    await wang.says(photo=True)
    await boss.sees("一条", of=wang)
    await shop.calms_down()
    copied = (await shop.telegram.ledger("copyMessage", kind="call"))[-1]
    said = [
        call for call in await shop.telegram.ledger("sendMessage", kind="call") if "一条" in call["params"]["text"]
    ]
    assert [str(call["params"].get("disable_notification")).lower() for call in (copied, said[-1])] == [
        "true",
        "true",
    ]

    await shop.time_passes(hours=2, minutes=1)
    await wang.says("两条")
    await boss.sees("两条", of=wang)


async def test_a_ban_is_objected_to_once_and_lifted_by_a_supervisor_in_english(shop: Shop) -> None:
    boss, smith = shop.owner, await with_topic(shop, "Smith", language="en")
    await boss.says("/ban 30d insults", to=smith)
    told = await smith.hears("we are not handling your messages until")

    await smith.presses(told, "I object")

    await boss.sees("有异议", of=smith)
    await smith.hears("Somebody in charge has been told")
    assert await smith.presses(told, "object:1", forge=True) == label("en", "refusal.stale")
    asked = await boss.says("/unban", to=smith)
    await smith.hears("as usual again", after=told)
    await boss.sees("恢复正常受理", of=smith, after=asked)
    await smith.says("thank you, the bell is still broken")
    await boss.sees("still broken", of=smith)
    asked = await boss.says("/unban", to=smith)
    await boss.sees("没有被停止受理", of=smith, after=asked)


async def test_what_a_banned_customer_presses_changes_nothing_but_stop_is_heeded(shop: Shop) -> None:
    chen, boss, wang = await chen_of(shop), shop.owner, await shop.customer("王芳")
    received = await wang.complains("门铃不响")
    number = case_number(received)
    await wang.presses(received, f"kind:{number}:request")
    await chen.says("/resolve 换了电池", to=wang)
    stars = await wang.hears("换了电池")
    await shop.time_passes(days=1, minutes=1)
    asked = await wang.hears("现在都好了吗")
    said = await boss.says("/ban 30d 辱骂", to=wang)
    await boss.sees("停止受理，到", of=wang, after=said)
    before = len(await shop.topic_of(wang))

    for message, pressed in (
        (asked, "还没有解决"),
        (asked, "一切都好"),
        (asked, "请给我打电话"),
        (stars, "1 非常不满意"),
        (stars, "没有解决"),
        (received, f"kind:{number}:complaint"),
        (received, "another:"),
    ):
        told = await wang.presses(message, pressed, forge=message is received)
        assert "暂不处理您发来的内容" in told, pressed
    await shop.calms_down()

    case: Case = (await shop.stored(select(Case).where(Case.id == number)))[0]
    assert (case.state, case.kind, case.reopened_count) == ("resolved", "request", 0)
    assert await scored(shop, number) is None
    visit: Visit = (await shop.stored(select(Visit).where(Visit.case_id == number)))[0]
    assert visit.state is VisitState.ASKED
    assert not (await wang.row()).next_is_new
    assert len(await shop.topic_of(wang)) == before, "staff hear nothing"
    listed = await wang.says("/mycases")
    await wang.hears("门铃不响", after=listed)
    shown = await wang.hears("回访", after=await wang.says("/preferences"))
    await wang.presses(shown, "prefer:survey:off", forge=True)
    stop = next(each["text"] for each in buttons(asked) if each["callback_data"].endswith("stop"))
    await wang.presses(asked, stop)
    await shop.calms_down()
    consents = await shop.stored(select(Consent).where(Consent.customer_id == (await wang.row()).id))
    assert {(each.purpose, each.given) for each in consents} == {("survey", False), ("visit", False)}
    visit = (await shop.stored(select(Visit).where(Visit.case_id == number)))[0]
    assert visit.outcome is Outcome.STOP
