"""Names as staff may safely see them; what a file holds; tiers and segments by rule."""

import ast
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import SQLModel

import models.tables  # noqa: F401 - every table
from handlers import open_database
from handlers.customers import bans, files, values
from handlers.refusals import Refusal
from models.customers import NAME_LIMIT, Customer, display_name
from models.customers.phones import masked, normal_phone
from models.customers.tiers import is_lower, segments_by_rule, tier_by_rule
from models.customers.values import read_day
from models.customers.zones import zone_of_city
from models.plan import Plan, read_plan
from models.staff import Role, Staff
from models.topics import topic_name
from models.work import Work
from templates import LANGUAGES
from tests.test_templates import source

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        ("王", "芳", "王 芳"),
        ("王芳", None, "王芳"),
        (None, None, ""),
        ("<3", "_x_", "<3 _x_"),
        ("\u202eevil\u202c", "\u200fשלום", "evil שלום"),
        ("line\nbreak\ttab", "", "line break tab"),
        ("\u200b\u2060", "\ufeff", ""),
        ("e\u0301", "", "é"),
        ("长" * 200, "", "长" * NAME_LIMIT),
        ("\ud83d", "", "\ufffd"),
    ],
)
def test_s35_a_name_is_one_line_without_marks_that_turn_or_hide(
    first: str | None, last: str | None, shown: str
) -> None:
    assert display_name(first, last) == shown


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_shown_name_never_grows_nor_hides(first: str, last: str) -> None:
    name = display_name(first, last)

    assert len(name) <= NAME_LIMIT
    assert name == name.strip()
    assert not [c for c in name if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert display_name(name, None) == name


def somebody(number: int, name: str) -> Customer:
    return Customer(id=number, name=name, language="zh", created_at=datetime(2026, 11, 21, tzinfo=UTC))


def test_a_topic_is_named_by_the_name_and_the_number() -> None:
    assert topic_name("王芳", 7) == "王芳 #7"
    assert topic_name("#7", 7) == "#7"
    assert len(topic_name("长" * NAME_LIMIT, 10**12)) <= 128


# -- the file's values


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("138 0013 8000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("010-12345678", "+861012345678"),
        ("（０１０）１２３４５６７８", "+861012345678"),
        ("+44 (20) 7946 0958", "+442079460958"),
        ("12", None),
        ("打我电话", None),
        ("1380013800013800138000", None),
        ("138+0013", None),
        ("", None),
    ],
)
def test_a_phone_number_has_one_spelling(written: str, normal: str | None) -> None:
    assert normal_phone(written, Plan()) == normal


@given(st.text(max_size=40))
def test_a_phone_number_normalised_again_is_the_same_and_its_mask_hides_it(written: str) -> None:
    phone = normal_phone(written, Plan())
    if phone is not None:
        assert normal_phone(phone, Plan()) == phone
        assert masked(phone) != phone
        assert masked(phone).endswith(phone[-4:])


def test_a_city_is_known_by_either_name() -> None:
    for city, zone in (
        ("上海", "Asia/Shanghai"),
        ("上海市", "Asia/Shanghai"),
        ("shenzhen", "Asia/Shanghai"),
        ("乌鲁木齐", "Asia/Urumqi"),
        ("Xi’an", "Asia/Shanghai"),
        ("New York", "America/New_York"),
        ("胡志明市", "Asia/Ho_Chi_Minh"),
        ("吉林市", "Asia/Shanghai"),
        ("桃花源", None),
        ("", None),
    ):
        assert zone_of_city(city) == zone, city


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2027-06-30", date(2027, 6, 30)),
        ("2027/6/3", date(2027, 6, 3)),
        ("20270630", date(2027, 6, 30)),
        ("2027年6月30日", date(2027, 6, 30)),
        ("2027 年 6 月 3 日", date(2027, 6, 3)),
        ("2027-02-30", None),
        ("30.06.2027", None),
        ("soon", None),
    ],
)
def test_a_day_is_read_as_people_write_it(written: str, day: date | None) -> None:
    assert read_day(written) == day


# -- tiers and segments by rule

TIERS = read_plan(
    """
[[tier]]
id = "vip"
when = { spent_12m = 50000, orders_12m = 30 }
[[tier]]
id = "key"
when = { orders_12m = 5 }
[[tier]]
id = "regular"
[[field]]
id = "industry"
[[segment]]
id = "business"
when = { tag = "b2b", industry = "hotel" }
[[segment]]
id = "owners"
when = { purchased = "kettle" }
"""
)


@pytest.mark.parametrize(
    ("spent", "orders", "tier"),
    [(0, 0, "regular"), (4_999_999, 4, "regular"), (5_000_000, 0, "vip"), (0, 5, "key"), (0, 30, "vip")],
)
def test_the_first_tier_whose_rule_is_met_by_any_condition(spent: int, orders: int, tier: str) -> None:
    assert tier_by_rule(TIERS, spent, orders) == tier


def test_where_no_tier_fits_there_is_none() -> None:
    assert tier_by_rule(Plan(), 10**9, 99) is None
    only_vip = read_plan('[[tier]]\nid = "vip"\nwhen = { spent_12m = 1 }')
    assert tier_by_rule(only_vip, 99, 0) is None


def test_a_tier_is_lower_the_later_it_stands_and_none_is_lowest() -> None:
    assert is_lower(TIERS, "key", "vip")
    assert is_lower(TIERS, None, "regular")
    assert not is_lower(TIERS, "vip", "vip")
    assert not is_lower(TIERS, "regular", "a tier of an older plan")


def test_a_segment_holds_whom_any_of_its_conditions_holds() -> None:
    customer = somebody(7, "王芳")
    assert segments_by_rule(TIERS, customer, ()) == []
    customer.tags = ["b2b"]
    assert segments_by_rule(TIERS, customer, {"kettle"}) == ["business", "owners"]
    customer.tags, customer.fields = [], {"industry": "hotel"}
    assert segments_by_rule(TIERS, customer, ()) == ["business"]


def test_what_customers_are_told_knows_no_tier() -> None:
    told = set()
    for path in (ROOT / "handlers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("tell_customer", "change_message"):
                told |= {
                    each.value
                    for argument in node.args
                    for each in ast.walk(argument)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str) and "/" in each.value
                }
    assert len(told) > 15
    for name in told:
        for language in LANGUAGES:
            text = source(language, name).casefold()
            assert not [word for word in ("tier", "segment", "等级", "vip") if word in text], name


# -- deeds on a file, by whatever door

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
SHOP = read_plan('[[field]]\nid = "size"\nname = { en = "Shoe size" }\nkind = "number"\n')


@asynccontextmanager
async def at_work() -> AsyncIterator[tuple[Work, Customer, Staff]]:
    """A unit of work with one customer, and their dedicated agent."""
    database = open_database("sqlite+aiosqlite://", lambda: NOW)
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all)
        async with database.work(lambda: NOW, SHOP) as work:
            anna, wei = somebody(1, "Anna"), Staff(id=1, user_id=101, name="Wei", joined_at=NOW)
            work.add(wei)
            await work.flush()
            anna.user_id, anna.dedicated_agent_id, anna.phone = 7, wei.id, "+8613800138000"
            work.add(anna)
            await work.flush()
            work.take_changes()
            yield work, anna, wei
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("key", "value"),
    [("agent", "@nobody"), ("phone", "12"), ("language", "-"), ("size", "big"), ("city", " "), ("colour", "red")],
)
async def test_what_a_field_cannot_hold_is_found_before_anything_is_changed(key: str, value: str) -> None:
    async with at_work() as (work, anna, wei):
        with pytest.raises(Refusal):
            await values.set_field(work, anna, key, value, wei)

        assert not work.take_changes()
        assert anna.dedicated_agent_id == wei.id


async def test_a_field_is_known_by_its_name_in_any_language_and_emptied_by_a_dash() -> None:
    async with at_work() as (work, anna, wei):
        assert (await values.set_field(work, anna, "Shoe Size", "1,038", wei)).stored == "1038"
        assert (await values.set_field(work, anna, "手机", "-", wei)).key == "phone"

        assert (anna.fields, anna.phone) == ({"size": "1038"}, None)


async def test_only_active_staff_act_on_a_file_and_only_supervisors_bar_anybody() -> None:
    gone = Staff(id=2, user_id=102, name="Bo", joined_at=NOW, active=False, left_at=NOW)
    boss = Staff(id=3, user_id=103, name="Qi", joined_at=NOW, role=Role.SUPERVISOR)
    tomorrow = NOW + timedelta(days=1)
    async with at_work() as (work, anna, wei):
        with pytest.raises(Refusal, match="not_staff"):
            await values.set_tags(work, anna, ["vip"], gone)
        with pytest.raises(Refusal, match="not_staff"):
            files.see_phone(work, anna, anna)  # type: ignore[arg-type]
        with pytest.raises(Refusal, match="role"):
            bans.ban(work, anna, tomorrow, "abuse", wei)
        assert not work.take_changes()

        bans.ban(work, anna, tomorrow, "abuse", boss)
        assert anna.banned_until == tomorrow


async def test_a_ban_has_a_reason_and_lasts_a_year_at_most() -> None:
    boss = Staff(id=3, user_id=103, name="Qi", joined_at=NOW, role=Role.SUPERVISOR)
    async with at_work() as (work, anna, _wei):
        for until, reason in ((NOW, "abuse"), (NOW + timedelta(days=367), "abuse"), (NOW + timedelta(days=1), "")):
            with pytest.raises(Refusal, match="ban_usage"):
                bans.ban(work, anna, until, reason, boss)
        assert anna.banned_until is None
