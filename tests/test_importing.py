"""Imports: what a row may look like, and that a file is taken whole, once, or not at all."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import add
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlalchemy import delete
from sqlmodel import col, select
from typer.testing import CliRunner

from bot.__main__ import cli as huifang
from bot.importing import Import, cli
from handlers import open_database
from handlers.customers import importing, rules
from handlers.happenings.people import EventImported
from models.audit import Audit
from models.customers import Customer, Purchase, ServiceEvent
from models.database import Database
from models.importing.checking import check, read_amount, read_moment
from models.importing.columns import BadFile, BadRow, What
from models.plan import Plan, read_plan
from models.work import Counter
from tests.tables import make_tables

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PLAN = read_plan(
    """
[[tier]]
id = "vip"
when = { spent_12m = 1000 }
[[tier]]
id = "regular"
[[field]]
id = "size"
name = { zh = "鞋码", en = "Shoe size" }
kind = "number"
[[segment]]
id = "business"
when = { tag = "b2b" }
"""
)
CUSTOMERS = """客户编号,姓名,手机,城市,标签,鞋码
A1,王芳,138 0013 8000,上海,老客户;b2b,38
A2,Li Wei,+44 20 7946 0958,London,,
"""
PURCHASES = "订单号;客户编号;日期;金额;商品\nO1;A1;2026-11-01;¥1,234.50;kettle\nO2;A2;2026/11/02 14:05;99;lamp\n"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = open_database(database_url, lambda: NOW)
    await make_tables(found)
    async with found.work(lambda: NOW, PLAN) as work:
        work.add(Counter(name="customer"))
    yield found
    await found.close()


async def imported(
    database: Database, what: What, text: str | bytes, folder: Path, commit: bool = True
) -> tuple[tuple[int, int, int], list[str]]:
    """How many rows are new, changed and as they were, and what is wrong with bad ones; without any, they are in."""
    file = folder / f"{what}.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    tried = Import(database, PLAN, NOW, what, file)
    counts = await tried.go(commit=False)
    if commit and not tried.bad:
        assert await tried.go(commit=True) == counts
    return counts, [f"row {number}: {bad}" for number, bad in tried.bad]


async def stored(database: Database, table: Any) -> Sequence[Any]:
    async with database.reading() as session:
        return (await session.exec(select(table).order_by(col(table.ref)))).all()


async def test_a_file_of_customers_is_taken_once(database: Database, tmp_path: Path) -> None:
    assert await imported(database, "customers", CUSTOMERS, tmp_path, commit=False) == ((2, 0, 0), [])
    assert await stored(database, Customer) == []

    assert await imported(database, "customers", CUSTOMERS, tmp_path) == ((2, 0, 0), [])
    wang, li = await stored(database, Customer)
    assert await imported(database, "customers", CUSTOMERS, tmp_path) == ((0, 0, 2), [])

    assert (wang.id, wang.name, wang.phone, wang.zone) == (1, "王芳", "+8613800138000", "Asia/Shanghai")
    assert (wang.tags, wang.fields, wang.segments, wang.tier) == (
        ["老客户", "b2b"],
        {"size": "38"},
        ["business"],
        "regular",
    )
    assert (li.zone, li.tags, li.segments) == ("Europe/London", [], [])
    assert await stored(database, Customer) == [wang, li]


async def test_a_changed_row_changes_the_customer_and_what_rules_say(database: Database, tmp_path: Path) -> None:
    await imported(database, "customers", CUSTOMERS, tmp_path)
    changed = "ref,name,tags\nA2,Li Wei,b2b\n"
    assert await imported(database, "customers", changed, tmp_path) == ((0, 1, 0), [])
    _, li = await stored(database, Customer)
    assert (li.tags, li.segments, li.phone) == (["b2b"], ["business"], "+442079460958")


async def test_one_bad_row_and_nothing_is_written(database: Database, tmp_path: Path) -> None:
    text = CUSTOMERS + "A3,,12,,,\nA4,陈,12,,,\nA5,李,,,,big\nA1,again,,,,\n,无,,,,\nA6,六,,,,,,x\n"
    counts, bad = await imported(database, "customers", text, tmp_path)
    assert counts == (2, 0, 0)
    assert [each.partition(":")[0] for each in bad] == ["row 4", "row 5", "row 6", "row 7", "row 8", "row 9"]
    assert bad[0] == "row 4: 姓名: is empty, expected a name", "the column as it stands in the file"
    assert 'row 5: 手机: "12", expected a telephone number' in bad[1]
    assert 'row 6: 鞋码: "big", expected a number' in bad[2]
    assert bad[3] == 'row 7: 客户编号: "A1" stands in row 2 already'
    assert bad[4] == "row 8: 客户编号: is empty, expected 1 to 100 characters"
    assert await stored(database, Customer) == []


async def test_purchases_happen_once_in_the_running_bot_and_lift_the_tier(database: Database, tmp_path: Path) -> None:
    await imported(database, "customers", CUSTOMERS, tmp_path)
    assert await imported(database, "purchases", PURCHASES, tmp_path) == ((2, 0, 0), [])
    assert await imported(database, "purchases", PURCHASES, tmp_path) == ((0, 0, 2), [])
    events = "ref\tcustomer\tname\tat\nE1\tA1\tdelivery\t2026-11-03\n"
    assert await imported(database, "events", events, tmp_path) == ((1, 0, 0), [])

    happened = []
    async with database.work(lambda: NOW, PLAN) as work:
        assert await importing.set_going(work)
        happened = [each for each in work.happened if isinstance(each, EventImported)]
        assert not await importing.set_going(work)

    assert [(each.name, each.ref, each.customer_id) for each in happened] == [
        ("purchase", "O1", 1),
        ("purchase", "O2", 2),
        ("delivery", "E1", 1),
    ]
    first, second = await stored(database, Purchase)
    assert (first.amount, first.product, first.at) == (123450, "kettle", datetime(2026, 10, 31, 16, tzinfo=UTC))
    assert second.at == datetime(2026, 11, 2, 6, 5, tzinfo=UTC)
    assert [each.tier for each in await stored(database, Customer)] == ["vip", "regular"]
    assert [each.name for each in await stored(database, ServiceEvent)] == ["delivery"]
    assert await imported(database, "purchases", PURCHASES, tmp_path) == ((0, 0, 2), [])


async def test_a_purchase_of_nobody_is_a_bad_row(database: Database, tmp_path: Path) -> None:
    await imported(database, "customers", CUSTOMERS, tmp_path)
    _, bad = await imported(database, "purchases", PURCHASES.replace("A2", "A9"), tmp_path)
    assert bad == ['row 3: 客户编号: no customer has the number "A9"']
    assert await stored(database, Purchase) == []


async def test_a_bad_day_is_said_of_the_column_in_the_file(database: Database, tmp_path: Path) -> None:
    _, bad = await imported(database, "purchases", "ref,customer,Date,amount\nO1,A1,soon,1\nO2,A1,,1\n", tmp_path)
    assert [each.partition(", expected a day")[0] for each in bad] == ['row 2: Date: "soon"', "row 3: Date: is empty"]


async def test_every_night_tiers_follow_the_last_twelve_months(database: Database, tmp_path: Path) -> None:
    await imported(database, "customers", CUSTOMERS, tmp_path)
    await imported(database, "purchases", PURCHASES, tmp_path)
    for days, tiers in ((0, ["vip", "regular"]), (400, ["regular", "regular"])):
        async with database.work(partial(add, NOW, timedelta(days=days)), PLAN, 1) as work:
            while await rules.recompute(work):
                pass
        assert [each.tier for each in await stored(database, Customer)] == tiers
        async with database.work(partial(add, NOW, timedelta(days=days, hours=1)), PLAN, 1) as work:
            assert not await rules.recompute(work)
    async with database.reading() as session:
        changes = (await session.exec(select(Audit).where(Audit.action == "tier"))).all()
    assert [(each.details["before"], each.details["after"]) for each in changes] == [
        ("regular", "vip"),
        ("vip", "regular"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
async def test_any_usual_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = f'编号{delimiter}姓名{delimiter}备注\r\nA1{delimiter}王芳{delimiter}"第一行\n第二行{delimiter}"\r\n'
    file = tmp_path / "customers.csv"
    file.write_bytes(text.encode(encoding))
    assert [row.values for row in rows_of(file)] == [{"name": "王芳", "notes": f"第一行\n第二行{delimiter}".strip()}]


def rows_of(file: Path, what: What = "customers") -> list[Any]:
    tried = Import(None, PLAN, NOW, what, file)  # type: ignore[arg-type]
    found = list(tried.rows())
    assert tried.bad == []
    return found


async def test_an_xlsx_is_read_with_its_days_and_numbers(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    for line in (
        ["订单号", "客户编号", "日期", "金额", "商品"],
        [1001, "A1", datetime.fromisoformat("2026-11-01T14:05"), 1234.5, "水壶"],
        [None, None, None, None, None],
        ["O2", 7, "2026年11月2日", "¥99", None],
    ):
        sheet.append(line)
    book.save(tmp_path / "orders.xlsx")
    first, second = rows_of(tmp_path / "orders.xlsx", "purchases")
    assert (first.ref, first.customer, first.values["amount"]) == ("1001", "A1", 123450)
    assert first.values["at"] == datetime(2026, 11, 1, 6, 5, tzinfo=UTC)
    assert (second.number, second.customer, second.values["amount"], second.values["product"]) == (4, "7", 9900, "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"ref,phone\nA,1\n", "missing columns: name"),
        (b"ref,name,shoe\n", "unknown columns: shoe"),
        (b"ref,name,id\n", "stand twice: ref"),
        (b'ref,name\nA,"x\n', "row"),
        (b"ref,name\n\xff\xff\x80\x81\n", "neither"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "customers.csv").write_bytes(content)
    with pytest.raises(BadFile, match=said):
        rows_of(tmp_path / "customers.csv")
    (tmp_path / "customers.xlsx").write_bytes(content)
    with pytest.raises(BadFile, match="XLSX"):
        rows_of(tmp_path / "customers.xlsx")


def address(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def command(arguments: list[str], database_url: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[str]]:
    """The exit code of `huifang` and the lines it printed."""
    given = {"BOT_TOKEN": "1000000001:import", "STAFF_GROUP_ID": "-1001", "DATABASE_URL": database_url}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    for module in ("bot.__main__", "bot.logs"):  # pytest's own handlers stay
        monkeypatch.setattr(f"{module}.set_up_logging", lambda *_: None)
    done = CliRunner().invoke(huifang, arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, [line for line in done.output.splitlines() if not line.startswith("Checking")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["none.csv", "none.xlsx", "folder", "folder.xlsx"])
def test_a_file_that_is_not_there_or_is_a_folder_is_one_plain_line(
    database: Database, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("folder", "folder.xlsx"):
        (tmp_path / folder).mkdir()
    code, lines = command(["import", "customers", str(tmp_path / name)], address(database), monkeypatch)
    why = "No such file or directory" if "none" in name else "Is a directory"
    assert (code, lines) == (1, [f"{tmp_path / name}: cannot be read: {why}"])


def test_an_import_needs_the_tables_and_no_bot_that_has_started(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("ref,name\nA1,Li Wei\n", "utf-8")
    code, lines = command(["import", "customers", str(file), "--commit"], database_url, monkeypatch)
    assert code == 1
    assert "huifang migrate" in lines[0]

    assert command(["migrate"], database_url, monkeypatch)[0] == 0
    code, lines = command(["import", "customers", str(file), "--commit"], database_url, monkeypatch)
    assert (code, lines[-2:]) == (0, [f"{file}: 1 new, 0 changed, 0 as they were, 0 bad.", "Written."])
    assert command(["customers", "rfm"], database_url, monkeypatch)[0] == 0
    code, lines = command(["customers", "link", "A1"], database_url, monkeypatch)
    assert code == 1
    assert "no bot has started on this database" in lines[0]


@pytest.mark.parametrize(
    ("written", "hundredths"),
    [
        ("¥1,234.50", 123450),
        ("1234.5", 123450),
        ("1.234,50 €", 123450),
        ("99元", 9900),
        ("RMB 12", 1200),
        ("-5", -500),
        ("0", 0),
        ("１２.3０", 1230),
        ("1,2", 120),
        ("1234.5000", 123450),
        ("12.345", None),
        ("", None),
        ("zwölf", None),
        ("1,23,4", None),
        ("NaN", None),
        ("=1+1", None),
        ("9" * 20, None),
    ],
)
def test_an_amount_is_read_to_the_cent_or_refused(written: str, hundredths: int | None) -> None:
    if hundredths is None:
        with pytest.raises(BadRow, match="amount"):
            read_amount(written)
    else:
        assert read_amount(written) == hundredths


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-21", "2026-11-20T16:00"),
        ("2026/1/2 3:04", "2026-01-01T19:04"),
        ("20261121", "2026-11-20T16:00"),
        ("2026年11月21日 14:05:06", "2026-11-21T06:05:06"),
        ("2026-11-21T14:05:00+00:00", "2026-11-21T14:05"),
        ("21.11.2026 14:05", "2026-11-21T06:05"),
        ("2026-11-21 14:05:00.123", "2026-11-21T06:05:00.123"),
        ("11/21/2026", None),
        ("2026-11-31", None),
        ("2026-11-21 25:00", None),
        ("1066-10-14", None),
        ("soon", None),
        ("2026-11-21 at noon", None),
        ("", None),
    ],
)
def test_a_moment_is_read_as_tables_write_it(written: str, moment: str | None) -> None:
    found = read_moment(written, PLAN)
    assert found == (datetime.fromisoformat(moment).replace(tzinfo=UTC) if moment else None)


@given(st.dictionaries(st.sampled_from(["ref", "customer", "at", "amount", "product", "name", "details"]), st.text()))
def test_whatever_stands_in_a_row_it_is_taken_or_refused_with_a_reason(cells: dict[str, str]) -> None:
    for what in ("purchases", "events", "customers"):
        try:
            row = check(2, what, cells, Plan(), NOW)
        except BadRow as bad:
            said = str(bad)
        else:
            said = f"expected {row.ref}" if 0 < len(row.ref) <= 100 else ""
        assert "expected" in said


amounts = st.integers(-(10**9), 10**9)
orders = st.dictionaries(st.text("abcXYZ019-", min_size=1, max_size=6), amounts, max_size=12)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders, orders, st.lists(st.integers(0, 11)))
async def test_importing_twice_or_with_broken_rows_changes_nothing(
    database: Database, tmp_path: Path, before: dict[str, int], after: dict[str, int], broken: list[int]
) -> None:
    async with database.work(lambda: NOW, PLAN) as work:
        await work.session.exec(delete(Purchase))
    await imported(database, "customers", CUSTOMERS, tmp_path)

    await imported(database, "purchases", table(before), tmp_path)
    once = await stored(database, Purchase)
    counts, bad = await imported(database, "purchases", table(before), tmp_path)
    assert (counts, bad) == ((0, 0, len(before)), [])
    assert await stored(database, Purchase) == once
    assert {row.ref: row.amount for row in once} == before

    spoilt = {number for number in broken if number < len(after)}
    _, bad = await imported(database, "purchases", table(after, spoilt), tmp_path)
    kept = {row.ref: row.amount for row in await stored(database, Purchase)}
    assert len(bad) == len(spoilt)
    assert kept == (before if spoilt else {**before, **after})


def table(rows: dict[str, int], spoilt: set[int] | None = None) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["ref", "customer", "at", "amount"])
    for number, (ref, amount) in enumerate(rows.items()):
        paid = "much" if number in (spoilt or ()) else f"{amount / 100:.2f}"
        writer.writerow([ref, "A1", "2026-11-01", paid])
    return file.getvalue()


def test_every_command_that_imports_says_its_columns_and_a_dry_run_is_dry() -> None:
    said = CliRunner().invoke(cli, ["purchases", "--help"]).output
    assert "订单号" in said
    assert "amount" in said
    assert "--commit" in said
