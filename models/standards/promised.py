"""What is promised to a customer: by tier, segments and severity, as the plan says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from models.cases import CaseKind
from models.plan import Plan
from models.standards.clocks import Timed

TIMES = ("first_response", "next_response", "resolution")


@dataclass(frozen=True)
class Standard:
    """What is promised; None where nothing is."""

    first_response: timedelta | None = None
    next_response: timedelta | None = None
    resolution: timedelta | None = None
    around_the_clock: bool = False

    def allows(self, what: Timed) -> timedelta | None:
        """The time allowed for what is promised."""
        found: timedelta | None = getattr(self, what.value)
        return found


def standard_for(plan: Plan, tier: str | None, segments: Sequence[str], severity: str | None) -> Standard:
    """What a plan promises to a customer of that tier and those segments in a case of that severity (ids).

    Of the tier's times and those of the segments the strictest wins, each by itself. A severity's own times hold for
    everybody, and shorten or lengthen as they say; its share shortens the others. A customer without a tier has the
    one that is everybody's.
    """
    everybody = next(
        (tier for tier in plan.tier if tier.when.spent_12m is None and tier.when.orders_12m is None), None
    )
    sources = [plan.tier_named(tier) or everybody, *(each for each in plan.segment if each.id in segments)]
    grave = plan.severity_named(severity)
    found: dict[str, timedelta | None] = {}
    for name in TIMES:
        times = [time for source in sources if source and (time := getattr(source, name)) is not None]
        own = getattr(grave, name) if grave else None
        share = grave.time if grave else 1.0
        found[name] = own or (min(times) * share if times else None)
    return Standard(**found, around_the_clock=bool(grave and grave.around_the_clock))


def promises(plan: Plan) -> bool:
    """Whether the plan promises anything to anybody: without that no message needs a look at clocks."""
    if plan.escalation.update_every:
        return True
    sources = (*plan.tier, *plan.segment, *plan.severity)
    return any(getattr(each, name) is not None for each in sources for name in TIMES)


def update_every(plan: Plan, kind: CaseKind) -> timedelta | None:
    """How often a person speaks to the customer in a matter of that kind, news or not."""
    return next((every for name, every in plan.escalation.update_every.items() if name == kind), None)
