"""A questionnaire as its file says it: the questions, in order, with their conditions and the thanks at the end."""

import hashlib
import json
import tomllib
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from models.plan.kinds import Id, Section, Text

#: What a scale goes from and to, both included.
SCALES = {"stars": (1, 5), "faces": (1, 5), "nps": (0, 10), "ces": (1, 7)}
#: What a scale can measure: satisfaction, recommendation (NPS), effort (CES).
MEASURES = {"stars": "csat", "faces": "csat", "nps": "nps", "ces": "ces"}
#: A native poll holds so many options (Telegram: 12) of so many characters (100).
MOST_OPTIONS, LONGEST_OPTION = 10, 60
LONGEST_TEXT = 300
MOST_QUESTIONS = 30

Measure = Literal["csat", "nps", "ces"]
Kind = Literal["stars", "faces", "nps", "ces", "yes_no", "choice", "several", "words", "photo"]
Version = Annotated[int, Field(ge=1, le=9999)]


class QuestionnaireError(Exception):
    """A questionnaire cannot be used; the text says every reason, one a line."""


class Option(Section):
    """One of the answers to choose from."""

    id: Id
    text: Text


class Condition(Section):
    """Whether a question is asked, by the answer to an earlier one. Several keys must all hold.

    `is` is an option's id ("yes" and "no" for yes/no); `at_most` and `at_least` are for scales.
    """

    question: Id
    is_: str | None = Field(default=None, alias="is")
    at_most: int | None = None
    at_least: int | None = None

    @property
    def said(self) -> str:
        """The condition in a few signs: "= yes, <= 3"."""
        parts = (("=", self.is_), ("<=", self.at_most), (">=", self.at_least))
        return ", ".join(f"{sign} {value}" for sign, value in parts if value is not None)

    def holds(self, value: Any) -> bool:
        """Whether an answer fulfils it; no answer does not."""
        if value is None:
            return False
        if self.is_ is not None and self.is_ not in (value if isinstance(value, list) else [value]):
            return False
        if not isinstance(value, int):
            return self.at_most is None and self.at_least is None
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)


class Question(Section):
    """One question. `measures` says that its answer is the figure of that name; NPS and CES always are theirs."""

    id: Id
    kind: Kind
    text: Text
    optional: bool = False
    options: tuple[Option, ...] = ()
    when: Condition | None = None
    measures: Measure | None = None

    @property
    def measure(self) -> str | None:
        """The figure that the answer counts for, if any."""
        return self.kind if self.kind in ("nps", "ces") else self.measures

    @property
    def scale(self) -> range:
        """The values of a scale; empty for other kinds."""
        if self.kind not in SCALES:
            return range(0)
        first, last = SCALES[self.kind]
        return range(first, last + 1)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Question":
        chosen = self.kind in ("choice", "several")
        if chosen and not 2 <= len(self.options) <= MOST_OPTIONS:
            raise ValueError(f"expected 2 to {MOST_OPTIONS} options for {self.kind}")
        if self.options and not chosen:
            raise ValueError(f"expected no options for {self.kind}; only choice and several have them")
        if len({option.id for option in self.options}) < len(self.options):
            raise ValueError("expected options with different ids")
        if any(len(text) > LONGEST_OPTION for option in self.options for text in option.text.values()):
            raise ValueError(f"expected options of at most {LONGEST_OPTION} characters")
        if any(not 0 < len(text) <= LONGEST_TEXT for text in self.text.values()):
            raise ValueError(f"expected a text of 1 to {LONGEST_TEXT} characters")
        if self.measures and MEASURES.get(self.kind) != self.measures:
            raise ValueError(f'expected measures = "csat" with stars or faces only, not "{self.measures}" here')
        return self


class Thanks(Section):
    """What is said at the end, by the first score given; without limits to everybody."""

    text: Text
    at_most: int | None = None
    at_least: int | None = None


class Questionnaire(Section):
    """A questionnaire of one version. `title` is for staff, `intro` stands above the first question."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
    version: Version
    title: Text
    intro: Text | None = None
    question: tuple[Question, ...]
    thanks: tuple[Thanks, ...] = ()

    def named(self, question_id: str | None) -> Question | None:
        """The question with that id."""
        return next((each for each in self.question if each.id == question_id), None)

    @property
    def digest(self) -> str:
        """What tells whether two definitions say the same, whatever their spaces and comments are."""
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()

    @model_validator(mode="after")
    def _hangs_together(self) -> "Questionnaire":
        if not 1 <= len(self.question) <= MOST_QUESTIONS:
            raise ValueError(f"expected 1 to {MOST_QUESTIONS} questions")
        earlier: dict[str, Question] = {}
        wrong = []
        for question in self.question:
            if question.id in earlier:
                wrong.append(f'question "{question.id}": expected an id that no other question has')
            if question.when:
                wrong += _wrong_condition(question, question.when, earlier)
            earlier[question.id] = question
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


def _wrong_condition(question: Question, when: Condition, earlier: dict[str, Question]) -> list[str]:
    """What is wrong with the condition of a question, given those before it."""
    about = earlier.get(when.question)
    named = f'question "{question.id}": when'
    if about is None:
        return [f'{named}: expected an earlier question instead of "{when.question}"']
    limits = (when.at_most, when.at_least)
    if when.is_ is None and limits == (None, None):
        return [f"{named}: expected is, at_most or at_least"]
    if limits != (None, None) and not about.scale:
        return [f'{named}: expected a question with a scale for at_most and at_least; "{about.id}" has none']
    known = {option.id for option in about.options} or ({"yes", "no"} if about.kind == "yes_no" else set())
    if when.is_ is not None and when.is_ not in known:
        return [f"{named}: expected one of {sorted(known)} for is" if known else f"{named}: expected no is here"]
    return []


def read_questionnaire(text: str, name: str = "questionnaire") -> Questionnaire:
    """The questionnaire that a TOML text says; raises QuestionnaireError with every mistake, each behind `name`."""
    try:
        return Questionnaire.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise QuestionnaireError(f"{name}: {error}") from error
    except ValidationError as error:
        lines = (f"{name}: {'.'.join(map(str, e['loc'])) or 'whole'}: {e['msg']}" for e in error.errors())
        raise QuestionnaireError("\n".join(lines)) from error


@lru_cache(maxsize=200)
def known_questionnaire(text: str) -> Questionnaire:
    """The questionnaire of a stored text, read once."""
    return read_questionnaire(text)
