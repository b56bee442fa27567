"""The same in English: "don't pay her, she did it before"."""

from tests.stories.shop import Shop
from tests.stories.test_held_words import reads

PLAN = '[business]\nlanguage = "en"\nenrolment = "group"\n'


async def test_dont_pay_her_as_a_reply_stays_among_colleagues(shop: Shop) -> None:
    anna = await shop.customer("Anna", language="en")
    chen, mei = await shop.agent("Chen", language="en"), await shop.agent("Mei", language="en")
    await anna.complains("The kettle leaks, I want a refund")
    asked = await chen.says("// shall we pay?", to=anna)

    await mei.says("don't pay her, she did it before", to=anna, reply_to=asked)
    held = await mei.sees("this reads as meant for colleagues", of=anna)
    await mei.card(anna, "1 held back from the customer")
    await mei.presses(held, "Only us")
    await mei.sees("the customer does not see it (Mei)", of=anna)

    said = await mei.says("Thursday, not Wednesday", to=anna, reply_to=asked)
    held = await mei.sees("this reads as meant for colleagues", of=anna, after=said)
    await mei.presses(held, "Send to the customer")
    await anna.hears("Thursday, not Wednesday")
    await shop.calms_down()
    assert "pay" not in await reads(anna)
