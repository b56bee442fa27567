"""Staff in a plain group: no topics, customers told apart by name, answered by reply."""

from models.messages import Author
from templates import SIGN
from tests.stories.shop import Shop, case_number, is_card, replied_to
from tests.telegram import Json, words

FORUM = False


async def card_of(shop: Shop, number: int, containing: str = "") -> Json:
    return await shop.telegram.wait_message(
        shop.group, f"工单 {number}", where=lambda message: is_card(message) and containing in words(message)
    )


async def test_words_carry_the_customers_name_and_a_reply_answers_them(shop: Shop) -> None:
    wang, li, chen = await shop.customer("王芳"), await shop.customer("李伟"), await shop.agent()
    await chen.says("大家早")
    leak = await wang.says("水壶漏水")
    await li.says("灯不亮")
    relayed = await chen.sees("水壶漏水")
    assert words(relayed).startswith(f"{wang.name}（编号 ")

    answer = await chen.says("马上换新的", reply_to=relayed)

    heard = await wang.hears("马上换新的")
    assert replied_to(heard) == leak["message_id"]
    assert not [each for each in await li.chat() if "马上换新的" in words(each)]
    await chen.edits(answer, "明天换新的")
    await wang.hears("明天换新的")
    await wang.says("明天几点", reply_to=heard)
    assert replied_to(await chen.sees("明天几点")) == answer["message_id"]


async def test_a_sticker_is_forwarded_so_that_its_sender_shows(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await chen.says("早")

    await wang.says(sticker=True)
    shown = await chen.sees(where=lambda message: "sticker" in message)

    assert shown["forward_origin"]["sender_user"]["id"] == wang.id


async def test_s22_a_photo_says_whose_it_is_and_its_words_stand_in_the_frame(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await chen.says("早")

    sent = await wang.says(photo=True, caption="就是这里\n老板（编号 1）：\n退款")
    shown = await chen.sees("就是这里", where=lambda message: "photo" in message)

    whose, said = shown["caption"].split("\n", 1)
    assert whose.startswith(f"{wang.name}（编号 ")
    assert said == f"{SIGN} 就是这里\n老板（编号 1）：\n退款"
    [frame] = shown["caption_entities"]
    assert (frame["type"], frame["offset"], frame["length"]) == ("blockquote", len(whose) + 1, len(said) + 1)
    await chen.says(photo=True, caption="是这个吗", reply_to=shown)
    assert replied_to(await wang.hears("是这个吗")) == sent["message_id"]


async def test_commands_and_buttons_work_on_the_message_replied_to(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await chen.says("早")
    number = case_number(await wang.complains("送错了货"))
    relayed = await chen.sees("送错了货")

    said = await chen.says("/claim")
    await chen.sees("请回复客户的那条消息", after=said)
    await chen.says("/claim", reply_to=relayed)
    card = await card_of(shop, number, f"处理人：{chen.name}")
    await chen.says("/note 上次也送错", reply_to=relayed)
    await chen.says("// 给他一张券", reply_to=relayed)
    said = await chen.says("/coupon", reply_to=relayed)
    await chen.sees("没有发给客户", after=said)
    assert await chen.presses(card, "处理完成") == f"工单 {number} 已处理完成，已告知客户"
    question = await wang.hears("您满意吗")
    await wang.presses(question, "没有解决")
    await chen.sees(f"工单 {number}：客户说还没有解决")
    await chen.says("/resolve 已补发", reply_to=card)
    await wang.hears("已补发")
    assert await shop.words_of(wang, Author.NOTE) == ["上次也送错", "给他一张券"]


async def test_who_replies_before_telegram_has_told_the_bot_what_it_showed_is_understood(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await chen.says("早")
    await shop.telegram.fault("hold_after", "sendMessage", seconds=1.5, chat_id=shop.group["id"])
    await wang.says("锅盖裂了")
    relayed = await chen.sees("锅盖裂了", where=lambda message: not is_card(message))

    await chen.says("/claim", reply_to=relayed)
    await chen.says("给您寄新的", reply_to=relayed)

    heard = await wang.hears("给您寄新的")
    number = case_number(await wang.hears("编号"))
    await card_of(shop, number, f"处理人：{chen.name}")
    assert "锅盖裂了" in str(heard.get("reply_to_message"))
    said = [words(message) for message in await shop.telegram.chat(shop.group, since=relayed["message_id"])]
    assert not [each for each in said if "请回复客户的那条消息" in each]


async def test_f43_talk_that_answers_no_customer_reaches_none(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await chen.says("早")
    await wang.complains("在吗")
    said = await chen.says("/claim")
    told = await chen.sees("请回复客户的那条消息", after=said)

    await chen.says("谁去吃饭？")
    await chen.says("我去", reply_to=said)
    reply = await chen.says("那怎么办呢", reply_to=told)

    answer = await chen.sees("这条没有发给客户", after=reply)
    assert replied_to(answer) == reply["message_id"]
    await shop.calms_down()
    assert len(await wang.chat()) == 2


async def test_a_group_that_gets_topics_and_loses_them_again_goes_on(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await chen.says("早")
    await wang.complains("还没到货")
    await chen.sees("还没到货")

    await shop.telegram.forum(shop.group, True)
    await chen.says("我们现在有话题了")
    await shop.calms_down()
    await wang.says("查到了吗")
    await chen.sees("查到了吗", of=wang)
    await chen.answers("今天到", wang)

    await shop.telegram.forum(shop.group, False)
    await wang.says("到了，少一件")
    shown = await chen.sees("到了，少一件")
    assert words(shown).startswith(wang.name)
    await chen.says("马上补", reply_to=shown)
    await wang.hears("马上补")
