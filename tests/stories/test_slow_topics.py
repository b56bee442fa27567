"""A topic that Telegram is slow to make: words do not wait for it longer than they must."""

from tests.stories.shop import Shop
from tests.telegram import words


async def test_later_words_go_to_the_topic_once_it_is_made(shop: Shop) -> None:
    wang, chen = await shop.customer("王芳"), await shop.agent()
    await chen.says("早")
    await shop.telegram.fault("slow", method="createForumTopic", seconds=7)

    await wang.says("有人吗")
    first = await chen.sees("有人吗")
    assert not first["thread_id"]
    assert words(first).startswith(f"{wang.name}（编号 ")

    await wang.says("我想退货")
    later = await chen.sees("我想退货", of=wang)
    assert words(later) == "我想退货"
    card = await chen.card(wang)
    assert "有人吗" in words(card), "the card tells what the matter is about"
    said = await chen.says("我来看看", reply_to=first)
    told = await chen.sees("请到", after=said)
    assert f"{wang.name} 的话题" in words(told)
    links = [entity["url"] for entity in told["entities"] if entity["type"] == "text_link"]
    assert links[0].endswith(f"/{await wang.topic()}")
