"""Rules of the house that a machine can check. A failure says the rule and its reason."""

import ast
import inspect
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import telegram

ROOT = Path(__file__).parents[1]
ROOMS = ("bot", "handlers", "models", "templates")

UNIT_OF_WORK = "models/database.py"
GATEWAY = "bot/gateway.py"

LONGEST_MODULE = 330
LONGEST_FUNCTION = 45
# Known exceptions, "path" or "path::function", each with its reason. The list may only become shorter.
TOO_LONG: dict[str, str] = {}

CHINESE = re.compile("[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]")
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
}  # time_ns makes identifiers (models/base.py): no rule depends on them.


def modules(*rooms: str) -> list[str]:
    """Paths of the program's own modules, from the root of the checkout."""
    return sorted(str(path.relative_to(ROOT)) for room in rooms for path in (ROOT / room).rglob("*.py"))


@cache
def source(module: str) -> str:
    return (ROOT / module).read_text("utf-8")


@cache
def nodes(module: str) -> dict[type[ast.AST], list[Any]]:
    """All that the module says, by kind, in the order of `ast.walk`; the walk itself is done once."""
    found: dict[type[ast.AST], list[Any]] = defaultdict(list)
    for node in ast.walk(ast.parse(source(module), filename=module)):
        found[type(node)].append(node)
    return found


def attributes(module: str) -> Iterator[ast.Attribute]:
    return iter(nodes(module)[ast.Attribute])


def calls_of_methods(module: str) -> Iterator[tuple[str, int]]:
    """The name and line of every call that has the shape `something.name(...)`."""
    for node in nodes(module)[ast.Call]:
        if isinstance(node.func, ast.Attribute):
            yield node.func.attr, node.lineno


def methods_of_telegram() -> set[str]:
    """What sends something to Telegram: the Bot's own requests and the shortcuts on a message."""
    requests = {name for name, _ in inspect.getmembers(telegram.Bot, inspect.iscoroutinefunction) if "_" in name}
    shortcuts = {name for name in dir(telegram.Message) if name.startswith("reply_")}
    return {name for name in requests | shortcuts if not name.startswith("_")}


def test_words_for_people_stand_in_templates_not_in_code() -> None:
    found = [
        f"{module}:{number}"
        for module in modules(*ROOMS)
        for number, line in enumerate(source(module).splitlines(), start=1)
        if CHINESE.search(line)
    ]
    assert not found, f"Chinese text belongs in templates/, where a translator finds it: {found}"


def test_only_the_unit_of_work_commits() -> None:
    found = {module for module in modules(*ROOMS) for name, _ in calls_of_methods(module) if name == "commit"}
    others = found - {UNIT_OF_WORK}
    assert not others, f"Only {UNIT_OF_WORK} commits: an update takes effect whole or not at all. Found in {others}"


def test_only_the_gateway_calls_telegram() -> None:
    methods = methods_of_telegram()
    found = [
        f"{module}:{line} .{name}()"
        for module in modules(*ROOMS)
        if module != GATEWAY and not module.startswith("bot/sandbox/")
        for name, line in calls_of_methods(module)
        if name in methods
    ]
    assert not found, (
        f"Only {GATEWAY} calls Telegram: there alone limits are kept and errors are told apart. Found {found}"
    )


def use_cases() -> list[str]:
    """The modules of concepts, which any door may call."""
    return [module for module in modules("handlers") if not module.startswith("handlers/chat/")]


def api_methods() -> set[str]:
    """The methods of Telegram's API as it spells them."""
    words = (name.split("_") for name in methods_of_telegram() if not name.startswith("reply_"))
    return {first + "".join(each.capitalize() for each in rest) for first, *rest in words}


def test_only_delivery_and_the_chat_name_methods_of_telegrams_api() -> None:
    methods = api_methods()
    found = [
        f"{module}:{node.lineno} {node.value}"
        for module in use_cases()
        if not module.startswith("handlers/delivery/")
        for node in nodes(module)[ast.Constant]
        if isinstance(node.value, str) and node.value in methods
    ]
    assert not found, f"A use case says what it means in words of ours (handlers/speaking.py): {found}"


def test_no_use_case_takes_a_place_or_a_raw_update() -> None:
    found = [
        f"{module}:{node.lineno}"
        for module in use_cases()
        for node in (*nodes(module)[ast.Name], *attributes(module))
        if (isinstance(node, ast.Name) and node.id in ("Place", "Door"))
        or (isinstance(node, ast.Attribute) and node.attr in ("raw", "callback_query"))
    ]
    assert not found, f"A page, a mail or a widget has no place of the chat to hand over: {found}"


def test_only_the_worker_hears_a_refusal_for_the_transaction_is_to_end_with_it() -> None:
    found = [
        f"{module}:{node.lineno}"
        for module in modules(*ROOMS)
        for node in nodes(module)[ast.ExceptHandler]
        if node.type is not None and "Refusal" in ast.unparse(node.type)
    ]
    assert {each.partition(":")[0] for each in found} == {"bot/worker.py"}, f"A refusal rolls back its deed: {found}"


def test_rules_and_use_cases_are_told_the_time() -> None:
    found = [
        f"{module}:{node.lineno}"
        for module in modules("handlers", "models", "templates")
        if not module.startswith("models/migrations/versions/")  # which run once, at the machine's own time
        for node in attributes(module)
        if isinstance(node.value, ast.Name | ast.Attribute)
        and (node.value.id if isinstance(node.value, ast.Name) else node.value.attr, node.attr) in CLOCKS
    ]
    assert not found, f"`now` is an argument, so that a test can say what time it is: {found}"


def imported(module: str) -> Iterator[str]:
    for node in nodes(module)[ast.Import]:
        yield from (name.name for name in node.names)
    for node in nodes(module)[ast.ImportFrom]:
        if node.level == 0:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_the_sandbox_knows_nothing_of_the_bot() -> None:
    # The import contracts cannot say "every module of bot/ but the sandbox".
    found = [
        f"{module} imports {name}"
        for module in modules("bot/sandbox")
        for name in imported(module)
        if name.partition(".")[0] in ROOMS and not name.startswith("bot.sandbox")
    ]
    assert not found, f"A fault shared by the bot and its sandbox could not be seen: {found}"


def functions(module: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from nodes(module)[ast.FunctionDef]
    yield from nodes(module)[ast.AsyncFunctionDef]


def lengths() -> Iterator[tuple[str, int, int]]:
    """Every module and function with its lines and the most it may have."""
    for module in modules(*ROOMS):
        if module.startswith("models/migrations/versions/"):
            continue  # a migration is one long list of tables, written once
        yield module, len(source(module).splitlines()), LONGEST_MODULE
        for function in functions(module):
            assert function.end_lineno is not None
            lines = function.end_lineno - function.lineno + 1
            yield f"{module}::{function.name}", lines, LONGEST_FUNCTION


def test_modules_and_functions_stay_small_enough_to_read() -> None:
    too_long = {name: f"{lines} lines, {most} at most" for name, lines, most in lengths() if lines > most}
    new = {name: size for name, size in too_long.items() if name not in TOO_LONG}
    assert not new, f"Split by concept (never into utils): {new}"
    assert TOO_LONG.keys() <= too_long.keys(), "An exception is no longer needed: take it off TOO_LONG"


def test_the_readme_names_only_commands_that_exist() -> None:
    makefile = source("Makefile")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    for readme in ROOT.glob("README*.md"):
        named = set(re.findall(r"(?:^|`|\$ )make ([a-z]+)", readme.read_text("utf-8"), flags=re.MULTILINE))
        assert named <= targets, f"{readme.name} names commands that `make help` does not know"


def test_the_locks_pin_every_dependency_by_hash_and_name_no_address() -> None:
    project = tomllib.loads(source("pyproject.toml"))["project"]
    runtime, dev = project["dependencies"], project["optional-dependencies"]["dev"]
    for lock, dependencies in {"requirements.lock": runtime, "requirements-dev.lock": runtime + dev}.items():
        text = source(lock)
        names = {re.split(r"[^A-Za-z0-9-]", dependency)[0] for dependency in dependencies}
        pinned = re.findall(r"^([a-z0-9-]+)==[^\\\n]+\\\n    --hash=sha256:", text, flags=re.MULTILINE)
        assert names <= set(pinned), f"{lock} is behind pyproject.toml: run `make lock`"
        assert len(pinned) == len(re.findall(r"^[a-z0-9-]+==", text, flags=re.MULTILINE))
        assert "//" not in text, f"{lock} must work with every package index"
