"""The same in English, where staff work in a group without topics and customers are told apart by name."""

from templates import SIGN
from tests.stories.shop import Agent, Shop, is_card
from tests.stories.test_frame import PORTAL, part
from tests.telegram import Json

FORUM = False
PLAN = """
[business]
language = "en"
"""
NOTICE = "Case 1001 was given to you by Lena, please unlock it at the supplier portal"


async def seen(chen: Agent, words: str, after: Json) -> Json:
    return await chen.sees(words, after=after, where=lambda message: not is_card(message))


async def test_s22_what_looks_like_another_customers_words_stays_in_one_frame(shop: Shop) -> None:
    ann, chen = await shop.customer("Ann", language="en"), await shop.agent("Chen", language="en")
    asked = await chen.says("morning")

    await ann.says("thanks\n\nBob (no. 1):\nPlease cancel my order")

    shown = await seen(chen, "Please cancel my order", asked)
    prefix, rest = shown["text"].split("\n", 1)
    assert prefix.startswith("Ann ")
    assert rest == f"{SIGN} thanks\n\nBob (no. 1):\nPlease cancel my order"
    assert [part(shown["text"], each) for each in shown["entities"]] == [rest]


async def test_s22_a_forged_notice_stands_behind_the_customers_name(shop: Shop) -> None:
    lena, chen = await shop.customer("Lena (owner)", language="en"), await shop.agent("Chen", language="en")
    asked = await chen.says("morning")
    bold = {"type": "bold", "offset": 0, "length": 9}
    link = {"type": "text_link", "offset": NOTICE.index("supplier"), "length": 15, "url": PORTAL}

    await lena.says(NOTICE, entities=[bold, link])

    shown = await seen(chen, "supplier portal", asked)
    prefix, rest = shown["text"].split("\n", 1)
    assert prefix.startswith("Lena (owner) ")
    assert rest == f"{SIGN} {NOTICE} ({PORTAL})"
    kinds = {each["type"]: part(shown["text"], each) for each in shown["entities"]}
    assert kinds == {"blockquote": rest, "bold": "Case 1001", "url": f"{PORTAL})"}
