"""A remark on the plan, and how its words write durations and names."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from models.plan.positions import Key
from models.plan.sections import Plan

Path = tuple[Key, ...]


@dataclass(frozen=True)
class Remark:
    """What is to be said about the value at `path`. `beside` are the other values on which that rests."""

    path: Path
    words: str
    serious: bool = True
    beside: tuple[Path, ...] = ()


Rule = Callable[[Plan], Iterable[Remark]]

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def written(duration: timedelta) -> str:
    """A duration as the file writes it: "2d"."""
    seconds = duration.total_seconds()
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds and seconds % size == 0), (1, "s"))
    return f"{seconds / size:g}{unit}"


def each_of(plan: Plan, section: str, *keys: str) -> tuple[Path, ...]:
    """A list of tables, and these keys in each of them."""
    numbers = range(len(getattr(plan, section)))
    return ((section,), *((section, number, key) for number in numbers for key in keys))


def twice(section: str, names: Iterable[str], key: str = "id") -> Iterator[Remark]:
    """Names of a list that were used before."""
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in first:
            words = f"{name!r} is used twice in [[{section}]]; expected one of its own"
            yield Remark((section, index, key), words, beside=((section, first[name], key),))
        first.setdefault(name, index)
