"""Which kind of matter words speak of: by listed words, and for longer texts by weights learnt from examples.

The weights (`models/data/kind_weights.toml`) tell complaint from praise: those of the characters and pairs of
characters in a text, each counted once, are summed and divided by the root of their number (a logistic regression).
They were learnt by `tests/learning.py` from the first half of its examples. On the second half, with the lists of
words, precision and recall are 0.92 and 0.58 for complaints, 0.80 and 0.58 for praise (the lists alone: 0.93 and
0.18, 0.71 and 0.23).
"""

import math
import re
import tomllib
from functools import cache
from pathlib import Path

from models.cases import CaseKind
from models.routing.words import count, plain

#: Of kinds that as many words speak for, the first is taken.
_ORDER = (CaseKind.COMPLAINT, CaseKind.REQUEST, CaseKind.SUGGESTION, CaseKind.ENQUIRY, CaseKind.PRAISE)
_FILE = Path(__file__).parents[1] / "data" / "kind_weights.toml"
#: So many known characters and pairs a text needs, and so far from the middle its sum must be, to be judged at all.
LEAST, SURE = 12, 0.7
_CHINESE = re.compile("[\u4e00-\u9fff]+")


def kind_of(words: str, lists: dict[CaseKind, tuple[str, ...]]) -> CaseKind | None:
    """The kind that the text speaks of; None where nothing says.

    What asks for something (a repair, an answer, a change) is that; complaint and praise are weighed where the text
    is long enough, and are otherwise what most of the listed words say.
    """
    text = plain(words)
    counts = {kind: count(text, lists[kind]) for kind in _ORDER}
    best = max(_ORDER, key=lambda kind: counts[kind])
    listed = best if counts[best] else None
    if listed not in (None, CaseKind.COMPLAINT, CaseKind.PRAISE):
        return listed
    return _weighed(text) or listed


def features(text: str) -> set[str]:
    """The Chinese characters of a `plain` text, and every two that stand together."""
    runs = _CHINESE.findall(text)
    return {run[at : at + size] for run in runs for size in (1, 2) for at in range(len(run) - size + 1)}


@cache
def _weights() -> tuple[float, dict[str, float]]:
    found = tomllib.loads(_FILE.read_text("utf-8"))
    return found["bias"], found["weights"]


def _weighed(text: str) -> CaseKind | None:
    bias, weights = _weights()
    known = [weights[each] for each in features(text) if each in weights]
    if len(known) < LEAST:
        return None
    total = bias + sum(known) / math.sqrt(len(known))
    if abs(total) < SURE:
        return None
    return CaseKind.COMPLAINT if total > 0 else CaseKind.PRAISE
