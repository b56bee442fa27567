"""Who is on duty: the roster and absence, without a database."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from handlers import duty
from models.duty import is_away, on_roster
from models.plan import read_plan
from models.staff import Role, Staff

PLAN = read_plan("""
[business]
timezone = "Asia/Shanghai"
[duty]
roster = [
  { agent = "@Night", days = ["sat", "sun"], hours = "18:00-09:00" },
  { agent = "always" },
]
""")
#: 2026-11-29 is a Sunday.
SUNDAY = datetime(2026, 11, 28, 16, 0, tzinfo=UTC)


def at(hours: float) -> datetime:
    """So many hours after Sunday's midnight in Shanghai."""
    return SUNDAY + timedelta(hours=hours)


def test_a_shift_is_named_by_the_day_on_which_it_begins_and_passes_midnight() -> None:
    assert "night" in on_roster(PLAN, at(8.9)), "Saturday's shift goes on until Sunday morning"
    assert "night" not in on_roster(PLAN, at(9))
    assert "night" not in on_roster(PLAN, at(17.9))
    assert "night" in on_roster(PLAN, at(18))
    assert "night" in on_roster(PLAN, at(24 + 8.9)), "Sunday's shift goes on until Monday morning"
    assert "night" not in on_roster(PLAN, at(24 + 18)), "Monday has none"


def test_a_shift_without_days_and_hours_is_always() -> None:
    assert all("always" in on_roster(PLAN, at(hours)) for hours in range(168))


def test_absence_ends_at_its_moment_or_when_they_say_so() -> None:
    person = Staff(user_id=1, name="Chen", joined_at=SUNDAY)
    assert not is_away(person, SUNDAY)
    person.away_since = SUNDAY
    assert is_away(person, at(1000))
    person.away_until = at(2)
    assert is_away(person, at(1.9))
    assert not is_away(person, at(2))


async def test_what_nobody_has_is_in_the_hands_of_the_supervisor_whose_shift_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_day = Staff(id=1, user_id=1, name="Day", username="day", role=Role.SUPERVISOR, joined_at=SUNDAY)
    by_night = Staff(id=2, user_id=2, name="Night", username="night", role=Role.SUPERVISOR, joined_at=SUNDAY)
    plan = PLAN.model_copy(update={"calendar": read_plan("[calendar]\nmon = ['09:00-18:00']\n").calendar})

    async def everybody(*_: object) -> list[Staff]:
        return [by_day, by_night]

    def work(now: datetime) -> Any:
        return SimpleNamespace(plan=plan, now=now)

    for query in ("members_of", "active_staff"):
        monkeypatch.setattr(duty, query, everybody)
    matter: Any = SimpleNamespace(assignee_id=None, group_id=1)
    assert await duty.holder_of(work(at(20)), matter) is by_night
    assert await duty.holder_of(work(at(24 + 10)), matter) is by_day, "in working time all are on, the first first"
    assert await duty.holder_of(work(at(48)), matter) is by_day, "nobody is on: whoever holds the role"
    by_night.away_since = SUNDAY
    assert await duty.holder_of(work(at(20)), matter) is by_day
