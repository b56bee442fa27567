"""python -m tests.learning FOLDER: learn the weights by which complaint and praise are told apart.

FOLDER holds `complaints_zh.txt` and `praise_zh.txt`, a text a line. Only the first half of each is learnt from; the
second half is what `tests/test_routing.py` measures on. What is written are characters and pairs with their weights.
"""

import math
import random
import sys
from collections import Counter
from pathlib import Path

from models.routing.kinds import features
from models.routing.words import plain

OUT = Path(__file__).parents[1] / "models" / "data" / "kind_weights.toml"
#: A feature is known from this many texts on; so many of the most telling are kept.
SEEN, KEPT = 6, 1500
ROUNDS, STEP, DECAY = 12, 0.1, 0.003


def texts(folder: Path, name: str) -> list[str]:
    return [line.strip() for line in (folder / name).read_text("utf-8").splitlines() if line.strip()]


def halves(folder: Path, name: str) -> tuple[list[str], list[str]]:
    """What is learnt from, and what is held back."""
    found = texts(folder, name)
    return found[: len(found) // 2], found[len(found) // 2 :]


def learn(complaints: list[str], praise: list[str]) -> tuple[float, dict[str, float]]:
    """Bias and weights of a logistic regression (AdaGrad; both kinds count as much)."""
    examples = [(features(plain(text)), True) for text in complaints]
    examples += [(features(plain(text)), False) for text in praise]
    seen = Counter(each for found, _ in examples for each in found)
    weights = {each: 0.0 for each in sorted(seen) if seen[each] >= SEEN}
    squares, bias, bias_squares = dict.fromkeys(weights, 1e-8), 0.0, 1e-8
    known = [(sorted(found & weights.keys()), is_complaint) for found, is_complaint in examples]
    chance = random.Random(1)
    for _ in range(ROUNDS):
        chance.shuffle(known)
        for found, is_complaint in known:
            root = math.sqrt(len(found)) or 1.0
            total = bias + sum(weights[each] for each in found) / root
            error = 1 / (1 + math.exp(-total)) - is_complaint
            error *= 1 if is_complaint else len(complaints) / len(praise)
            bias_squares += error * error
            bias -= STEP * error / math.sqrt(bias_squares)
            for each in found:
                slope = error / root + DECAY * weights[each]
                squares[each] += slope * slope
                weights[each] -= STEP * slope / math.sqrt(squares[each])
    telling = sorted(weights, key=lambda each: (-abs(weights[each]) * math.sqrt(seen[each]), each))[:KEPT]
    return round(bias, 2), {each: round(weights[each], 2) for each in sorted(telling)}


def main(folder: Path) -> None:
    bias, weights = learn(halves(folder, "complaints_zh.txt")[0], halves(folder, "praise_zh.txt")[0])
    lines = [
        "# Made by `python -m tests.learning`: characters and pairs of characters; above zero speaks of a complaint,",
        "# below of praise. Not to be edited by hand.",
        f"bias = {bias}",
        "",
        "[weights]",
        *(f'"{each}" = {weight}' for each, weight in weights.items()),
    ]
    OUT.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
