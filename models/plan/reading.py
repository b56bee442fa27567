"""From the TOML file to the plan: every mistake in one run, each with its line, its key and what is expected."""

import copy
import difflib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from models.plan.checks import Remark, Rule, remarks_on
from models.plan.checks.calling import RANGES
from models.plan.positions import Key, Place, positions
from models.plan.sections import Plan
from models.plan.wording import expected, key_words

#: How often what is wrong is left out and the rest looked at again; each round finds at least one mistake.
ROUNDS = 50
#: What stands in for a key that is missing, so that the rest of its table can be looked at.
_STAND_INS = {
    "agent": "@somebody",
    "as": "mon",
    "at": 1.0,
    "day": "2027-01-01",
    "kind": "complaint",
    "questionnaire": "csat",
    "target": 0.0,
    "tell": "manager",
    "when": "purchase",
}


class PlanError(Exception):
    """The plan file cannot be used; the text says every reason, one a line."""


@dataclass(frozen=True)
class Mistake:
    """What is wrong at a line of the file, or (`serious` is False) what its author may not have meant."""

    line: int
    key: str
    words: str
    serious: bool = True

    def __str__(self) -> str:
        warning = "" if self.serious else "warning: "
        return f"{self.line}: {warning}{self.key}{': ' if self.key else ''}{self.words}"


def examine_plan(text: str, *rules: Rule) -> tuple[Plan, list[Mistake]]:
    """The plan as far as it can be understood, and all that is to be said about it, in the order of its lines.

    `rules` are those for which one must look outside the plan.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Plan(), [_syntax(text, error)]
    places = positions(text)
    given = copy.deepcopy(data)
    plan, found = _understood(data, places, given)
    for remark in remarks_on(plan, *rules):
        if not _rests_on_a_mistake(places, remark):
            way = places.way(remark.path)
            key = key_words(remark.path, given)
            found.append(Mistake(way[-1].line, key, remark.words, remark.serious))
    return plan, sorted(set(found), key=lambda mistake: (mistake.line, mistake.key, mistake.words))


def read_plan(text: str, name: str = "plan") -> Plan:
    """The plan that a TOML text says; raises PlanError with every mistake, each behind `name` and its line."""
    plan, found = examine_plan(text)
    wrong = [f"{name}:{mistake}" for mistake in found if mistake.serious]
    if wrong:
        raise PlanError("\n".join(wrong))
    return plan


def stored_plan(text: str) -> Plan:
    """A plan that was in force once, as far as this version of the program understands it."""
    try:
        return _understood(tomllib.loads(text), Place(1))[0]
    except tomllib.TOMLDecodeError:
        return Plan()


def plan_text(path: Path) -> str:
    """The text of a plan file; raises PlanError where it cannot be read."""
    return file_text(path, "a care plan", PlanError)


def file_text(path: Path, what: str, wrong: type[Exception]) -> str:
    """The text of a file that is to be `what`; raises `wrong`, with the reason, where it cannot be read."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise wrong(f"{path}: expected {what} that can be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise wrong(f"{path}: expected a text in UTF-8 (byte {error.start} is none)") from error


def load_plan(path: Path | None) -> Plan:
    """The plan in `path`, or the default one; raises PlanError with what is wrong and what is expected."""
    return Plan() if path is None else read_plan(plan_text(path), str(path))


def examine_tables(text: str, model: type[BaseModel]) -> tuple[dict[str, Any], Place, list[Mistake]]:
    """Another file than the plan: what it says, where that stands, and what in it is not as the model has it."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return {}, Place(1), [_syntax(text, error)]
    places, found = positions(text), []
    try:
        model.model_validate(data)
    except ValidationError as error:
        for problem in error.errors():
            path = _within(data, problem["loc"])
            words = expected(problem, path, model)
            found.append(Mistake(places.way(path)[-1].line, key_words(path, data), words))
    return data, places, found


def _syntax(text: str, error: tomllib.TOMLDecodeError) -> Mistake:
    words, _, at = str(error).rpartition(" (at ")
    digits = "".join(c if c.isdigit() else " " for c in at).split()
    line = int(digits[0]) if digits else len(text.splitlines()) or 1
    shown = (text.splitlines() or [""])[min(line, len(text.splitlines()) or 1) - 1].strip()
    return Mistake(line, "", f"not TOML: {words or error}; the line reads {shown[:60]!r}")


def _understood(
    data: dict[str, Any], places: Place, given: dict[str, Any] | None = None
) -> tuple[Plan, list[Mistake]]:
    """What remains when all that is wrong is left out, and what that was.

    A table without a key that it needs is left out too, unless what was `given` is at hand: then something stands in
    for the key, so that the rest of the table can be looked at. Nobody may run such a plan.
    """
    found: list[Mistake] = []
    for _ in range(ROUNDS):
        try:
            return Plan.model_validate(data), found
        except ValidationError as error:
            problems = error.errors()
        # From the end of each list, so that what is left out moves nothing that is still to be looked at.
        for problem in sorted(problems, key=lambda each: [_order(key) for key in each["loc"]], reverse=True):
            path, missing = _within(data, problem["loc"]), problem["type"] == "missing"
            if not missing or not _spoiled(places, problem["loc"]):  # else it was there, and wrong
                words = expected(problem, path)
                found.append(Mistake(places.way(path)[-1].line, key_words(path, given or data), words))
            if missing and given is not None:
                _stand_in(data, places, problem["loc"], given)
                continue
            _leave_out(data, places, path, harmless=problem["type"] == "extra_forbidden")
            if given is not None and isinstance(path[-1], int):  # so that its indices stay those of the data
                del _at(given, path[:-1])[path[-1]]
    return Plan(), found


def _order(key: Key) -> tuple[int, str]:
    return (key, "") if isinstance(key, int) else (0, key)


def _within(data: Any, loc: Iterable[Key]) -> tuple[Key, ...]:
    """The part of a path that exists in the file: what pydantic says may go further."""
    path: list[Key] = []
    for key in loc:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            break
        path.append(key)
    return tuple(path)


def _leave_out(data: dict[str, Any], places: Place, path: tuple[Key, ...], *, harmless: bool) -> None:
    *before, last = path
    way = places.way(path)
    del _at(data, before)[last]
    if len(way) <= len(path):
        return
    if isinstance(last, int):
        way[len(before)].lost = True
        del way[len(before)].items[last]
    elif not harmless:
        way[-1].spoiled = True


def _at(data: Any, path: Iterable[Key]) -> Any:
    for key in path:
        data = data[key]
    return data


def _stand_in(data: dict[str, Any], places: Place, path: tuple[Key, ...], given: dict[str, Any]) -> None:
    """Put something that is allowed under a key that is missing."""
    *before, key = path
    _at(data, before)[key] = stand_in(str(key), _at(given, before).get(key))
    table = places.way(tuple(before))[-1]
    table.keys.setdefault(str(key), Place(table.line)).spoiled = True


def stand_in(key: str, given: Any) -> Any:
    """What is allowed under a key that some table of the plan needs, like what was given where that tells more."""
    if key == "id":
        return re.sub(r"[^a-z0-9_]", "_", str(given).casefold())[:31].lstrip("_") or "unnamed"
    if key == "metric":  # its target is looked at as that of a share, but for what was meant to be none
        return next(iter(difflib.get_close_matches(str(given).casefold(), RANGES, 1)), "csat")
    return _STAND_INS[key]


def _spoiled(places: Place, path: tuple[Key, ...]) -> bool:
    return any(place.spoiled for place in places.way(path))


def _rests_on_a_mistake(places: Place, remark: Remark) -> bool:
    for path in remark.beside:
        way = places.way(path)
        if len(way) > len(path) and way[-1].doubtful:
            return True
    return any(_spoiled(places, path) for path in (remark.path, *remark.beside))
