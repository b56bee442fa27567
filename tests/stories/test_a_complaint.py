"""The main job: a complaint reaches staff, the answer comes back, the case is resolved and scored."""

from tests.stories.shop import Shop, case_number, is_card, replied_to
from tests.telegram import buttons, words


async def test_a_complaint_from_the_first_word_to_the_thanks(shop: Shop) -> None:
    wang, chen = await shop.customer("王芳"), await shop.agent("小陈")
    await chen.says("大家早")

    await wang.says("/start")
    welcome = await wang.hears("客户服务")
    assert [key["text"] for row in welcome["reply_keyboard"]["keyboard"] for key in row] == [
        "我要投诉",
        "查进度",
        "转人工",
        "语言",
    ]
    assert "保存" in words(welcome)
    await wang.says("我要投诉")
    await wang.hears("把事情的经过写下来")

    leak = await wang.says("新买的水壶漏水")
    received = await wang.hears("服务单编号")
    number = case_number(received)
    assert "类型：投诉" in words(received)
    relayed = await chen.sees("新买的水壶漏水", of=wang)
    card = await chen.card(wang, f"工单 {number}")
    assert "投诉 · 待受理" in words(card)
    assert "处理人：暂无" in words(card)

    assert await chen.presses(card, "认领") == f"工单 {number} 由您处理"
    await chen.card(wang, "处理人：小陈")

    answer = await chen.answers("您好，明天给您换一个新的", wang, reply_to=relayed)
    copy = await wang.hears("明天给您换")
    assert replied_to(copy) == leak["message_id"]

    await wang.says("好的，下午送可以吗", reply_to=copy)
    assert replied_to(await chen.sees("下午送可以吗", of=wang)) == answer["message_id"]

    await wang.edits(leak, "新买的水壶漏水，漏得很厉害")
    changed = await chen.sees("漏得很厉害", of=wang)
    assert words(changed) == "（已修改）\n新买的水壶漏水，漏得很厉害"
    assert replied_to(changed) == relayed["message_id"]
    assert words(relayed) == "新买的水壶漏水", "what was there before stays"

    await chen.edits(answer, "您好，明天下午给您换一个新的")
    assert (await wang.hears("明天下午给您换"))["message_id"] == copy["message_id"]

    await chen.says("/resolve 已换新水壶，旧的收回检测", to=wang)
    question = await wang.hears("已换新水壶")
    assert [button["text"] for button in buttons(question)] == [
        "1 非常不满意",
        "2 不满意",
        "3 一般",
        "4 满意",
        "5 非常满意",
        "没有解决",
    ]
    await chen.card(wang, "已处理待确认")

    await wang.says("谢谢，辛苦了")
    await chen.sees("谢谢，辛苦了", of=wang)
    assert "已处理待确认" in words(await chen.card(wang)), "thanks reopen nothing"

    assert await wang.presses(question, "5 非常满意") == "谢谢"
    why = await wang.hears("您的评分是 5 非常满意")
    assert "已换新水壶" in words(why), "what was done stays to be read"
    assert [button["text"] for button in buttons(why)] == ["不用了", "没有解决"]
    await wang.says("换得很快，师傅也客气")
    thanked = await wang.hears("我们已经记下")
    assert "您的评分是 5 非常满意" in words(thanked)
    assert [button["text"] for button in buttons(thanked)] == ["没有解决"]
    await chen.sees("换得很快，师傅也客气", of=wang)
    card = await chen.card(wang, "换得很快")
    assert "已办结" in words(card)
    assert "评分：5 非常满意" in words(card)

    await wang.says("谢谢！")
    await chen.sees("谢谢！", of=wang)
    await shop.calms_down()
    assert "已办结" in words(await chen.card(wang))

    await wang.says("新的也还是漏水")
    await wang.hears(f"服务单 {number} 已重新开始处理")
    fresh = await chen.card(wang, "重新处理 1 次")
    assert "处理中 · 重新处理 1 次" in words(fresh)
    assert fresh["message_id"] > card["message_id"], "what goes on again stands at the end of the topic"
    await shop.calms_down()
    cards = [each for each in await shop.topic_of(wang) if is_card(each)]
    assert len(cards) == 1, "the same case, one card to press"


async def test_a_complaint_in_english_is_answered_in_english(shop: Shop) -> None:
    anna, chen = await shop.customer("Anna", language="en-GB"), await shop.agent("小陈")

    await anna.says("/start")
    welcome = await anna.hears("customer care")
    assert [key["text"] for row in welcome["reply_keyboard"]["keyboard"] for key in row] == [
        "Make a complaint",
        "My cases",
        "Talk to a person",
        "Language",
    ]
    await chen.says("早")
    received = await anna.complains("My kettle leaks")
    number = case_number(received)
    assert [button["text"] for button in buttons(received)] == [
        "Complaint",
        "Question",
        "Repair / service",
        "Suggestion",
        "Praise",
        "Another matter",
    ]
    assert await anna.presses(received, "Complaint") == "Thank you"
    await anna.hears("It is about: Complaint")
    card = await chen.card(anna, "投诉")
    assert "英文" in words(card), "staff read their own language, and which one the customer speaks"

    await chen.presses(card, "认领")
    await chen.answers("We will send you a new one today.", anna)
    await chen.says("/resolve A new kettle is on its way.", to=anna)
    question = await anna.hears("A new kettle is on its way.")
    assert [button["text"] for button in buttons(question)] == [
        "1 Very dissatisfied",
        "2 Dissatisfied",
        "3 Neutral",
        "4 Satisfied",
        "5 Very satisfied",
        "Not solved",
    ]
    await anna.says("Thanks a lot!")
    assert await anna.presses(question, "4 Satisfied") == "Thank you"
    await anna.hears("Your rating is 4 Satisfied. Thank you.")
    await chen.sees(f"工单 {number}：客户评分 4 满意", of=anna)
    await anna.says("Quick, but it should not have leaked")
    await anna.hears("we have noted it")
    await chen.card(anna, "should not have leaked")
    assert not [words(each) for each in await anna.chat() if any("一" <= c <= "鿿" for c in words(each))]


async def test_not_solved_reopens_the_case_and_staff_are_told_in_the_topic(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    number = case_number(await wang.complains("门锁坏了"))
    await chen.answers("已经派人", wang)
    await chen.says("/resolve 锁已更换", to=wang)
    question = await wang.hears("锁已更换")

    assert await wang.presses(question, "没有解决") == "已重新开始处理"

    told = await chen.sees("客户说还没有解决", of=wang)
    assert case_number(told) == number
    await wang.hears(f"服务单 {number} 已重新开始处理")
    card = await chen.card(wang, "重新处理 1 次")
    assert "处理中" in words(card)
    assert "处理人：小陈" in words(card), "the one who had it goes on with it"


async def test_a_low_score_reopens_the_case_and_its_reason_stands_on_the_card(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    number = case_number(await wang.complains("送货晚了"))
    await chen.says("/resolve 已送达", to=wang)
    question = await wang.hears("已送达")

    assert await wang.presses(question, "2 不满意") == "谢谢"

    told = await chen.sees("客户评分 2 不满意", of=wang)
    assert "已重新处理" in words(told)
    assert case_number(told) == number
    await wang.hears("很抱歉没有让您满意")
    await wang.says("晚了三天，也没有人打电话")
    await chen.sees("晚了三天", of=wang)
    await wang.hears("谢谢您直说")
    assert "晚了三天" in words(await chen.card(wang, "“晚了三天"))
    assert "处理中" in words(await chen.card(wang))


async def test_the_last_score_counts_and_one_for_an_earlier_time_does_not(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await wang.complains("漆面有划痕")
    await chen.says("/resolve 已补漆", to=wang)
    first = await wang.hears("已补漆")
    await wang.presses(first, "没有解决")
    await chen.card(wang, "处理中")

    assert "再请您评分" in await wang.presses(first, score_button(first, 5), forge=True)

    await chen.says("/resolve 已换新件", to=wang)
    second = await wang.hears("已换新件")
    assert "已经结束" in await wang.presses(first, score_button(first, 5), forge=True)
    await wang.presses(second, "3 一般")
    await wang.hears("评分是 3 一般")
    await wang.presses(second, score_button(second, 4), forge=True)
    await wang.hears("评分是 4 满意")
    await chen.card(wang, "评分：4 满意")


async def test_nothing_to_add_ends_the_question(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await wang.complains("想问营业时间")
    await chen.says("/resolve 每天九点到六点", to=wang)
    question = await wang.hears("每天九点")
    await wang.presses(question, "4 满意")
    asked = await wang.hears("方便说说原因吗")
    nothing = next(each["callback_data"] for each in buttons(asked) if each["text"] == "不用了")

    await wang.presses(asked, "不用了")

    thanked = await wang.hears("我们已经记下")
    assert "您的评分是 4 满意" in words(thanked)
    assert "说说原因" not in words(thanked)
    await shop.calms_down()
    assert not [each for each in await shop.topic_of(wang) if "问卷" in words(each)], "they have read the score"
    await chen.says("/reopen", to=wang)
    await wang.hears("已重新开始处理")
    await chen.says("/resolve 节假日休息", to=wang)
    await wang.hears("节假日休息")
    assert "已经结束" in await wang.presses(asked, nothing, forge=True)


async def test_a_late_comment_can_still_say_that_it_is_not_solved(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    number = case_number(await wang.complains("空调不制冷"))
    await chen.says("/resolve 已加冷媒", to=wang)
    await wang.presses(await wang.hears("已加冷媒"), "5 非常满意")
    await wang.hears("评分是 5")
    await wang.says("今天又不冷了")
    kept = await wang.hears("已经记下")

    assert await wang.presses(kept, "没有解决") == "已重新开始处理"

    await chen.sees(f"工单 {number}：客户说还没有解决", of=wang)
    await chen.card(wang, "处理中")


async def test_each_person_reads_their_own_language_and_a_customer_may_choose(shop: Shop) -> None:
    wang, alice = await shop.customer("王芳"), await shop.agent("Alice", language="en-US")
    received = await wang.complains("发票开错了")
    card = await alice.card(wang)
    await alice.says("hello all")
    await shop.calms_down()

    number = case_number(received)
    assert await alice.presses(card, "认领") == f"Case {number} is yours"
    await alice.says("/nonsense", to=wang)
    await alice.sees("There is no such command", of=wang)

    await wang.says("/language")
    choice = await wang.hears("请选择语言")
    assert [button["text"] for button in buttons(choice)] == ["中文", "English"]
    assert await wang.presses(choice, "English") == "Switched to English"
    switched = await wang.hears("in English from now on")
    assert switched["reply_keyboard"]["keyboard"][0][0]["text"] == "Make a complaint"
    await alice.says("/resolve The invoice is corrected.", to=wang)
    question = await wang.hears("The invoice is corrected.")
    assert "How satisfied" in words(question)
    await wang.says("语言")
    back = await wang.hears("请选择语言", after=question)
    await wang.presses(back, "中文")
    await wang.hears("用中文")


async def test_menu_commands_say_what_they_promise(shop: Shop) -> None:
    wang, anna = await shop.customer("王芳"), await shop.customer("Anna", language="en")

    await wang.says("/help")
    await wang.hears("/mycases 查看进度")
    await wang.says("/privacy")
    assert "删除" in words(await wang.hears("我们保存"))
    await wang.says("/mycases")
    await wang.hears("没有服务单")
    await wang.says("/whatisthis")
    await wang.hears("没有这个命令")
    await anna.says("/help")
    await anna.hears("/mycases to see where things stand")
    await anna.says("/privacy")
    await anna.hears("correct or delete it")

    await shop.calms_down()
    names = [topic["name"] for topic in await shop.telegram.topics(shop.group)]
    assert not [name for name in names if wang.name in name or anna.name in name], "only real words make a topic"


def score_button(question: dict[str, object], score: int) -> str:
    """The data behind a score's button, which may be gone by now."""
    data = [str(button["callback_data"]) for button in buttons(question)]
    return next(each for each in data if each.startswith("q:") and each.endswith(f":{score}"))
