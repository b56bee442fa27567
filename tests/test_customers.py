"""Names as staff may safely see them; what a file holds; tiers and segments by rule."""

import ast
import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.customers import NAME_LIMIT, Customer, display_name
from models.customers.phones import masked, normal_phone
from models.customers.tiers import is_lower, segments_by_rule, tier_by_rule
from models.customers.values import read_day
from models.customers.zones import zone_of_city
from models.plan import Plan, read_plan
from models.topics import topic_name
from templates import LANGUAGES

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
            text = (ROOT / "templates" / language / f"{name}.html").read_text("utf-8").casefold()
            assert not [word for word in ("tier", "segment", "等级", "vip") if word in text], name
