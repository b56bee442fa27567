"""What staff and customers can do, read from the code: which doors lead to which use cases, and who does them."""

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from handlers.chat.entrance import COMMANDS, DOORS
from models.customers import Customer
from models.work import Work

CHAT = Path(__file__).parents[1] / "handlers" / "chat"
#: What use cases are made of.
BELOW = ("handlers.speaking", "handlers.addresses")
Deed = Callable[..., Any]


def name_of(deed: Deed) -> str:
    """A use case as people read it: "routing.assigning.assign"."""
    return f"{deed.__module__.removeprefix('handlers.')}.{deed.__name__}"


@cache
def doors_of() -> dict[str, list[str]]:
    """By module of the chat: its commands and the names of its other doors."""
    found: dict[str, list[str]] = {}
    commands = {each.door().name: f"/{each.name}" for each in COMMANDS}
    for door in DOORS:
        module = inspect.unwrap(door.do).__module__
        said = commands.get(door.name, door.name)
        found.setdefault(module, [])
        if said not in found[module]:
            found[module].append(said)
    return found


def imported(tree: ast.Module) -> dict[str, str]:
    """What a module calls what it imports from handlers."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("handlers"):
            found |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    return found


def _named(node: ast.AST, names: dict[str, str]) -> str:
    """The full name of what is meant; "" for what is none of ours."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    known = names.get(node.id, "") if isinstance(node, ast.Name) else ""
    return ".".join([known, *parts]) if known else ""


def _find(name: str) -> Deed | None:
    """The function of that name; None for what is none."""
    found: Any = importlib.import_module("handlers")
    for part in name.split(".")[1:]:
        if (found := getattr(found, part, None)) is None:
            return None
    return found if inspect.isfunction(found) else None


def use_cases_of(module: str) -> list[Deed]:
    """The use cases that a module of the chat names: they take a customer, or who acts."""
    tree = ast.parse(Path(importlib.import_module(module).__file__ or "").read_text("utf-8"))
    names = imported(tree)
    found: dict[str, Deed] = {}
    for node in ast.walk(tree):
        deed = _find(name) if (name := _named(node, names)) else None
        if deed is not None and _is_use_case(deed):
            found[name_of(deed)] = deed
    return [found[name] for name in sorted(found)]


def _is_use_case(deed: Deed) -> bool:
    if not deed.__module__.startswith("handlers.") or deed.__module__.startswith(("handlers.chat", *BELOW)):
        return False
    given = list(inspect.signature(deed, eval_str=True).parameters.values())
    if not given or given[0].annotation is not Work:
        return False
    return any(each.name == "by" or each.annotation is Customer for each in given[1:])


def modules() -> Iterator[str]:
    for path in sorted(CHAT.glob("*.py")):
        if path.stem != "__init__":
            yield f"handlers.chat.{path.stem}"
