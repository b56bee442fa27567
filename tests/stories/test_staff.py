"""What staff do: claim, wait, note, recall, resolve; and where their words do not go."""

import asyncio
import time

from sqlmodel import select

from models.audit import Audit
from models.cases import Case
from models.customers import Customer as CustomerRow
from models.messages import Author
from models.staff import Role, Staff
from tests.stories.shop import Agent, Customer, Shop, case_number, replied_to
from tests.telegram import PATIENCE_SECONDS, Json, words


async def known_agent(shop: Shop, name: str = "小陈", **facts: str) -> Agent:
    """An agent who has spoken in the group."""
    agent = await shop.agent(name, **facts)
    await agent.says("大家早")
    await shop.calms_down()
    return agent


async def heard(customer: Customer) -> str:
    return "\n".join(words(each) for each in await customer.chat())


# -- joining, leaving, roles


async def test_the_first_word_in_the_group_makes_an_agent_and_the_audit_says_so(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.newcomer("小陈")
    card = await chen.card(wang) if await wang.complains("门铃不响") else {}
    assert "先在客服群里发一条消息" in await chen.presses(card, "认领")
    assert "暂无" in words(await chen.card(wang))

    await chen.says("大家好，我是新来的")
    await shop.calms_down()

    assert "由您处理" in await chen.presses(card, "认领")
    person = await staff_row(shop, chen)
    assert person.role is Role.AGENT
    audit = await shop.stored(select(Audit).where(Audit.subject == f"staff:{person.id}", Audit.action == "enrolled"))
    assert len(audit) == 1


async def test_f46_leaving_ends_authority_and_frees_the_cases(shop: Shop) -> None:
    wang, chen, li = await shop.customer(), await known_agent(shop, "小陈"), await known_agent(shop, "小李")
    number = case_number(await wang.complains("地板翘起来了"))
    card = await chen.card(wang)
    await chen.presses(card, "认领")

    await shop.telegram.leave(chen.user, shop.group)

    await li.sees(f"小陈 已离开本群，以下工单退回待认领：{number}")
    await li.card(wang, "处理人：暂无")
    assert "先在客服群里" in await chen.presses(card, f"resolve:{number}", forge=True)
    assert "由您处理" in await li.presses(card, "认领")
    await chen_comes_back(shop, chen)
    assert "小李 已认领" in await chen.presses(card, "认领")


async def chen_comes_back(shop: Shop, chen: Agent) -> None:
    await shop.telegram.join(chen.user, shop.group)
    await chen.says("我回来了")
    await shop.calms_down()


async def test_owners_give_roles_and_the_last_owner_stays(shop: Shop) -> None:
    chen = await known_agent(shop, "小陈", username="chen_role")
    li = await known_agent(shop, "小李")

    said = await chen.says("/role @chen_role owner")
    assert "需要系统管理员" in words(await chen.sees(after=said))
    said = await shop.owner.says("/role @chen_role supervisor")
    await shop.owner.sees("小陈 现在是主管", after=said)
    assert (await staff_row(shop, chen)).role is Role.SUPERVISOR
    said = await shop.owner.says("/role manager", reply_to=await li.says("我是小李"))
    await shop.owner.sees("小李 现在是经理", after=said)
    said = await shop.owner.says("/role @boss agent")
    await shop.owner.sees("最后一位系统管理员", after=said)
    said = await shop.owner.says("/role @nobody_here agent")
    await shop.owner.sees("找不到这个人", after=said)
    said = await shop.owner.says("/role @chen_role king")
    await shop.owner.sees("请写成", after=said)
    said = await shop.owner.says("/role @chen_role agent")
    await shop.owner.sees("小陈 现在是客服专员", after=said)


async def test_the_menu_in_private_follows_role_language_and_leaving(shop: Shop) -> None:
    chen = await known_agent(shop, "小陈", username="chen_menu")
    assert "find" not in await menu_of(shop, chen)

    await chen.starts_bot()

    greeted = words(await chen.hears("要马上处理的事"))
    assert "小陈，您好" in greeted
    assert "/help" in greeted
    assert not (await shop.telegram.chat(chen.user))[-1].get("reply_markup"), (
        "the customers' keyboard is not for them"
    )
    assert await shop.stored(select(CustomerRow).where(CustomerRow.user_id == chen.id)) == []
    assert (await staff_row(shop, chen)).started_bot
    assert "查找客户" in (await menu_of(shop, chen, "find"))["find"]
    assert "rfm" not in await menu_of(shop, chen)
    await shop.telegram.say(chen.user, "/help")
    helped = words(await chen.hears("就是答复那位客户"))
    assert "/find" in helped
    assert "/mycases" in helped
    assert "/rfm" not in helped
    await shop.owner.says("/role @chen_menu manager")
    await menu_of(shop, chen, "rfm")
    await shop.telegram.say(chen.user, "/language")
    offered = await chen.hears("choose a language")
    await chen.presses(offered, "English")
    await shop.telegram.say(chen.user, "/help")
    await chen.hears("answers that customer")
    assert "rfm" in await menu_of(shop, chen, "The cases in my hands")
    await chen.starts_bot()
    await chen.hears("Customers are answered in the staff group")
    await shop.telegram.leave(chen.user, shop.group)
    assert "mycases" in await menu_of(shop, chen, without="rfm")


async def test_a_summary_that_comes_after_the_end_is_not_lost_in_silence(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await chen.says("早")
    await wang.complains("椅子腿断了")
    await chen.says("/resolve", to=wang)
    await wang.hears("您满意吗")

    said = await chen.says("/resolve 已寄出新椅子", to=wang)

    await chen.sees("这段话没有发给客户", of=wang, after=said)
    await chen.answers("已寄出新椅子", to=wang)


async def menu_of(shop: Shop, agent: Agent, wanted: str = "", without: str = "") -> dict[str, str]:
    """The commands in somebody's private chat, once the wanted name or words are there, the others gone."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = await shop.telegram.look(f"commands/{agent.id}", language_code="zh")
        menu = {each["command"]: each["description"] for each in found}
        if (not wanted or wanted in (*menu, *menu.values())) and without not in menu:
            return menu
        assert time.monotonic() < deadline, f"{wanted!r}, not {without!r}: {sorted(menu)}"
        await asyncio.sleep(0.05)


async def staff_row(shop: Shop, agent: Agent) -> Staff:
    person: Staff = (await shop.stored(select(Staff).where(Staff.user_id == agent.id)))[0]
    return person


# -- claiming and waiting


async def test_f45_of_two_who_claim_at_once_one_wins_and_both_see_it(shop: Shop) -> None:
    wang, chen, li = await shop.customer(), await known_agent(shop, "小陈"), await known_agent(shop, "小李")
    number = case_number(await wang.complains("快递丢了"))
    card = await chen.card(wang)

    answers = await asyncio.gather(chen.presses(card, "认领"), li.presses(card, "认领"))

    won = [answer for answer in answers if answer == f"工单 {number} 由您处理"]
    lost = [answer for answer in answers if "已认领这张工单" in answer]
    assert (len(won), len(lost)) == (1, 1), answers
    winner = "小陈" if answers[0] in won else "小李"
    assert lost == [f"{winner} 已认领这张工单。"]
    await chen.card(wang, f"处理人：{winner}")


async def test_f45_the_answers_of_two_agents_both_arrive_once(shop: Shop) -> None:
    wang, chen, li = await shop.customer(), await known_agent(shop, "小陈"), await known_agent(shop, "小李")
    await wang.complains("快递破损")
    await wang.topic()

    await asyncio.gather(chen.says("请拍照给我们", to=wang), li.says("我们来联系快递", to=wang))

    await wang.hears("请拍照给我们")
    await wang.hears("我们来联系快递")
    await shop.calms_down()
    said = await heard(wang)
    assert (said.count("请拍照给我们"), said.count("我们来联系快递")) == (1, 1)


async def test_waiting_for_the_customer_takes_a_question_first(shop: Shop) -> None:
    wang, chen = await shop.customer(), await known_agent(shop)
    number = case_number(await wang.complains("灯不亮"))
    card = await chen.card(wang)

    assert "请先向客户提问" in await chen.presses(card, "等待客户")
    await chen.answers("是哪个房间的灯？", wang)
    assert await chen.presses(card, "等待客户") == f"工单 {number} 等待客户回复"
    await chen.card(wang, "待客户回复")
    assert "已经在等待" in await chen.presses(card, "等待客户")

    await wang.says("厨房的")
    await chen.card(wang, "处理中")


async def test_the_first_answer_takes_the_case(shop: Shop) -> None:
    wang, chen = await shop.customer(), await known_agent(shop, "小陈")
    await wang.complains("窗户关不上")

    await chen.answers("今天就来看", wang)

    await chen.card(wang, "处理人：小陈")
    await chen.card(wang, "处理中")


async def test_buttons_of_the_card_do_what_they_say(shop: Shop) -> None:
    wang, chen = await shop.customer(), await known_agent(shop)
    number = case_number(await wang.complains("柜门掉了"))
    card = await chen.card(wang)

    assert "//" in await chen.presses(card, "备注")
    assert await chen.presses(card, "处理完成") == f"工单 {number} 已处理完成，已告知客户"
    await wang.hears("您满意吗")
    done = await chen.card(wang, "已处理待确认")
    assert await chen.presses(done, "重新处理") == f"工单 {number} 已重新处理"
    await wang.hears(f"服务单 {number} 已重新开始处理")
    assert "还在处理中" in await chen.presses(done, f"reopen:{number}", forge=True)
    said = await chen.says("/case", to=wang)
    again = await chen.sees(f"工单 {number}", of=wang, after=said)
    assert "由您处理" in await chen.presses(again, "认领") or "已经由您" in await chen.presses(again, "认领")
    await chen.says("/close", to=wang)
    await wang.hears("已办结")
    said = await chen.says("/close", to=wang)
    await chen.sees(f"工单 {number} 已经结束", of=wang, after=said)


# -- notes


async def test_notes_stay_among_staff_however_they_are_written(shop: Shop) -> None:
    wang, chen = await shop.customer(), await known_agent(shop)
    await wang.complains("要退货")
    await wang.topic()

    await chen.says("// 客户语气不好，小心", to=wang)
    await chen.says("/note 上次也退过", to=wang)
    await chen.says(to=wang, photo=True, caption="// 内部照片")
    await chen.says(to=wang, photo=True, caption="/note 另一张内部照片")
    await chen.says(to=wang, document=True, caption="/nosuch 内部文件")
    await chen.sees("没有这个命令", of=wang)
    await shop.telegram.album(
        chen.user, ["photo", "photo"], caption="// 一组内部照片", chat=shop.group, thread=await wang.topic()
    )
    await shop.calms_down()

    chat = await wang.chat()
    assert len(chat) == 2, "their own words and the case's number"
    assert await shop.words_of(wang, Author.NOTE) == [
        "客户语气不好，小心",
        "上次也退过",
        "内部照片",
        "另一张内部照片",
        "一组内部照片",
        "",
    ]


async def test_a_note_under_a_later_item_keeps_the_whole_album_inside(shop: Shop) -> None:
    wang, chen = await shop.customer(), await known_agent(shop)
    await wang.complains("要换货")
    thread = await wang.topic()

    for caption in (None, "// 只给同事看", None):
        await chen.says(thread=thread, photo=True, caption=caption, media_group_id="inside")
    await shop.calms_down()

    assert not [each for each in await wang.chat() if "photo" in each]


async def test_an_edit_cannot_turn_an_answer_into_a_note_unseen(shop: Shop) -> None:
    wang, chen = await shop.customer(), await known_agent(shop)
    await wang.complains("要赔偿")
    answer = await chen.answers("我们商量一下", wang)
    note = await chen.says("// 最多赔一百", to=wang)

    await chen.edits(answer, "// 我们商量一下")
    await chen.sees("改成备注不会撤回", of=wang)
    await chen.edits(note, "// 最多赔两百")
    await chen.edits(note, "最多赔三百")
    await shop.calms_down()

    assert "赔" not in (await heard(wang)).replace("要赔偿", "")
    assert await shop.words_of(wang, Author.NOTE) == ["最多赔三百"]


async def test_an_empty_note_is_asked_for_its_words(shop: Shop) -> None:
    wang, chen = await shop.customer(), await known_agent(shop)
    await wang.complains("催一下")

    await chen.says("/note", to=wang)

    await chen.sees("请写成：/note 内容", of=wang)


# -- recall


async def test_an_answer_taken_back_disappears_at_the_customers(shop: Shop) -> None:
    wang, chen = await shop.customer(), await known_agent(shop)
    await wang.complains("多少钱")
    wrong = await chen.answers("一共九十九", wang)

    await chen.says("/recall", to=wang, reply_to=wrong)

    await chen.sees("已撤回", of=wang)
    await shop.calms_down()
    assert "九十九" not in await heard(wang)
    await chen.says("/recall", to=wang, reply_to=wrong)
    await chen.sees("这条已经撤回", of=wang)
    await chen.edits(wrong, "一共九百九")
    said = await chen.says("/recall", to=wang)
    await chen.sees("请回复要撤回的那条答复", of=wang, after=said)
    await shop.calms_down()
    assert "九百九" not in await heard(wang)


async def test_an_answer_taken_back_while_it_waits_is_never_sent(shop: Shop) -> None:
    wang, chen = await shop.customer(), await known_agent(shop)
    await wang.complains("多少钱")
    await wang.topic()
    busy: Json = {"code": 429, "parameters": {"retry_after": 2}, "chat_id": wang.id}
    await shop.telegram.fault("status", method="sendMessage", **busy)
    first = await chen.says("稍等，我查一下", to=wang)
    second = await chen.says("一共八十八", to=wang)

    await chen.says("/recall", to=wang, reply_to=second)
    await chen.sees("已撤回", of=wang)

    await wang.hears("稍等，我查一下")
    await shop.calms_down()
    assert first["message_id"] != second["message_id"]
    assert "八十八" not in "".join(str(call) for call in await shop.telegram.ledger("sendMessage"))


async def test_a_photo_taken_back_disappears_too(shop: Shop) -> None:
    wang, chen = await shop.customer(), await known_agent(shop)
    await wang.complains("什么颜色")
    photo = await chen.says(to=wang, photo=True, caption="蓝色的")
    await wang.hears("蓝色的")

    await chen.says("/recall", to=wang, reply_to=photo)

    await chen.sees("已撤回", of=wang)
    await shop.calms_down()
    assert "蓝色的" not in await heard(wang)


# -- General, and other places


async def test_f43_plain_talk_in_general_is_left_alone(shop: Shop) -> None:
    chen = await known_agent(shop)
    before = len(await shop.general())

    await chen.says("中午吃什么？")
    await chen.says("面条吧", reply_to=await chen.says("你说呢"))
    await shop.calms_down()

    assert len(await shop.general()) == before + 3


async def test_f43_a_command_in_general_is_answered_with_where_it_belongs(shop: Shop) -> None:
    wang, chen = await shop.customer(), await known_agent(shop)
    await wang.complains("水管漏水")
    await wang.topic()

    for command in ("/resolve 好了", "/claim", "/nosuch", "/recall", "/close", "/case", "/note 内部"):
        said = await chen.says(command)
        told = await chen.sees("到客户的话题里", after=said)
        assert replied_to(told) == said["message_id"]
    said = await chen.says("/help")
    await chen.sees("在客户的话题里", after=said)

    await shop.calms_down()
    assert len(await wang.chat()) == 2


async def test_f43_a_reply_to_the_bot_in_general_goes_to_no_customer(shop: Shop) -> None:
    chen = await known_agent(shop)
    told = await chen.sees(after=await chen.says("/claim"))

    said = await chen.says("那这个客户怎么办？", reply_to=told)

    answer = await chen.sees("不会发给客户", after=said)
    assert replied_to(answer) == said["message_id"]


async def test_an_unknown_command_in_a_topic_does_not_reach_the_customer(shop: Shop) -> None:
    wang, chen = await shop.customer(), await known_agent(shop)
    await wang.complains("要发票")

    await chen.says("/refund 100", to=wang)

    await chen.sees("没有这个命令，内容没有发给客户", of=wang)
    await shop.calms_down()
    assert "refund" not in await heard(wang)


async def test_a_topic_made_by_hand_is_staffs_own(shop: Shop) -> None:
    chen = await known_agent(shop)
    topic = await shop.telegram.topic(shop.group, "create", name="值班安排")

    said = await chen.says("周末谁来？", thread=topic["message_thread_id"])
    await chen.says("/claim", thread=topic["message_thread_id"])

    told = await chen.sees("到客户的话题里", after=said)
    assert told["message_thread_id"] == topic["message_thread_id"]


async def test_what_telegram_notes_in_a_topic_is_nobodys_word(shop: Shop) -> None:
    wang, chen = await shop.customer(), await known_agent(shop)
    stranger = await shop.agent("小赵")
    await wang.complains("要换尺寸")
    thread = await wang.topic()
    await chen.card(wang)
    before = len(await shop.topic_of(wang))

    await stranger.says(thread=thread, pinned_message=await chen.sees("要换尺寸", of=wang))
    await shop.telegram.topic(shop.group, "rename", thread=thread, name=f"{wang.name} VIP")
    await shop.telegram.topic(shop.group, "close", thread=thread)
    await wang.says("颜色要蓝的")
    await chen.sees("颜色要蓝的", of=wang)
    await shop.calms_down()

    told = [words(each) for each in (await shop.topic_of(wang))[before:] if words(each)]
    assert told == ["颜色要蓝的"], "the topic was opened again, and nobody was told off for it"


# -- the customer's side of it


async def test_a_customer_who_writes_staff_commands_is_a_customer(shop: Shop) -> None:
    wang = await shop.customer()
    received = await wang.complains("要投诉你们")
    number = case_number(received)

    for command in ("/claim", "/close", "/new"):
        said = await wang.says(command)
        await wang.hears("没有这个命令", after=said)
    for with_words in ("/resolve 好了", "/note x", "/role @boss agent"):
        await wang.says(with_words)
    assert "失效" in await wang.presses(received, f"claim:{number}", forge=True)
    assert "失效" in await wang.presses(received, f"resolve:{number}", forge=True)

    await shop.calms_down()
    case = (await shop.stored(select(Case).where(Case.id == number)))[0]
    assert (case.state, case.assignee_id) == ("new", None)
    shown = [words(each) for each in await shop.topic_of(wang)]
    assert {"/resolve 好了", "/note x", "/role @boss agent"} <= set(shown), "what has words in it is words"
    assert "/claim" not in shown


async def test_a_member_of_staff_who_writes_as_a_customer_is_served_like_anybody(shop: Shop) -> None:
    chen, li = await known_agent(shop, "陈客服"), await known_agent(shop)
    as_customer = Customer(shop, chen.user)

    asked = await as_customer.complains("我自己买的也坏了")
    assert "还没有发给任何人" in words(asked)
    await chen.presses(asked, "我是以客户身份写的")

    await li.sees("我自己买的也坏了", of=as_customer)


# -- blocked


async def test_staff_see_at_the_very_answer_that_it_did_not_arrive(shop: Shop) -> None:
    wang, chen = await shop.customer(), await known_agent(shop)
    await wang.complains("再也不来了")
    await wang.topic()
    await shop.telegram.block(wang.user)
    await chen.sees("停用了本机器人", of=wang)

    said = await chen.says("请再给我们一次机会", to=wang)

    told = await chen.sees("这条消息没有送到", of=wang)
    assert replied_to(told) == said["message_id"]
    await shop.telegram.block(wang.user, blocked=False)
    await chen.sees("重新启用了本机器人", of=wang)
    await chen.answers("欢迎回来", wang)
