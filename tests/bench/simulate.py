"""How long the simulation of a plan takes: 10,000 days of 100 cases, with the search for the number of agents."""

import os
import time
from datetime import date

from models.plan import read_plan
from models.simulation import Arrivals, Findings, simulate
from tests.bench.report import Goal

#: Two departments, three tiers, a severity around the clock, lunch, holidays and make-up days.
PLAN = """
[calendar]
holidays = "CN"
mon = ["09:00-12:00", "13:00-18:00"]
tue = ["09:00-12:00", "13:00-18:00"]
wed = ["09:00-12:00", "13:00-18:00"]
thu = ["09:00-12:00", "13:00-18:00"]
fri = ["09:00-12:00", "13:00-18:00"]
[[department]]
id = "service"
kinds = ["complaint", "request"]
[[department]]
id = "advice"
kinds = ["enquiry", "suggestion", "praise"]
[[tier]]
id = "vip"
when = { spent_12m = 50000 }
first_response = "15m"
resolution = "8h"
[[tier]]
id = "key"
when = { spent_12m = 10000 }
first_response = "30m"
resolution = "2d"
[[tier]]
id = "regular"
first_response = "1h"
resolution = "3d"
[[severity]]
id = "critical"
around_the_clock = true
first_response = "10m"
[duty]
roster = [{ agent = "@chen" }]
"""
MOST_SECONDS = 15


def measure(days: int, cases_a_day: float) -> tuple[Findings, float]:
    """One simulation, and the seconds that it took."""
    plan = read_plan(PLAN)
    staff = [{"department": "service", "agents": 4}, {"department": "advice", "agents": 5}]
    given = Arrivals.model_validate({"cases_a_day": cases_a_day, "severity": {"critical": 0.01}, "staff": staff})
    begun = time.perf_counter()
    findings = simulate(plan, given, days, seed=1, first=date(2026, 1, 1))
    return findings, time.perf_counter() - begun


def goal(seconds: float) -> Goal:
    """The goal that it is held against."""
    return Goal("10,000 days of 100 cases", seconds, " s", MOST_SECONDS)


def words(findings: Findings, seconds: float, busy: float) -> str:
    """What was measured, on one screen."""
    agents = ", ".join(f"{each.department} {each.agents} (it takes {each.needed})" for each in findings.departments)
    return (
        f"{findings.days:,} days, {findings.cases:,} cases after the warm-up, agents: {agents}; "
        f"load of the machine before: {busy:.1f} of {os.cpu_count()} processors\n"
        f"{seconds:.1f} s, {findings.cases / seconds:,.0f} cases a second"
    )
