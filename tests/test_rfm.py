"""RFM and the 80/20 curve, against what is counted by hand and in plain Python."""

import csv
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.customers import harmless
from handlers import open_database
from models.customers import Customer, Purchase
from models.customers.rfm import Curve, curve, everybody
from models.plan import Plan
from tests.tables import make_tables

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
Sale = tuple[int, int, int]  # customer, days ago, hundredths


async def told_by(database_url: str, sales: list[Sale]) -> tuple[Curve, dict[int, tuple[int, int, int]]]:
    database = open_database(database_url, lambda: NOW)
    await make_tables(database)
    async with database.work(lambda: NOW, Plan()) as work:
        for number in {sale[0] for sale in sales}:
            work.add(Customer(id=number, name=f"customer {number}", language="en", created_at=NOW))
        await work.flush()
        for number, (customer_id, days, amount) in enumerate(sales):
            at = NOW - timedelta(days=days)
            work.append(Purchase, customer_id=customer_id, ref=str(number), at=at, amount=amount)
    async with database.reading() as session:
        found = await curve(session, NOW)
        rows = (await session.exec(everybody(NOW))).all()
    await database.close()
    return found, {row.id: (row.r, row.f, row.m) for row in rows}


async def test_five_buyers_stand_in_five_fifths(database_url: str) -> None:
    sales = [(number, 100 - number, number * 1000) for number in range(1, 6) for _ in range(number)]
    found, scores = await told_by(database_url, [*sales, (9, 400, 10**9)])
    assert scores == {number: (number, number, number) for number in range(1, 6)}
    assert (found.buyers, found.spent) == (5, 55_000)
    assert {each.group: each.buyers for each in found.groups} == {"value": 2, "general_win_back": 3}
    assert found.shares[3] == (0.2, 25_000 / 55_000)
    assert found.eighty == 3 / 5


async def test_equal_buyers_score_alike_and_nobody_is_no_sample(database_url: str) -> None:
    found, scores = await told_by(database_url, [(number, 10, 500) for number in range(1, 11)])
    assert set(scores.values()) == {(1, 1, 1)}
    assert found.eighty == 0.8


async def test_where_nobody_bought_there_is_no_curve(database_url: str) -> None:
    assert await told_by(database_url, []) == (Curve(0, 0, [], [], None), {})


async def test_the_database_counts_as_plain_python_does(database_url: str) -> None:
    chance = random.Random(5)
    amounts = (-500, 1000, 5000, 90_000)
    sales = [(chance.randint(1, 200), chance.randint(0, 500), chance.choice(amounts)) for _ in range(900)]
    found, scores = await told_by(database_url, sales)
    spent: dict[int, int] = defaultdict(int)
    last: dict[int, int] = {}
    orders: dict[int, int] = defaultdict(int)
    for customer_id, days, amount in sales:
        if days < 365:
            spent[customer_id] += amount
            orders[customer_id] += 1
            last[customer_id] = max(last.get(customer_id, -9999), -days)

    def score(values: dict[int, int], customer_id: int) -> int:
        below = sum(value < values[customer_id] for value in values.values())
        return min(5, 1 + 5 * below // (len(values) - 1))

    assert scores == {each: (score(last, each), score(orders, each), score(spent, each)) for each in spent}
    assert found.spent == sum(spent.values())
    most = sorted(spent.values(), reverse=True)
    for share, of_sales in found.shares:
        assert of_sales == sum(most[: max(1, round(share * len(most)))]) / found.spent


def test_no_name_is_a_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    for name in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"):
        assert harmless(name).startswith("'")
    assert harmless("Li Wei") == "Li Wei"
    with (tmp_path / "rfm.csv").open("w", newline="") as file:
        csv.writer(file).writerow([harmless('=HYPERLINK("x")')])
    assert (tmp_path / "rfm.csv").read_text().startswith("\"'=HYPERLINK")
