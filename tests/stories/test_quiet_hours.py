"""What falls into a customer's quiet hours waits for their morning, and staff can read that it does, and why."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from models.questionnaires import Invitation
from models.visits import Visit
from tests.stories.shop import Customer, Shop, case_number
from tests.telegram import words

PLAN = """
[business]
timezone = "Asia/Shanghai"

[contact]
quiet = "21:00-09:00"

[[visit]]
id = "after_repair"
when = "case_resolved"
kinds = ["request"]
after = "1h"
by = "bot"

[[survey]]
questionnaire = "csat"
when = "case_resolved"
after = { enquiry = "1h" }
"""


async def resolved_at_night(shop: Shop, language: str, kind: str, city: str) -> Customer:
    """A customer whose case was resolved at half past ten in the evening of the city they live in."""
    customer, agent = await shop.customer(language=language), await shop.agent()
    received = await customer.complains("热水器" if language == "zh-hans" else "The boiler")
    number = case_number(received)
    await customer.presses(received, f"kind:{number}:{kind}")
    await agent.says(f"/set city {city}", to=customer)
    await shop.time_comes(2, "22:30", "Europe/London" if city == "London" else "Asia/Shanghai")
    await agent.says("/resolve OK", to=customer)
    await customer.hears("OK")
    return customer


async def why(shop: Shop, customer: Customer) -> str:
    agent = await shop.agent()
    asked = await agent.says("/why", to=customer)
    return words(await agent.sees("主动联系", of=customer, after=asked))


async def invited(shop: Shop, customer: Customer) -> Invitation:
    of_customer = select(Invitation).where(Invitation.customer_id == (await customer.row()).id)
    found: Invitation = (await shop.stored(of_customer))[0]
    return found


def is_morning(at: datetime, zone: str) -> bool:
    """Whether it is between nine and the end of the hours over which a morning's visits are spread."""
    local = at.astimezone(ZoneInfo(zone))
    return timedelta(hours=9) <= timedelta(hours=local.hour, minutes=local.minute) <= timedelta(hours=11)


@pytest.mark.parametrize(
    ("language", "city", "zone"),
    [("zh-hans", "上海", "Asia/Shanghai"), ("en", "London", "Europe/London")],
)
async def test_a_visit_that_is_planned_for_the_morning_has_its_reason(
    shop: Shop, language: str, city: str, zone: str
) -> None:
    customer = await resolved_at_night(shop, language, "request", city)
    assert "改期：免打扰时段" in await why(shop, customer)
    visit: Visit = (await shop.stored(select(Visit).where(Visit.customer_id == (await customer.row()).id)))[0]
    assert is_morning(visit.due_at, zone)


async def test_a_questionnaire_that_falls_due_at_night_has_its_reason(shop: Shop) -> None:
    customer = await resolved_at_night(shop, "en", "enquiry", "London")
    assert "已安排" in await why(shop, customer)
    await shop.time_passes(hours=1, minutes=1)
    now = await shop.now()
    invitation = await invited(shop, customer)
    assert invitation.due_at > now
    assert "改期：免打扰时段" in await why(shop, customer)
    assert is_morning(invitation.due_at, "Europe/London")
    await shop.time_passes(hours=12)
    await customer.hears("satisfied")
    assert (await invited(shop, customer)).reason is None
