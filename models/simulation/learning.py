"""What a plan is tried against, learnt from what happened: who came when, with what, how many customers there are.

How long agents work on a case and when they are there, no row says.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.calendars import moment
from models.cases import Case, CaseKind
from models.customers import Customer, Purchase, ServiceEvent
from models.plan import DAYS, Plan
from models.simulation.arrivals import Arrivals

#: So many whole weeks before today are looked at, at most.
MOST_WEEKS = 12


async def learn_arrivals(session: AsyncSession, plan: Plan, given: Arrivals, now: datetime) -> Arrivals:
    """`given` with everything about cases and customers replaced by what the database knows of the last weeks.

    ValueError where it knows less than one whole week.
    """
    since, until = await _last_weeks(session, plan, now)
    days = (until - since) / timedelta(days=1)
    bought = select(func.count()).select_from(Purchase).where(Purchase.at >= since, Purchase.at < until)
    events = select(ServiceEvent.name, func.count()).where(ServiceEvent.at >= since, ServiceEvent.at < until)
    names = (await session.exec(events.group_by(ServiceEvent.name))).all()
    files = select(Customer.tier, func.count()).where(col(Customer.merged_into_id).is_(None)).group_by(Customer.tier)
    customers: Counter[str | None] = Counter(dict((await session.exec(files)).all()))
    known = {
        **await _of_cases(session, plan, since, until),
        "purchases_a_day": (await session.exec(bought)).one() / days,
        "events": {name: count / days for name, count in names},
        "customers": _by_tier(plan, customers) if plan.tier else customers.total(),
    }
    return given.model_copy(update=known)


async def _last_weeks(session: AsyncSession, plan: Plan, now: datetime) -> tuple[datetime, datetime]:
    """Begin and end of the whole weeks before today's midnight that have cases."""
    zone, midnight = plan.business.timezone, datetime.min.time()
    today = now.astimezone(zone).date()
    until = moment(today, midnight, zone)
    first = (await session.exec(select(func.min(Case.opened_at)).where(Case.opened_at < until))).first()
    weeks = min(MOST_WEEKS, (until - first) // timedelta(weeks=1)) if first else 0
    if not weeks:
        raise ValueError("the database knows less than one whole week of cases before today")
    return moment(today - timedelta(weeks=weeks), midnight, zone), until


async def _of_cases(session: AsyncSession, plan: Plan, since: datetime, until: datetime) -> dict[str, Any]:
    """What the cases of that time say."""
    query: Any = (
        select(Case, Customer.tier)
        .join(Customer, col(Customer.id) == col(Case.customer_id))
        .where(Case.opened_at >= since, Case.opened_at < until)
    )
    rows: Sequence[tuple[Case, str | None]] = (await session.exec(query)).all()
    if not rows:
        raise ValueError(f"the database knows no case since {since:%Y-%m-%d}")
    walls = [case.opened_at.astimezone(plan.business.timezone) for case, _ in rows]
    weekdays, hours = Counter(wall.weekday() for wall in walls), Counter(wall.hour for wall in walls)
    severities = Counter(case.severity for case, _ in rows)
    kinds = Counter(case.supposed_kind for case, _ in rows)
    return {
        "cases_a_day": len(rows) / ((until - since) / timedelta(days=1)),
        "weekday": {day: weekdays[number] for number, day in enumerate(DAYS)},
        "hour": tuple(hours[hour] for hour in range(24)),
        "kind": {kind.value: kinds[kind] for kind in CaseKind},
        "severity": {each.id: severities[each.id] / len(rows) for each in plan.severity},
        "tier": _by_tier(plan, Counter(tier for _, tier in rows)) if plan.tier else {},
    }


def _by_tier(plan: Plan, counts: Counter[str | None]) -> dict[str, int]:
    """Counts by tier; who has none, or one that the plan does not know, is of the last, which is everybody's."""
    tiers = [tier.id for tier in plan.tier]
    found = {tier: counts[tier] for tier in tiers}
    found[tiers[-1]] += counts.total() - sum(found.values())
    return found
