"""Every kind of content that Telegram has: relayed, forwarded or described, in both directions; none silent."""

import asyncio
from typing import Any

import pytest

from bot.sandbox.checks import TYPES
from handlers.chat.content import COPIED, DESCRIBED, ENVELOPE, FORWARDED, HOUSEKEEPING
from handlers.messages import SPEAKING
from models.messages import Author
from tests.stories.shop import Agent, Customer, Shop, replied_to
from tests.telegram import Json, words

#: What Telegram notes in a private chat when a customer does something beside writing.
PRIVATE_EVENTS = ("pinned_message", "message_auto_delete_timer_changed", "chat_background_set")
#: What a person may send that looks different from a plausible sample.
WITH_WORDS = {"photo", "video", "animation", "audio", "document", "voice"}


async def a_talk(shop: Shop) -> tuple[Customer, Agent]:
    """A customer with a case and its topic, and an agent."""
    wang, chen = await shop.customer(), await shop.agent()
    await wang.complains("有件事")
    await chen.card(wang)
    await chen.answers("请说", wang)
    return wang, chen


async def relayed(chen: Agent, wang: Customer, **content: Any) -> tuple[Json, Json]:
    """What a customer sends, and what the bot next shows in the topic."""
    before = (await chen.shop.topic_of(wang))[-1]
    sent = await wang.says(**content)
    return sent, await chen.sees(of=wang, after=before)


def test_f40_every_field_of_a_message_is_content_or_envelope() -> None:
    fields = set(TYPES["Message"]["fields"])
    known = {"text", *COPIED, *FORWARDED, *DESCRIBED, *HOUSEKEEPING, *ENVELOPE}
    assert fields <= known, f"Telegram has kinds that nobody has thought about: {sorted(fields - known)}"
    kinds = [*COPIED, *FORWARDED, *DESCRIBED, *HOUSEKEEPING]
    assert len(kinds) == len(set(kinds)), "a kind is treated in one way"


async def test_f40_what_can_be_copied_is_copied(shop: Shop) -> None:
    wang, chen = await a_talk(shop)
    for kind in set(COPIED) - SPEAKING:
        caption = f"看这个 {kind}" if kind in WITH_WORDS else None
        sent, shown = await relayed(chen, wang, **{kind: True}, caption=caption)
        assert kind in shown, kind
        assert "forward_origin" not in shown, kind
        assert words(shown) == (caption or ""), kind
        assert sent[kind] == shown[kind], kind


async def test_f40_what_only_a_forward_shows_truly_is_forwarded(shop: Shop) -> None:
    wang, chen = await a_talk(shop)
    for kind in (*FORWARDED, *SPEAKING):
        _, shown = await relayed(chen, wang, **{kind: True})
        assert kind in shown, kind
        assert shown["forward_origin"]["sender_user"]["id"] == wang.id, kind


async def test_f40_what_can_be_neither_is_described(shop: Shop) -> None:
    wang, chen = await a_talk(shop)
    for kind in (*DESCRIBED, *PRIVATE_EVENTS):
        value = (await wang.chat())[0] if kind == "pinned_message" else True
        _, shown = await relayed(chen, wang, **{kind: value})
        assert words(shown).startswith("客户"), kind
        assert kind not in words(shown), f"staff read a word, not {kind}"


async def test_f40_a_kind_that_telegram_adds_tomorrow_is_not_silent(shop: Shop) -> None:
    wang, chen = await a_talk(shop)

    _, shown = await relayed(chen, wang, hologram={"size": 3}, caption="看这个全息图")

    assert "hologram" in words(shown)
    assert "看这个全息图" in words(shown)


async def test_formatted_words_stay_formatted_both_ways(shop: Shop) -> None:
    wang, chen = await a_talk(shop)
    bold = [{"type": "bold", "offset": 3, "length": 2}]

    await wang.says("😀 很急，谢谢", entities=bold)
    shown = await chen.sees("很急", of=wang)
    await chen.says("😀 马上，稍等", to=wang, entities=bold)
    heard = await wang.hears("马上")

    # Staff see them in the frame, behind its sign.
    assert shown["entities"] == [{"type": "blockquote", "offset": 0, "length": 11}, {**bold[0], "offset": 6}]
    assert heard["entities"] == bold


async def test_f38_an_album_arrives_as_one_album_and_a_late_item_follows(shop: Shop) -> None:
    wang, chen = await a_talk(shop)
    items = await shop.telegram.album(wang.user, ["photo", "video", "photo"], caption="三张照片")
    await chen.sees("三张照片", of=wang)
    album = items[0]["media_group_id"]
    await shop.calms_down()
    await wang.says(photo=True, caption="漏发的一张", media_group_id=album)
    await chen.sees("漏发的一张", of=wang)

    shown = [each for each in await shop.topic_of(wang) if "photo" in each or "video" in each]
    assert len(shown) == 4
    assert len({each.get("media_group_id") for each in shown[:3]}) == 1
    assert shown[0].get("media_group_id")
    assert "media_group_id" not in shown[3]


async def test_an_answer_about_one_photo_of_an_album_points_at_that_photo(shop: Shop) -> None:
    wang, chen = await a_talk(shop)
    items = await shop.telegram.album(wang.user, ["photo", "photo"], caption="两张照片")
    await chen.sees("两张照片", of=wang)
    await shop.calms_down()
    second = [each for each in await shop.topic_of(wang) if "photo" in each][1]

    await chen.says("第二张看不清", to=wang, reply_to=second)

    assert replied_to(await wang.hears("第二张看不清")) == items[1]["message_id"]


async def test_what_staff_send_reaches_the_customer_whatever_it_is(shop: Shop) -> None:
    wang, chen = await a_talk(shop)
    for kind in ("photo", "document", "voice", "video_note", "sticker", "location", "contact", "poll", "dice"):
        before = (await wang.chat())[-1]
        content: Json = {kind: True}
        said = await chen.says(to=wang, **content)
        if kind == "poll":  # of which nobody can tell whom it is for
            await chen.presses(await chen.sees("还没有发给", of=wang, after=said), "发给客户")
        heard = await wang.hears(after=before)
        assert kind in heard
        assert "forward_origin" not in heard, "a customer sees no staff member's account"


async def test_what_telegram_does_not_copy_is_not_silently_missing_at_the_customers(shop: Shop) -> None:
    wang, chen = await a_talk(shop)
    for kind in ("story", "checklist", "giveaway"):
        content: Json = {kind: True}
        sent = await chen.says(to=wang, **content)
        if kind == "checklist":
            await chen.presses(await chen.sees("还没有发给", of=wang, after=sent), "发给客户")
        told = await chen.sees("没有送到客户那里", of=wang, after=sent)
        assert replied_to(told) == sent["message_id"]


async def test_staffs_album_arrives_as_one(shop: Shop) -> None:
    wang, chen = await a_talk(shop)

    await shop.telegram.album(
        chen.user, ["photo", "photo"], caption="安装说明", chat=shop.group, thread=await wang.topic()
    )

    await wang.hears("安装说明")
    await shop.calms_down()
    shown = [each for each in await wang.chat() if "photo" in each]
    assert len(shown) == 2
    assert len({each["media_group_id"] for each in shown}) == 1


async def test_f42_an_agents_new_caption_or_picture_reaches_the_customers_copy(shop: Shop) -> None:
    wang, chen = await a_talk(shop)
    photo = await chen.says(to=wang, photo=True, caption="星期一到")
    copy = await wang.hears("星期一到")

    await chen.edits(photo, caption="星期二到")
    assert (await wang.hears("星期二到"))["message_id"] == copy["message_id"]
    await chen.edits(photo, caption="星期二到", content={"photo": True})
    await shop.telegram.wait_calls("editMessageMedia")
    await shop.calms_down()
    changed = next(each for each in await wang.chat() if each["message_id"] == copy["message_id"])
    assert changed["photo"] != copy["photo"]


async def test_f41_a_customers_new_picture_reaches_staff_and_the_old_one_stays(shop: Shop) -> None:
    wang, chen = await a_talk(shop)
    photo = await wang.says(photo=True, caption="坏的地方")
    before = await chen.sees("坏的地方", of=wang)

    await wang.edits(photo, caption="坏的地方在左边", content={"photo": True})

    await chen.sees("（已修改）", of=wang, after=before)
    photos = [each for each in await shop.topic_of(wang) if "photo" in each]
    assert len(photos) == 2
    assert await shop.words_of(wang, Author.CUSTOMER) == ["有件事", "坏的地方在左边"]


@pytest.mark.parametrize("length", [4096, 9_000])
async def test_f37_long_words_arrive_whole_and_in_order(shop: Shop, length: int) -> None:
    wang, chen = await a_talk(shop)
    text = "".join(f"第{n}句话很长很长。😀" for n in range(length // 10))[:length]

    await wang.says(text)
    last = await chen.sees(text[-20:], of=wang)

    shown = [words(each) for each in await shop.topic_of(wang) if "句话很长" in words(each)]
    assert "".join(shown) == text
    assert shown[-1] == words(last)


@pytest.mark.filterwarnings("ignore:Sending a large body")  # of the test's own client
async def test_f37_a_megabyte_of_words_arrives_as_a_file(shop: Shop) -> None:
    wang, chen = await a_talk(shop)
    text = "救命" * 500_000

    await wang.says(text)

    shown = await chen.sees("全文见文件", of=wang)
    assert shown["document"]["file_name"].endswith(".txt")
    assert (await shop.words_of(wang, Author.CUSTOMER))[-1] == text
    await wang.says("还在吗")
    await chen.sees("还在吗", of=wang)


async def test_many_customers_at_once_keep_their_order(shop: Shop) -> None:
    chen = await shop.agent()
    people = [await shop.customer() for _ in range(5)]
    for number in range(6):
        await asyncio.gather(*(person.says(f"第 {number} 句") for person in people))
    for person in people:
        await chen.sees("第 5 句", of=person)
        await shop.calms_down()
        shown = "\n".join(words(each) for each in await shop.topic_of(person))
        order = [shown.index(f"第 {number} 句") for number in range(6)]
        assert order == sorted(order)
