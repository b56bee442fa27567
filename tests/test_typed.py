"""Pure rules on short answers: what a typed text means under a question with buttons, and what stays words."""

import pytest

from handlers.questionnaires.spoken import answer_in
from models.questionnaires import Question

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
    "3": "ok|so-so|neutral",
    "1": "terrible|very dissatisfied|one star",
    "": "5 out of 10|4/10|4 cups are broken|5 days late|one of them broke"
    "|not yet|thanks|ok?|satisfied but the remote broke",
}  # fmt: skip


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
        "noise", "noise", "wait", None, None,
    ]  # fmt: skip


def test_open_questions_votes_and_long_texts_have_no_typed_button() -> None:
    assert answer_in(asks("words"), "5") is None
    assert answer_in(asks("photo"), "yes") is None
    assert answer_in(asks("stars"), "5" + " 谢谢" * 500_000) is None
