"""One department in the simulation: its cases, its promises and its agents."""

import math
import random
from datetime import date, timedelta

from models.plan import Plan
from models.simulation.arrivals import Arrivals
from models.simulation.figures import kept
from models.simulation.minutes import Minutes, all_minutes, shift_minutes, working_minutes
from models.simulation.promises import promised
from models.simulation.running import Crew, Desk, Tally, Work, arrivals_at, handling_times

_MINUTE = timedelta(minutes=1)


class Department:
    """A department's cases and staff, ready to be run for any number of days and agents."""

    def __init__(self, plan: Plan, arrivals: Arrivals, department: str | None, days: list[date], seed: int) -> None:
        self.arrivals, self.seed, self.department, self.stretch = arrivals, seed, department, len(days)
        self.share, self.rows, self.sorts = promised(plan, arrivals, department)
        open_minutes = working_minutes(plan, days)
        self.working = Minutes(open_minutes)
        if not self.working.total:
            raise ValueError("the calendar has no working time")
        self.crews = [
            Crew(shift.agents, Minutes(shift_minutes(days, shift.days, shift.hours)) if shift.hours else self.working)
            for shift in arrivals.staff
            if shift.department in (department, None)
        ]
        self.given = bool(self.crews)
        if not self.given:
            self.crews = [Crew(1, self.working)]
        self.duty = []
        if any(sort.all_hours for sort in self.sorts):
            for shift in plan.duty.roster:
                roster = shift_minutes(days, shift.days, shift.hours) if shift.hours else all_minutes(days)
                outside = bytearray(duty and not usual for duty, usual in zip(roster, open_minutes, strict=True))
                if any(outside):
                    self.duty.append(Crew(1, Minutes(outside), on_duty=True))

    @property
    def agents(self) -> int:
        return sum(crew.agents for crew in self.crews)

    def run(self, days: int, crews: list[Crew]) -> Tally:
        """The same cases for every number of agents, as far as the draws allow."""
        chance = random.Random(f"{self.seed} {self.department}")  # noqa: S311 - to be repeated, not to be secret
        given = self.arrivals
        variation = None if given.distribution == "exponential" else given.variation
        elsewhere = given.elsewhere / _MINUTE
        work = Work(
            handling_times(given.handling / _MINUTE, variation, chance),
            given.first_answer / _MINUTE,
            handling_times(elsewhere, None, chance) if elsewhere else None,
        )
        tally = Tally(len(self.rows), days, self.stretch)
        rates = [rate * self.share for rate in given.rates()]
        Desk(self.sorts, [*crews, *self.duty], self.working, work, tally).run(
            arrivals_at(rates, days, chance), chance
        )
        return tally

    def with_agents(self, agents: int) -> list[Crew]:
        """The crews with so many agents in all, spread as they are; nobody's shift is empty."""
        return [Crew(max(1, round(crew.agents * agents / self.agents)), crew.minutes) for crew in self.crews]

    def needed(self, days: int, more_than: int = 0) -> tuple[int, frozenset[tuple[str, str]]]:
        """The least number of agents that keeps all that can be kept, known to be above `more_than`, and the names
        of what no number of agents keeps."""

        def missed(agents: int) -> frozenset[tuple[str, str]]:
            rows = kept(self.run(days, self.with_agents(agents)), self.rows)
            return frozenset(broken.name for row in rows for broken in row.broken)

        open_share = sum(crew.agents * crew.minutes.total / crew.minutes.length for crew in self.crews) / self.agents
        load = self.arrivals.cases_a_day * self.share / 1440 * (self.arrivals.handling / _MINUTE) / open_share
        too_few, step = max(len(self.crews) - 1, math.floor(load)), 1
        most = 8 * (too_few + 2)
        too_few = max(too_few, min(more_than, most - 1))
        hopeless = missed(most)
        while too_few + step < most and not missed(too_few + step) <= hopeless:
            too_few, step = too_few + step, step * 2
        agents = min(too_few + step, most)
        while agents - too_few > 1:
            middle = (agents + too_few) // 2
            too_few, agents = (too_few, middle) if missed(middle) <= hopeless else (middle, agents)
        return agents, hopeless
