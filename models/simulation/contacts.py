"""How often a plan's visits and surveys would write to or call customers, and how often they may."""

from dataclasses import dataclass
from datetime import timedelta

from models.plan import Plan, Survey, VisitRule
from models.simulation.arrivals import Arrivals

_WEEK = timedelta(weeks=1)
#: The window of a tier's `contacts_per_30d`.
_CAP_WINDOW = timedelta(days=30)


@dataclass(frozen=True)
class ContactsOfTier:
    """Contacts a week with the customers of a tier (None: the plan has none), as means, before anybody says no.

    `service` are visits about one's own case, which the contact budget does not count; `visits` the others,
    `surveys` the questionnaires; `by_agents` are those of all visits that agents make. `allowed` is the most that the
    budget lets through of visits and surveys (None: no limit).
    """

    tier: str | None
    customers: float
    service: float
    visits: float
    surveys: float
    by_agents: float
    allowed: float | None

    @property
    def counted(self) -> float:
        """Those that the contact budget counts."""
        return self.visits + self.surveys

    @property
    def too_many(self) -> bool:
        """Whether the plan wants more than it allows itself."""
        return self.allowed is not None and self.counted > self.allowed


def contacts_of(plan: Plan, arrivals: Arrivals) -> list[ContactsOfTier]:
    """The contacts a week of every tier."""
    found = []
    customers = arrivals.customers_of(plan)
    everybody = sum(customers.values()) or 1.0
    for tier, share in arrivals.tiers(plan).items():
        own = _Tier(plan, arrivals, tier, share, customers[tier], customers[tier] / everybody)
        visits = [(visit, own.visits(visit)) for visit in plan.visit]
        service = sum(count for visit, count in visits if visit.purpose_of == "service")
        rule = plan.tier_named(tier)
        found.append(
            ContactsOfTier(
                tier,
                own.customers,
                service,
                sum(count for _, count in visits) - service,
                sum(own.surveys(survey) for survey in plan.survey),
                sum(count for visit, count in visits if visit.by_whom(tier) == "agent"),
                rule.contacts_per_30d * own.customers * (_WEEK / _CAP_WINDOW) if rule else None,
            )
        )
    return found


@dataclass(frozen=True)
class _Tier:
    """A tier with its share of the cases, its customers and their share of all."""

    plan: Plan
    arrivals: Arrivals
    tier: str | None
    share_of_cases: float
    customers: float
    share_of_customers: float

    def cases(self, kinds: tuple[str, ...]) -> float:
        """Cases a week, of those kinds (of all where none is named)."""
        part = sum(share for kind, share in self.arrivals.kinds().items() if not kinds or kind in kinds)
        return self.arrivals.cases_a_day * 7 * self.share_of_cases * part

    def visits(self, visit: VisitRule) -> float:
        """Visits a week by that rule; of those who fall silent, the most that can be."""
        sample = visit.sample.get(self.tier or "", 1.0)
        if visit.when.startswith("case_"):
            return sample * self.cases(visit.kinds)
        if visit.when == "purchase":
            return sample * self.arrivals.purchases_a_day * 7 * self.share_of_customers
        if visit.when.startswith("event:"):
            a_day = self.arrivals.events.get(visit.when.removeprefix("event:"), 0.0)
            return sample * a_day * 7 * self.share_of_customers
        rule = self.plan.tier_named(self.tier)
        every = (rule.visit_every if rule else None) if visit.when == "tier" else visit.after
        return sample * self.customers * (_WEEK / every) if every else 0.0

    def surveys(self, survey: Survey) -> float:
        """Questionnaires a week by that rule; a delay by kind also says which kinds are asked."""
        if survey.when == "every":
            return survey.sample * self.customers * (_WEEK / survey.every) if survey.every else 0.0
        return survey.sample * self.cases(tuple(survey.after))
