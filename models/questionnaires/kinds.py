"""The kinds of question, in one table: a new kind is one row here and its words in the labels of each language."""

from dataclasses import dataclass
from typing import Literal

Measure = Literal["csat", "nps", "ces"]
#: What a figure runs over; a kind with another scale measures none.
FIGURES: dict[Measure, range] = {"csat": range(1, 6), "nps": range(11), "ces": range(1, 8)}


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What tells one kind of question from another; whoever asks, shows or reads an answer looks here.

    It is answered by what it has: a `scale` of numbers in the order of the buttons, or `values` of its own, or the
    `options` that the file gives, of which a native `poll` takes several (an agent ticks them in the form); else by
    content that it `takes` (kinds of `handlers/chat/content.py`). `measure` is the figure that an answer can count
    for, which has its scale (FIGURES): `always`, or where the file says so.

    `labels` names the label of a value on its button ("nps.{}"), `typed` the list of words that mean the value
    beside those on the button; `in_a_row` is how many buttons stand side by side, and with `stars` a row of stars,
    or "five stars", is an answer. What to do stands under the question where a label `question_hint.<kind>` (for an
    agent `form_hint.<kind>`) says it.
    """

    scale: range = range(0)
    values: tuple[str, ...] = ()
    options: bool = False
    poll: bool = False
    takes: tuple[str, ...] = ()
    measure: Measure | None = None
    always: bool = False
    labels: str = ""
    typed: str = ""
    in_a_row: int = 1
    stars: bool = False

    def __post_init__(self) -> None:
        if self.measure and self.scale != FIGURES[self.measure]:
            raise ValueError(f"{self.measure} runs over {FIGURES[self.measure]}, not over {self.scale}")

    @property
    def spoken(self) -> bool:
        """Whether words answer it, whatever they are."""
        return "text" in self.takes

    @property
    def chosen(self) -> bool:
        """Whether one of several buttons answers it, so that typed words may mean one of them."""
        return bool(self.scale or self.values or self.options) and not self.poll


#: Every kind by the name that a file calls it.
KINDS: dict[str, Traits] = {
    "stars": Traits(scale=range(1, 6), measure="csat", labels="score.{}", typed="stars_words.{}", stars=True),
    "faces": Traits(scale=range(1, 6), measure="csat", labels="faces.{}", typed="stars_words.{}", stars=True),
    "nps": Traits(scale=range(11), measure="nps", always=True, labels="nps.{}", in_a_row=2),
    "ces": Traits(scale=range(1, 8), measure="ces", always=True, labels="ces.{}", typed="ces_words.{}"),
    "yes_no": Traits(values=("yes", "no"), labels="yes_no.{}", typed="yes_no_words.{}", in_a_row=2),
    "choice": Traits(options=True),
    "several": Traits(options=True, poll=True),
    "words": Traits(takes=("text", "voice")),
    "photo": Traits(takes=("photo",)),
}
