"""Who is on duty: the roster and absence, without a database."""

from datetime import UTC, datetime, timedelta

from models.duty import is_away, on_roster
from models.plan import read_plan
from models.staff import Staff

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
