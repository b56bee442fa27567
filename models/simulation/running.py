"""The simulation itself: cases arrive, wait for somebody free, and are worked on.

Whoever is free takes what is due first, the first word of a case or the rest of one, and what has an around-the-clock
standard before all else. Where the first word takes no time, the agent who says it works the case through, as Erlang
assumed. Somebody who goes home goes on with the case in the next shift. All times are minutes, as in
models/simulation/minutes.py.
"""

import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import accumulate

from models.simulation.minutes import Minutes

#: The time counted falls into so many batches; before it is a warm-up of at least the length of one.
BATCHES = 20
#: What is due when nothing is promised.
_NEVER = 1e12


@dataclass(frozen=True)
class Sort:
    """A sort of case: its share of all, the row of the findings it belongs to, and the minutes that are promised
    (None: nothing), of working time or of all time."""

    share: float
    row: int
    first_response: float | None
    resolution: float | None
    all_hours: bool


@dataclass(frozen=True)
class Crew:
    """Agents with the same hours. On duty they take around-the-clock cases only."""

    agents: int
    minutes: Minutes
    on_duty: bool = False


@dataclass(frozen=True)
class Work:
    """What a case takes, each from a draw: minutes of handling, and of waiting for others meanwhile."""

    handling: Callable[[], float]
    first_answer: float
    elsewhere: Callable[[], float] | None


class Tally:
    """What became of the cases, by row and batch; `waited` is what passed until an agent took it, in minutes of
    its standard."""

    def __init__(self, rows: int, days: int, stretch: int) -> None:
        """`days` in all, of which as many whole stretches of days are counted as there are room for."""
        counted = days - days // (BATCHES + 1)
        counted -= counted % stretch if counted >= stretch else 0
        self.batch_minutes = counted * 1440 / BATCHES
        self.warm_up = (days - counted) * 1440.0
        self.cases = [[0] * BATCHES for _ in range(rows)]
        self.responses = [[0] * BATCHES for _ in range(rows)]  # first responses in time
        self.resolutions = [[0] * BATCHES for _ in range(rows)]
        self.waited = [[0.0] * BATCHES for _ in range(rows)]
        self.handled = 0.0  # minutes of all agents but those on duty


#: A case: the moment from which its times count, on the axis of its standard (working time or all time), the index
#: of its sort, the minutes of work left (0: all of it), and its batch.
Case = tuple[float, int, float, int]


class Desk:
    """One department with its waiting cases and its crews."""

    def __init__(self, sorts: list[Sort], crews: list[Crew], working: Minutes, work: Work, tally: Tally) -> None:
        self.sorts, self.crews, self.working, self.work, self.tally = sorts, crews, working, work, tally
        #: What waits, by the moment at which it is due; with around-the-clock standards, and others.
        self.urgent: list[tuple[float, Case]] = []
        self.waiting: list[tuple[float, Case]] = []
        #: When somebody is free or comes in, of which crew, and with which case.
        self.free: list[tuple[float, int, Case | tuple[()]]] = []
        self.idle = [crew.agents for crew in crews]

    def run(self, arrivals: Iterator[float], chance: random.Random) -> None:
        """Take every case until all are done."""
        shares = list(accumulate(sort.share for sort in self.sorts))
        draw, whole, free, last = chance.random, shares[-1], self.free, len(shares) - 1
        for at in arrivals:
            while free and free[0][0] <= at:
                self.come(*heappop(free))
            self.arrive(at, min(bisect_right(shares, draw() * whole), last))
        while free:
            self.come(*heappop(free))

    def arrive(self, at: float, index: int) -> None:
        """A case comes in."""
        sort, tally = self.sorts[index], self.tally
        begun = at if sort.all_hours else self.working.worked(at)
        self.queue(sort.first_response, (begun, index, 0.0, int((at - tally.warm_up) // tally.batch_minutes)))
        for number, count in enumerate(self.idle):
            crew = self.crews[number]
            if count and (sort.all_hours or not crew.on_duty):
                self.idle[number] -= 1
                if crew.minutes.is_open(at):
                    self.take(at, number)
                    return
                # Nobody of them is in: somebody will look when they come.
                heappush(self.free, (crew.minutes.opens(at), number, ()))

    def queue(self, allowed: float | None, case: Case) -> None:
        """Let a case wait, to be taken in the order in which things are due."""
        due = case[0] + (_NEVER if allowed is None else allowed)
        heappush(self.urgent if self.sorts[case[1]].all_hours else self.waiting, (due, case))

    def come(self, at: float, number: int, rest: Case | tuple[()]) -> None:
        """Somebody of that crew is free, or comes in."""
        if rest:
            self.queue(self.sorts[rest[1]].resolution, rest)
        self.take(at, number)

    def take(self, at: float, number: int) -> None:
        """Take what is due first, if there is anything: the first word of a case or the rest of one."""
        crew = self.crews[number]
        if self.urgent:
            _, (begun, index, amount, batch) = heappop(self.urgent)
        elif self.waiting and not crew.on_duty:
            _, (begun, index, amount, batch) = heappop(self.waiting)
        else:
            self.idle[number] += 1
            return
        minutes, rest = crew.minutes, 0.0
        taken = minutes.worked(at)
        if not amount:
            amount, first = self.work.handling(), self.work.first_answer
            if not crew.on_duty:
                self.tally.handled += amount
            if 0 < first < amount:
                amount, rest = first, amount - first
            self.note_response(begun, index, batch, at, minutes.reached(taken + amount) if first else at)
        done = minutes.reached(taken + amount)
        if not rest:
            self.note_resolution(begun, index, batch, done)
        heappush(self.free, (done, number, (begun, index, rest, batch) if rest else ()))

    def note_response(self, begun: float, index: int, batch: int, taken: float, answered: float) -> None:
        """Count a first word."""
        if batch < 0:
            return
        sort, tally = self.sorts[index], self.tally
        if not sort.all_hours:
            taken, answered = self.working.worked(taken), self.working.worked(answered)
        tally.cases[sort.row][batch] += 1
        tally.waited[sort.row][batch] += taken - begun
        if sort.first_response is not None and answered - begun <= sort.first_response:
            tally.responses[sort.row][batch] += 1

    def note_resolution(self, begun: float, index: int, batch: int, done: float) -> None:
        """Count the end of a case."""
        sort = self.sorts[index]
        if batch < 0 or sort.resolution is None:
            return
        took = (done if sort.all_hours else self.working.worked(done)) - begun
        if self.work.elsewhere:
            took += self.work.elsewhere()
        if took <= sort.resolution:
            self.tally.resolutions[sort.row][batch] += 1


def arrivals_at(rates: list[float], days: int, chance: random.Random) -> Iterator[float]:
    """The moments at which cases come: a Poisson process whose rate (cases a minute) changes with the hour of the
    week."""
    draw, hours = chance.expovariate, len(rates)
    for hour in range(days * 24):
        rate = rates[hour % hours]
        if rate > 0:
            at, end = hour * 60.0, hour * 60.0 + 60.0
            while (at := at + draw(rate)) < end:
                yield at


def handling_times(mean: float, variation: float | None, chance: random.Random) -> Callable[[], float]:
    """A draw of handling times: exponential, or lognormal with that coefficient of variation."""
    if variation is None:
        rate, exponential = 1 / mean, chance.expovariate
        return lambda: exponential(rate)
    square = math.log(1 + variation**2)
    middle, width, lognormal = math.log(mean) - square / 2, math.sqrt(square), chance.lognormvariate
    return lambda: lognormal(middle, width)
