"""What a plan is tried against: who comes when, how long it takes, and who is there (a small TOML file)."""

import tomllib
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from models.plan import DAYS, Plan, PlanError
from models.plan.kinds import Count, Duration, Hours, Kind, Section, Time, Weekday

Weight = Annotated[float, Field(ge=0)]
#: Few write at night, most in the hours before and after noon, some in the evening.
_HOURS = (
    *(0.3, 0.2, 0.1, 0.1, 0.1, 0.2, 0.4, 0.7, 1.2, 1.8, 2.0, 1.7),
    *(1.2, 1.3, 1.7, 1.8, 1.7, 1.4, 1.2, 1.3, 1.4, 1.1, 0.7, 0.4),
)
_KINDS: dict[Kind, float] = {"enquiry": 0.5, "request": 0.2, "complaint": 0.2, "suggestion": 0.05, "praise": 0.05}
#: Of all cases and customers, those of the tiers above everybody's.
_HIGHER_TIERS = 0.2
#: Of all cases, those of each severity of the plan.
_GRAVE = 0.01
#: Days between two cases of the same customer.
_DAYS_BETWEEN = 100


class StaffShift(Section):
    """Agents of a department who work together; without hours, in the plan's working time. Only a plan with one
    department, or none, need not name it."""

    department: str | None = None
    agents: Annotated[int, Field(ge=1, le=1000)]
    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = DAYS  # type: ignore[assignment]
    hours: Annotated[Hours, Field(validate_default=True)] = ""  # type: ignore[assignment]


class Arrivals(Section):
    """Cases by hour and weekday, the work in them, and the staff.

    `cases_a_day` is the mean over a week. `weekday` and `hour` are weights: 1 for a weekday that is not named, and 24
    for the hours of a day. `handling` is the mean of what an agent works on a case; it varies exponentially, or
    lognormally with the coefficient of variation `variation`. The first `first_answer` of it is the way to the first
    word, and first words go before the rest of cases; 0s: it is said when the agent begins, who works on to the end.
    `elsewhere` is the mean of the working time for which the case waits for others meanwhile (exponential).
    `tier` and `kind` are weights, `severity` shares of all cases. `customers` are how many there are, by tier or in
    all. `visit_time` is what a visit takes an agent. Nobody in `staff`: as many as keep the promises.
    """

    cases_a_day: Annotated[float, Field(gt=0, le=100_000)] = 100
    weekday: dict[Weekday, Weight] = {}
    hour: Annotated[tuple[Weight, ...], Field(min_length=24, max_length=24)] = _HOURS
    handling: Time = timedelta(minutes=12)
    distribution: Literal["exponential", "lognormal"] = "exponential"
    variation: Annotated[float, Field(gt=0, le=10)] = 1.0
    first_answer: Duration = timedelta(minutes=2)
    elsewhere: Duration = timedelta(0)
    tier: dict[str, Weight] = {}
    kind: dict[Kind, Weight] = _KINDS
    severity: dict[str, Annotated[float, Field(ge=0, le=1)]] | None = None
    customers: Count | dict[str, Count] | None = None
    purchases_a_day: Weight = 0
    events: dict[str, Weight] = {}
    visit_time: Time = timedelta(minutes=10)
    staff: tuple[StaffShift, ...] = ()

    @model_validator(mode="after")
    def _some_come(self) -> "Arrivals":
        if not all(map(sum, (self.hour, self.kind.values(), [self.weekday.get(day, 1.0) for day in DAYS]))):  # type: ignore[call-overload]
            raise ValueError("expected weights above zero for at least one weekday, hour and kind")
        if sum((self.severity or {}).values()) > 1:
            raise ValueError("severity: expected shares that make at most 1 together")
        return self

    def rates(self) -> list[float]:
        """Cases a minute in each hour of a week, from Monday 00:00."""
        weights = [self.weekday.get(day, 1.0) * hour for day in DAYS for hour in self.hour]  # type: ignore[call-overload]
        total = sum(weights)
        return [self.cases_a_day * 7 * weight / total / 60 for weight in weights]

    def tiers(self, plan: Plan) -> dict[str | None, float]:
        """The share of cases by tier; the highest tiers have few where nothing is given."""
        if not plan.tier:
            return {None: 1.0}
        names = [tier.id for tier in plan.tier]
        if not self.tier:
            *higher, everybody = names
            shares: dict[str | None, float] = {name: _HIGHER_TIERS / len(higher) for name in higher}
            return shares | {everybody: 1 - sum(shares.values())}
        total = sum(self.tier.get(name, 0.0) for name in names)
        return {name: self.tier.get(name, 0.0) / total for name in names}

    def kinds(self) -> dict[str, float]:
        """The share of cases by kind."""
        total = sum(self.kind.values())
        return {kind: weight / total for kind, weight in self.kind.items() if weight}

    def severities(self, plan: Plan) -> dict[str | None, float]:
        """The share of cases by severity; None for those without. A few of each where nothing is given."""
        given = dict.fromkeys((each.id for each in plan.severity), _GRAVE) if self.severity is None else self.severity
        shares: dict[str | None, float] = {each.id: given.get(each.id, 0.0) for each in plan.severity}
        return {None: max(0.0, 1 - sum(shares.values())), **shares}

    def customers_of(self, plan: Plan) -> dict[str | None, float]:
        """How many customers there are, by tier; where nothing is given, as many as write three or four times a
        year."""
        if isinstance(self.customers, dict):
            return {tier: float(self.customers.get(tier or "", 0)) for tier in self.tiers(plan)}
        customers = self.cases_a_day * _DAYS_BETWEEN if self.customers is None else self.customers
        return {tier: customers * share for tier, share in self.tiers(plan).items()}

    def problems(self, plan: Plan) -> list[str]:
        """What does not fit the plan, or cannot be."""
        departments = {each.id for each in plan.department}
        found = [
            f"staff: the plan has no department {shift.department!r}"
            for shift in self.staff
            if shift.department is not None and shift.department not in departments
        ]
        if len(departments) > 1 and any(shift.department is None for shift in self.staff):
            found.append(f"staff: expected a department of the plan: {', '.join(sorted(departments))}")
        tiers, severities = {each.id for each in plan.tier}, {each.id for each in plan.severity}
        customers = set(self.customers) if isinstance(self.customers, dict) else set()
        for key, unknown in (
            ("tier", set(self.tier) - tiers),
            ("severity", set(self.severity or {}) - severities),
            ("customers", customers - tiers),
        ):
            found += [f"{key}: the plan has no {name!r}" for name in sorted(unknown)]
        if plan.tier and self.tier and not any(self.tier.get(each.id) for each in plan.tier):
            found.append("tier: expected a share above zero for at least one")
        return found


def read_arrivals(text: str, name: str, options: dict[str, object]) -> Arrivals:
    """The arrivals that a TOML text says, `options` over it; raises PlanError with every mistake, behind `name`."""
    try:
        return Arrivals.model_validate({**tomllib.loads(text), **options})
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{name}: {error}") from error
    except ValidationError as error:
        lines = (f"{name}: {'.'.join([*map(str, e['loc']), ''])} {e['msg']}" for e in error.errors())
        raise PlanError("\n".join(line.replace(". ", ": ", 1) for line in lines)) from error
