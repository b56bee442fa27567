"""python -m tests.learning: learn the weights by which words are told apart.

`kinds FOLDER`: complaint from praise. FOLDER holds `complaints_zh.txt` and `praise_zh.txt`, a text a line. Only the
first half of each is learnt from; the second half is what `tests/test_routing.py` measures on.
`asides`: what an agent says to colleagues from what is for the customer, by `tests/samples/asides.jsonl`.
What is written are features with their weights.
"""

import json
import math
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from handlers.said import Beside
from handlers.understanding import weighing
from models.routing import kinds
from models.routing.words import plain

DATA = Path(__file__).parents[1] / "models" / "data"
ASIDES = Path(__file__).parent / "samples" / "asides.jsonl"
ROUNDS, STEP, DECAY = 12, 0.1, 0.003


def texts(folder: Path, name: str) -> list[str]:
    return [line.strip() for line in (folder / name).read_text("utf-8").splitlines() if line.strip()]


def halves(folder: Path, name: str) -> tuple[list[str], list[str]]:
    """What is learnt from, and what is held back."""
    found = texts(folder, name)
    return found[: len(found) // 2], found[len(found) // 2 :]


def learn(yes: list[set[str]], no: list[set[str]], seen: int, kept: int) -> tuple[float, dict[str, float]]:
    """Bias and weights of a logistic regression (AdaGrad; yes and no count as much). A feature is known from so many
    texts on in which it is seen; so many of the most telling are kept."""
    often = Counter(each for found in (*yes, *no) for each in found)
    weights = {each: 0.0 for each in sorted(often) if often[each] >= seen}
    squares, bias, bias_squares = dict.fromkeys(weights, 1e-8), 0.0, 1e-8
    known = [
        (sorted(found & weights.keys()), is_yes) for group, is_yes in ((yes, True), (no, False)) for found in group
    ]
    chance = random.Random(1)
    for _ in range(ROUNDS):
        chance.shuffle(known)
        for found, is_yes in known:
            root = math.sqrt(len(found)) or 1.0
            total = bias + sum(weights[each] for each in found) / root
            error = 1 / (1 + math.exp(-total)) - is_yes
            error *= 1 if is_yes else len(yes) / len(no)
            bias_squares += error * error
            bias -= STEP * error / math.sqrt(bias_squares)
            for each in found:
                slope = error / root + DECAY * weights[each]
                squares[each] += slope * slope
                weights[each] -= STEP * slope / math.sqrt(squares[each])
    telling = sorted(weights, key=lambda each: (-abs(weights[each]) * math.sqrt(often[each]), each))[:kept]
    return round(bias, 2), {each: round(weights[each], 2) for each in sorted(telling)}


def learnt_kinds(folder: Path) -> str:
    """Above zero speaks of a complaint, below of praise."""
    complaints, praise = (halves(folder, name)[0] for name in ("complaints_zh.txt", "praise_zh.txt"))
    found = [[kinds.features(plain(text)) for text in each] for each in (complaints, praise)]
    return as_toml(*learn(found[0], found[1], seen=6, kept=1500))


def learnt_asides() -> str:
    """Above zero reads like talk among staff, below like words to the customer."""
    talk: list[set[str]] = []
    answers: list[set[str]] = []
    for line in asides():
        beside_colleague = line["context"] in (Beside.COLLEAGUE, Beside.MENTION)  # few, and they count as much
        found = [weighing.features(plain(line["text"]))] * (2 if beside_colleague else 1)
        (talk if line["internal"] else answers).extend(found)
    return as_toml(*learn(talk, answers, seen=2, kept=6000))


def asides() -> list[dict[str, Any]]:
    """Made-up lines of agents: {lang, text, context, internal}."""
    return [json.loads(line) for line in ASIDES.read_text("utf-8").splitlines()]


def as_toml(bias: float, weights: dict[str, float]) -> str:
    lines = [
        "# Made by `python -m tests.learning`. Not to be edited by hand.",
        f"bias = {bias}",
        "",
        "[weights]",
        *(f"{json.dumps(each, ensure_ascii=False)} = {weight}" for each, weight in weights.items()),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["kinds", folder]:
            (DATA / "kind_weights.toml").write_text(learnt_kinds(Path(folder)), "utf-8")
        case ["asides"]:
            (DATA / "aside_weights.toml").write_text(learnt_asides(), "utf-8")
        case _:
            sys.exit(__doc__)
