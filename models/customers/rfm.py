"""RFM and the 80/20 curve: who buys, how lately, how often, for how much. All of it is counted by the database.

R is the day of the last purchase, F the number of purchases, M what was spent, each over the last 365 days. A score
of 1 to 5 says in which fifth of the buyers somebody stands: 1 where less than a fifth of the others are strictly
below, 5 where four fifths or more are (percent_rank in SQL), so that equal values have equal scores. High is 4 or 5.
The sample is everybody who bought.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, literal
from sqlalchemy import select as columns
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.customers.rows import Customer, Purchase
from models.customers.tiers import YEAR

#: The groups by high R, F and M, as they are named in labels.
GROUPS = {
    (True, True, True): "value",
    (False, True, True): "keep",
    (True, False, True): "develop",
    (False, False, True): "win_back",
    (True, True, False): "general_value",
    (False, True, False): "general_keep",
    (True, False, False): "general_develop",
    (False, False, False): "general_win_back",
}
#: Of which shares of the buyers the share of the sales is told.
SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
HIGH = 4


@dataclass(frozen=True)
class Standing:
    """Of a group: how many there are and what they spent (hundredths)."""

    group: str
    buyers: int
    spent: int


@dataclass(frozen=True)
class Curve:
    """Over the last 365 days: how many bought and for how much (hundredths), who they are, and how uneven it is.

    `shares` pairs a share of the buyers, those who spent most, with their share of the sales; `eighty` is the
    share of the buyers who make 80% of the sales. None where nobody bought.
    """

    buyers: int
    spent: int
    groups: list[Standing]
    shares: list[tuple[float, float]]
    eighty: float | None


def _totals(now: datetime) -> Any:
    """Everybody who bought, with the last day, the orders and what was spent; money back counts against it."""
    return (
        select(
            Purchase.customer_id,
            func.max(Purchase.at).label("last_at"),
            func.count().label("orders"),
            func.sum(Purchase.amount).label("spent"),
        )
        .where(col(Purchase.at) > now - YEAR, col(Purchase.at) <= now)
        .group_by(col(Purchase.customer_id))
        .subquery()
    )


def _scored(now: datetime) -> Any:
    totals = _totals(now)

    def score(column: Any) -> Any:
        below = func.percent_rank().over(order_by=column)
        return case(*((below >= part / 5, part + 1) for part in (4, 3, 2, 1)), else_=1)

    scores = {"r": totals.c.last_at, "f": totals.c.orders, "m": totals.c.spent}
    return select(totals, *(score(column).label(name) for name, column in scores.items())).subquery()


async def curve(session: AsyncSession, now: datetime) -> Curve:
    """The figures as of that moment."""
    scored = _scored(now)
    high = {name: scored.c[name] >= HIGH for name in "rfm"}
    sides: Any = columns(*(column.label(name) for name, column in high.items()), scored.c.spent).subquery()
    r_f_m: tuple[Any, ...] = (sides.c.r, sides.c.f, sides.c.m)
    query: Any = columns(*r_f_m, func.count(), func.sum(sides.c.spent)).group_by(*r_f_m)
    rows = (await session.exec(query)).all()
    found = {GROUPS[bool(r), bool(f), bool(m)]: (int(number), int(spent)) for r, f, m, number, spent in rows}
    groups = [Standing(group, *found[group]) for group in GROUPS.values() if group in found]
    buyers, spent = sum(each.buyers for each in groups), sum(each.spent for each in groups)
    if not buyers or spent <= 0:
        return Curve(buyers, spent, groups, [], None)
    totals = _totals(now)
    order = totals.c.spent.desc(), totals.c.customer_id
    running = select(
        func.row_number().over(order_by=order).label("place"),
        func.sum(totals.c.spent).over(order_by=order, rows=(None, 0)).label("so_far"),
    ).subquery()
    places = {share: max(1, round(share * buyers)) for share in SHARES}
    at = select(running.c.place, running.c.so_far).where(running.c.place.in_(set(places.values())))
    so_far = {int(place): int(total) for place, total in (await session.exec(at)).all()}
    reached = select(func.min(running.c.place)).where(running.c.so_far >= literal(spent) * 0.8)
    first = (await session.exec(reached)).one()
    shares = [(share, so_far[place] / spent) for share, place in places.items()]
    return Curve(buyers, spent, groups, shares, int(first) / buyers)


def everybody(now: datetime) -> Any:
    """A query of every buyer with scores, those who spent most first: for a table."""
    scored = _scored(now)
    return (
        select(
            Customer.id,
            Customer.ref,
            Customer.name,
            scored.c.last_at,
            scored.c.orders,
            scored.c.spent,
            scored.c.r,
            scored.c.f,
            scored.c.m,
        )  # type: ignore[call-overload]
        .join(scored, scored.c.customer_id == Customer.id)
        .order_by(scored.c.spent.desc(), Customer.id)
    )
