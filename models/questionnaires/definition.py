"""A questionnaire as its file says it: the questions, in order, with their conditions and the thanks at the end."""

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import Field

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
