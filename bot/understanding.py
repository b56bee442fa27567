"""The command `huifang understand`: what would become of lines, by the code that the bot runs."""

import json
from collections.abc import Callable

from handlers.said import Beside
from handlers.understanding.asides import whom_for


def judge(lines: str, tell: Callable[[str], object]) -> int:
    """Tell one JSON object for each line that is given, in the same order; returns how many could not be read.

    Each has `goes` ("customer", "colleagues" or "held"), or `error`. A context that we do not know is a plain one.
    """
    known = {beside.value: beside for beside in Beside}
    wrong = 0
    for line in lines.removesuffix("\n").split("\n"):
        try:
            given = json.loads(line)
            found = {"goes": whom_for(given["text"], known.get(given.get("context"), Beside.PLAIN)).value}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            found, wrong = {"error": f"{type(error).__name__}: {error}"}, wrong + 1
        tell(json.dumps(found, ensure_ascii=False))
    return wrong
