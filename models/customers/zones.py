"""The time zone in which a customer lives, by the city in the file."""

import tomllib
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from models.customers.rows import Customer
from models.plan import Plan

CITIES = Path(__file__).parents[1] / "data" / "cities.toml"


def zone_of(customer: Customer, plan: Plan) -> ZoneInfo:
    """The time zone of the customer's city, else the business's."""
    return ZoneInfo(customer.zone) if customer.zone else plan.business.timezone


def zone_of_city(city: str) -> str | None:
    """The IANA name of a city's time zone, by its Chinese or English name; None for a city we do not know."""
    return _zones().get(_plain(city))


def _plain(city: str) -> str:
    # The Chinese word for "city" at the end says nothing.
    name = city.strip().casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return name.removesuffix("\u5e02") if len(name) > 2 else name


@cache
def _zones() -> dict[str, str]:
    found = tomllib.loads(CITIES.read_text("utf-8"))
    return {_plain(name): zone for zone, names in found.items() for both in names for name in both.split("/")}
