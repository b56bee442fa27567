"""How much an agent's words read like talk among staff, by weights learnt from examples.

The weights (`models/data/aside_weights.toml`) are of what a line is made of (`features`); those known are summed and
divided by the root of their number (a logistic regression). They were learnt by `tests/learning.py` from lines made
up for it (`tests/samples/asides.jsonl`).
"""

import math
import re
import tomllib
from functools import cache
from importlib.resources import files
from itertools import pairwise

from models.routing.words import plain, says
from templates import LANGUAGES, word_list

#: The lists of words ([aside] in the labels) that a line is looked through for.
_LISTS = ("you", "to_customer", "courtesy", "to_colleague", "about", "rude", "trade", "work")
_RUNS = re.compile("[\u4e00-\u9fff]+|[a-z\u00df-\u024f']+|[0-9]+|[?!@]")
_NAMED = re.compile(r"(?<![\w.])@(?:[a-z0-9_.]+|[\u4e00-\u9fff]{1,3})")
_AROUND_NAME = re.compile("([\u4e00-\u9fff]) ?@|@ ?([\u4e00-\u9fff])")


def reads_like_talk(line: str) -> float:
    """How surely a `plain` line is talk among staff: above zero it rather is, below it is for the customer."""
    bias, weights = _weights()
    known = [weights[each] for each in features(line) if each in weights]
    return bias + sum(known) / math.sqrt(len(known) or 1)


def features(line: str) -> set[str]:
    """What a `plain` line is judged by: Chinese characters, two and three that stand together, Latin words, two that
    stand together, the first of all, and which lists have words in it."""
    found: set[str] = set()
    words: list[str] = []
    bare = _NAMED.sub("@", line)
    for run in _RUNS.findall(bare):
        if "\u4e00" <= run[0] <= "\u9fff":
            found |= {run[at : at + size] for size in (1, 2, 3) for at in range(len(run) - size + 1)}
        else:
            words.append("#" if run[0].isdigit() else run)
            found |= {f"{run[:size]}-" for size in (4,) if len(run) > size}
    found |= {each[0].replace(" ", "") for each in _AROUND_NAME.finditer(bare)}
    found |= {f"{word} " for word in words}
    found |= {f"{first} {second} " for first, second in pairwise(words)}
    found |= {f"^{bare[:1]}", f"^{words[0]} " if words else "^", f"{words[-1]} $" if words else "$"}
    size = len(bare.split()) if words else len(bare) // 3
    found.add(f"[size {min(size // 3, 4)}]")
    return found | _listed(bare)


def _listed(line: str) -> set[str]:
    found = {name for name in _LISTS if says(line, listed(name), listed("nobody") if name == "about" else ())}
    spoken_to = found & {"you", "courtesy", "to_customer"}
    marks = {f"[{name}]" for name in found}
    if not spoken_to:
        marks.add("[nobody is spoken to]")
        if "about" in found:
            marks.add("[about alone]")
    return marks


@cache
def listed(name: str) -> tuple[str, ...]:
    """The words of that list in all languages, which people mix."""
    return tuple(plain(each) for language in LANGUAGES for each in word_list(language, f"aside.{name}"))


@cache
def _weights() -> tuple[float, dict[str, float]]:
    found = tomllib.loads(files("models").joinpath("data/aside_weights.toml").read_text("utf-8"))
    return found["bias"], found["weights"]
