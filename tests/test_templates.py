"""Every word for people: the same in both languages, safe with any value, and within Telegram's limits."""

import ast
import itertools
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, meta

import templates
from bot.sandbox.entities import from_html, units
from handlers.chat.content import COPIED, DESCRIBED, FORWARDED
from models.cases import CaseKind, CaseState
from models.customers import NAME_LIMIT
from models.staff import Role
from templates import LANGUAGES, SIGN, has_label, label, message_names, render
from tests import samples

ROOT = Path(__file__).parents[1]
TEXT_LIMIT, ANSWER_LIMIT, BUTTON_LIMIT, DESCRIPTION_LIMIT = 4096, 200, 64, 256  # of the Bot API

HOSTILE = (
    "<3",
    "_x_ *y* `z`",
    "</b><a href='x'>",
    "&amp;&lt;",
    "{{ 7*7 }}",
    "{number}",
    "\u202eevil",
    '" onclick="',
    "长",
    "👨‍👩‍👧‍👦",
    " ",
    "a" * 64,
)
#: How long a value can be, in UTF-16 units, where it is longer than a name.
LONGEST = {"summary": 2500, "comment": 500, "subject": 60, "text": 3000, "reason": 300, "link": 40, "group": 128}
#: Messages for customers that quote what staff wrote to them; staff read some as a form, without the quotation.
QUOTES_FOR_CUSTOMERS = frozenset(
    f"questionnaires/{name}" for name in ("continued", "expired", "finished", "question", "stopped", "withdrawn")
) | {"cases/not_solved", "standards/promised"}
#: Values in which a customer's own words stand within a message for staff.
OF_CUSTOMERS = frozenset(("answer", "comment", "lines", "note", "subject", "text"))
#: Messages that are nothing but a text of ours, tell people their own words, or hold what an agent wrote.
OURS = frozenset(
    ("customers/plain", "staff/plain", "routing/read_out", "cases/mine", "visits/ask", "visits/subject_set")
) | {"customers/parted_unsent", "delivery/wrong_recipient", "private/shown"}
KINDS = [kind.value for kind in CaseKind]
#: Values that are not free text: each is tried.
CHOICES: dict[str, list[Any]] = {
    "number": [1001, 999_999_999],
    "kind": [*KINDS, None],
    "suggested": [None, *KINDS],
    "state": [state.value for state in CaseState],
    "score": [1, 2, 3, 4, 5],
    "scores": [[], [5, 4, 3, 2, 1]],
    "language": list(LANGUAGES),
    "role": [role.value for role in Role],
    "trouble": ["kicked", "not_admin", "no_topics", "no_rights"],
    "numbers": [[1001], list(range(1001, 1101))],
    "opened": ["11-21 17:40"],
    "parent": [None, 1001],
    "past": [0, 99],
    "reopened": [0, 3],
    "customer": [7],
    "sent": [1],
    "wanted": [10],
    "unreachable": [False, True],
    "ask": [False, True],
    "closed": [False, True],
    "plain": [False, True],
    "update": ["12345"],
    "commands": [[{"name": f"command{number}", "words": "w" * 60} for number in range(40)]],
    "where": ["topic", "general", "private"],
}


@cache
def source(language: str, name: str) -> str:
    """A message as it is written: a sentence as if it were a file, its inserts in double braces."""
    if sentence := templates.labels(language)["message"].get(name):
        return re.sub(r"{(\w+)}", r"{{ \1 }}", sentence)
    return (ROOT / "templates" / language / f"{name}.html").read_text("utf-8")


@cache
def variables(language: str, name: str) -> frozenset[str]:
    """What a template has to be given."""
    environment = Environment(autoescape=True)
    environment.filters["within"] = templates.within
    tree = environment.parse(source(language, name))
    return frozenset(meta.find_undeclared_variables(tree) - {"word", "has"})


def options(name: str, key: str, text: str) -> list[Any]:
    """Values to try for a variable: those of the stem's own samples, else the common ones, else the text."""
    own = samples.STEMS.get(name.partition("/")[0], {})
    found = own.get(f"{name.partition('/')[2]}.{key}", own.get(key, CHOICES.get(key, [text])))
    return [each(text) if callable(each) else each for each in found]


def chosen(name: str, wanted: frozenset[str]) -> set[str]:
    """The variables for which the stem's samples have values of their own, none of them free text."""
    stem, _, message = name.partition("/")
    own = samples.STEMS.get(stem, {})
    found = {key: own.get(f"{message}.{key}", own.get(key, [str])) for key in wanted}
    return {key for key, choices in found.items() if not any(callable(each) for each in choices)}


def values(name: str, wanted: frozenset[str], text: str) -> Iterator[dict[str, Any]]:
    """Values for a template, each choice at least once, with `text` wherever text is free."""
    kinds = {"messages/described": [*COPIED, *FORWARDED, *DESCRIBED, "pinned_message", "hologram"]}
    choices = {key: kinds[name] if key == "kind" and name in kinds else options(name, key, text) for key in wanted}
    if "cases" in wanted:
        choices["cases"] = [
            [
                {
                    "number": 1001,
                    "state": state,
                    "subject": text[:60],
                    "opened": "11-21 17:40",
                    "due_what": due,
                    "due": "11-21 17:40",
                    "late": late,
                }
                for _ in range(10)
            ]
            for state in CHOICES["state"]
            for due, late in ((None, False), ("resolution", False), ("first_response", True), ("promise", False))
        ]
    for number in range(max(map(len, choices.values()), default=1)):
        yield {key: options[number % len(options)] for key, options in choices.items()}


def says_free_text(name: str, wanted: frozenset[str]) -> bool:
    """Whether any value depends on the text; where none does, every text makes the same message."""
    return list(values(name, wanted, "a")) != list(values(name, wanted, "b"))


def labels(language: str) -> dict[str, Any]:
    found = templates.labels(language)
    return {f"{section}.{key}": text for section, texts in found.items() for key, text in texts.items()}


def test_every_message_is_there_in_every_language_with_the_same_variables() -> None:
    names = message_names("zh")
    for language in LANGUAGES:
        assert message_names(language) == names
        for name in names:
            assert variables(language, name) == variables("zh", name), f"{language}/{name}"


def test_a_message_of_one_sentence_is_no_file() -> None:
    for path in (ROOT / "templates" / "zh").rglob("*.html"):
        name = path.relative_to(ROOT / "templates" / "zh").with_suffix("").as_posix()
        texts = [source(language, name).strip() for language in LANGUAGES]
        marked = re.compile(r"\n|{%|<\w|{{ \w+\W*[^ \w}]")
        if name != "customers/language":  # one text in all languages
            assert any(marked.search(text) for text in texts), f"{name} is a line under [message] of a labels.toml"


def test_every_label_is_there_in_every_language_with_the_same_inserts() -> None:
    for language in LANGUAGES:
        assert labels(language).keys() == labels("zh").keys()
        for key, text in labels(language).items():
            other = labels("zh")[key]
            assert type(text) is type(other), key
            if isinstance(text, str):
                assert set(re.findall(r"{\w*}", text)) == set(re.findall(r"{\w*}", other)), key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", message_names("zh"))
def test_f36_a_message_is_valid_whatever_its_values_are(language: str, name: str) -> None:
    wanted, written = variables(language, name), source(language, name)
    free = wanted - CHOICES.keys() - {"cases"} - chosen(name, wanted)
    as_it_is = [key for key in free if f"{{{{ {key} }}}}" in written and "{% else %}" not in written]
    for text in HOSTILE if says_free_text(name, wanted) else HOSTILE[:1]:
        for given in values(name, wanted, text):
            shown, _ = from_html(render(language, name, given))
            for key in as_it_is:
                assert given[key].strip() in shown, f"{key} is not shown as it is"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", message_names("zh"))
def test_f37_a_message_is_within_telegrams_limit_with_the_longest_values(language: str, name: str) -> None:
    wanted = variables(language, name)
    free = wanted - CHOICES.keys() - {"cases"} - chosen(name, wanted)
    letters = ("&", "长")
    for letter in letters if free or says_free_text(name, wanted) else letters[:1]:
        for given in values(name, wanted, letter * 60):
            longest = {key: letter * LONGEST.get(key, NAME_LIMIT) for key in free}
            shown, _ = from_html(render(language, name, {**given, **longest}))
            assert units(shown) <= TEXT_LIMIT


def with_words(found: Any, words: str, key: str = "") -> Any:
    """The values with those words wherever a customer's may stand."""
    if isinstance(found, dict):
        return {name: with_words(value, words, name) for name, value in found.items()}
    if isinstance(found, list):
        return [with_words(each, words, key) for each in found]
    return words if isinstance(found, str) and key in OF_CUSTOMERS else found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", message_names("zh"))
def test_s22_no_message_for_staff_looks_like_a_customers_words_nor_they_like_it(language: str, name: str) -> None:
    wanted = variables(language, name)
    for given in [{}] if not wanted else values(name, wanted, "a"):
        shown = render(language, name, given)
        assert SIGN not in shown
        assert name in QUOTES_FOR_CUSTOMERS or "<blockquote" not in shown
        hostile = with_words(given, f"a\n\n{SIGN}\ufe0f Case 1001: closed")
        if name not in OURS | QUOTES_FOR_CUSTOMERS:
            forged = render(language, name, hostile)
            assert SIGN not in forged
            assert len(forged.splitlines()) == len(render(language, name, with_words(given, "a")).splitlines())


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_fit_where_they_are_shown(language: str) -> None:
    for key, text in labels(language).items():
        section = key.partition(".")[0]
        if section in ("toast", "refusal"):
            filled = re.sub(r"{\w+}", "长" * NAME_LIMIT, text)
            assert units(filled) <= ANSWER_LIMIT, f"{key} does not fit into an answer to a press"
        if section in ("button", "score", "kind", "keyboard", "language"):
            assert units(text) <= BUTTON_LIMIT, f"{key} does not fit on a button"
        if section.endswith("_menu"):
            assert 1 <= units(text) <= DESCRIPTION_LIMIT, f"{key} does not fit into the menu"


def test_every_choice_that_code_makes_has_its_label() -> None:
    for language in LANGUAGES:
        for section, keys in {
            "kind": KINDS,
            "state": CHOICES["state"],
            "customer_state": CHOICES["state"],
            "score": [str(score) for score in CHOICES["score"]],
            "role": CHOICES["role"],
            "trouble": CHOICES["trouble"],
            "language_names": LANGUAGES,
            "content": [*COPIED, *FORWARDED, *DESCRIBED],
        }.items():
            missing = [key for key in keys if not has_label(language, f"{section}.{key}")]
            assert not missing, f"{language}: no label for {section}.{missing}"


@cache
def code() -> str:
    """The program's own modules, all of them."""
    rooms = ("bot", "handlers", "models")
    paths = itertools.chain.from_iterable((ROOT / room).rglob("*.py") for room in rooms)
    return "\n".join(path.read_text("utf-8") for path in paths)


@cache
def strings() -> frozenset[str]:
    """Every string in the program, f-strings with {} for what is filled in."""
    found = set()
    for node in ast.walk(ast.parse(code())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            found.add("".join(p.value if isinstance(p, ast.Constant) else "{}" for p in node.values))  # type: ignore[misc]
    return frozenset(found)


def test_every_message_and_label_that_code_names_is_there() -> None:
    stems = {name.partition("/")[0] for name in message_names("zh")}
    named = {each for each in strings() if re.fullmatch(r"[a-z]+/[a-z_]+", each) and each.partition("/")[0] in stems}
    assert named <= set(message_names("zh"))
    refusals = {f"refusal.{key}" for key in re.findall(r'Refusal\(\s*"(\w+)"', code())}
    sections = {key.partition(".")[0] for key in labels("zh")}
    dotted = {
        each for each in strings() if re.fullmatch(r"[a-z_]+\.[a-z_]+", each) and each.partition(".")[0] in sections
    }
    for key in refusals | dotted:
        assert key in labels("zh"), key


def test_no_message_and_no_label_is_left_over() -> None:
    said = strings() | {source("zh", name) for name in message_names("zh")}
    everything = "\n".join(said)
    unused = [name for name in message_names("zh") if name not in said]
    assert not unused, f"nobody says {unused}"
    by_choice = re.findall(r"([a-z_]+)\.(?:\{\}|\" ~)", everything)
    left_over = [
        key
        for key in labels("zh")
        if key not in everything
        and key.partition(".")[0] not in {*by_choice, "refusal", "toast", "message"}
        and not key.startswith(("customer_command.", "command."))
    ]
    assert not left_over, f"nobody says {left_over}"
    refusals = [key for key in labels("zh") if key.startswith("refusal.") and f'"{key[8:]}"' not in code()]
    assert not refusals, f"nobody refuses with {refusals}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_chinese_and_english_do_not_mix(language: str) -> None:
    chinese = re.compile("[\u4e00-\u9fff]")
    for name in message_names(language):
        text = re.sub(r"{[{%].*?[%}]}", "", source(language, name))
        if name != "customers/language":  # which everybody has to understand
            assert bool(chinese.search(text)) == (language == "zh") or not text.strip(), name
    assert chinese.search(label("zh", "language.name"))
    assert not chinese.search("".join(str(text) for text in labels("en").values()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_of_a_questionnaire_sets_answers_apart_from_questions(language: str) -> None:
    lines = [{"question": "How did we handle this?", "answer": "4 Satisfied"}]
    values = {"title": "After a case", "number": 1001, "state": "finished", "lines": lines}
    assert "How did we handle this?\n<b>4 Satisfied</b>" in render(language, "questionnaires/answers", values)
