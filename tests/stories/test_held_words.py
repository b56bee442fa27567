"""A colleague's "don't pay her, she did it before", is held, and somebody says whom it is for."""

from tests.stories.shop import Customer, Shop
from tests.telegram import words


async def reads(customer: Customer) -> str:
    return "\n".join(words(each) for each in await customer.chat())


async def test_dont_pay_her_as_a_reply_stays_among_colleagues(shop: Shop) -> None:
    wang, chen, mei = await shop.customer(), await shop.agent("小陈"), await shop.agent("小梅")
    await wang.complains("水壶漏水，要求退款")
    asked = await chen.says("// 要赔吗？", to=wang)

    said = await mei.says("别赔 她上次也闹过", to=wang, reply_to=asked)
    held = await mei.sees("这句话还没有发给", of=wang)
    assert held["reply_to_message"]["message_id"] == said["message_id"]
    await mei.card(wang, "1 条话还没有发给客户")
    await mei.presses(held, "只给同事看")
    await mei.sees("只留在这里，客户看不到（小梅）", of=wang)

    said = await mei.says("可以退", to=wang, reply_to=asked)
    held = await mei.sees("这句话还没有发给", of=wang, after=said)
    await chen.presses(held, "发给客户")
    await wang.hears("可以退")
    await mei.sees("已由小陈发给客户", of=wang)
    await shop.calms_down()
    assert "闹" not in await reads(wang)
    assert "1 条话" not in words(await mei.card(wang))
