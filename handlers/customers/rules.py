"""Tiers and segments by the plan's rules: every night, under a changed plan, and when a file changes."""

from collections.abc import Iterable
from datetime import time

from sqlmodel import col, select

from handlers.happenings.people import FileChanged
from models.cases import cases_of, fetch_cases
from models.customers import Customer, TierBy
from models.customers.tiers import by_hand, by_rules, is_lower, next_customers
from models.walks import daily
from models.work import Work

#: How many customers one unit of work looks at.
AT_ONCE = 1000
#: When the night's work begins.
NIGHT = time(3)


async def recompute(work: Work) -> bool:
    """The night's tick: tier and segments of some more customers."""
    if not (work.plan.tier or work.plan.segment):
        return False
    walk = await daily(work, "rules", at=NIGHT, by_plan=True)
    if walk is None:
        return False
    rows = await next_customers(work, walk.after, AT_ONCE)
    if not rows:
        walk.end()
        return False
    await _apply(work, await by_rules(work, rows))
    walk.step(rows[-1].id, len(rows))
    return True


async def refresh(work: Work, customers: Iterable[Customer]) -> None:
    """The rules look at these customers at once; their files changed."""
    seen = list(customers)
    changed = await by_rules(work, seen)
    await _apply(work, changed)
    for customer in seen:
        if customer.id not in changed:
            work.happen(FileChanged(customer))


async def _apply(work: Work, changed: dict[int, tuple[str | None, list[str]]]) -> None:
    """Write tiers and segments down; nobody's tier falls while they have an open case."""
    if not changed:
        return
    # Locked, and read anew: a tier may just have been given by hand.
    query = select(Customer).where(col(Customer.id).in_(changed)).order_by(col(Customer.id)).with_for_update()
    customers = await work.all(query.execution_options(populate_existing=True))
    await fetch_cases(work, [customer.id for customer in customers])
    for customer in customers:
        tier, segments = changed[customer.id]
        open_cases = [case for case in await cases_of(work, customer.id) if case.unfinished]
        if not by_hand(customer, work.now) and not (open_cases and is_lower(work.plan, tier, customer.tier)):
            _change_tier(work, customer, tier)
        customer.segments = segments
        work.happen(FileChanged(customer))


def _change_tier(work: Work, customer: Customer, tier: str | None) -> None:
    if customer.tier_by is TierBy.HAND and customer.tier_until and customer.tier_until <= work.now:
        customer.tier_by = TierBy.RULE
        customer.tier_reason = customer.tier_approved_by = customer.tier_until = None
    if customer.tier != tier:
        work.audit(None, "tier", f"customer:{customer.id}", before=customer.tier, after=tier)
        customer.tier = tier
