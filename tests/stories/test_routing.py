"""Who gets a case: departments with groups of their own, capacity and queue, absence, and the call at night."""

from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from models.cases import Case
from models.customers import Customer as Row
from models.staff import Staff
from models.timeline import CaseEvent
from tests.stories.shop import Agent, Customer, Shop, case_number, is_card, until
from tests.telegram import Json, buttons, words

GROUPS = {"-100advice": True}
PLAN = """
[business]
name = { zh = "海港家居", en = "Harbour Home" }
timezone = "Asia/Shanghai"
[calendar]
mon = ["09:00-18:00"]
tue = ["09:00-18:00"]
wed = ["09:00-18:00"]
thu = ["09:00-18:00"]
fri = ["09:00-18:00"]
[[department]]
id = "service"
name = { zh = "售后服务部", en = "After-sales" }
kinds = ["complaint", "request"]
keywords = ["漏水", "漏电", "broken"]
assign = "least_loaded"
capacity = 2
[[department]]
id = "advice"
name = { zh = "售前咨询", en = "Advice" }
group = "-100advice"
kinds = ["enquiry", "suggestion", "praise"]
[[severity]]
id = "critical"
name = { zh = "重大", en = "Critical" }
keywords = ["受伤", "漏电", "injured", "smoke"]
except = ["没有受伤", "not injured"]
around_the_clock = true
say = { zh = "请先断电、离开危险处。", en = "Please switch off the power and step away." }
[[severity]]
id = "normal"
name = { zh = "一般", en = "Normal" }
[[alarm]]
id = "authority"
name = { zh = "外部投诉风险", en = "Outside complaint" }
keywords = ["12315", "lawyer"]
[duty]
roster = [{ agent = "@night", days = ["sat", "sun"], hours = "18:00-09:00" }]
tell = "owner"
"""

MONDAY, SUNDAY = 0, 6
pytestmark = pytest.mark.usefixtures("crew")


class Crew:
    """Who works in the shop of this module."""

    def __init__(self, chen: Agent, night: Agent, may: Agent) -> None:
        self.chen, self.night, self.may = chen, night, may


@pytest.fixture(scope="module")
async def crew(open_all_day: Shop) -> Crew:
    shop = open_all_day
    await shop.owner.starts_bot()
    chen, night = await shop.agent("小陈", username="chen"), await shop.agent("小夜", username="night")
    may = await shop.agent("小梅", username="may", group="-100advice")
    for person in (chen, night, may):
        await person.starts_bot()
        await person.says("早")
    await shop.owner.says("早")
    await shop.calms_down()
    return Crew(chen, night, may)


async def in_working_time(shop: Shop) -> None:
    now = (await shop.now()).astimezone(ZoneInfo("Asia/Shanghai"))
    if now.weekday() > 4 or not 9 <= now.hour < 17:
        await shop.time_comes(MONDAY, "10:00")


async def stored(shop: Shop, number: int, **wanted: object) -> Case:
    """The case, once it is as wanted."""

    async def case() -> Case:
        found: Case = (await shop.stored(select(Case).where(Case.id == number)))[0]
        return found

    return await until(case, lambda found: all(getattr(found, key) == value for key, value in wanted.items()))


async def opens(customer: Customer, text: str) -> int:
    """Say it; the number of the case."""
    said = await customer.says(text)
    received = await customer.hears("编号" if customer.user["language_code"] == "zh-hans" else "number", after=said)
    return case_number(received)


async def whats_in_the_timeline(shop: Shop, number: int) -> list[str]:
    query = select(CaseEvent.kind).where(CaseEvent.case_id == number)
    return list(await shop.stored(query.order_by(col(CaseEvent.id))))


async def finish(agent: Agent, customer: Customer) -> None:
    latest = (await customer.chat())[-1]
    await agent.says("/close", to=customer)
    await customer.hears("办结" if customer.user["language_code"] == "zh-hans" else "closed", after=latest)


def has_it(message: Json) -> bool:
    return any(str(each.get("callback_data", "")).startswith("have:") for each in buttons(message))


async def test_an_electric_shock_on_sunday_night(shop: Shop, crew: Crew) -> None:
    await shop.time_comes(SUNDAY, "23:40")
    wang = await shop.customer("王芳")

    said = await wang.says("你们那个电热水壶漏电 把我妈手麻了")

    await wang.hears("请先断电", after=said)
    number = case_number(await wang.hears("编号", after=said))
    called = await crew.night.sees(f"工单 {number} 需要马上处理", of=wang)
    assert "重大" in words(called)
    assert "小夜" in words(called)
    private = await crew.night.hears(f"工单 {number}")
    case = await stored(shop, number)
    assert (case.severity, case.department) == ("critical", "service")
    night = await crew.night.presses(private, "我来处理")
    assert night == f"工单 {number} 由您处理"
    case = await stored(shop, number, page_due_at=None)
    assert await crew.chen.presses(called, "我来处理") == "已经由 小夜 处理。"
    assert await crew.night.presses(called, "我来处理") == night, "twice by the same person is as good as once"
    assert (await whats_in_the_timeline(shop, number)).count("acknowledged") == 1
    assert await is_with(shop, await stored(shop, number), crew.night)
    await shop.time_passes(minutes=11)
    await shop.calms_down()
    assert not [each for each in await shop.telegram.chat(shop.owner.user) if f"工单 {number} 十分钟" in words(each)]
    before = len(await wang.chat())
    await wang.says("现在还在冒烟，漏电很吓人")
    await shop.calms_down()
    assert len(await wang.chat()) == before + 1, "safety words are said once"
    await finish(crew.night, wang)


async def test_nobody_takes_it_up_and_the_owner_is_told(shop: Shop, crew: Crew) -> None:
    await shop.time_comes(SUNDAY, "23:40")
    lee = await shop.customer("Ann", "en")

    said = await lee.says("My kettle gives off smoke and I am scared")

    await lee.hears("switch off the power", after=said)
    number = case_number(await lee.hears("number", after=said))
    await crew.night.sees(f"工单 {number} 需要马上处理", of=lee)
    await shop.time_passes(minutes=10)
    told = await shop.owner.hears(f"工单 {number} 十分钟内无人接手")
    assert await shop.owner.presses(told, "我来处理") == f"工单 {number} 由您处理"
    shown = await crew.chen.sees("十分钟内无人接手", of=lee)
    assert await crew.chen.presses(shown, "我来处理") == "已经由 老板 处理。"
    await finish(shop.owner, lee)


async def test_an_exception_excuses_the_word_and_later_words_still_count(shop: Shop, crew: Crew) -> None:
    await in_working_time(shop)
    wang = await shop.customer("王芳")
    number = await opens(wang, "水壶倒了，没有受伤，请上门维修")
    assert (await stored(shop, number)).severity is None

    await wang.says("孩子其实受伤了，我要打12315")

    await wang.hears("请先断电")
    case = await stored(shop, number, severity="critical", alarm="authority")
    called = await crew.chen.sees("外部投诉风险", of=wang, where=lambda each: not is_card(each))
    assert "12315" in words(called), "who is called reads the words that did it"
    said = await crew.chen.says("/severity normal", to=wang)
    await crew.chen.sees("这一步需要主管", of=wang, after=said)
    await shop.owner.says("/severity 一般", to=wang)
    await stored(shop, number, severity="normal", page_due_at=None)
    assert case.assignee_id is not None
    await finish(crew.chen, wang)


async def test_the_agent_has_room_again_and_the_queue_drains(shop: Shop, crew: Crew) -> None:
    await in_working_time(shop)
    people = [await shop.customer("排队") for _ in range(5)]
    numbers = [await opens(each, f"水壶漏水，第{place}个") for place, each in enumerate(people)]
    await shop.calms_down()

    cases = [await stored(shop, number) for number in numbers]
    assert [case.assignee_id is None for case in cases] == [False] * 4 + [True], "two agents carry two each"
    card = await crew.chen.card(people[4])
    assert "处理人：暂无（负责：老板）" in words(card)
    said = await shop.owner.says("/assign @chen", to=people[4])
    await shop.owner.sees("手上的工单已达上限", of=people[4], after=said)
    assert await crew.chen.presses(card, "认领") == "小陈 手上的工单已达上限。"

    await finish(crew.chen, people[0])

    await until(lambda: stored(shop, numbers[4]), lambda case: case.assignee_id is not None)
    assert (await stored(shop, numbers[4])).assignee_id == cases[0].assignee_id
    for each in people[1:]:
        await finish(crew.chen, each)


async def test_away_and_back(shop: Shop, crew: Crew) -> None:
    await in_working_time(shop)
    wang = await shop.customer("王芳")
    number = await opens(wang, "水龙头漏水")
    case = await stored(shop, number)
    holder, other = (crew.chen, crew.night) if await is_with(shop, case, crew.chen) else (crew.night, crew.chen)

    said = await holder.says("/away until 17:00")

    await holder.sees("暂时离开，到今天 17:00", after=said)
    await other.sees(f"已转给同事：{number}")
    await other.hears(f"工单 {number} 分给您了")
    assert await is_with(shop, await stored(shop, number), other)
    said = await shop.owner.says(f"/assign @{holder.user['username']}", to=wang)
    await shop.owner.sees("现在不在", of=wang, after=said)
    next_one = await shop.customer("李伟")
    assert await is_with(shop, await stored(shop, await opens(next_one, "也漏水")), other), "never who is off"
    said = await holder.says("/back")
    await holder.sees("已回来", after=said)
    said = await holder.says("/back")
    await holder.sees("您没有设置离开", after=said)
    said = await holder.says("/away whenever")
    await holder.sees("请写成", after=said)
    await finish(other, wang)
    await finish(other, next_one)


async def test_outside_working_time_the_first_answer_says_when_people_are_back(shop: Shop, crew: Crew) -> None:
    await shop.time_comes(SUNDAY, "16:00")
    wang, ann = await shop.customer("王芳"), await shop.customer("Ann", "en")

    said = await wang.says("水龙头漏水")

    number = case_number(await wang.hears("明天 09:00", after=said))
    said = await ann.says("My lamp is broken")
    second = case_number(await ann.hears("tomorrow at 09:00", after=said))
    await shop.calms_down()
    assert (await stored(shop, number)).assignee_id is None, "nobody who is off is given a case"
    await shop.time_comes(MONDAY, "09:01")
    for each in (number, second):
        assert (await stored(shop, each)).assignee_id, "in the morning the queue goes out"
    await finish(crew.chen, wang)
    await finish(crew.chen, ann)


async def is_with(shop: Shop, case: Case, agent: Agent) -> bool:
    return bool(await shop.stored(select(Staff).where(Staff.id == case.assignee_id, Staff.user_id == agent.id)))


async def test_a_case_moves_to_another_group_and_its_words_with_it(shop: Shop, crew: Crew) -> None:
    await in_working_time(shop)
    wang = await shop.customer("王芳")
    number = await opens(wang, "请问几点开门")
    assert (await stored(shop, number)).department == "advice"
    await crew.may.sees("请问几点开门", of=wang)
    received = await wang.hears("编号")

    await wang.presses(received, "投诉")

    await stored(shop, number, department="service")
    card = await crew.chen.card(wang)
    came = await crew.chen.sees("转来“售后服务部”", of=wang)
    assert "请问几点开门" in words(came)
    advice = str(shop.groups["-100advice"]["id"]).removeprefix("-100")
    assert any(f"/c/{advice}/" in str(each.get("url")) for each in came["entities"])
    gone = await crew.may.sees("转到“售后服务部”", of=wang, where=lambda each: "客户在那里的话题" in words(each))
    assert gone
    await shop.calms_down()
    assert not [
        each for each in await shop.telegram.chat(crew.may.group, await wang.topic(crew.may.group)) if is_card(each)
    ], "the old card has no buttons"
    said = await crew.may.says("我们九点开门", to=wang)
    refused = await crew.may.sees("没有发给客户", of=wang, after=said)
    assert "https://t.me/c/" in words(refused)
    await wang.says("我要投诉你们")
    await crew.chen.sees("我要投诉你们", of=wang)
    await crew.chen.answers("马上处理", wang)
    await shop.calms_down()
    assert not [each for each in await wang.chat() if "九点开门" in words(each)]

    await crew.chen.says("/transfer 售前咨询 只是问时间", to=wang)

    await stored(shop, number, department="advice", assignee_id=None)
    await crew.may.sees("只是问时间", of=wang)
    await crew.may.answers("九点", wang)
    assert card
    assert {"transferred", "kind"} <= set(await whats_in_the_timeline(shop, number))
    await finish(crew.may, wang)
    await wang.says("还是不对，再看看")
    await crew.may.sees("还是不对", of=wang)
    await finish(crew.may, wang)


async def test_a_tap_in_english_moves_the_case_and_a_complaint_is_not_tapped_away(shop: Shop, crew: Crew) -> None:
    await in_working_time(shop)
    ann = await shop.customer("Ann", "en")
    number = await opens(ann, "Could you tell me when you open")
    assert (await stored(shop, number)).department == "advice"
    received = await ann.hears("number")

    await ann.presses(received, "Complaint")

    await stored(shop, number, department="service", kind="complaint")
    assert "when you open" in words(await crew.chen.sees("转来“售后服务部”", of=ann))
    refused = await ann.presses(received, f"kind:{number}:praise", forge=True)
    assert "registered as a complaint" in refused
    assert (await stored(shop, number)).kind == "complaint"
    await crew.chen.answers("We are sorry and look into it", ann)
    await finish(crew.chen, ann)


async def test_a_complaint_stays_one_without_a_supervisor(shop: Shop, crew: Crew) -> None:
    await in_working_time(shop)
    wang = await shop.customer("王芳")
    number = await opens(wang, "漏水了")
    card = await crew.chen.card(wang)
    await crew.chen.presses(card, "更多")
    offered = await crew.chen.sees("选择类型", of=wang)
    await crew.chen.presses(offered, "投诉")
    await stored(shop, number, kind="complaint")

    assert await crew.chen.presses(offered, "咨询") == "这一步需要主管。"
    received = await wang.hears("编号")
    assert "投诉" in await wang.presses(received, f"kind:{number}:enquiry")

    assert (await stored(shop, number)).kind == "complaint"
    await crew.chen.answers("我们在查", wang)
    await shop.owner.says("/kind 咨询", to=wang)
    await stored(shop, number, kind="enquiry", department="service")
    await crew.chen.sees("/transfer advice", of=wang)
    await finish(crew.chen, wang)


async def test_everything_is_handed_over_when_somebody_goes_for_long(shop: Shop, crew: Crew) -> None:
    await in_working_time(shop)
    people = [await shop.customer("交接") for _ in range(3)]
    numbers = [await opens(each, "管子漏水") for each in people]
    await shop.calms_down()
    of_chen = [number for number in numbers if await is_with(shop, await stored(shop, number), crew.chen)]
    assert of_chen

    said = await crew.night.says("/handover @chen @night")
    await crew.night.sees("这一步需要主管", after=said)
    await shop.owner.says("/handover @chen @night")

    await shop.owner.sees("的工单已交接")
    await crew.chen.hears("的工单已交接")
    await crew.night.hears("的工单已交接")
    left_over = [await stored(shop, number) for number in numbers]
    assert not [case for case in left_over if await is_with(shop, case, crew.chen)]
    assert sum([await is_with(shop, case, crew.night) for case in left_over]) == 2, "no more than the capacity"
    assert "handed_over" in await whats_in_the_timeline(shop, of_chen[0])
    await crew.chen.says("/back")
    await shop.time_passes(seconds=1)
    assert all([(await stored(shop, number)).assignee_id for number in numbers])
    for each in people:
        await finish(crew.night, each)


async def test_f46_who_leaves_the_group_has_no_case_and_no_say(shop: Shop, crew: Crew) -> None:
    await in_working_time(shop)
    new = await shop.agent("小新", username="new")
    await new.says("早")
    await shop.calms_down()
    people = [await shop.customer("离职") for _ in range(3)]
    numbers = [await opens(each, "漏水") for each in people]
    await shop.calms_down()
    cases = [await stored(shop, number) for number in numbers]
    (his,) = [case for case in cases if await is_with(shop, case, new)]
    whose = people[numbers.index(his.id)]
    card = await new.card(whose, "处理人：小新")

    await shop.telegram.leave(new.user, shop.group)

    case = await until(lambda: stored(shop, his.id), lambda case: case.assignee_id not in (None, his.assignee_id))
    assert not await is_with(shop, case, new)
    assert "先在客服群里发一条消息" in await new.presses(card, f"resolve:{his.id}", forge=True)
    for each in people:
        await finish(crew.chen, each)


async def test_staff_open_a_case_for_somebody_on_the_phone(shop: Shop, crew: Crew) -> None:
    await in_working_time(shop)

    said = await crew.chen.says("/new 电话 张先生 13800000000 水管漏水，明天在家")

    number = case_number(await crew.chen.sees("已登记工单", after=said))
    shown = await crew.chen.sees("水管漏水，明天在家", after=said)
    assert "电话" in words(shown)
    card = await shop.telegram.wait_message(shop.group, f"工单 {number}", where=is_card)
    case = await stored(shop, number)
    assert (case.source, case.department) == ("phone", "service")
    caller = (await shop.stored(select(Row).where(Row.id == case.customer_id)))[0]
    assert (caller.user_id, caller.phone) == (None, "+8613800000000")
    said = await crew.chen.says("师傅明天上午到", thread=card["message_thread_id"])
    await crew.chen.sees("这位客户没有 Telegram", after=said)
    again = await crew.chen.says("十点前", thread=card["message_thread_id"])
    await crew.chen.says("/resolve 已经修好", thread=card["message_thread_id"])
    await crew.chen.sees("请打电话告诉对方", after=again)
    await shop.calms_down()
    told = [words(each) for each in await shop.telegram.chat(shop.group) if each["message_id"] > said["message_id"]]
    assert len([each for each in told if "这里写的话不会发给客户" in each]) == 1, "that is said once"

    said = await crew.chen.says("/new phone 张先生 13800000000 又漏水了")
    second = case_number(await crew.chen.sees("已登记工单", after=said))
    assert (await stored(shop, second)).customer_id == case.customer_id, "known by the number of the phone"
    said = await crew.chen.says("/new pigeon Li 坏了")
    await crew.chen.sees("请写成", after=said)
    for each in (number, second):
        shown = await shop.telegram.wait_message(shop.group, f"工单 {each}", where=is_card)
        await crew.chen.says("/close", thread=shown["message_thread_id"], reply_to=shown)


async def test_an_agent_opens_a_case_for_the_customer_of_a_topic(shop: Shop, crew: Crew) -> None:
    await in_working_time(shop)
    ann = await shop.customer("Ann", "en")
    await opens(ann, "My lamp is broken")
    await ann.topic()

    said = await crew.chen.says("/new counter the second lamp is broken too", to=ann)

    second = case_number(await ann.hears("number", where=lambda each: "another" in str(each).lower(), after=None))
    await crew.chen.sees("the second lamp is broken too", of=ann, after=said)
    rows = await shop.stored(select(Case).where(Case.customer_id == (await ann.row()).id).order_by(col(Case.id)))
    assert [case.source for case in rows] == ["telegram", "counter"]
    assert second
    await finish(crew.chen, ann)
    await crew.chen.says("/close", to=ann)


async def test_a_complaint_about_an_agent_does_not_go_to_that_agent(shop: Shop, crew: Crew) -> None:
    await in_working_time(shop)
    wang = await shop.customer("王芳")
    first = await stored(shop, await opens(wang, "水管漏水"))
    holder, other = (crew.chen, crew.night) if await is_with(shop, first, crew.chen) else (crew.night, crew.chen)
    await finish(holder, wang)
    await shop.time_passes(days=8)
    await in_working_time(shop)
    again = await stored(shop, await opens(wang, "又漏水了"))
    assert await is_with(shop, again, holder), "the last agent first"
    await finish(holder, wang)
    await shop.time_passes(days=8)
    await in_working_time(shop)

    complaint = await stored(shop, await opens(wang, f"我要投诉，上次那个客服{holder.name}态度太差"))

    assert await is_with(shop, complaint, other)
    await finish(other, wang)
