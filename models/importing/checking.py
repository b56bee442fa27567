"""From the text of a row to what is stored of it; a bad row says which column it is, and what is expected."""

import re
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from models.base import clean
from models.customers import display_name
from models.customers.phones import normal_phone
from models.customers.values import NotSo, read_day, read_field, read_text
from models.customers.zones import zone_of_city
from models.importing.columns import BadRow, What, columns
from models.plan import Plan

#: How long an external number and an event's name may be (characters).
LONGEST_REF, LONGEST_NAME, LONGEST_NOTES = 100, 40, 2000
#: The largest amount, in hundredths.
MOST = 10**14
_EXPECTED = {
    "not_text": "one line of at most 200 characters",
    "not_number": "a number such as 12 or 12.5",
    "not_date": "a day such as 2027-06-30",
    "not_choice": "one of its choices",
    "not_phone": "a telephone number such as 138 0013 8000 or +44 20 7946 0958",
}
# 1,234.50 or 1234.5; and 1.234,50 as in much of Europe
_AMOUNT = re.compile(r"(-?)(\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.(\d{1,6}))?")
_EUROPEAN = re.compile(r"-?(\d{1,3}(?:\.\d{3})+|\d{1,15}),\d{1,2}")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


@dataclass(frozen=True)
class Row:
    """A row that can be taken: `ref` is its own, `customer` that of the customer it names, `values` what it sets."""

    number: int
    ref: str
    values: dict[str, Any]
    customer: str = ""
    own: dict[str, str] = field(default_factory=dict)  # the plan's own fields


def check(number: int, what: What, cells: dict[str, str], plan: Plan, now: datetime) -> Row:
    """The row of these cells; raises BadRow."""
    ref = _short(cells, "ref", LONGEST_REF)
    if what == "customers":
        return Row(number, ref, _customer(cells, plan), own=_own_fields(cells, plan))
    at = _moment(cells, plan, now)
    customer = _short(cells, "customer", LONGEST_REF)
    if what == "purchases":
        product = _line(cells.get("product", ""), "product")
        return Row(
            number, ref, {"at": at, "amount": read_amount(cells.get("amount", "")), "product": product}, customer
        )
    values = {
        "at": at,
        "name": _short(cells, "name", LONGEST_NAME),
        "details": cells.get("details", "")[:LONGEST_NOTES],
    }
    return Row(number, ref, values, customer)


def _wrong(column: str, text: str, expected: str) -> BadRow:
    found = f'"{text[:60]}"' if text.strip() else "is empty"
    return BadRow(f"{found}, expected {expected}", column)


def _short(cells: dict[str, str], column: str, limit: int) -> str:
    text = " ".join(clean(cells.get(column, "")).split())
    if not 0 < len(text) <= limit:
        raise _wrong(column, text, f"1 to {limit} characters")
    return text


def _line(text: str, column: str) -> str:
    try:
        return read_text(text) if text else ""
    except NotSo as wrong:
        raise _wrong(column, text, _EXPECTED[wrong.kind]) from wrong


def _customer(cells: dict[str, str], plan: Plan) -> dict[str, Any]:
    name = display_name(cells.get("name"), None)
    if not name:
        raise _wrong("name", cells.get("name", ""), "a name")
    found: dict[str, Any] = {"name": name}
    if "phone" in cells:
        found["phone"] = normal_phone(cells["phone"], plan)
        if found["phone"] is None:
            raise _wrong("phone", cells["phone"], _EXPECTED["not_phone"])
    if "language" in cells:
        found["language"] = _languages().get(cells["language"].casefold())
        if found["language"] is None:
            raise _wrong("language", cells["language"], "zh or en")
    if "salutation" in cells:
        found["salutation"] = _line(cells["salutation"], "salutation")[:40]
    if "city" in cells:
        found["city"] = _line(cells["city"], "city")
        found["zone"] = zone_of_city(found["city"])
    if "tags" in cells:
        found["tags"] = list(dict.fromkeys(re.split(r"[\s,;|\u3001\uff0c\uff1b]+", clean(cells["tags"]).strip())))[
            :30
        ]
    if "notes" in cells:
        found["notes"] = clean(cells["notes"])[:LONGEST_NOTES]
    return found


def _own_fields(cells: dict[str, str], plan: Plan) -> dict[str, str]:
    found = {}
    for each in plan.field:
        text = cells.get(f"field:{each.id}")
        if text:
            try:
                found[each.id] = read_field(each, text, plan)
            except NotSo as wrong:
                expected = _EXPECTED[wrong.kind] if each.kind != "choice" else f"one of {', '.join(each.choices)}"
                raise _wrong(f"field:{each.id}", text, expected) from wrong
    return found


@cache
def _languages() -> dict[str, str]:
    return {name.casefold(): code for code, names in columns()["languages"].items() for name in names}


def read_amount(text: str) -> int:
    """An amount in hundredths: "1,234.50", with a currency's sign, or "1.234,50"; raises BadRow."""
    plain = "".join(text.casefold().split()).replace("\uff0c", ",")
    for sign in columns()["currency"]["signs"]:
        plain = plain.replace(sign, "")
    if _EUROPEAN.fullmatch(plain) and not _AMOUNT.fullmatch(plain):
        plain = plain.replace(".", "").replace(",", ".")
    if not _AMOUNT.fullmatch(plain):
        raise _wrong("amount", text, "an amount such as 1,234.50")
    hundredths = Decimal(plain.replace(",", "")) * 100
    if hundredths != hundredths.to_integral_value() or abs(hundredths) > MOST:
        raise _wrong("amount", text, "an amount with at most two decimals")
    return int(hundredths)


def _moment(cells: dict[str, str], plan: Plan, now: datetime) -> datetime:
    text = cells.get("at", "")
    at = read_moment(text, plan)
    if at is None:
        raise _wrong("at", text, "a day or a moment such as 2026-11-21 or 2026-11-21 14:05")
    if at > now + timedelta(days=1):
        raise _wrong("at", text, "a moment that is not in the future")
    return at


def read_moment(text: str, plan: Plan) -> datetime | None:
    """A moment as tables write it, in the business's time zone where it names none; a day is its first moment."""
    text = text.strip()
    match = _DAY_FIRST.match(text)
    if match:
        text = f"{match[3]}-{match[2]}-{match[1]}{text[match.end() :]}"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        head, _, tail = text.replace("T", " ").partition(" ")
        day = read_day(head) or read_day(text)
        if day is None:
            return None
        clock = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?", tail.strip()) if read_day(head) else None
        if tail.strip() and read_day(head) and clock is None:
            return None
        hour, minute, second = (int(each or 0) for each in clock.groups()) if clock else (0, 0, 0)
        if hour > 23 or minute > 59 or second > 59:
            return None
        at = datetime.combine(day, time(hour, minute, second))
    if not 1990 <= at.year <= 2200:
        return None
    return at if at.tzinfo else at.replace(tzinfo=plan.business.timezone)
