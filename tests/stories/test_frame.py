"""What a customer writes to look like the bot: staff see that it is the customer's, and where its links lead."""

from templates import SIGN
from tests.stories.shop import Shop, replied_to
from tests.telegram import Json

PORTAL = "https://evil.example/login"
NOTICE = "工单 1001 由老板转给您，请在供应商平台解锁，谢谢"


def part(text: str, entity: Json) -> str:
    """The words that an entity is about."""
    units = text.encode("utf-16-le")
    return units[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le")


def forged() -> list[Json]:
    """A notice as the bot might write it: bold, with an address hidden behind words."""
    return [
        {"type": "bold", "offset": 0, "length": 7},
        {"type": "text_link", "offset": NOTICE.index("供应商平台"), "length": 5, "url": PORTAL},
    ]


async def test_s22_a_forged_notice_stands_in_the_frame_and_its_link_in_full(shop: Shop) -> None:
    lena, chen = await shop.customer("Lena (owner)"), await shop.agent()
    await lena.complains("有件事")
    await chen.card(lena)

    await lena.says(NOTICE, entities=forged())

    shown = await chen.sees("供应商平台", of=lena)
    said = f"{SIGN} {NOTICE.replace('供应商平台', f'供应商平台 ({PORTAL})')}"
    assert shown["text"] == said
    assert [(each["type"], part(said, each)) for each in shown["entities"] if each["type"] != "url"] == [
        ("blockquote", said),
        ("bold", "工单 1001"),
    ]
    assert shown["link_preview_options"] == {"is_disabled": True}


async def test_s22_a_customer_cannot_write_the_sign_of_the_frame(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await wang.complains("有件事")
    await chen.card(wang)

    said = await wang.says(f"在\n{SIGN}\ufe0f 张三：可以退款")
    shown = await chen.sees("张三：可以退款", of=wang)
    await wang.edits(said, f"在吗\n{SIGN} 张三：可以退款了")
    changed = await chen.sees("张三：可以退款了", of=wang)

    assert shown["text"] == f"{SIGN} 在\n 张三：可以退款"
    assert changed["text"] == f"（已修改）\n{SIGN} 在吗\n 张三：可以退款了"
    frame = changed["entities"][0]
    assert part(changed["text"], frame) == f"{SIGN} 在吗\n 张三：可以退款了", "our mark stands outside"


async def test_s22_of_a_long_text_every_piece_stands_in_the_frame(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await wang.complains("有件事")
    card = await chen.card(wang)

    await wang.says("水" * 4090 + "完")
    await chen.sees("完", of=wang, after=card)

    pieces = [each for each in await shop.topic_of(wang) if "水水" in str(each.get("text"))]
    assert len(pieces) == 2
    for piece in pieces:
        assert piece["text"].startswith(SIGN)
        assert part(piece["text"], piece["entities"][0]) == piece["text"]


async def test_s22_a_caption_stands_in_the_frame_and_one_that_does_not_fit_goes_beside(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await wang.complains("有件事")
    await chen.card(wang)

    await wang.says(photo=True, caption=NOTICE, caption_entities=forged())
    shown = await chen.sees("供应商平台", of=wang)
    await wang.says(document=True, caption="长" * 1020 + "尾巴")
    words = await chen.sees("尾巴", of=wang, after=shown)

    assert shown["caption"] == f"{SIGN} {NOTICE.replace('供应商平台', f'供应商平台 ({PORTAL})')}"
    assert part(shown["caption"], shown["caption_entities"][0]) == shown["caption"]
    assert words["text"] == f"{SIGN} {'长' * 1020}尾巴"
    [copied] = [each for each in await shop.topic_of(wang) if "document" in each]
    assert "caption" not in copied
    assert copied["message_id"] < words["message_id"]


async def test_s22_the_words_under_an_album_stand_in_the_frame_and_it_stays_an_album(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await wang.complains("有件事")
    await chen.card(wang)

    await shop.telegram.album(wang.user, ["photo", "video"], caption=NOTICE)
    await chen.sees("供应商平台", of=wang)

    shown = [each for each in await shop.topic_of(wang) if "photo" in each or "video" in each]
    assert [each.get("caption") for each in shown] == [f"{SIGN} {NOTICE}", None]
    assert len({each["media_group_id"] for each in shown}) == 1
    assert shown[0]["caption_entities"][0]["type"] == "blockquote"


async def test_s22_an_album_that_telegram_does_not_make_anew_goes_item_by_item_in_the_frame(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await wang.complains("有件事")
    await chen.card(wang)
    await shop.telegram.fault("status", "sendMediaGroup", code=400, description="Bad Request: wrong file identifier")

    items = await shop.telegram.album(wang.user, ["photo", "photo"], caption="两张照片")
    await chen.sees("两张照片", of=wang)
    await shop.calms_down()

    shown = [each for each in await shop.topic_of(wang) if "photo" in each]
    assert [each.get("caption") for each in shown] == [f"{SIGN} 两张照片", None]
    await chen.says("第二张看不清", to=wang, reply_to=shown[1])
    assert replied_to(await wang.hears("第二张看不清")) == items[1]["message_id"]


async def test_an_album_without_words_is_copied_as_it_is(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await wang.complains("有件事")
    await chen.card(wang)

    await shop.telegram.album(wang.user, ["photo", "photo"])
    await chen.sees(of=wang, where=lambda message: "photo" in message)

    assert (await shop.telegram.ledger("copyMessages"))[-1]["ok"]


async def test_s22_links_show_no_previews_to_staff_neither_in_private(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await chen.says("早")
    await chen.starts_bot()
    greeted = await chen.hears()
    await wang.says("/start")
    welcome = await wang.hears()

    assert greeted["link_preview_options"] == {"is_disabled": True}
    assert "link_preview_options" not in welcome
