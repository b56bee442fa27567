"""What a plan promises to the cases of a department, as sorts of cases for the simulation."""

from dataclasses import dataclass
from datetime import timedelta

from models.plan import Plan
from models.routing.words import department_of
from models.simulation.arrivals import Arrivals
from models.simulation.running import Sort
from models.standards import Standard, standard_for

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Promised:
    """The times promised to a row of the findings, the shortest first; several where tiers differ, none where nothing
    is promised."""

    first_response: tuple[timedelta, ...]
    resolution: tuple[timedelta, ...]
    around_the_clock: bool


def promised(plan: Plan, arrivals: Arrivals, department: str | None) -> tuple[float, dict[str, Promised], list[Sort]]:
    """The department's share of all cases, its rows (what is promised, by severity where that changes it, else by
    tier), and its sorts of cases."""
    share = sum(part for kind, part in arrivals.kinds().items() if department_of(plan, kind, kind, "") == department)
    standards: dict[str, list[Standard]] = {}
    sorts = []
    for severity, grave in arrivals.severities(plan).items():
        for tier, part in arrivals.tiers(plan).items():
            if part * grave:
                standard = standard_for(plan, tier, (), severity)
                usual = standard == standard_for(plan, tier, (), None)
                row = (None if usual else severity) or tier or "all"
                standards.setdefault(row, []).append(standard)
                first, last = _minutes(standard.first_response), _minutes(standard.resolution)
                number = list(standards).index(row)
                sorts.append(Sort(part * grave, number, first, last, standard.around_the_clock))
    rows = {row: _together(found) for row, found in standards.items()}
    return share, rows, sorts


def _minutes(time: timedelta | None) -> float | None:
    return time / _MINUTE if time else None


def _together(standards: list[Standard]) -> Promised:
    responses = {each.first_response for each in standards if each.first_response}
    resolutions = {each.resolution for each in standards if each.resolution}
    return Promised(tuple(sorted(responses)), tuple(sorted(resolutions)), standards[0].around_the_clock)
