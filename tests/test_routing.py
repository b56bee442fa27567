"""The rules of routing, without a database: what words suggest, and who is to have a case."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.understanding import suggest
from models.cases import CaseKind
from models.plan import read_plan
from models.routing.choosing import Candidate, choose
from models.routing.words import alarm_of, department_of, is_graver, plain, says, severity_of
from tests.learning import halves

#: Examples of complaints and praise, a text a line, which are not part of the project.
EXAMPLES = Path(__file__).parents[2] / "shared" / "data"

PLAN = read_plan("""
[[department]]
id = "service"
kinds = ["complaint", "request"]
keywords = ["漏水", "broken"]
[[department]]
id = "hotel"
kinds = ["complaint"]
keywords = ["房间"]
[[department]]
id = "advice"
kinds = ["enquiry", "suggestion", "praise"]
[[severity]]
id = "critical"
keywords = ["受伤", "起火", "fire", "injured"]
except = ["没受伤", "没有受伤", "not injured", "没有人受伤"]
around_the_clock = true
[[severity]]
id = "serious"
keywords = ["漏水", "flood"]
[[severity]]
id = "normal"
[[alarm]]
id = "authority"
keywords = ["12315", "sue", "律师"]
""")


@pytest.mark.parametrize(
    ("words", "severity"),
    [
        ("有人受伤了", "critical"),
        ("没有受伤，就是漏水", "serious"),
        ("没有人受伤", None),
        ("大人没有受伤，孩子受伤了", "critical"),
        ("没受伤，可是起火了", "critical"),
        ("漏水，起火", "critical"),
        ("ＦＩＲＥ！", "critical"),
        ("There was a Fire in the kitchen", "critical"),
        ("my fireplace is fine", None),
        ("nobody was not\n injured", None),
        ("受伤" + "，好" * 50_000, "critical"),
        ("", None),
    ],
)
def test_the_gravest_severity_that_no_exception_excuses(words: str, severity: str | None) -> None:
    found = severity_of(PLAN, words)
    assert (found and found.id) == severity


@pytest.mark.parametrize(
    ("words", "alarms"),
    [
        ("我打12315", True),
        ("我打１２３１５", True),
        ("订单20231231500", False),
        ("I will sue you", True),
        ("an issue with it", False),
        ("找律师", True),
    ],
)
def test_latin_words_and_numbers_are_taken_whole(words: str, alarms: bool) -> None:
    assert (alarm_of(PLAN, words) is not None) == alarms


@given(st.text(), st.lists(st.text(min_size=1), max_size=4), st.lists(st.text(min_size=1), max_size=4))
def test_an_exception_never_makes_a_word_that_was_not_there(text: str, words: list[str], excuses: list[str]) -> None:
    if says(plain(text), tuple(words), tuple(excuses)):
        assert says(plain(text), tuple(words))


def test_a_severity_is_graver_the_earlier_it_stands_in_the_plan() -> None:
    assert is_graver(PLAN, "critical", "serious")
    assert is_graver(PLAN, "normal", None)
    assert not is_graver(PLAN, "serious", "critical")
    assert not is_graver(PLAN, "serious", "serious")
    assert not is_graver(PLAN, "gone from the plan", None)


def test_the_department_comes_from_confirmed_kind_then_words_then_suggestion() -> None:
    assert department_of(PLAN, "praise", "complaint", "漏水") == "advice"
    assert department_of(PLAN, None, "praise", "厨房漏水") == "service"
    assert department_of(PLAN, None, "request", "装灯") == "service"
    assert department_of(PLAN, None, None, "你好") == "advice", "what nobody knows is an enquiry"
    assert department_of(PLAN, "complaint", None, "房间很吵") == "hotel", "of two for a kind, the one for the words"
    assert department_of(PLAN, "complaint", None, "很吵") == "service"
    assert department_of(read_plan(""), "complaint", None, "漏水") is None


def test_danger_is_no_enquiry() -> None:
    found = suggest(PLAN, "the kitchen is on fire", None)
    assert (found.kind, found.severity, found.department) == (None, "critical", "service")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("我要投诉你们", CaseKind.COMPLAINT),
        ("This is unacceptable", CaseKind.COMPLAINT),
        ("请问几点关门", CaseKind.ENQUIRY),
        ("灯不亮了，要维修", CaseKind.REQUEST),
        ("建议多开一个窗口", CaseKind.SUGGESTION),
        ("师傅很热情，非常感谢", CaseKind.PRAISE),
        ("well done, excellent service", CaseKind.PRAISE),
        ("在吗", None),
        ("order 17", None),
    ],
)
def test_words_suggest_a_kind(words: str, kind: CaseKind | None) -> None:
    assert suggest(PLAN, words, None).kind is kind


@pytest.mark.skipif(
    not EXAMPLES.is_dir(), reason="the examples complaints_zh.txt and praise_zh.txt are not beside the checkout"
)
def test_complaint_and_praise_are_told_apart_on_the_half_that_was_held_back() -> None:
    complaints, praise = halves(EXAMPLES, "complaints_zh.txt")[1], halves(EXAMPLES, "praise_zh.txt")[1]
    figures = {}
    for kind, own, others in (("complaint", complaints, praise), ("praise", praise, complaints)):
        right = sum(suggest(PLAN, text, None).kind == kind for text in own)
        wrong = sum(suggest(PLAN, text, None).kind == kind for text in others)
        figures[kind] = (right / (right + wrong), right / len(own))
    print({kind: f"precision {p:.3f}, recall {r:.3f}" for kind, (p, r) in figures.items()})
    assert figures["complaint"][0] > 0.9
    assert figures["complaint"][1] > 0.55
    assert figures["praise"][0] > 0.77
    assert figures["praise"][1] > 0.55


candidates = st.lists(
    st.builds(Candidate, st.integers(1, 9), st.integers(0, 4), st.integers(0, 9), st.booleans()),
    max_size=6,
    unique_by=lambda each: each.staff_id,
)
rules = st.sampled_from(["least_loaded", "round_robin", "claim"])


@given(rules, candidates, st.integers(1, 4) | st.none(), st.lists(st.integers(1, 9), max_size=2))
def test_whoever_is_chosen_is_there_and_has_room(
    rule: str, found: list[Candidate], capacity: int | None, preferred: list[int]
) -> None:
    chosen = choose(rule, found, capacity, preferred)  # type: ignore[arg-type]
    free = {each.staff_id: each for each in found if capacity is None or each.load < capacity}
    ordinary = [each for each in free.values() if each.ordinary]
    known = [each for each in preferred if each in free]
    if known:
        assert chosen == known[0]
    elif rule == "claim" or not ordinary:
        assert chosen is None
    else:
        least = min(each.load if rule == "least_loaded" else each.turn for each in ordinary)
        assert chosen is not None
        assert (free[chosen].load if rule == "least_loaded" else free[chosen].turn) == least
