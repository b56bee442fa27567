"""A questionnaire in the customer's chat: one question at a time, in one message, until it is enough."""

from models.messages import Author
from models.questionnaires import InvitationState
from tests.stories import asking
from tests.stories.asking import answers_of, ask_segment, question, resolved, runs_of
from tests.stories.shop import Customer, Shop
from tests.telegram import Json, buttons, words

PLAN = asking.PLAN


async def test_an_enquiry_is_asked_about_at_once_under_what_was_done(shop: Shop) -> None:
    wang, chen = await shop.customer("王芳"), await shop.agent("小陈")
    await resolved(shop, wang, chen, "咨询", "几点可以退房", "中午十二点前退房")

    asked = await question(wang, "满意吗")
    assert "中午十二点前退房" in words(asked), "one message: what was done, and the question"
    assert "第 1 题，共 2 题" in words(asked)
    assert [each["text"] for each in buttons(asked)] == [
        "1 非常不满意",
        "2 不满意",
        "3 一般",
        "4 满意",
        "5 非常满意",
        "不填了",
        "没有解决",
    ]
    await wang.presses(asked, "4 满意")
    await chen.sees("客户评分 4 满意", of=wang)
    why = await question(wang, "说说原因")
    assert why["message_id"] == asked["message_id"], "the same message, changed in place"
    await wang.says("回得很快")
    await wang.hears("意见我们已经记下")
    shown = await chen.sees("已填完", of=wang)
    assert "回得很快" in words(shown)
    assert "方便说说原因吗" in words(shown)
    assert "4 满意" in words(shown), "one message: the score and the reason"
    assert "已办结" in words(await chen.card(wang, "评分：4 满意 · “回得很快”"))
    await shop.calms_down()
    assert len([each for each in await told(shop, wang, "回得很快") if "问卷" in words(each)]) == 1
    (run,) = await runs_of(shop, wang)
    assert (run.state, run.csat) == (InvitationState.FINISHED, 4)
    assert await answers_of(shop, run) == {"satisfaction": [4], "reason": "回得很快"}


async def test_f53_pressed_twice_late_and_by_somebody_else(shop: Shop) -> None:
    wang, chen, zhao = await shop.customer(), await shop.agent(), await shop.customer("赵六")
    await zhao.says("/start")
    await resolved(shop, wang, chen, "咨询", "早餐几点", "七点到十点")
    asked = await question(wang, "满意吗")
    five, one = (each["callback_data"] for each in (buttons(asked)[4], buttons(asked)[2]))
    welcome = await zhao.hears("海港酒店")
    assert "失效" in await zhao.presses(welcome, five, forge=True), "another's questionnaire"
    (run,) = await runs_of(shop, wang)
    assert run.csat is None

    await shop.telegram.down(1.5)
    await shop.telegram.press(wang.user, asked, five, forge=True)
    await question(wang, "说说原因")
    await wang.presses(asked, one, forge=True)
    await shop.calms_down()

    (run,) = await runs_of(shop, wang)
    assert run.csat == 3, "the last answer counts until the end"
    assert run.state is InvitationState.STARTED
    await wang.presses(await question(wang, "说说原因"), "跳过")
    await wang.hears("意见我们已经记下")
    assert "已经结束" in await wang.presses(asked, five, forge=True)
    (run,) = await runs_of(shop, wang)
    assert run.csat == 3


async def test_an_open_answer_becomes_a_case_in_one_tap(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent("小陈")
    number = await resolved(shop, wang, chen, "咨询", "有停车位吗", "地下一层可停")
    await wang.presses(await question(wang, "满意吗"), "3 一般")
    await question(wang, "说说原因")
    await wang.says("停车场灯坏了一半")
    shown = await chen.sees("停车场灯坏了一半", of=wang, where=lambda message: "问卷" in words(message))

    assert "已开工单" in await chen.presses(shown, "转为工单")

    card = await chen.card(wang, "内容：停车场灯坏了一半")
    assert f"接续工单 {number}" in words(card)
    assert "已经转为工单" in await chen.presses(shown, "转为工单")


async def test_the_hotels_ten_questions_across_a_restart_until_it_is_enough(shop: Shop) -> None:
    li, chen = await shop.customer("李雷"), await shop.agent("小陈")
    await ask_segment(shop, li, chen, "hotel", "stay_zh")

    at = await question(li, "第 1 题，共 9 题")
    assert "感谢您入住" in words(at)
    await li.presses(at, "4 满意")
    at = await question(li, "第 2 题")
    assert [each["text"] for each in buttons(at)][:7] == [
        "1 非常费力",
        "2 费力",
        "3 有点费力",
        "4 一般",
        "5 还算轻松",
        "6 轻松",
        "7 非常轻松",
    ]
    await li.presses(at, "上一题")
    await li.presses(await question(li, "您选的是：4 满意"), "5 非常满意")
    await li.presses(await question(li, "第 2 题"), "6 轻松")
    await li.presses(await question(li, "第 3 题"), "5 非常满意")

    await question(li, "投票就在下面")
    poll = await li.hears(where=lambda message: "poll" in message)
    assert not poll["poll"]["is_anonymous"]
    await shop.calms_down()
    await shop.bot.kill()
    await shop.telegram.vote(li.id, poll["poll"]["id"], [0, 2])
    await shop.bot.restart()
    at = await question(li, "您选的是：早餐、洗衣")
    await li.presses(at, "下一题")
    at = await question(li, "第 5 题，共 10 题")
    assert "早餐" in words(at)
    await shop.calms_down()
    assert (await li.hears(where=lambda message: "poll" in message))["poll"]["is_closed"]
    await li.presses(at, "😄 很好")
    await li.presses(await question(li, "第 6 题"), "🙂 不错")
    await li.presses(await question(li, "第 7 题"), "没有")
    await question(li, "发一张照片")
    await li.says(photo=True)
    at = await question(li, "第 9 题")
    assert "0 绝对不会" in [each["text"] for each in buttons(at)]
    await chen.sees(of=li, where=lambda message: "photo" in message)

    await li.says("后面不想填了")
    await li.hears("不再往下问了")
    await li.says("以后别给我发了")
    await li.hears(after=at["message_id"], where=lambda message: "不再" in words(message) and not buttons(message))
    bill = await li.says("发票还没开")
    await chen.sees("发票还没开", of=li)
    await chen.answers("这就给您开", li)
    said = await shop.owner.says("/survey nps stay_zh")
    await shop.owner.sees("没有可以询问的客户", after=said)
    await shop.time_passes(days=4)
    await shop.calms_down()
    later = [words(each) for each in await li.chat() if each["message_id"] > bill["message_id"]]
    assert not [text for text in later if "题" in text or "满意吗" in text]
    run = next(run for run in await runs_of(shop, li) if run.questionnaire == "hotel")
    assert (run.state, run.csat) == (InvitationState.STOPPED, 5)
    assert await answers_of(shop, run) == {
        "overall": [5],
        "arrival": [6],
        "room": [5],
        "used": ["breakfast", "laundry"],
        "breakfast": [5],
        "staff": [4],
        "trouble": ["none"],
        "picture": ["photo"],
    }


async def test_the_same_in_english_to_the_last_question(shop: Shop) -> None:
    anna, chen = await shop.customer("Anna", language="en"), await shop.agent("小陈")
    await ask_segment(shop, anna, chen, "hotel", "stay_en")

    await anna.presses(await question(anna, "Question 1 of 9"), "5 Very satisfied")
    await anna.presses(await question(anna, "Question 2"), "7 Very easy")
    await anna.presses(await question(anna, "Question 3"), "4 Satisfied")
    at = await question(anna, "Question 4")
    assert "choose in the poll first" in await anna.presses(at, "Next")
    poll = await anna.hears(where=lambda message: "poll" in message)
    await shop.calms_down()
    await shop.telegram.vote(anna.id, poll["poll"]["id"], [4])
    await anna.presses(await question(anna, "You chose: None of them"), "Next")
    await anna.presses(await question(anna, "Question 5 of 9"), "😄 Very good")
    await anna.presses(await question(anna, "Question 6"), "Nothing")
    await anna.presses(await question(anna, "send a photo"), "Skip")
    await anna.presses(await question(anna, "recommend us"), "9 Very likely")
    at = await question(anna, "anything else")
    other = await anna.says("Is the pool open today?", reply_to=await anna.hears("在的"))
    await chen.sees("Is the pool open today?", of=anna, after=0)
    assert "anything else" in words(await question(anna, "anything else")), "a reply to an agent is no answer"
    await anna.says("The view was lovely")
    await anna.hears("We hope to welcome you again")
    shown = await chen.sees("The view was lovely", of=anna)
    assert "还有什么想对我们说的" in words(shown)
    summary = await chen.sees("已填完", of=anna)
    assert "9 非常可能" in words(summary)
    assert other
    said = [words(each) for each in await anna.chat() if each["message_id"] > at["message_id"]]
    assert not [text for text in said if any("一" <= c <= "鿿" for c in text)]


async def test_staff_read_their_own_words_not_the_form(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await resolved(shop, wang, chen, "咨询", "有吹风机吗", "浴室里有")
    await question(wang, "满意吗")
    await wang.says("房间有点吵")
    await chen.sees("房间有点吵", of=wang)
    assert "房间有点吵" in await shop.words_of(wang, Author.CUSTOMER)


async def test_whoever_stops_at_once_still_reads_what_was_done_and_may_say_that_it_is_not_solved(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await resolved(shop, wang, chen, "咨询", "有泳池吗", "泳池在四楼，早上六点开门")
    await wang.presses(await question(wang, "满意吗"), "不填了")

    left = await wang.hears("不再往下问了")

    assert "泳池在四楼" in words(left)
    assert [each["text"] for each in buttons(left)] == ["没有解决"]
    await wang.presses(left, "没有解决")
    await chen.card(wang, "重新处理 1 次")


async def test_a_reminder_and_the_end_leave_what_was_done_to_be_read(shop: Shop) -> None:
    anna, chen = await shop.customer("Anna", language="en"), await shop.agent()
    await anna.presses(await anna.complains("Is there a gym?"), "Question")
    await chen.says("/resolve It is on the third floor", to=anna)
    asked = await question(anna, "How satisfied")

    await shop.time_passes(days=1, minutes=1)
    old = await anna.hears("goes on below")
    assert old["message_id"] == asked["message_id"]
    assert "third floor" in words(old)
    assert [each["text"] for each in buttons(old)] == ["Not solved"]
    await question(anna, "How satisfied", after=asked)
    await shop.time_passes(days=3)
    await anna.hears("This questionnaire is over", after=asked)
    await anna.presses(old, "Not solved")
    await chen.card(anna, "重新处理 1 次")


async def test_opting_out_is_no_answer_to_an_open_question(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await resolved(shop, wang, chen, "咨询", "可以寄存行李吗", "前台可以寄存")
    await wang.presses(await question(wang, "满意吗"), "3 一般")
    await question(wang, "说说原因")

    await wang.says("以后别给我发了")

    await wang.hears("不再往下问了")
    (run,) = await runs_of(shop, wang)
    assert run.state is InvitationState.STOPPED
    assert await answers_of(shop, run) == {"satisfaction": [3]}
    await chen.sees("以后别给我发了", of=wang)


async def test_the_answers_of_somebody_who_is_banned_reach_nobody(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent()
    await resolved(shop, wang, chen, "咨询", "能带宠物吗", "不能")
    asked = await question(wang, "满意吗")
    await wang.presses(asked, "3 一般")
    await question(wang, "说说原因")
    said = await shop.owner.says("/ban 30d 辱骂客服", to=wang)
    await shop.owner.sees("辱骂客服", of=wang, after=said)

    await wang.says("你们都是骗子")
    assert "没有生效" in await wang.presses(asked, buttons(asked)[0]["callback_data"], forge=True)
    await shop.calms_down()

    (run,) = await runs_of(shop, wang)
    assert (run.csat, await answers_of(shop, run)) == (3, {"satisfaction": [3]})
    assert "你们都是骗子" in await shop.words_of(wang, Author.UNHEARD)


async def told(shop: Shop, customer: Customer, said: str) -> list[Json]:
    """The messages in the customer's topic that say so."""
    return [each for each in await shop.topic_of(customer) if said in words(each)]


async def test_staff_read_all_answers_at_the_end_once_with_a_button_for_each(shop: Shop) -> None:
    li, chen = await shop.customer("李雷"), await shop.agent("小陈")
    await ask_segment(shop, li, chen, "recovery", "unhappy")
    await li.presses(await question(li, "解决了吗"), "否")
    await question(li, "还差什么没有解决")
    await li.says("地毯还没有干")
    await li.presses(await question(li, "处理这次投诉的方式"), "4 满意")
    await li.presses(await question(li, "服务态度怎么样"), "🙂 不错")
    await question(li, "还有什么想告诉我们")
    await shop.calms_down()
    assert not await told(shop, li, "地毯还没有干"), "twenty messages a minute are few: it waits for the end"

    await li.says("空调滴水")

    shown = await chen.sees("空调滴水", of=li)
    assert "地毯还没有干" in words(shown)
    assert [each["text"] for each in buttons(shown)] == ["转为工单：地毯还没有干", "转为工单：空调滴水"]
    await chen.presses(shown, "转为工单：空调滴水")
    await chen.card(li, "空调滴水")
    await shop.calms_down()
    assert len(await told(shop, li, "地毯还没有干")) == 1


async def test_after_a_low_score_nothing_says_that_all_is_settled(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent("小陈")
    await resolved(shop, wang, chen, "咨询", "有接机吗", "接机请提前一天预约")
    asked = await question(wang, "满意吗")
    await wang.presses(asked, "1 非常不满意")

    why = await question(wang, "说说原因")
    assert "处理完毕" not in words(why)
    assert "接机请提前一天预约" in words(why)
    assert "没有解决" not in [each["text"] for each in buttons(why)]
    await chen.card(wang, "重新处理 1 次")
    await wang.presses(why, buttons(asked)[4]["callback_data"], forge=True)
    scored = await chen.sees("客户评分 5 非常满意", of=wang)
    assert "已办结" not in words(scored), "the supervisor has it"


async def test_a_reason_can_be_spoken(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent("小陈")
    number = await resolved(shop, wang, chen, "咨询", "有早餐吗", "含双早")
    await wang.presses(await question(wang, "满意吗"), "5 非常满意")
    await question(wang, "说说原因")

    await wang.says(voice=True)

    await wang.hears("意见我们已经记下")
    await chen.sees(of=wang, where=lambda message: "voice" in message)
    assert f"工单 {number}" in words(await chen.card(wang, "已办结")), "no reason to take it up again"
    (run,) = await runs_of(shop, wang)
    assert run.state is InvitationState.FINISHED
