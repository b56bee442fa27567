"""Questionnaires as files: what a definition may say, the way through one, and how mistakes are told."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.definitions import usable
from bot.questionnaires import cli
from bot.settings import Settings
from handlers.questionnaires.runs import Run, is_pressing
from models.cases import Case, CaseKind
from models.customers import Customer
from models.plan import Plan
from models.questionnaires import KINDS, Invitation, Questionnaire, QuestionnaireError, read_questionnaire
from models.questionnaires.path import asked, closing_words, following, is_answer, preceding, progress, scores
from templates import LANGUAGES, has_label, label, word_list

SHIPPED = sorted((Path(__file__).parents[1] / "templates" / "questionnaires").glob("*.toml"))
MINIMAL = """
key = "small"
version = 1
title = { zh = "小", en = "Small" }
[[question]]
id = "first"
kind = "stars"
text = "?"
"""


def shipped(key: str) -> Questionnaire:
    return read_questionnaire(next(path for path in SHIPPED if path.stem == key).read_text("utf-8"))


def test_every_questionnaire_that_comes_with_the_program_is_named_by_its_key_and_speaks_both_languages() -> None:
    assert {path.stem for path in SHIPPED} == {"csat", "nps", "ces", "recovery", "welcome", "periodic", "hotel"}
    for path in SHIPPED:
        found = read_questionnaire(path.read_text("utf-8"), path.name)
        assert found.key == path.stem
        for text in (found.title, *(each.text for each in found.question), *(each.text for each in found.thanks)):
            assert set(text) == {"zh", "en"}
            assert text["zh"] != text["en"]


def test_a_hotel_asks_ten_questions() -> None:
    assert len(shipped("hotel").question) == 10


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("version = 1", "version = 0"), "version: "),
        (('kind = "stars"', 'kind = "starz"'), "small.toml:7: question[first].kind: expected one of stars, "),
        (('key = "small"', 'key = "Small One"'), "key: "),
        (('text = "?"', 'text = ""'), "expected a text of 1 to 300 characters"),
        (('text = "?"', 'text = { de = "?" }'), "expected a text, or one per language"),
        (('text = "?"', 'text = "?"\ncolour = "red"'), "small.toml:9: question[first].colour: unknown key"),
        (('text = "?"', 'text = "?"\noptions = [{ id = "a", text = "A" }]'), "expected no options for stars"),
        (('kind = "stars"', 'kind = "several"'), "expected 2 to 10 options for several"),
        (('text = "?"', 'text = "?"\nmeasures = "nps"'), 'expected measures = "csat" with stars or faces only'),
        (('text = "?"', 'text = "?"\nwhen = { question = "later", is = "yes" }'), 'instead of "later"'),
    ],
)
def test_a_mistake_is_told_with_what_is_expected(change: tuple[str, str], said: str) -> None:
    with pytest.raises(QuestionnaireError) as caught:
        read_questionnaire(MINIMAL.replace(*change), "small.toml")
    assert said in str(caught.value)
    assert all(re.match(r"small\.toml:\d+: ", line) for line in str(caught.value).splitlines())


def test_every_mistake_is_told_not_only_the_first() -> None:
    text = MINIMAL.replace("version = 1", "version = 0").replace('"stars"', '"starz"')
    with pytest.raises(QuestionnaireError) as caught:
        read_questionnaire(text)
    assert len(str(caught.value).splitlines()) == 2


def test_what_is_no_toml_at_all_is_told_with_its_line() -> None:
    with pytest.raises(QuestionnaireError, match="questionnaire:2: not TOML"):
        read_questionnaire("key = 1\nversion = =\n")


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ('{ question = "first", is = "yes" }', "expected no is here"),
        ('{ question = "first" }', "expected is, at_most or at_least"),
        ('{ question = "second", is = "yes" }', 'instead of "second"'),
    ],
)
def test_a_condition_that_cannot_hold_is_a_mistake(condition: str, said: str) -> None:
    more = f'[[question]]\nid = "second"\nkind = "yes_no"\ntext = "?"\nwhen = {condition}\n'
    with pytest.raises(QuestionnaireError, match=said):
        read_questionnaire(MINIMAL + more)


def test_comments_and_spaces_make_no_other_definition_but_words_do() -> None:
    same = read_questionnaire("# a comment\n" + MINIMAL)
    assert same.digest == read_questionnaire(MINIMAL).digest
    assert same.digest != read_questionnaire(MINIMAL.replace('"?"', '"??"')).digest


def test_a_question_is_asked_only_where_its_condition_holds() -> None:
    hotel = shipped("hotel")
    assert "breakfast" not in [each.id for each in asked(hotel, {})]
    answers: dict[str, Any] = {"overall": 5, "arrival": 7, "room": 4, "used": ["breakfast", "gym"]}
    after = following(hotel, answers, "used")
    assert after is not None
    assert after.id == "breakfast"
    without = following(hotel, {**answers, "used": ["gym"]}, "used")
    assert without is not None
    assert without.id == "staff"


def test_back_leads_to_the_question_before_and_not_to_a_hidden_one() -> None:
    hotel = shipped("hotel")
    before = preceding(hotel, {"used": ["gym"]}, "staff")
    assert before is not None
    assert before.id == "used"
    assert preceding(hotel, {}, "overall") is None


def test_progress_counts_what_is_asked() -> None:
    assert progress(shipped("hotel"), {}, "room") == (3, 9)
    assert progress(shipped("hotel"), {"used": ["breakfast"]}, "staff") == (6, 10)


def test_the_answer_to_a_question_that_is_hidden_again_counts_for_nothing() -> None:
    recovery = shipped("recovery")
    assert scores(recovery, {"solved": "yes", "left": None, "satisfaction": 2}) == {"csat": 2}
    periodic = shipped("periodic")
    assert [each.id for each in asked(periodic, {"satisfaction": 5, "trouble": "price"})] == ["satisfaction", "wish"]


def test_thanks_go_by_the_score() -> None:
    csat = shipped("csat")
    low, high = closing_words(csat, {"satisfaction": 1}), closing_words(csat, {"satisfaction": 5})
    assert low is not None
    assert high is not None
    assert "sorry" in low["en"]
    assert "sorry" not in high["en"]


@given(st.text(max_size=5))
def test_s10_a_forged_button_is_no_answer(value: str) -> None:
    for question in shipped("hotel").question:
        found = is_answer(question, value)
        good = {str(each) for each in question.scale} | {option.id for option in question.options}
        assert found is None or str(found) in good | {"yes", "no"}


@given(st.data())
def test_whatever_is_answered_the_way_ends_and_no_question_comes_twice(data: st.DataObject) -> None:
    questionnaire = shipped(data.draw(st.sampled_from([path.stem for path in SHIPPED])))
    answers: dict[str, Any] = {}
    seen: list[str] = []
    at = following(questionnaire, answers, None)
    while at is not None:
        assert at.id not in seen
        seen.append(at.id)
        options = [option.id for option in at.options]
        if at.scale:
            answers[at.id] = data.draw(st.sampled_from(at.scale))
        elif at.kind == "several":
            answers[at.id] = data.draw(st.lists(st.sampled_from(options), unique=True))
        elif at.kind in ("choice", "yes_no"):
            answers[at.id] = data.draw(st.sampled_from(options or ["yes", "no"]))
        else:
            answers[at.id] = None
        assert progress(questionnaire, answers, at.id)[0] == len(seen)
        at = following(questionnaire, answers, at.id)
    assert seen == [each.id for each in asked(questionnaire, answers)]


# -- files


def test_check_says_that_a_questionnaire_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(MINIMAL, "utf-8")
    result = CliRunner().invoke(cli, ["check", str(tmp_path / "small.toml")])
    assert result.exit_code == 0
    assert "small, version 1, 1 question." in result.output


def test_check_says_every_mistake_and_fails(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(MINIMAL.replace("version = 1", "version = 0"), "utf-8")
    result = CliRunner().invoke(cli, ["check", str(tmp_path / "small.toml")])
    assert result.exit_code == 1
    assert "small.toml:3: version: expected a number of at least 1, not 0" in result.output
    missing = CliRunner().invoke(cli, ["check", str(tmp_path / "other.toml")])
    assert missing.exit_code == 1
    assert "other.toml: expected a questionnaire that can be read (No such file or directory)" in missing.output
    assert "come with the program: ces, csat," in missing.output


def test_check_counts_as_people_do_and_guesses_what_was_meant_all_in_one_run(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(
        """\
key = "small"
version = 0
[[question]]
id = "first"
kind = "starz"
text = "?"
[[question]]
kind = "words"
text = "?"
[[question]]
id = "third"
kind = "words"
text = ""
measures = "csat"
when = { question = "first", atmost = 3 }
[[question]]
id = "fourth"
kind = "yes_no"
text = "?"
when = { question = "thirt", is = "yes" }
[[question]]
id = "fifth"
kind = "words"
text = "?"
when = { question = "first", at_most = 3 }
[[question]]
id = "sixth"
kind = "words"
text = "?"
when = { question = "fourth", is = "yess" }
""",
        "utf-8",
    )
    result = CliRunner().invoke(cli, ["check", str(path)])
    assert result.exit_code == 1
    assert result.output.replace(str(path), "f").splitlines() == [
        "f:1: title is missing",
        "f:2: version: expected a number of at least 1, not 0",
        f"f:5: question[first].kind: expected one of {', '.join(KINDS)}, not 'starz'; did you mean stars?",
        "f:7: question[2]: id is missing",
        "f:13: question[third].text: expected a text of 1 to 300 characters",
        'f:14: question[third].measures: expected measures = "csat" with stars or faces only, not "csat" here',
        "f:15: question[third].when.atmost: unknown key; did you mean at_most?",
        'f:20: question[fourth].when: expected an earlier question instead of "thirt"; did you mean third?',
        "f:30: question[sixth].when: expected one of no, yes for is, not 'yess'; did you mean yes?",
        "f: 9 mistakes.",
    ]


@pytest.mark.parametrize("command", ["check", "preview"])
def test_a_questionnaire_of_the_program_is_called_by_its_name(command: str) -> None:
    result = CliRunner().invoke(cli, [command, "csat"])
    assert result.exit_code == 0, result.output
    assert {"check": "csat, version", "preview": "满意吗"}[command] in result.output


def test_preview_shows_the_chat_in_both_languages_with_every_button() -> None:
    result = CliRunner().invoke(cli, ["preview", str(next(path for path in SHIPPED if path.stem == "hotel"))])
    assert result.exit_code == 0
    for words in (
        "第 1 题，共 9 题",
        "[5 非常满意]",
        "( ) 早餐",
        "[跳过] [不填了]",
        "Question 1 of 9",
        "[Stop here]",
    ):
        assert words in result.output, words
    assert "(used: = breakfast)" in result.output


def test_a_folder_beside_the_plan_adds_questionnaires_and_a_bad_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "questionnaires"
    folder.mkdir()
    (folder / "small.toml").write_text(MINIMAL, "utf-8")
    (folder / "bad.toml").write_text("key = 1", "utf-8")
    (tmp_path / "plan.toml").write_text("", "utf-8")
    settings = Settings.model_construct(plan_file=tmp_path / "plan.toml")

    texts, wrong = usable(settings)

    assert str(folder / "small.toml") in texts
    assert len(texts) == len(SHIPPED) + 1
    assert all("bad.toml" in line for line in wrong)
    assert wrong


@pytest.mark.parametrize(
    ("csat", "nps", "kind", "recovering", "expected"),
    [
        (None, None, "enquiry", False, False),
        (4, 9, "enquiry", False, False),
        (2, None, "enquiry", False, True),
        (None, 6, "enquiry", False, True),
        (None, None, "complaint", False, True),
        (5, None, "enquiry", True, True),
    ],
)
def test_words_of_a_complaint_or_after_a_low_score_do_not_wait_for_the_end(
    csat: int | None, nps: int | None, kind: str, recovering: bool, expected: bool
) -> None:
    at = datetime(2026, 11, 23, 2, tzinfo=UTC)
    customer = Customer(id=1, name="Anna", language="en", created_at=at, recovering_since=at if recovering else None)
    case = Case(id=1001, customer_id=1, group_id=1, kind=CaseKind(kind), opened_at=at, last_customer_at=at)
    invitation = Invitation(
        customer_id=1, questionnaire="csat", version=1, rule="wave", occurrence="1", due_at=at, csat=csat, nps=nps
    )
    run = Run(invitation, Questionnaire.model_construct(), customer, case, Plan(), {})
    assert is_pressing(run) is expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_kind_of_question_has_its_words_in_every_language(kind: str, language: str) -> None:
    """A new kind is a row of the table, its words in each language, and a sample of typed answers."""
    traits = KINDS[kind]
    values = [*map(str, traits.scale), *traits.values]
    assert bool(values) + traits.options + bool(traits.takes) == 1, "one way to answer it"
    for value in values:
        shown = label(language, traits.labels.format(value))
        assert 0 < len(shown) <= 64, "as much as a button holds"
        assert not traits.typed or word_list(language, traits.typed.format(value)), f"nobody types {value}"
    for content in traits.takes:
        assert content == "text" or has_label(language, f"content.{content}")
    if traits.takes or traits.poll:
        assert has_label(language, f"question_hint.{kind}"), "the customer reads what to do"
        assert has_label(language, f"form_hint.{kind}"), "and so does an agent who asks for them"
