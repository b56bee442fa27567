"""A questionnaire as its file says it: the questions, in order, with their conditions and the thanks at the end."""

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from models.plan.kinds import Id, Section, Text
from models.questionnaires.kinds import KINDS, Measure, Traits

#: A native poll holds so many options (Telegram: 12) of so many characters (100).
MOST_OPTIONS, LONGEST_OPTION = 10, 60
LONGEST_TEXT = 300
MOST_QUESTIONS = 30

if TYPE_CHECKING:
    Kind = str
else:
    Kind = Literal[tuple(KINDS)]
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
    """One question. `measures` says that its answer is the figure of that name; `nps` and `ces` always are theirs."""

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
        return self.traits.measure if self.traits.always else self.measures

    @property
    def traits(self) -> Traits:
        """What its kind says of it."""
        return KINDS[self.kind]

    @property
    def scale(self) -> range:
        """The values of a scale; empty for other kinds."""
        return self.traits.scale

    @property
    def option_ids(self) -> tuple[str, ...]:
        """The ids of the answers to choose from, where they are no scale."""
        return self.traits.values or tuple(option.id for option in self.options)


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
