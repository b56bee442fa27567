"""Figures of a simulation: which share of the promises was kept, and how sure that is."""

import math
from dataclasses import dataclass
from datetime import timedelta
from statistics import stdev

from models.simulation.promises import Promised
from models.simulation.running import BATCHES, Tally

#: The share of promises that is to be kept.
TARGET = 0.95
#: The share of so many cases is taken as it is.
MANY = 1000
#: For 95 % on both sides: Student's t with one degree of freedom less than there are batches, and the normal's.
_STUDENT, _NORMAL = 2.093, 1.96


@dataclass(frozen=True)
class Figure:
    """A mean with half the width of its 95 % confidence interval, by the method of batch means; None where a batch of
    the time has no case. `count` is the number of cases."""

    mean: float
    half_width: float | None
    count: int

    @property
    def too_low(self) -> bool:
        """Whether this share misses the target; of few cases only where chance does not explain it (Wilson 1927)."""
        if self.count >= MANY:
            return self.mean < TARGET
        square = _NORMAL**2 / self.count
        width = _NORMAL * math.sqrt(self.mean * (1 - self.mean) / self.count + square / self.count / 4)
        return (self.mean + square / 2 + width) / (1 + square) < TARGET


@dataclass(frozen=True)
class Broken:
    """A promise that is kept too rarely: whose, which ("first response", "resolution"), and the share kept."""

    row: str
    what: str
    times: tuple[timedelta, ...]
    around_the_clock: bool
    kept: Figure

    @property
    def name(self) -> tuple[str, str]:
        """What it is called, whatever the figures are."""
        return self.row, self.what


@dataclass(frozen=True)
class Kept:
    """For those of one row: what is promised, and the share of cases for which it was kept (None: no promise).

    `waited` is the time until an agent took the case, in minutes of working time, or of all time around the clock.
    """

    row: str
    standard: Promised
    cases: int
    first_response: Figure | None
    resolution: Figure | None
    waited: Figure

    @property
    def broken(self) -> list[Broken]:
        """The promises that are kept too rarely."""
        promises = (
            ("first response", self.standard.first_response, self.first_response),
            ("resolution", self.standard.resolution, self.resolution),
        )
        clock = self.standard.around_the_clock
        return [Broken(self.row, what, times, clock, kept) for what, times, kept in promises if kept and kept.too_low]


def kept(tally: Tally, rows: dict[str, Promised]) -> list[Kept]:
    """The findings of each row that had cases."""
    found = []
    for number, (row, standard) in enumerate(rows.items()):
        cases = tally.cases[number]
        if sum(cases):
            response = _figure(tally.responses[number], cases) if standard.first_response else None
            resolution = _figure(tally.resolutions[number], cases) if standard.resolution else None
            found.append(Kept(row, standard, sum(cases), response, resolution, _figure(tally.waited[number], cases)))
    return found


def _figure(sums: list[int] | list[float], cases: list[int]) -> Figure:
    total = sum(cases)
    if not all(cases):
        return Figure(sum(sums) / total, None, total)
    means = [each / count for each, count in zip(sums, cases, strict=True)]
    return Figure(sum(sums) / total, _STUDENT * stdev(means) / math.sqrt(BATCHES), total)
