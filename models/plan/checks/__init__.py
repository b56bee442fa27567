"""What a plan says that cannot be meant: rules on the whole of it, each a function from the plan to remarks."""

from collections.abc import Iterator

from models.plan.checks import calling, people, standards
from models.plan.checks.remark import Remark, Rule
from models.plan.sections import Plan

RULES = (*people.RULES, *standards.RULES, *calling.RULES)


def remarks_on(plan: Plan, *more: Rule) -> Iterator[Remark]:
    """Every remark on what the plan says, by these rules and more."""
    for rule in (*RULES, *more):
        yield from rule(plan)


__all__ = ["Remark", "Rule", "remarks_on"]
