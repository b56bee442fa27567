"""What is looked at beside the plan itself: the questionnaires and holidays that it names."""

from collections.abc import Iterator
from datetime import date

from models.calendars import unpublished_years
from models.plan import Mistake, Plan, PlanError, examine_plan
from models.plan.checks import Remark, Rule
from models.plan.checks.calling import questionnaires
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

    return (lambda plan: questionnaires(plan, questionnaire_keys()), country, unpublished)


def is_country(name: str) -> bool:
    """Whether the package `holidays` knows that country."""
    from holidays import list_supported_countries  # large, and a plan without holidays does not need it

    return bool(name) and name in list_supported_countries(include_aliases=True)


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
