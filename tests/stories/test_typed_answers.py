"""Customers who type where they could tap: the same follows as from the button."""

from sqlmodel import select

from models.cases import Case
from models.messages import Author
from models.questionnaires import InvitationState
from tests.stories import asking
from tests.stories.asking import answers_of, ask_segment, question, resolved, runs_of, scored, supervisor
from tests.stories.shop import Shop
from tests.telegram import buttons, words

PLAN = asking.PLAN


async def case_numbered(shop: Shop, number: int) -> Case:
    found: Case = (await shop.stored(select(Case).where(Case.id == number)))[0]
    return found


async def test_five_typed_is_five_stars_and_reopens_nothing(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent("小陈")
    number = await resolved(shop, wang, chen, "咨询", "几点开门", "九点开门")
    asked = await question(wang, "满意吗")

    said = await wang.says("5分")

    why = await question(wang, "说说原因")
    assert why["message_id"] == asked["message_id"], "changed in place, as by the press"
    await chen.sees("5分", of=wang)
    await chen.sees("客户评分 5 非常满意", of=wang)
    await shop.calms_down()
    case = await case_numbered(shop, number)
    assert (case.state, case.reopened_count) == ("closed", 0)
    assert "5分" in await shop.words_of(wang, Author.CUSTOMER)
    assert not [each for each in await wang.chat() if each["message_id"] > said["message_id"]]
    (run,) = await runs_of(shop, wang)
    assert (run.csat, run.state) == (5, InvitationState.STARTED)


async def test_one_star_typed_in_english_reopens_as_the_press_would(shop: Shop) -> None:
    await supervisor(shop)
    anna, chen = await shop.customer("Anna", language="en"), await shop.agent("小陈")
    number = await resolved(shop, anna, chen, "Question", "When do you open?", "We open at nine")
    await question(anna, "How satisfied")

    await anna.says("one star")

    await chen.sees("1", of=anna, where=lambda message: "评价" in words(message) or "评分" in words(message))
    await question(anna, "tell us why")
    await shop.calms_down()
    case = await case_numbered(shop, number)
    assert (case.state, await scored(shop, number), case.reopened_count) == ("open", 1, 1)
    row = await anna.row()
    assert row.recovering_since is not None
    assert not [each for each in await shop.words_of(anna, Author.BOT) if "working on" in each and "again" in each]


async def test_words_that_say_more_stay_words(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent("小陈")
    number = await resolved(shop, wang, chen, "咨询", "杯子怎么配", "可以配")
    await question(wang, "满意吗")

    await wang.says("4个杯子碎了")

    await wang.hears("已重新开始处理")
    case = await case_numbered(shop, number)
    assert case.state == "open"
    (run,) = await runs_of(shop, wang)
    assert (run.csat, run.state) == (None, InvitationState.CANCELLED)


async def test_a_number_for_the_agent_is_no_score(shop: Shop) -> None:
    wang, chen = await shop.customer(), await shop.agent("小陈")
    number = await resolved(shop, wang, chen, "咨询", "有椅子吗", "有的")
    await question(wang, "满意吗")
    await chen.answers("您要几把？", wang)

    await wang.says("4")

    await chen.sees("4", of=wang)
    await wang.hears("已重新开始处理")
    assert await scored(shop, number) is None


async def test_the_hotels_stars_effort_and_faces_typed_one_after_the_other(shop: Shop) -> None:
    li, chen = await shop.customer("李雷"), await shop.agent("小陈")
    await ask_segment(shop, li, chen, "hotel", "stay_zh")
    await question(li, "第 1 题，共 9 题")

    await li.says("4")
    await question(li, "第 2 题")
    await li.says("9")  # not on this scale: words for staff
    await chen.sees("9", of=li)
    await li.says("非常轻松")
    await question(li, "第 3 题")
    await li.says("五星")
    await question(li, "投票就在下面")

    run = next(run for run in await runs_of(shop, li) if run.questionnaire == "hotel")
    assert await answers_of(shop, run) == {"overall": [4], "arrival": [7], "room": [5]}
    assert run.csat == 4


async def test_ten_typed_recommends_us(shop: Shop) -> None:
    anna, chen = await shop.customer("Anna", language="en"), await shop.agent("小陈")
    await ask_segment(shop, anna, chen, "nps", "stay_en")
    asked = await question(anna, "How likely")

    await anna.says("10")

    why = await question(anna, "main reason")
    assert why["message_id"] == asked["message_id"]
    assert "10 Certainly" not in [each["text"] for each in buttons(why)]
    run = next(run for run in await runs_of(shop, anna) if run.questionnaire == "nps")
    assert run.nps == 10
