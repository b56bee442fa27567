"""A plan tried against arrivals, department by department."""

import math
from dataclasses import dataclass
from datetime import date

from models.plan import Plan
from models.simulation.arrivals import Arrivals
from models.simulation.departments import Department
from models.simulation.figures import Kept, kept
from models.simulation.minutes import stretch_of
from models.simulation.running import BATCHES, Crew, Tally

#: Cases with which the number of agents is sought, at least.
_SEARCH_CASES = 20_000


@dataclass(frozen=True)
class DepartmentFindings:
    """One department (None: the plan has none).

    `given` says that the staff were given; `busy` is the work of the cases as a share of their time, `spare_hours` a
    week what is left of it. `needed` is the least number of agents that keeps all that can be kept; `hopeless` names
    what no number of agents keeps (row and promise).
    """

    department: str | None
    agents: int
    given: bool
    busy: float
    spare_hours: float
    needed: int
    hopeless: frozenset[tuple[str, str]]
    rows: list[Kept]


@dataclass(frozen=True)
class Findings:
    """All that a simulation found; it begins on Monday `first`, `cases` are those after the warm-up."""

    first: date
    days: int
    cases: int
    departments: list[DepartmentFindings]


def simulate(plan: Plan, arrivals: Arrivals, days: int, seed: int, first: date) -> Findings:
    """Run the plan for so many days (at least BATCHES + 1), repeating the weeks from the Monday before `first`.

    Departments are independent of each other. The same seed gives the same findings. ValueError where the calendar
    or a shift has no time at all.
    """
    stretch = stretch_of(plan, first)
    names: list[str | None] = [each.id for each in plan.department]
    departments = (Department(plan, arrivals, name, stretch, seed) for name in names or [None])
    found = [_tried(each, days) for each in departments if each.share]
    return Findings(stretch[0], days, sum(row.cases for each in found for row in each.rows), found)


def _run(department: Department, days: int, needed: int) -> tuple[Tally, list[Crew], list[Kept]]:
    crews = department.crews if department.given else department.with_agents(needed)
    tally = department.run(days, crews)
    return tally, crews, kept(tally, department.rows)


def _tried(department: Department, days: int) -> DepartmentFindings:
    a_day = department.arrivals.cases_a_day * department.share
    stretches = math.ceil(_SEARCH_CASES / a_day / department.stretch)
    enough = math.ceil(stretches * department.stretch * (BATCHES + 1) / BATCHES)
    needed, hopeless = department.needed(min(days, enough))
    tally, crews, rows = _run(department, days, needed)
    missed = {broken.name for row in rows for broken in row.broken}
    if enough < days and not missed <= hopeless and sum(crew.agents for crew in crews) >= needed:
        # The search, with fewer days, was a little too hopeful, or did not see what is hopeless: search with all.
        needed, hopeless = department.needed(days, more_than=needed - 1)
        if not department.given:
            tally, crews, rows = _run(department, days, needed)
    agents = sum(crew.agents for crew in crews)
    hours = sum(crew.agents * crew.minutes.total / crew.minutes.length for crew in crews) * 7 * 24
    worked = tally.handled / 60 / days * 7
    return DepartmentFindings(
        department.department,
        agents,
        department.given,
        busy=worked / hours,
        spare_hours=max(0.0, hours - worked),
        needed=needed,
        hopeless=hopeless,
        rows=rows,
    )
