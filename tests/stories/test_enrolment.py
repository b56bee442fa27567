"""Where the plan says "approve", a word in the group makes nobody an agent: a supervisor does."""

from tests.stories.shop import Shop

PLAN = """
[business]
enrolment = "approve"
"""


async def test_a_newcomer_can_do_nothing_until_a_supervisor_says_yes(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.newcomer("小陈")
    await wang.complains("还没到货")
    await chen.says("大家好")
    asked = await shop.owner.sees("小陈 在群里说话了")
    said = await chen.says("/claim", to=wang)
    await chen.sees("请等主管确认", of=wang, after=said)
    said = await chen.says("马上查", to=wang)
    await chen.sees("这条没有发给任何人。主管确认之后，小陈 才能答复客户", of=wang, after=said)
    assert await chen.presses(asked, "同意加入") == "请等主管确认您加入客服。"

    await shop.owner.presses(asked, "同意加入")

    await chen.sees("小陈 已加入客服")
    await chen.answers("查到了", wang)
    await shop.calms_down()
    assert not [each for each in await wang.chat() if "马上查" in str(each.get("text"))]


async def test_who_is_refused_stays_without_authority_and_is_not_asked_about_again(shop: Shop) -> None:
    wang, lei = await shop.customer(), await shop.newcomer("小雷")
    await wang.complains("少一件")
    await lei.says("早")
    asked = await shop.owner.sees("小雷 在群里说话了")

    await shop.owner.presses(asked, "不同意")

    await lei.sees("小雷 未加入客服")
    await lei.says("怎么回事")
    said = await lei.says("/claim", to=wang)
    await lei.sees("请等主管确认", of=wang, after=said)
    await shop.calms_down()
    assert len([each for each in await shop.general() if "小雷 在群里说话了" in str(each.get("text"))]) == 1
    assert await shop.owner.presses(asked, "同意加入") == "", "a supervisor can still change their mind"
    await lei.answers("查到了", wang)
