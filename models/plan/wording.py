"""How a mistake is said to whoever wrote the plan: the key as they know it, and what is expected there."""

import difflib
import inspect
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from models.plan.positions import Key
from models.plan.sections import Plan

_EXPECTED = {
    "string_type": "a text in quotes",
    "string_sub_type": "a text in quotes",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "tuple_type": "a list in [ ]",
    "list_type": "a list in [ ]",
    "dict_type": "a table in { }",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number of at least {ge:g}",
    "less_than": "a number below {lt:g}",
    "less_than_equal": "a number of at most {le:g}",
    "finite_number": "a number",
}
_PATTERNS = {
    r"^[a-z0-9][a-z0-9_]{0,30}$": 'an id of at most 31 small letters, digits and _, such as "vip"',
    r"^[a-z][a-z0-9_]{0,30}$": 'at most 31 small letters, digits and _, a letter first, such as "after_stay"',
    r"^@?\w+$": 'a name such as "@name"',
    r"^(case_resolved|case_closed|purchase|silence|tier|event:\S{1,40})$": (
        "one of case_resolved, case_closed, purchase, silence, tier, or event: and a name"
    ),
}


def key_words(path: tuple[Key, ...], data: Any) -> str:
    """A path as its author knows it: `tier[vip].first_response`, `visit[2].when` (counted from 1)."""
    words = ""
    for key in path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            data = None
        if isinstance(key, int):
            named = (
                data.get("id") or data.get("questionnaire") or data.get("metric") if isinstance(data, dict) else None
            )
            words += f"[{named if isinstance(named, str) else key + 1}]"
        else:
            words += f".{key}" if words else key
    return words


def expected(problem: Any, path: tuple[Key, ...], whole: type[BaseModel] = Plan) -> str:
    """What pydantic found, in words: what is expected, and what was meant where that can be guessed."""
    kind, context, value = problem["type"], problem.get("ctx") or {}, problem["input"]
    if kind == "extra_forbidden":
        return f"unknown key{meant(str(path[-1]), list(known_keys(path[:-1], whole)))}"
    if kind == "missing":
        return f"{problem['loc'][-1]} is missing"
    if kind == "literal_error":
        choices = [each.strip("'") for each in context["expected"].replace(" or ", ", ").split(", ")]
        return f"expected one of {', '.join(choices)}{_instead(value)}{meant(str(value), choices, all_of_them=False)}"
    if kind == "string_pattern_mismatch":
        return f"expected {_PATTERNS.get(context['pattern'], context['pattern'])}{_instead(value)}"
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind].format(**context)}{_instead(value)}"
    words = str(context.get("error") or problem["msg"])
    return words + (_instead(value) if words.startswith("expected") else "")


def _instead(value: Any) -> str:
    if isinstance(value, str | int | float | bool):
        shown = (
            str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, str) else str(value)
        )
        return f", not {shown[:60]}"
    return ""


def meant(word: str, known: list[str], *, all_of_them: bool = True) -> str:
    """ "; did you mean X?", or else which there are."""
    close = difflib.get_close_matches(word, known, 1, 0.6)
    if close and close[0] != word:
        return f"; did you mean {close[0]}?"
    return f"; there are {', '.join(known)}" if all_of_them and known else ""


def known_keys(path: tuple[Key, ...], whole: type[BaseModel] = Plan) -> Iterator[str]:
    """The keys of the table at that path of a whole file."""
    model: type[BaseModel] | None = whole
    for key in path:
        if isinstance(key, str) and model is not None:
            fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
            model = next(models_in(fields.get(key)), None)
    if model is not None:
        yield from (field.alias or name for name, field in model.model_fields.items())


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The tables of which a type is made."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from models_in(part)
