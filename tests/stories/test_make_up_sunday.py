"""A VIP writes on a Saturday, and the Sunday after it is a make-up workday: by then somebody answers, in time."""

from datetime import UTC, datetime, timedelta

from sqlmodel import select

from models.standards import Clock, Timed
from tests.stories.shop import Agent, Customer, Shop, case_number
from tests.telegram import words

SATURDAY, SUNDAY = 5, 6
TODAY = datetime.now(UTC).date()
#: The Sundays of the next two weeks: whichever comes after the bot's next Saturday.
MADE_UP = [
    TODAY + timedelta(days=days) for days in range(1, 15) if (TODAY + timedelta(days=days)).weekday() == SUNDAY
]
PLAN = f"""
[business]
timezone = "Asia/Shanghai"
[calendar]
mon = ["09:00-12:00", "13:00-18:00"]
tue = ["09:00-12:00", "13:00-18:00"]
wed = ["09:00-12:00", "13:00-18:00"]
thu = ["09:00-12:00", "13:00-18:00"]
fri = ["09:00-12:00", "13:00-18:00"]
open = [{", ".join(f'{{ day = "{day}", as = "fri" }}' for day in MADE_UP)}]
[[department]]
id = "service"
assign = "least_loaded"
[[tier]]
id = "vip"
name = {{ zh = "VIP客户", en = "VIP" }}
when = {{ spent_12m = 50000 }}
first_response = "15m"
resolution = "8h"
[[tier]]
id = "regular"
first_response = "1h"
resolution = "3d"
[escalation]
steps = [{{ at = 0.5, tell = "assignee" }}, {{ at = 1.0, tell = "supervisor" }}]
"""


async def vip(shop: Shop, name: str, language: str) -> Customer:
    customer = await shop.customer(name, language)
    said = await customer.says("/start")
    await customer.hears("", after=said)
    number = (await customer.row()).id
    asked = await shop.owner.says(f"/tier {number} vip until 2099-12-31 老客户")
    await shop.owner.sees("VIP客户", after=asked)
    return customer


async def first_response_of(shop: Shop, number: int) -> Clock:
    query = select(Clock).where(Clock.case_id == number, Clock.what == Timed.FIRST_RESPONSE)
    found: Clock = (await shop.stored(query))[0]
    return found


async def test_a_vip_on_a_saturday_before_a_make_up_sunday(shop: Shop) -> None:
    chen = await shop.agent("小陈", username="sunday_chen")
    await chen.starts_bot()
    await chen.says("早")
    wang, ann = await vip(shop, "王总", "zh-hans"), await vip(shop, "Ann", "en")
    await shop.time_comes(SATURDAY, "15:00")

    said = await wang.says("热水器不热了")
    number = case_number(await wang.hears("明天 09:00 上班，最迟明天 09:15 回复您", after=said))
    said = await ann.says("The heater does not heat")
    second = case_number(
        await ann.hears("tomorrow at 09:00; a person will answer you by tomorrow at 09:15", after=said)
    )

    await shop.calms_down()
    assert "处理人：暂无" in words(await chen.card(wang)), "nobody is given a case on a free day"
    assert not [each for each in await shop.topic_of(wang) if "ack:" in str(each)]
    await shop.time_comes(SUNDAY, "09:09")
    await told(chen, number, wang)
    await told(chen, second, ann)
    await chen.answers("师傅下午上门", wang)
    await chen.answers("A fitter comes this afternoon", ann)
    await shop.calms_down()
    for each in (number, second):
        clock = await first_response_of(shop, each)
        assert (clock.kept, clock.allowed) == (True, 15 * 60)
        assert clock.used < 15 * 60, "Saturday and the night count nothing"
    for customer in (wang, ann):
        assert not [each for each in await customer.chat() if "VIP" in words(each)]
        await chen.says("/close", to=customer)


async def told(chen: Agent, number: int, customer: Customer) -> None:
    """Whoever has the case is told in the topic and in private before the time is over."""
    await chen.sees(f"{number}", of=customer, where=lambda each: "ack:" in str(each))
    await chen.hears(f"{number}")
