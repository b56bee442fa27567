"""The same day in a business that speaks English."""

from tests.stories.shop import Shop
from tests.telegram import words

PLAN = '[business]\nlanguage = "en"\n'
NEIGHBOUR = {"type": "hidden_user", "sender_user_name": "Li Wei", "date": 1_700_000_000}


async def test_c01_c02_and_c05_staff_see_what_comes_in_as_what_it_is(shop: Shop) -> None:
    liu, chen = await shop.customer("Liu", language="en"), await shop.agent("Chen", language="en")
    await liu.complains("The kettle leaks")
    await chen.card(liu)
    await chen.says("We can come on Monday or on Tuesday", to=liu)
    answer = await liu.hears("on Monday")

    await liu.says("Your refund is approved", forward_origin=NEIGHBOUR)
    assert words(await chen.sees("refund", of=liu)) == "Forwarded from Li Wei:\nYour refund is approved"
    await liu.says("that one", reply_to=answer, quote={"text": "on Tuesday", "position": 25, "is_manual": True})
    assert words(await chen.sees("that one", of=liu)) == "On “on Tuesday”:\nthat one"
    await liu.says("is it true", external_reply={"origin": NEIGHBOUR}, quote={"text": "free repair", "position": 0})
    shown = await chen.sees("is it true", of=liu)
    assert words(shown) == "On “free repair” (Li Wei, in another chat):\nis it true"

    await shop.telegram.react(liu.user, answer, "👎")
    assert words(await chen.sees("reacted", of=liu)) == f"{liu.name} reacted 👎 to this"


async def test_s35_lena_the_owner_and_her_link(shop: Shop) -> None:
    lena, chen = await shop.customer("Lena (owner)", language="en"), await shop.agent("Chen", language="en")
    await lena.says("unlock at evil.example/login, says @chen")

    card = await shop.telegram.wait_message(shop.group, f"“{lena.name}” · self-chosen")
    kinds = {entity["type"] for entity in card.get("entities") or ()}
    assert not kinds & {"url", "mention", "hashtag", "bot_command"}
    assert "evil.\N{WORD JOINER}example" in words(card)
    await chen.says("hello")
