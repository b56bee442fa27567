"""`huifang plan simulate`: what a simulation found, in plain sentences."""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from bot.clock import wall
from handlers import open_database
from models.plan import Plan, plan_text
from models.plan.checks.remark import written
from models.simulation import (
    TARGET,
    Arrivals,
    Broken,
    ContactsOfTier,
    DepartmentFindings,
    Figure,
    Findings,
    Kept,
    contacts_of,
    learn_arrivals,
    read_arrivals,
    simulate,
)
from models.simulation.running import BATCHES


def _percent(figure: Figure) -> str:
    width = "" if figure.half_width is None else f" ±{figure.half_width * 100:.1f}"
    return f"{figure.mean * 100:.1f} %{width}"


def _minutes(figure: Figure) -> str:
    width = "" if figure.half_width is None else f" ±{figure.half_width:.1f}"
    return f"{figure.mean:.1f} min{width}"


def spoken(duration: timedelta) -> str:
    """A duration as people read it, in hours, minutes and seconds where it is not of whole days: "22h30m"."""
    if duration % timedelta(days=1) == timedelta():
        return written(duration)
    minutes, seconds = divmod(duration.total_seconds(), 60)
    hours, minutes = divmod(minutes, 60)
    return "".join(f"{count:g}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if count)


def table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Lines of columns as wide as they need."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def assumed(plan: Plan, arrivals: Arrivals) -> Iterator[str]:
    """What the plan was tried against."""
    spread = (
        "exponential" if arrivals.distribution == "exponential" else f"lognormal, variation {arrivals.variation:g}"
    )
    yield (
        f"Assumed: {arrivals.cases_a_day:g} cases a day; an agent works {spoken(arrivals.handling)} on one "
        f"({spread}), the first word comes after {spoken(arrivals.first_answer)} of that"
        + (f"; it waits {spoken(arrivals.elsewhere)} for others." if arrivals.elsewhere else ".")
    )
    for name, shares in (("Tiers", arrivals.tiers(plan)), ("Severities", arrivals.severities(plan))):
        known = [(key, share) for key, share in shares.items() if key and share]
        if known:
            rest = [("none", share) for key, share in shares.items() if key is None and round(share, 6)]
            yield f"{name}: " + ", ".join(f"{key} {share * 100:.3g} %" for key, share in known + rest) + "."
    yield "Kinds: " + ", ".join(f"{kind} {share * 100:.3g} %" for kind, share in arrivals.kinds().items()) + "."


def _department(found: DepartmentFindings) -> Iterator[str]:
    given = "" if found.given else " (as no staff were given, as many as keep the plan)"
    yield ""
    yield (
        f"{_name(found)}: {_agents(found.agents)}{given}; cases are work for {found.busy * 100:.0f} % of their time"
    )
    rows: list[tuple[str, ...]] = [
        ("for", "cases", "first response", "kept", "resolution", "kept", "waits for an agent")
    ]
    rows += [_row(row) for row in found.rows]
    yield from table(rows)
    rest = "all that can be kept" if found.hopeless else "every promise"
    yield f"  It takes {_agents(found.needed)} to keep {rest} in {TARGET * 100:.0f} % of cases."


def _name(found: DepartmentFindings) -> str:
    return f"Department {found.department}" if found.department else "All cases"


def _agents(number: int) -> str:
    return f"{number} agent{'s' * (number != 1)}"


def _times(times: tuple[timedelta, ...]) -> str:
    return "-" if not times else " to ".join(spoken(time) for time in dict.fromkeys((times[0], times[-1])))


def _row(row: Kept) -> tuple[str, ...]:
    cells = [row.row, f"{row.cases:,}"]
    promises = (row.standard.first_response, row.first_response), (row.standard.resolution, row.resolution)
    for promised, kept in promises:
        cells += [_times(promised), _percent(kept) if kept else "-"]
    return (*cells, _minutes(row.waited))


def _contacts(found: list[ContactsOfTier]) -> Iterator[str]:
    if not any(each.service + each.counted for each in found):
        return
    yield ""
    yield "Contacts a week that visits and surveys cause, before anybody says no:"
    rows: list[tuple[str, ...]] = [
        ("tier", "customers", "about own cases", "visits", "surveys", "allowed", "visits by agents")
    ]
    for each in found:
        allowed = "-" if each.allowed is None else f"{each.allowed:.1f}"
        figures = (each.service, each.visits, each.surveys)
        cells = (f"{each.customers:.0f}", *(f"{figure:.1f}" for figure in figures), allowed, f"{each.by_agents:.1f}")
        rows.append((each.tier or "all", *cells))
    yield from table(rows)


def conclusions(plan: Plan, findings: Findings, contacts: list[ContactsOfTier], arrivals: Arrivals) -> Iterator[str]:
    """Where the plan promises what it cannot keep."""
    for department in findings.departments:
        for broken in (broken for row in department.rows for broken in row.broken):
            yield _broken(plan, department, broken)
        if department.busy >= 1:
            yield f"{_name(department)}: there is more work than time, and cases pile up without end."
    needed, spare = _visiting(findings, contacts, arrivals)
    if needed > spare and all(department.given for department in findings.departments):
        yield f"Visits: agents need {needed:.0f} hours a week for them and have {spare:.0f} left beside cases."


def notes(findings: Findings, contacts: list[ContactsOfTier], arrivals: Arrivals) -> Iterator[str]:
    """What the plan wants and does not promise, where it comes to less."""
    for each in contacts:
        if each.too_many:
            yield (
                f"Note: visits and surveys want {each.counted:.1f} contacts a week with customers of tier "
                f"{each.tier}; contacts_per_30d lets {each.allowed:.1f} through."
            )
    needed, spare = _visiting(findings, contacts, arrivals)
    if needed > spare and not all(department.given for department in findings.departments):
        yield f"Note: visits take agents {needed:.0f} hours a week, and cases leave them {spare:.0f}: it takes more."


def _visiting(findings: Findings, contacts: list[ContactsOfTier], arrivals: Arrivals) -> tuple[float, float]:
    """The hours a week that agents need for visits, and those that cases leave them."""
    hours = sum(each.by_agents for each in contacts) * arrivals.visit_time / timedelta(hours=1)
    return hours, sum(department.spare_hours for department in findings.departments)


def _broken(plan: Plan, department: DepartmentFindings, broken: Broken) -> str:
    clock = " around the clock" if broken.around_the_clock else ""
    words = (
        f"{_name(department)}: {broken.what} within {_times(broken.times)}{clock} for {broken.row} is kept in "
        f"{_percent(broken.kept)} of cases with {_agents(department.agents)}"
    )
    if broken.name not in department.hopeless:
        return f"{words}; it takes {department.needed}."
    if broken.around_the_clock and not plan.duty.roster:
        return f"{words}; nobody is on duty outside working time (duty.roster is empty)."
    return f"{words}, and with any number of them too rarely."


def report(
    plan: Plan, arrivals: Arrivals, findings: Findings, contacts: list[ContactsOfTier], seed: int
) -> tuple[str, bool]:
    """The whole report, and whether the plan can be kept."""
    lines = [
        f"{findings.days:,} days, the weeks from {findings.first} on again and again, {findings.cases:,} cases after "
        f"a warm-up, seed {seed}.",
        *assumed(plan, arrivals),
    ]
    for department in findings.departments:
        lines += _department(department)
    lines += [
        *_contacts(contacts),
        "",
        f"Shares are means with 95 % confidence intervals: batch means, {BATCHES} batches of time after a warm-up, "
        f"Student's t with {BATCHES - 1} degrees of freedom.",
        *notes(findings, contacts, arrivals),
    ]
    wrong = list(conclusions(plan, findings, contacts, arrivals))
    lines.append("This plan promises what it cannot keep:" if wrong else "This plan can be kept.")
    return "\n".join([*lines, *(f"  {each}" for each in wrong)]), not wrong


class CannotSimulate(Exception):
    """There is nothing to try the plan against; the text says why."""


def given_arrivals(
    plan: Plan, file: Path | None, cases_a_day: float | None, handling: str | None, agents: int | None
) -> Arrivals:
    """What the file says, with the options over it. Raises PlanError."""
    options: dict[str, object] = {"cases_a_day": cases_a_day, "handling": handling}
    if agents:
        names: list[str | None] = [each.id for each in plan.department]
        options["staff"] = [{"department": name, "agents": agents} for name in names or [None]]
    text = plan_text(file) if file else ""
    return read_arrivals(
        text, str(file or "options"), {key: value for key, value in options.items() if value is not None}
    )


def try_plan(plan: Plan, arrivals: Arrivals, days: int, seed: int, year: int | None) -> tuple[str, bool]:
    """The report of one simulation with the holidays of that year (None: of this one), and whether the plan can be
    kept. Raises CannotSimulate."""
    problems = arrivals.problems(plan)
    if problems:
        raise CannotSimulate("\n".join(problems))
    try:
        findings = simulate(plan, arrivals, days, seed, date(year or wall().year, 1, 1))
    except ValueError as error:
        raise CannotSimulate(str(error)) from error
    return report(plan, arrivals, findings, contacts_of(plan, arrivals), seed)


def from_database(url: str, plan: Plan, given: Arrivals) -> Arrivals:
    """What the database knows of the last weeks, over what was given. Raises CannotSimulate."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").exists():
        raise CannotSimulate(f"--from-database: there is no file {address.database}")
    try:
        return asyncio.run(_learn(url, plan, given))
    except (ValueError, DBAPIError, OSError) as error:
        raise CannotSimulate(f"--from-database: {str(error).splitlines()[0]}") from error


async def _learn(url: str, plan: Plan, given: Arrivals) -> Arrivals:
    database = open_database(url, wall)
    try:
        async with database.reading() as session:
            return await learn_arrivals(session, plan, given, wall())
    finally:
        await database.close()
