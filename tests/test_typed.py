"""Pure rules on short answers: what a typed text means under a question with buttons, and what stays words."""

import pytest

from handlers.questionnaires.typed_answers import answer_in
from handlers.typed import readings
from handlers.visits import typed_answers as visits
from models.questionnaires import Question
from models.questionnaires.kinds import KINDS

TYPED = {
    "stars": """
        5: 5 ５ 五 ⑤ 5️⃣ 5分 五分 5星 五星 5颗星 给5分 5分，谢谢 五星好评 好评
        5: 满分 非常满意 非常满意。 很满意,谢谢 十分满意 👍 👍🏻
        4: 4 四 4分 满意 比较满意 挺好的 不错 ⭐⭐⭐⭐ ⭐️⭐️⭐️⭐️
        3: 3 三 一般 还行
        2: 2 二 两分 两星 不满意 不太满意
        1: 1 一 １ 一星 1分! 很不满意 太差了 差评 👎
        -: 6 0 10 十 十分 -1 4.5 5? 5？ 4个杯子碎了 5分钟 三天了 满意吗 好的
        -: 谢谢 嗯 . … 还是不制冷 满意，但是遥控器坏了 1楼漏水 太差了我要投诉
    """,
    "nps": """
        10: 10 十 十分 10分 10/10 一定会
        8: 8 八 8分
        0: 0 零 0分 绝对不会
        -: 11 满意 五星 5星 10个 十个杯子
    """,
    "ces": """
        7: 7 非常轻松 很容易
        4: 4 一般
        2: 费力
        -: 8 0 3天了 满意
    """,
    "faces": """
        5: 5 😄 很好
        3: 3 一般 😐
        1: 1 很不好 差评
        -: 6 很好奇
    """,
    "yes_no": """
        yes: 是 是的 有 都好了 解决了，谢谢 yes Yes! yep
        no: 否 不是 没有 还没有解决 no nope No.
        -: 5 是吗 没有水
    """,
}
IN_ENGLISH = {
    "5": "5 stars|5 star|five stars|Five|5 out of 5|5/5|5 points|five|very satisfied|Very Satisfied!"
    "|5 Very satisfied|great, thanks",
    "4": "4|four|4 stars please|satisfied|I'd say 4|I give it 4 stars|I'm happy",
    "3": "so-so|neutral",
    "1": "terrible|very dissatisfied|one star",
    "": "5 out of 10|4/10|4 cups are broken|5 days late|one of them broke"
    "|not yet|thanks|ok?|ok|alright|satisfied but the remote broke",
}


def asks(kind: str, **facts: object) -> Question:
    return Question.model_validate({"id": "any", "kind": kind, "text": "?", **facts})


def rows() -> list[tuple[str, str, str | None]]:
    found: list[tuple[str, str, str | None]] = []
    for kind, table in TYPED.items():
        for line in table.strip().splitlines():
            value, texts = line.strip().split(": ", 1)
            found += [(kind, text, None if value == "-" else value) for text in texts.split()]
    found += [("stars", text, value or None) for value, texts in IN_ENGLISH.items() for text in texts.split("|")]
    return found


@pytest.mark.parametrize(("kind", "text", "value"), rows())
def test_a_typed_text_is_an_answer_where_it_is_nothing_else(kind: str, text: str, value: str | None) -> None:
    assert answer_in(asks(kind), text) == value


def test_one_of_several_is_chosen_by_its_own_words_in_either_language() -> None:
    options = [
        {"id": "noise", "text": {"zh": "噪音", "en": "Noise"}},
        {"id": "wait", "text": {"zh": "等候太久", "en": "Waiting"}},
    ]
    asked = asks("choice", options=options)
    assert [answer_in(asked, text) for text in ("噪音", "noise.", "等候太久了", "噪音很大", "2")] == [
        "noise",
        "noise",
        "wait",
        None,
        None,
    ]


def test_open_questions_votes_and_long_texts_have_no_typed_button() -> None:
    assert answer_in(asks("words"), "5") is None
    assert answer_in(asks("photo"), "yes") is None
    assert answer_in(asks("stars"), "5" + " 谢谢" * 500_000) is None


TO_A_VISIT = {
    "well": "好了|都好了，谢谢|嗯|没有问题|没问题|一切都好|挺好的，谢谢|👍|好的|no problem at all"
    "|everything works now|yes|It's fine, thanks|All is well|works fine now",
    "not_yet": "还没有解决|还没好|没有|不行|有问题|not yet|No|still not working|Not yet.",
    "later": "正在忙|以后再说|我现在没空|busy now|I'm busy right now, sorry|later please",
    "tomorrow": "明天|明天再说吧|tomorrow",
    "week": "下周|next week please",
    "call": "请给我打电话|打电话给我吧|call me|Please call me back",
    "stop": "不需要回访|不用回访了，谢谢|不要再问|don't need a call|Don’t ask again",
    "": "好了，但是遥控器坏了|还是不制冷，风很小|好了吗|没有水|明天上门吗|忙什么呢|请给我打电话，又漏水了|5|1"
    "|no thanks|busy line all day|yes but it leaks|call the plumber|everything works except the fan"
    "|fine?|no hot water",
}


@pytest.mark.parametrize(
    ("text", "key"), [(text, key or None) for key, texts in TO_A_VISIT.items() for text in texts.split("|")]
)
def test_short_words_under_a_visits_question_mean_a_button(text: str, key: str | None) -> None:
    assert visits.answer_in(text, of_case=True) == key


def test_a_mere_yes_or_no_is_clear_under_no_other_question() -> None:
    said = ["没有", "no", "yes", "嗯", "有问题", "还没好", "挺好的"]
    assert [visits.answer_in(text, of_case=False) for text in said] == [
        None,
        None,
        None,
        None,
        "problem",
        "problem",
        "well",
    ]


def test_a_text_of_nothing_but_polite_words_costs_little() -> None:
    assert visits.answer_in("谢谢您好的" * 8 + "漏", of_case=True) is None
    assert len(list(readings("谢谢您好的" * 8))) < 900


def test_every_kind_that_is_chosen_has_a_sample_of_typed_answers() -> None:
    assert set(TYPED) == {kind for kind, traits in KINDS.items() if traits.chosen and not traits.options}
