"""What comes again: every so often for a tier, or after so long a silence. Planned at night, for all customers.

Planning is a walk over the customers by number, some thousand in each transaction, so that others hardly wait; what
was not planned while we were down is caught up. Planning again adds nothing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, and_, cast, extract, func, or_, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from handlers.happenings.people import FileChanged
from handlers.visits.planning import rule_of, to_come
from models.contact import Consent, Purpose
from models.customers import REACHABLE, Customer
from models.plan import VisitRule
from models.visits import (
    AHEAD,
    By,
    Visit,
    VisitState,
    default_tier,
    gone_from,
    numbers,
    occurrence_of,
    placed,
    sampled,
    zone_named,
)
from models.walks import SELDOM, Walk, kept_ahead, walk_named
from models.work import Work

#: Customers looked at in one transaction: others wait for it no longer than a blink.
CUSTOMERS_AT_ONCE = 10_000
#: What comes again is spread by up to this share of its interval, and by a day at most.
SPREAD = 0.05


async def plan_ahead(work: Work) -> bool:
    """A tick: one step of planning what comes again, for some thousand customers of one rule."""
    for rule in work.plan.visit:
        intervals = _intervals(work, rule)
        if intervals:
            walk = await kept_ahead(work, _walk_of(rule), min(AHEAD, *intervals.values()))
            if walk is not None:
                await _plan_some(work, rule, walk, intervals)
                return True
    return False


def _intervals(work: Work, rule: VisitRule) -> dict[str | None, timedelta]:
    """How often the rule comes again, by tier; empty for a rule that does not, or for nobody."""
    if rule.when == "silence":
        return {None: rule.after} if rule.after else {}
    if rule.when != "tier":
        return {}
    return {tier.id: tier.visit_every for tier in work.plan.tier if tier.visit_every}


def _walk_of(rule: VisitRule) -> str:
    return f"visits:{rule.id}"


async def _plan_some(work: Work, rule: VisitRule, walk: Walk, intervals: dict[str | None, timedelta]) -> None:
    """The next customers of the walk; after the last one it is over."""
    upto, last = walk.after + CUSTOMERS_AT_ONCE, await work.first(select(func.max(Customer.id)))
    rows: list[dict[str, Any]] = []
    dialect = (await work.session.connection()).dialect.name
    for customer_id, tier, zone, anchor in await work.all(_candidates(work, rule, walk, intervals, upto, dialect)):
        rows += _occurrences(work, rule, walk, intervals, customer_id, tier, zone, anchor)
    await _insert(work, rows)
    walk.step(upto)
    if upto >= (last or 0):
        walk.end()


async def _insert(work: Work, rows: list[dict[str, Any]]) -> None:
    """Add visits; an occurrence that has one already keeps it."""
    if rows:
        await work.flush()
        connection = await work.session.connection()
        build = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        await connection.execute(build(Visit).on_conflict_do_nothing(index_elements=["occurrence"]), rows)


def _candidates(
    work: Work, rule: VisitRule, walk: Walk, intervals: dict[str | None, timedelta], upto: int, dialect: str
) -> Any:
    """The customers, up to that number, for whom the rule comes again within the walk: number, tier, zone, anchor.

    The anchor, in seconds, is the beginning of what is counted: the customer's first day, or last word.
    """
    since: Any = col(Customer.created_at)
    if rule.when == "silence":
        since = func.coalesce(col(Customer.last_contact_at), since)
    whole: Any = func.floor if dialect == "postgresql" else lambda seconds: seconds  # SQLite has no fractions here
    anchor = cast(whole(extract("epoch", since)), BigInteger)
    after, horizon = int(walk.until.timestamp()), int((walk.horizon or walk.until).timestamp())
    comes = []
    for tier, interval in intervals.items():
        seconds = max(1, int(interval.total_seconds()))
        again = (horizon - anchor) // seconds > (after - anchor) // seconds
        by_bot = rule.by_whom(tier) == By.BOT and tier is not None
        comes.append(and_(_of_tier(work, tier), again, REACHABLE if by_bot else true()))
    query = select(Customer.id, Customer.tier, Customer.zone, anchor).where(
        col(Customer.id) > walk.after, col(Customer.id) <= upto, col(Customer.merged_into_id).is_(None), or_(*comes)
    )
    return query.where(_agreed()) if rule.purpose_of == Purpose.MARKETING else query


def _agreed() -> Any:
    """Customers who said yes to offers, and not no since."""
    latest = (
        select(Consent.given)
        .where(Consent.customer_id == Customer.id, Consent.purpose == Purpose.MARKETING)
        .order_by(col(Consent.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    return latest.is_(True)


def _of_tier(work: Work, tier: str | None) -> Any:
    """Customers of that tier, None for all of them; who has none yet is of the one without a condition."""
    if tier is None:
        return true()
    if tier == default_tier(work.plan):
        return or_(col(Customer.tier) == tier, col(Customer.tier).is_(None))
    return col(Customer.tier) == tier


def _occurrences(
    work: Work,
    rule: VisitRule,
    walk: Walk,
    intervals: dict[str | None, timedelta],
    customer_id: int,
    tier: str | None,
    zone: str | None,
    anchor: int,
) -> Iterator[dict[str, Any]]:
    """The rows of one customer for this walk."""
    tier = tier or default_tier(work.plan)
    interval = intervals.get(tier) or intervals[None]
    spread = min(rule.window / 4, interval * SPREAD, timedelta(days=1)) if interval >= SELDOM else timedelta(0)
    by, place = By(rule.by_whom(tier)), zone_named(zone) if zone else work.plan.business.timezone
    for number, at in numbers(anchor, interval, walk.until, walk.horizon or walk.until):
        if sampled(rule, tier, customer_id, number):
            key = occurrence_of(rule, customer_id, interval, anchor, number)
            due, reason = placed(work.plan, place, at, by, key, spread)
            yield _row(work, rule, customer_id, key, by, due, reason)


def _row(
    work: Work, rule: VisitRule, customer_id: int, key: str, by: By, due: datetime, reason: str | None
) -> dict[str, Any]:
    """All columns of a visit that has not begun: rows are added many at a time, past the model's defaults."""
    return {
        "customer_id": customer_id,
        "rule": rule.id,
        "occurrence": key,
        "by": by,
        "due_at": due,
        "purpose": Purpose(rule.purpose_of),
        "window_until": due + rule.window,
        "attempts": 0,
        "note": "",
        "reason": reason,
        "state": VisitState.PLANNED,
        "told": False,
        "questionnaire": rule.questionnaire,
        "plan_version": work.plan_version,
    }


async def file_changed(work: Work, happening: FileChanged) -> None:
    """The customer's tier or zone may be another: what comes again is planned anew, and what goes by it moves."""
    customer = happening.customer
    if not work.plan.visit:
        return
    for visit in await to_come(work, Visit.customer_id == customer.id):
        rule = rule_of(work, visit)
        if rule is not None and gone_from(work.plan, rule, visit, customer):
            visit.end(VisitState.CANCELLED, work.now, reason="tier")
        elif rule is not None:
            visit.by = By(rule.by_whom(customer.tier))
    for rule in work.plan.visit:
        walk = await walk_named(work, _walk_of(rule))
        intervals = _intervals(work, rule) if rule.when == "tier" else {}
        if walk is None or not intervals.keys() & {customer.tier or default_tier(work.plan)}:
            continue
        so_far = Walk(name=walk.name, until=work.now, horizon=walk.until)
        anchor = int(customer.created_at.timestamp())
        rows = list(_occurrences(work, rule, so_far, intervals, customer.id, customer.tier, customer.zone, anchor))
        await _insert(work, rows)
