"""Telegram lets a bot make few topics a minute: who has none yet is heard in General meanwhile."""

from tests.stories.shop import Shop
from tests.telegram import words

SETTINGS = {"limit_topics_per_minute": 1}


async def test_words_that_wait_for_a_topic_go_to_general_with_the_name(shop: Shop) -> None:
    wang, li, chen = await shop.customer("王芳"), await shop.customer("李伟"), await shop.agent()
    await chen.says("早")
    await wang.says("我先来的")
    await chen.sees("我先来的", of=wang)

    await li.says("我后来的")
    await li.says(photo=True, caption="这是照片")

    shown = await chen.sees("我后来的")
    assert not shown["thread_id"]
    assert words(shown).startswith(f"{li.name}（编号 ")
    photo = await chen.sees("这是照片")
    assert words(photo).startswith(f"{li.name}（编号 ")
    said = await chen.says("请稍等", reply_to=shown)
    await chen.sees("请到该客户的话题里写", after=said)
    await shop.telegram.settled()
    assert not [each for each in await li.chat() if "请稍等" in words(each)], "nothing goes to a customer by guess"
