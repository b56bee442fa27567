"""Names as staff may safely see them."""

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.customers import NAME_LIMIT, Customer, display_name, topic_name


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
    assert topic_name(somebody(7, "王芳")) == "王芳 #7"
    assert topic_name(somebody(7, "#7")) == "#7"
    assert len(topic_name(somebody(10**12, "长" * NAME_LIMIT))) <= 128
