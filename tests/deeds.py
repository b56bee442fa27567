"""What staff and customers can do, read from the code: which doors lead to which use cases, and who does them."""

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from handlers.chat.doors import Door
from handlers.chat.entrance import COMMANDS, DOORS
from models.customers import Customer
from models.work import Work

CHAT = Path(__file__).parents[1] / "handlers" / "chat"
#: What use cases are made of.
BELOW = ("handlers.speaking", "handlers.addresses", "handlers.names")
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


@cache
def _parsed(module: str) -> ast.Module:
    return ast.parse(Path(importlib.import_module(module).__file__ or "").read_text("utf-8"))


def use_cases_of(module: str) -> list[Deed]:
    """The use cases that a module of the chat names: they take a customer, or who acts."""
    return _use_cases_in(_parsed(module), module)


def use_cases_behind(door: Door) -> list[Deed]:
    """Those that a door leads to: what its function names, and what that calls of its own module, and so on."""
    do = inspect.unwrap(door.do)
    own = {name: node for node in _parsed(do.__module__).body for name in _defined(node)}
    found, ahead = {do.__name__}, [do.__name__]
    while ahead:
        called = own.keys() & _read(own[ahead.pop()])
        ahead += called - found
        found |= called
    return _use_cases_in(ast.Module([own[name] for name in sorted(found)], []), do.__module__)


def _read(node: ast.stmt) -> set[str]:
    """The names that it reads and gives no value of its own to."""
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    written = {each.id for each in names if isinstance(each.ctx, ast.Store)}
    return {each.id for each in names} - written


def _defined(node: ast.stmt) -> list[str]:
    """What a statement of a module gives a name to: a function, or a constant."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    return [each.id for each in node.targets if isinstance(each, ast.Name)] if isinstance(node, ast.Assign) else []


def _use_cases_in(tree: ast.Module, module: str) -> list[Deed]:
    names = imported(_parsed(module))
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
