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

#: The time simulated falls into so many batches, after a warm-up of at least the length of one.
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
    """What became of the cases, by row and batch; `waited` is working time until an agent took the case."""

    def __init__(self, rows: int, days: int) -> None:
        length = days // (BATCHES + 1)
        self.batch_minutes = (length // 7 * 7 or length) * 1440.0
        self.warm_up = days * 1440.0 - BATCHES * self.batch_minutes
        self.cases = [[0] * BATCHES for _ in range(rows)]
        self.responses = [[0] * BATCHES for _ in range(rows)]  # first responses in time
        self.resolutions = [[0] * BATCHES for _ in range(rows)]
        self.waited = [[0.0] * BATCHES for _ in range(rows)]
        self.handled = 0.0  # minutes of all agents but those on duty


#: A case in hand between the first word and the rest: when it arrived, the index of its sort, minutes of work left.
Rest = tuple[float, int, float] | tuple[()]


class Desk:
    """One department with its waiting cases and its crews."""

    def __init__(self, sorts: list[Sort], crews: list[Crew], working: Minutes, work: Work, tally: Tally) -> None:
        self.sorts, self.crews, self.working, self.work, self.tally = sorts, crews, working, work, tally
        self.waiting: list[tuple[float, float, int, float]] = []  # due, arrived, sort, minutes left (0: all of it)
        self.urgent: list[tuple[float, float, int, float]] = []
        self.free: list[tuple[float, int, Rest]] = []  # when somebody is free or comes in, of which crew, with what
        self.idle = [crew.agents for crew in crews]

    def run(self, arrivals: Iterator[float], chance: random.Random) -> None:
        """Take every case until all are done."""
        shares = list(accumulate(sort.share for sort in self.sorts))
        draw, whole, free = chance.random, shares[-1], self.free
        for at in arrivals:
            while free and free[0][0] <= at:
                self.come(*heappop(free))
            self.arrive(at, min(bisect_right(shares, draw() * whole), len(shares) - 1))
        while free:
            self.come(*heappop(free))

    def arrive(self, at: float, index: int) -> None:
        """A case comes in."""
        sort = self.sorts[index]
        self.queue(sort.first_response, at, index, 0.0)
        for number, count in enumerate(self.idle):
            crew = self.crews[number]
            if count and (sort.all_hours or not crew.on_duty):
                self.idle[number] -= 1
                if crew.minutes.is_open(at):
                    self.take(at, number)
                    return
                # Nobody of them is in: somebody will look when they come.
                heappush(self.free, (crew.minutes.opens(at), number, ()))

    def queue(self, allowed: float | None, arrived: float, index: int, left: float) -> None:
        """Let a case wait, to be taken in the order in which things are due."""
        due = _NEVER if allowed is None else allowed
        if self.sorts[index].all_hours:
            heappush(self.urgent, (arrived + due, arrived, index, left))
        else:
            heappush(self.waiting, (self.working.worked(arrived) + due, arrived, index, left))

    def come(self, at: float, number: int, rest: Rest) -> None:
        """Somebody of that crew is free, or comes in."""
        if rest:
            arrived, index, left = rest
            self.queue(self.sorts[index].resolution, arrived, index, left)
        self.take(at, number)

    def take(self, at: float, number: int) -> None:
        """Take what is due first, if there is anything: the first word of a case or the rest of one."""
        crew = self.crews[number]
        if self.urgent:
            _, arrived, index, left = heappop(self.urgent)
        elif self.waiting and not crew.on_duty:
            _, arrived, index, left = heappop(self.waiting)
        else:
            self.idle[number] += 1
            return
        begun, amount, rest = crew.minutes.worked(at), left, 0.0
        if not left:
            amount, first = self.work.handling(), self.work.first_answer
            if not crew.on_duty:
                self.tally.handled += amount
            if 0 < first < amount:
                amount, rest = first, amount - first
            self.note_response(arrived, index, at, crew.minutes.reached(begun + min(first, amount)))
        done = crew.minutes.reached(begun + amount)
        if not rest:
            self.note_resolution(arrived, index, done)
        heappush(self.free, (done, number, (arrived, index, rest) if rest else ()))

    def note_response(self, arrived: float, index: int, taken: float, answered: float) -> None:
        """Count a first word."""
        tally, sort, worked = self.tally, self.sorts[index], self.working.worked
        batch = int((arrived - tally.warm_up) // tally.batch_minutes)
        if batch >= 0:
            before = worked(arrived)
            tally.cases[sort.row][batch] += 1
            tally.waited[sort.row][batch] += worked(taken) - before
            took = answered - arrived if sort.all_hours else worked(answered) - before
            if sort.first_response is not None and took <= sort.first_response:
                tally.responses[sort.row][batch] += 1

    def note_resolution(self, arrived: float, index: int, done: float) -> None:
        """Count the end of a case."""
        tally, sort, worked = self.tally, self.sorts[index], self.working.worked
        batch = int((arrived - tally.warm_up) // tally.batch_minutes)
        if batch >= 0 and sort.resolution is not None:
            took = done - arrived if sort.all_hours else worked(done) - worked(arrived)
            if self.work.elsewhere:
                took += self.work.elsewhere()
            if took <= sort.resolution:
                tally.resolutions[sort.row][batch] += 1


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
