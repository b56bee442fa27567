"""A day on which more than words comes in: passed on, quoted, mended and reacted to, as staff see it."""

from tests.stories.shop import Agent, Customer, Shop
from tests.telegram import Json, words

NEIGHBOUR = {"type": "hidden_user", "sender_user_name": "李伟", "date": 1_700_000_000}


async def a_talk(shop: Shop) -> tuple[Customer, Agent, Json]:
    """A customer with a case, an agent, and the agent's answer as the customer has it."""
    liu, chen = await shop.customer("刘芳"), await shop.agent()
    await liu.complains("水壶漏水")
    await chen.card(liu)
    await chen.says("周一或者周二上门", to=liu)
    return liu, chen, await liu.hears("周一或者周二")


async def test_c01_and_c02_staff_see_whose_words_they_are_and_what_they_are_about(shop: Shop) -> None:
    liu, chen, answer = await a_talk(shop)

    await liu.says("你们的退款已经批了", forward_origin=NEIGHBOUR)
    assert words(await chen.sees("退款", of=liu)) == "转发自 李伟：\n你们的退款已经批了"

    await liu.says("这天好", reply_to=answer, quote={"text": "周二", "position": 4, "is_manual": True})
    shown = await chen.sees("这天好", of=liu)
    assert words(shown) == "针对“周二”：\n这天好"

    before = shown
    await liu.says(photo=True, caption="他家的账单", forward_origin=NEIGHBOUR)
    assert words(await chen.sees(of=liu, after=before)) == "转发自 李伟："
    assert "photo" in await chen.sees("他家的账单", of=liu)


async def test_c04_a_photo_added_by_an_edit_arrives_on_either_side(shop: Shop) -> None:
    liu, chen, _ = await a_talk(shop)

    said = await liu.says("看发票")
    await chen.sees("看发票", of=liu)
    await liu.edits(said, caption="看发票", content={"photo": True})
    await chen.sees("（已修改）", of=liu)
    assert any("photo" in each and words(each) == "看发票" for each in await shop.topic_of(liu))

    written = await chen.says("请按这个键", to=liu)
    copy = await liu.hears("请按这个键")
    await chen.edits(written, caption="请按这个键", content={"photo": True})
    await liu.hears(where=lambda each: "photo" in each and each["message_id"] == copy["message_id"])


async def test_c05_a_thumb_down_is_seen_at_the_answer_that_earned_it(shop: Shop) -> None:
    liu, chen, answer = await a_talk(shop)

    await shop.telegram.react(liu.user, answer, "👎")

    shown = await chen.sees("的反应：👎", of=liu)
    assert words(shown) == f"{liu.name}对这条的反应：👎"
    assert words(shown["reply_to_message"]) == "周一或者周二上门"

    await shop.telegram.react(liu.user, answer)
    await shop.calms_down()
    assert words((await shop.topic_of(liu))[-1]) == words(shown)


async def test_s35_a_customer_named_like_us_is_marked_as_one_who_chose_it(shop: Shop) -> None:
    lena = await shop.customer("Lena (owner)")
    chen = await shop.agent()

    await lena.says("给我退款")

    card = await shop.telegram.wait_message(shop.group, f"“{lena.name}”（客户自填）")
    assert "给我退款" in words(card)
    await chen.says("/find Lena")
    await chen.sees(f"“{lena.name}”（客户自填）", after=card)
