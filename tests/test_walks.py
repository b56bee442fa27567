"""What comes again by itself: nights on which clocks change, outages, other plans; rules without a database first."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers import open_database
from models.database import Database
from models.plan import Plan, read_plan
from models.walks import Walk, daily, forget, in_period, kept_ahead, set_out, walk_named
from models.work import Work
from tests.tables import make_tables

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: Zones, and days on whose nights their clocks go forward or back; in Apia a day is left out.
CHANGES = (
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2027, 11, 7)),
    ("America/Havana", date(2027, 3, 14)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("Africa/Cairo", date(2027, 4, 30)),
    ("Pacific/Apia", date(2011, 12, 30)),
)


def wall(said: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=zone).astimezone(UTC)


def looked_last(said: str, zone: ZoneInfo = SHANGHAI, **more: Any) -> Walk:
    return Walk(name="birthdays", until=wall(said, zone), **more)


def walked(walk: Walk, horizon: datetime | None) -> bool:
    """Whether it was due; then it is done."""
    if horizon is not None:
        walk.begin(horizon)
        walk.end()
    return horizon is not None


# -- once a day


def looks(start: datetime, number: int, apart: timedelta) -> Iterator[datetime]:
    return (start + each * apart for each in range(number))


@pytest.mark.parametrize("at", [time(0), time(0, 30), time(1, 30), time(2, 30), time(10), time(23, 30)])
@pytest.mark.parametrize(("zone_name", "changes"), CHANGES)
def test_over_a_night_of_the_clocks_each_day_has_its_walk_once_and_not_before_its_time(
    zone_name: str, changes: date, at: time
) -> None:
    zone = ZoneInfo(zone_name)
    noon = datetime.combine(changes - 2 * DAY, time(12), zone).astimezone(UTC)
    walk = Walk(name="birthdays", until=noon)
    days = Counter[date]()
    for now in looks(noon, 4 * 24 * 6, timedelta(minutes=10)):
        if walked(walk, walk.due_daily(now, at, zone)):
            local = now.astimezone(zone)
            assert local.replace(tzinfo=None) >= datetime.combine(local.date(), at)
            days[local.date()] += 1
    last = (noon + 4 * DAY - timedelta(minutes=10)).astimezone(zone)
    first_day = changes - 2 * DAY + (DAY if at < time(12) else timedelta(0))
    last_day = last.date() if last.time() >= at else last.date() - DAY
    expected = {first_day + number * DAY for number in range((last_day - first_day).days + 1)}
    expected -= {date(2011, 12, 30)} if zone_name == "Pacific/Apia" else set()
    assert days == dict.fromkeys(expected, 1)


def test_a_time_that_the_clocks_skip_comes_when_they_have_skipped_it() -> None:
    walk = looked_last("2027-03-13 12:00", NEW_YORK)
    assert walk.due_daily(wall("2027-03-14 01:59:59", NEW_YORK), time(2, 30), NEW_YORK) is None
    assert walk.due_daily(wall("2027-03-14 03:00", NEW_YORK), time(2, 30), NEW_YORK) is not None


@settings(deadline=None)
@given(st.lists(st.integers(0, 12 * 24 * 60), max_size=60), st.times())
def test_whenever_the_clock_looks_a_day_with_a_look_after_the_time_has_one_walk(minutes: list[int], at: time) -> None:
    start, at = wall("2027-02-22 00:00"), at.replace(microsecond=0)
    walk, days, wanted = looked_last("2027-02-21 23:59"), Counter[date](), set()
    for now in (start + timedelta(minutes=each) for each in sorted(minutes)):
        local = now.astimezone(SHANGHAI)
        wanted |= {local.date()} if local.time() >= at else set()
        days[local.date()] += walked(walk, walk.due_daily(now, at, SHANGHAI))
    assert +days == dict.fromkeys(wanted, 1)


def test_a_bot_that_was_down_for_a_week_catches_up_once() -> None:
    walk = looked_last("2027-02-15 23:00")
    back = wall("2027-02-23 11:00")
    assert [walked(walk, walk.due_daily(back + each * HOUR, time(10), SHANGHAI)) for each in range(4)] == [
        True,
        False,
        False,
        False,
    ]
    assert walked(walk, walk.due_daily(wall("2027-02-24 10:00"), time(10), SHANGHAI))


def test_what_is_wanted_for_an_hour_only_is_not_caught_up_with_later() -> None:
    walk = looked_last("2027-02-21 12:00")
    for said, comes in (
        ("2027-02-22 19:00", False),
        ("2027-02-23 17:59", False),
        ("2027-02-23 18:59", True),
        ("2027-02-23 18:59", False),
        ("2027-02-24 18:00", True),
    ):
        assert walked(walk, walk.due_daily(wall(said), time(18), SHANGHAI, HOUR)) == comes, said


def test_a_first_look_owes_nothing_of_that_day_but_what_is_still_to_come() -> None:
    for said, comes in (("2027-02-22 09:59", True), ("2027-02-22 10:01", False)):
        walk = looked_last(said)
        assert walked(walk, walk.due_daily(wall("2027-02-22 11:00"), time(10), SHANGHAI)) == comes


def test_a_walk_that_was_cut_short_goes_on_where_it_stood() -> None:
    walk, now = looked_last("2027-02-21 12:00"), wall("2027-02-22 10:00")
    walk.begin(walk.due_daily(now, time(10), SHANGHAI) or now)
    walk.step(after=700, seen=500)
    assert walk.due_daily(now + 2 * DAY, time(10), SHANGHAI) == walk.horizon, "all are to have been looked at"
    assert (walk.after, walk.seen) == (700, 500)
    walk.step(after=1500, seen=500)
    assert walk.seen == 1000
    walk.end()
    assert walked(walk, walk.due_daily(now + 2 * DAY, time(10), SHANGHAI)), "and then the day has its own"


def test_a_walk_that_was_cut_short_and_is_wanted_that_day_only_is_over_with_the_day() -> None:
    walk, now = looked_last("2027-02-21 12:00"), wall("2027-02-22 10:00")
    walk.begin(walk.due_daily(now, time(10), SHANGHAI, DAY) or now)
    walk.step(after=700)
    assert walk.due_daily(wall("2027-02-22 23:59"), time(10), SHANGHAI, DAY) == walk.horizon
    assert walk.due_daily(wall("2027-02-23 09:00"), time(10), SHANGHAI, DAY) is None
    tomorrows = walk.due_daily(wall("2027-02-23 10:00"), time(10), SHANGHAI, DAY)
    assert tomorrows == wall("2027-02-24 00:00")
    assert tomorrows != walk.horizon, "it begins with the first customer"


def test_another_time_of_the_day_brings_no_second_walk_on_the_same_day() -> None:
    walk = looked_last("2027-02-21 12:00")
    assert walked(walk, walk.due_daily(wall("2027-02-22 10:00"), time(10), SHANGHAI))
    assert not walked(walk, walk.due_daily(wall("2027-02-22 15:00"), time(14), SHANGHAI))
    assert walked(walk, walk.due_daily(wall("2027-02-23 14:00"), time(14), SHANGHAI))


# -- once in a period, and ahead of time


@settings(deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=40), st.integers(1, 300))
def test_each_period_with_a_look_has_one_walk(hours: list[int], length: int) -> None:
    every, start, new_year = length * HOUR, datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    walk, periods = Walk(name="survey", until=new_year), Counter[int]()
    for now in (start + each * HOUR for each in sorted(hours)):
        periods[(now - new_year) // every] += walked(walk, walk.due_in_period(now, every))
    assert all(number == 1 for number in periods.values())


@pytest.mark.parametrize("ahead", [timedelta(minutes=40), DAY, 3 * DAY, 14 * DAY])
@settings(deadline=None)
@given(hours=st.lists(st.integers(0, 24 * 60), min_size=1, max_size=40))
def test_what_is_kept_ahead_has_no_gap_and_nothing_twice(ahead: timedelta, hours: list[int]) -> None:
    start = datetime(2027, 2, 22, 4, tzinfo=UTC)
    walk, done = Walk(name="visits:periodic", until=start), start
    for now in (start + each * HOUR for each in sorted(hours)):
        horizon = walk.due_ahead(now, ahead, SHANGHAI)
        assert walk.until == done
        if walked(walk, horizon):
            done = now + ahead
        assert walk.until == done
        assert walk.until > now, "it is ahead"


def test_what_is_needed_long_ahead_is_completed_at_midnight_and_what_is_short_when_half_is_used() -> None:
    noon = wall("2027-02-22 12:00")
    long, short = Walk(name="a", until=noon + 14 * DAY), Walk(name="b", until=noon + 4 * HOUR)
    for said, comes in (("2027-02-22 23:59", False), ("2027-02-23 00:00", True)):
        assert (long.due_ahead(wall(said), 14 * DAY, SHANGHAI) is not None) == comes
    for said, comes in (("2027-02-22 13:59", False), ("2027-02-22 14:00", True)):
        assert (short.due_ahead(wall(said), 4 * HOUR, SHANGHAI) is not None) == comes


def test_another_plan_takes_back_what_was_done_ahead_and_leaves_what_is_owed() -> None:
    now = wall("2027-02-22 12:00")
    for until, since in ((now + 14 * DAY, now), (now - 3 * DAY, now - 3 * DAY)):
        walk = Walk(name="visits:periodic", until=until, horizon=until + DAY, after=700, plan_version=1)
        walk.renew(2, now, now + 7 * DAY)
        assert (walk.until, walk.horizon, walk.after) == (since, now + 7 * DAY, 0)
        assert walk.plan_version == 2


# -- with a database

PLAN = read_plan("")
OTHER = read_plan('[business]\ntimezone = "America/New_York"')


class Days:
    """A database, and the days of a use case that greets customers 1 to 5, two in each unit of work."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.greeted: list[int] = []
        self.killed_at: int | None = None

    async def greet(self, work: Work) -> bool:
        walk = await daily(work, "birthdays", at=time(10), still_wanted=8 * HOUR)
        if walk is None:
            return False
        some = [number for number in range(1, 6) if number > walk.after][:2]
        if not some:
            walk.end()
            return False
        if self.killed_at in some:
            raise ConnectionError
        self.greeted += some
        walk.step(some[-1], len(some))
        return True

    async def at(self, said: str, plan: Plan = PLAN, version: int | None = 1) -> list[int]:
        """Who is greeted at that moment."""
        self.greeted, did_work = [], True
        while did_work:
            async with self.database.work(lambda: wall(said), plan, version) as work:
                did_work = await self.greet(work)
        return self.greeted


@pytest.fixture
async def days(database_url: str) -> AsyncIterator[Days]:
    database = open_database(database_url, lambda: datetime.now(UTC))
    await make_tables(database)
    yield Days(database)
    await database.close()


async def test_everybody_is_greeted_once_a_day_and_after_a_week_down_once_again(days: Days) -> None:
    assert await days.at("2027-02-22 12:00") == [], "a first start owes nothing"
    assert await days.at("2027-02-23 09:59") == []
    assert await days.at("2027-02-23 10:00") == [1, 2, 3, 4, 5]
    assert await days.at("2027-02-23 10:01") == []
    assert await days.at("2027-03-02 18:00") == [], "too late in the day"
    assert await days.at("2027-03-03 17:59") == [1, 2, 3, 4, 5]


async def test_a_kill_in_the_middle_repeats_nobody_and_leaves_nobody_out(days: Days) -> None:
    await days.at("2027-02-22 12:00")
    days.killed_at = 3
    with pytest.raises(ConnectionError):
        await days.at("2027-02-23 10:00")
    assert days.greeted == [1, 2]
    days.killed_at = None
    assert await days.at("2027-02-23 17:00") == [3, 4, 5]
    assert await days.at("2027-02-24 10:00") == [1, 2, 3, 4, 5]


async def test_another_plan_is_no_reason_to_greet_again_and_its_zone_counts(days: Days) -> None:
    await days.at("2027-02-22 09:00")
    assert await days.at("2027-02-22 10:00") == [1, 2, 3, 4, 5]
    assert await days.at("2027-02-22 11:00", version=2) == []
    assert await days.at("2027-02-23 23:30", OTHER, 3) == [1, 2, 3, 4, 5], "10:30 in New York"


async def test_what_goes_by_the_plan_comes_at_once_under_another_and_once(days: Days) -> None:
    async def comes(said: str, version: int) -> bool:
        async with days.database.work(lambda: wall(said), PLAN, version) as work:
            walk = await daily(work, "rules", at=time(3), by_plan=True)
            if walk is not None:
                walk.end()
            return walk is not None

    assert await comes("2027-02-22 12:00", 1), "nobody was looked at under this plan yet"
    assert not await comes("2027-02-22 13:00", 1)
    assert await comes("2027-02-22 14:00", 2)
    assert not await comes("2027-02-22 14:01", 2)
    assert not await comes("2027-02-23 02:59", 2)
    assert await comes("2027-02-23 03:00", 2)


async def test_a_plan_that_changes_in_the_middle_of_a_walk_begins_it_anew(days: Days) -> None:
    now = wall("2027-02-22 12:00")
    for version, after in ((1, 0), (1, 700), (2, 0)):
        async with days.database.work(lambda: now, PLAN, version) as work:
            walk = await kept_ahead(work, "visits:periodic", 14 * DAY)
            assert walk is not None
            assert (walk.until, walk.horizon, walk.after) == (now, now + 14 * DAY, after)
            walk.step(700)


async def test_the_first_look_at_a_period_is_its_walk(days: Days) -> None:
    async def comes(said: str, version: int) -> bool:
        async with days.database.work(lambda: wall(said), PLAN, version) as work:
            walk = await in_period(work, "survey:nps", 30 * DAY)
            if walk is not None:
                walk.end()
            return walk is not None

    assert await comes("2027-02-22", 1)
    assert not await comes("2027-02-23", 2)
    assert await comes("2027-04-22", 2)


async def test_two_processes_that_look_at_once_do_it_once(days: Days) -> None:
    await days.at("2027-02-22 12:00")

    async def tells() -> bool:
        async with days.database.work(lambda: wall("2027-02-23 10:00"), PLAN, 1) as work:
            walk = await daily(work, "birthdays", at=time(10))
            if walk is None:
                return False
            await asyncio.sleep(0)
            walk.end()
            return True

    assert sorted(await asyncio.gather(tells(), tells(), tells())) == [False, False, True]


async def test_a_walk_by_hand_goes_until_it_is_forgotten(days: Days) -> None:
    for after in (0, 700):
        async with days.database.work(lambda: wall("2027-02-22 12:00"), PLAN, 1) as work:
            walk = await set_out(work, "wave:1")
            assert walk.after == after
            walk.step(700)
    async with days.database.work(lambda: wall("2027-02-22 12:00"), PLAN, 1) as work:
        await forget(work, "wave:1")
        assert await walk_named(work, "wave:1") is None
