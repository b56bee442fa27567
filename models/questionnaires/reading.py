"""From the TOML file to the questionnaire: every mistake in one run, with its line, its key and what is expected."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.plan.reading import Mistake, examine_tables, file_text
from models.plan.wording import key_words, meant
from models.questionnaires.definition import (
    LONGEST_OPTION,
    LONGEST_TEXT,
    MOST_OPTIONS,
    MOST_QUESTIONS,
    Condition,
    Question,
    Questionnaire,
)
from models.questionnaires.kinds import KINDS

Remark = tuple[str, str]  # the key of the question that is wrong, and what is to be said


class QuestionnaireError(Exception):
    """A questionnaire cannot be used; the text says every reason, one a line."""


def questionnaire_text(path: Path) -> str:
    """The text of a questionnaire's file; raises QuestionnaireError where it cannot be read."""
    return file_text(path, "a questionnaire", QuestionnaireError)


def read_questionnaire(text: str, name: str = "questionnaire") -> Questionnaire:
    """The questionnaire that a TOML text says; raises QuestionnaireError with every mistake, each behind `name` and
    its line."""
    found = examine_questionnaire(text)
    if isinstance(found, Questionnaire):
        return found
    raise QuestionnaireError("\n".join(f"{name}:{mistake}" for mistake in found))


@lru_cache(maxsize=200)  # a start reads each file three times: whether it is sound, what it says, its key
def examine_questionnaire(text: str) -> Questionnaire | list[Mistake]:
    """The questionnaire, or all that is wrong with it, in the order of its lines."""
    data, places, found = examine_tables(text, Questionnaire)
    given = data.get("question", [{}])
    if isinstance(given, list) and not 1 <= len(given) <= MOST_QUESTIONS:
        line = places.way(("question",))[-1].line
        found.append(Mistake(line, "question", f"expected 1 to {MOST_QUESTIONS} questions"))
    known: dict[str, Question | None] = {}  # those before; None for one in which something else is wrong
    for index, each in enumerate(given if isinstance(given, list) else []):
        question, wrong = _understood(each)
        for key, words in (*_unfit(question), *_astray(question, known)) if question else ():
            if key not in wrong:
                path = ("question", index, key)
                found.append(Mistake(places.way(path)[-1].line, key_words(path, data), words))
        if isinstance(each, dict) and "id" in each:
            known[str(each["id"])] = question if "options" not in wrong else None
    if found:
        return sorted(set(found), key=lambda mistake: (mistake.line, mistake.key, mistake.words))
    return Questionnaire.model_validate(data)


def _understood(given: Any) -> tuple[Question | None, set[Any]]:
    """A question without the keys whose values are wrong, and those keys; None where it cannot be without them."""
    wrong: set[Any] = set()
    for _ in range(2):
        try:
            return Question.model_validate(given), wrong
        except ValidationError as error:
            wrong = {problem["loc"][0] for problem in error.errors() if problem["loc"]}
        if isinstance(given, dict):
            given = {key: value for key, value in given.items() if key not in wrong}
    return None, wrong


def _unfit(question: Question) -> Iterator[Remark]:
    """What does not fit the kind of a question."""
    options = question.options
    wants = question.traits.options
    if wants and not 2 <= len(options) <= MOST_OPTIONS:
        yield "options", f"expected 2 to {MOST_OPTIONS} options for {question.kind}"
    if options and not wants:
        those = " and ".join(kind for kind, traits in KINDS.items() if traits.options)
        yield "options", f"expected no options for {question.kind}; only {those} have them"
    if len({option.id for option in options}) < len(options):
        yield "options", "expected options with different ids"
    if any(not 0 < len(text) <= LONGEST_OPTION for option in options for text in option.text.values()):
        yield "options", f"expected options of 1 to {LONGEST_OPTION} characters"
    if any(not 0 < len(text) <= LONGEST_TEXT for text in question.text.values()):
        yield "text", f"expected a text of 1 to {LONGEST_TEXT} characters"
    if question.measures and question.traits.measure != question.measures:
        yield "measures", f'expected measures = {_measuring()}, not "{question.measures}" here'


def _measuring() -> str:
    """Which figure the kinds measure that measure where the file says so: "csat" with these only, ..."""
    kinds: dict[str, list[str]] = {}
    for kind, traits in KINDS.items():
        if traits.measure and not traits.always:
            kinds.setdefault(traits.measure, []).append(kind)
    return ", ".join(f'"{measure}" with {" or ".join(those)} only' for measure, those in kinds.items())


def _astray(question: Question, known: dict[str, Question | None]) -> Iterator[Remark]:
    """What does not fit the questions before."""
    if question.id in known:
        yield "id", "expected an id that no other question has"
    when = question.when
    if when is None:
        return
    about = known.get(when.question)
    if when.question not in known:
        yield "when", f'expected an earlier question instead of "{when.question}"{meant(when.question, list(known))}'
    elif when.is_ is None and (when.at_most, when.at_least) == (None, None):
        yield "when", "expected is, at_most or at_least"
    elif about is not None:
        yield from _unanswerable(when, about)


def _unanswerable(when: Condition, about: Question) -> Iterator[Remark]:
    """What the question that a condition is about cannot be answered."""
    if (when.at_most, when.at_least) != (None, None) and not about.scale:
        yield "when", f'expected a question with a scale for at_most and at_least; "{about.id}" has none'
    known = sorted(set(about.option_ids))
    if when.is_ is not None and when.is_ not in known:
        choices = f"expected one of {', '.join(known)} for is, not {when.is_!r}"
        yield "when", choices + meant(when.is_, known, all_of_them=False) if known else "expected no is here"


@lru_cache(maxsize=200)
def known_questionnaire(text: str) -> Questionnaire:
    """The questionnaire of a stored text, read once."""
    return read_questionnaire(text)
