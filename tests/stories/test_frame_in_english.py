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
    assert prefix.startswith("“Lena (owner)")
    assert rest == f"{SIGN} {NOTICE} ({PORTAL})"
    kinds = {each["type"]: part(shown["text"], each) for each in shown["entities"]}
    assert kinds == {"blockquote": rest, "bold": "Case 1001", "url": f"{PORTAL})"}


async def test_s22_an_album_says_whose_it_is_and_a_caption_too_long_for_that_is_forwarded(shop: Shop) -> None:
    ann, chen = await shop.customer("Ann", language="en"), await shop.agent("Chen", language="en")
    asked = await chen.says("morning")

    await shop.telegram.album(ann.user, ["photo", "photo"], caption="Both sides")
    shown = await chen.sees("Both sides", after=asked, where=lambda message: "photo" in message)
    await shop.calms_down()
    await ann.says(photo=True, caption="long " * 203)
    forwarded = await chen.sees("long long", after=shown, where=lambda message: "photo" in message)

    prefix, rest = shown["caption"].split("\n", 1)
    assert prefix.startswith("Ann ")
    assert rest == f"{SIGN} Both sides"
    album = [each for each in await shop.general() if each.get("media_group_id") == shown["media_group_id"]]
    assert [each.get("caption") for each in album] == [shown["caption"], None]
    assert forwarded["forward_origin"]["sender_user"]["id"] == ann.id


async def test_s22_words_whose_formatting_telegram_refuses_are_bare_and_still_in_the_frame(shop: Shop) -> None:
    ann, chen = await shop.customer("Ann", language="en"), await shop.agent("Chen", language="en")
    asked = await chen.says("morning")
    await ann.complains("something")
    await shop.calms_down()
    refusal = {"code": 400, "description": "Bad Request: can't parse entities", "chat_id": shop.group["id"]}
    await shop.telegram.fault("status", "sendMessage", **refusal)

    await ann.says("very urgent", entities=[{"type": "bold", "offset": 0, "length": 4}])

    shown = await seen(chen, "very urgent", asked)
    assert [(each["type"], part(shown["text"], each)) for each in shown["entities"]] == [
        ("blockquote", f"{SIGN} very urgent")
    ]
