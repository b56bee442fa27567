"""What is looked at beside the plan itself: the questionnaires and holidays that it names."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from models.calendars import unpublished_years, working_time
from models.plan import Mistake, Plan, PlanError, examine_plan
from models.plan.checks import Remark, Rule
from models.plan.checks.calling import questionnaires
from models.plan.checks.remark import written
from templates import questionnaire_keys

HOLIDAYS = ("calendar", "holidays")


def rules(today: date) -> tuple[Rule, ...]:
    """The rules for which one must look outside the plan; `today` tells which years are to come."""

    def country(plan: Plan) -> Iterator[Remark]:
        name = plan.calendar.holidays
        if name and not is_country(name):
            yield Remark(
                HOLIDAYS, f'expected a country such as "CN", as the package `holidays` names it, not {name!r}'
            )

    def unpublished(plan: Plan) -> Iterator[Remark]:
        if is_country(plan.calendar.holidays):
            for year in unpublished_years(plan.calendar, (today.year, today.year + 1)):
                words = f"the make-up workdays of {year} are not published yet, or this version does not know them"
                yield Remark(
                    HOLIDAYS, f"{words}; upgrade late in the year, or write them into open and closed", False
                )

    def missed(plan: Plan) -> Iterator[Remark]:
        for index, goal in enumerate(plan.goal):
            if goal.by and goal.by < today:
                yield Remark(("goal", index, "by"), f"{goal.by} is past; expected a day to come", False)

    outside = (country, unpublished, missed, lambda plan: _out_of_reach(plan, today))
    return (lambda plan: questionnaires(plan, questionnaire_keys()), *outside)


def _out_of_reach(plan: Plan, today: date) -> Iterator[Remark]:
    """Times that the calendar does not give within a lifetime, up to the last step of the escalation."""
    if plan.calendar.holidays and not is_country(plan.calendar.holidays):
        return
    hours, begin = working_time(plan), datetime.combine(today, time(), plan.business.timezone)
    longest = max([1.0, *(step.at for step in plan.escalation.steps)])
    for section in ("tier", "segment", "severity"):
        for index, each in enumerate(getattr(plan, section)):
            for key in ("first_response", "next_response", "resolution"):
                allowed = getattr(each, key)
                try:
                    hours.add(begin, (allowed or timedelta(0)) * longest)
                except ValueError as error:
                    yield Remark((section, index, key), f"{error}; expected less than {written(allowed)}")


def is_country(name: str) -> bool:
    """Whether the package `holidays` knows that country."""
    if not name:
        return False
    from holidays import list_supported_countries  # large, and a plan without holidays does not need it

    return name in list_supported_countries(include_aliases=True)


def examine(text: str, today: date) -> tuple[Plan, list[Mistake]]:
    """The plan as far as it can be understood, and every mistake and warning."""
    return examine_plan(text, *rules(today))


def usable(text: str, name: str, today: date) -> Plan:
    """The plan that the text says; raises PlanError with every mistake, each behind `name` and its line."""
    plan, found = examine(text, today)
    wrong = [f"{name}:{mistake}" for mistake in found if mistake.serious]
    if wrong:
        raise PlanError("\n".join(wrong))
    return plan
