"""Tiers and segments by the plan's rules: the rules themselves, and what to look at for many customers at once."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from models.customers.rows import Customer, Purchase, TierBy
from models.plan import Plan, Segment, Tier
from models.work import Work

#: How far back purchases count for a tier.
YEAR = timedelta(days=365)


def tier_by_rule(plan: Plan, spent: int, orders: int) -> str | None:
    """The highest tier whose rule is met: any of its conditions, or none asked; None where no tier fits.

    `spent` (hundredths of the currency) and `orders` are those of the last 12 months.
    """
    return next((tier.id for tier in plan.tier if _meets(tier, spent, orders)), None)


def _meets(tier: Tier, spent: int, orders: int) -> bool:
    rule = tier.when
    if rule.spent_12m is None and rule.orders_12m is None:
        return True
    by_money = rule.spent_12m is not None and spent >= round(rule.spent_12m * 100)
    return by_money or (rule.orders_12m is not None and orders >= rule.orders_12m)


def is_lower(plan: Plan, tier: str | None, than: str | None) -> bool:
    """Whether a tier ranks below another; one that the plan does not have ranks below all."""
    ranks = {each.id: rank for rank, each in enumerate(plan.tier)}
    return ranks.get(tier or "", len(ranks)) > ranks.get(than or "", len(ranks))


def segments_by_rule(plan: Plan, customer: Any, products: Collection[str]) -> list[str]:
    """The segments that hold a customer (or a row with its tags, fields, city and language) who bought that."""
    return [segment.id for segment in plan.segment if _holds(segment, customer, products)]


def _holds(segment: Segment, customer: Any, products: Collection[str]) -> bool:
    rule = segment.when
    if rule.tag is not None and rule.tag in customer.tags:
        return True
    if rule.purchased is not None and rule.purchased in products:
        return True
    known = {"city": customer.city, "phone": customer.phone, "language": customer.language, **customer.fields}
    return any(str(known.get(key) or "") == value for key, value in rule.fields.items())


async def totals(work: Work, customer_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """What each of these customers spent (hundredths) and how often they ordered, in the last 12 months."""
    rows = await work.all(
        select(Purchase.customer_id, func.sum(Purchase.amount), func.count())
        .where(col(Purchase.customer_id).in_(customer_ids), col(Purchase.at) > work.now - YEAR)
        .where(col(Purchase.at) <= work.now)
        .group_by(col(Purchase.customer_id))
    )
    return {customer_id: (int(spent), int(orders)) for customer_id, spent, orders in rows}


async def products_of(work: Work, customer_ids: Sequence[int]) -> dict[int, set[str]]:
    """Which of the products that segments ask for each of these customers has bought."""
    wanted = {segment.when.purchased for segment in work.plan.segment if segment.when.purchased}
    found: dict[int, set[str]] = defaultdict(set)
    if wanted:
        bought = select(Purchase.customer_id, Purchase.product).where(
            col(Purchase.customer_id).in_(customer_ids), col(Purchase.product).in_(wanted)
        )
        for customer_id, product in await work.all(bought.distinct()):
            found[customer_id].add(product)
    return found


async def next_customers(work: Work, after: int, limit: int) -> Sequence[Any]:
    """What the rules look at, of the customers that follow that number."""
    return await work.all(
        select(
            Customer.id,
            Customer.tier,
            Customer.tier_by,
            Customer.tier_until,
            Customer.segments,
            Customer.tags,
            Customer.fields,
            Customer.city,
            Customer.language,
            Customer.phone,
        )  # type: ignore[call-overload]
        .where(col(Customer.id) > after, col(Customer.merged_into_id).is_(None))
        .order_by(col(Customer.id))
        .limit(limit)
    )


async def by_rules(work: Work, rows: Sequence[Any]) -> dict[int, tuple[str | None, list[str]]]:
    """Tier and segments of those customers (or rows of them) for whom the rules now say something else.

    A tier by hand stands until its end. Who has an open case may not be lowered: that is for the caller to know.
    """
    ids = [row.id for row in rows]
    spent, bought = await totals(work, ids), await products_of(work, ids)
    found = {}
    for row in rows:
        tier = row.tier if by_hand(row, work.now) else tier_by_rule(work.plan, *spent.get(row.id, (0, 0)))
        segments = segments_by_rule(work.plan, row, bought.get(row.id, ()))
        ended = row.tier_by == TierBy.HAND and not by_hand(row, work.now)
        if (tier, segments) != (row.tier, row.segments) or ended:
            found[row.id] = (tier, segments)
    return found


def by_hand(customer: Any, now: datetime) -> bool:
    """Whether the tier was given by hand and still holds."""
    return customer.tier_by == TierBy.HAND and customer.tier_until is not None and bool(customer.tier_until > now)
