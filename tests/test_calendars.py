"""Working time against an oracle that asks the wall clock minute by minute and shares no code with what it checks."""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate, groupby
from zoneinfo import ZoneInfo

import pytest

from models.calendars import ALWAYS, NEVER, WorkingTime, after, during, moment, unpublished_years, working_time
from models.plan import Calendar, Plan, read_plan
from models.plan.kinds import span

# Half hours, quarters, a change of half an hour and one of two hours, changes at midnight, summer time that goes
# back for Ramadan or is called winter time by law, and zones on both sides of the date line.
ZONES = """
Asia/Shanghai Asia/Tokyo Asia/Kolkata Asia/Kathmandu Asia/Beirut Asia/Gaza Europe/London Europe/Berlin Europe/Dublin
Europe/Moscow Africa/Casablanca Africa/Cairo Antarctica/Troll America/New_York America/Los_Angeles America/St_Johns
America/Santiago America/Havana America/Nuuk America/Sao_Paulo Atlantic/Azores Australia/Sydney Australia/Lord_Howe
Pacific/Auckland Pacific/Chatham Pacific/Kiritimati
""".split()

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE = ["09:00-12:00", "13:00-18:00"]
Raw = dict[str, list[str]]
LUNCH_SPLIT: Raw = dict.fromkeys(DAYS[:5], OFFICE) | {"wed": ["09:00-12:00", "13:00-17:30"]}
NIGHTS: Raw = {day: ["18:00-02:30"] for day in ("thu", "fri", "sat")} | {"sun": ["22:00-06:00"]}
EVERY_HOUR_COUNTS: Raw = {  # overlapping, touching, all day, and an end within the hour that comes twice
    "mon": ["00:00-24:00"],
    "tue": ["08:00-10:00", "09:30-12:00", "12:00-13:00"],
    "sat": ["20:00-01:30", "23:00-02:15"],
    "sun": ["00:30-01:30", "02:10-02:50", "23:30-24:00"],
}
CALENDARS = (LUNCH_SPLIT, NIGHTS, EVERY_HOUR_COUNTS)

# The notices on the holidays of 2025 and 2026: what is off beside the weekends, and for which weekday which day is
# worked instead.
OFF = {
    date(year, month, day)
    for year, month, days in (
        (2025, 10, [1, 2, 3, 6, 7, 8]),
        (2026, 1, [1, 2]),
        (2026, 2, [16, 17, 18, 19, 20, 23]),
        (2026, 4, [5, 6]),
        (2026, 5, [1, 2, 4, 5]),
        (2026, 6, [19]),
        (2026, 9, [25]),
        (2026, 10, [1, 2, 3, 5, 6, 7]),
    )
    for day in days
}
MADE_UP = {
    date(2025, 9, 28): "tue",
    date(2025, 10, 11): "wed",
    date(2026, 1, 4): "fri",
    date(2026, 2, 14): "fri",
    date(2026, 2, 28): "mon",
    date(2026, 5, 9): "tue",
    date(2026, 9, 20): "tue",
    date(2026, 10, 10): "wed",
}
CLOSED = [date(2026, 3, 30), date(2026, 9, 20)]
OPENED = {date(2026, 3, 28): "mon", date(2026, 10, 2): "wed", date(2026, 11, 1): "fri"}

BEGIN = datetime(2025, 9, 1, tzinfo=UTC)
MINUTES = 455 * 1440
#: Where it is easy to be wrong: clocks change, holidays begin, days are made up, the year turns.
CORNERS = [
    datetime.fromisoformat(day).replace(tzinfo=UTC)
    for day in """
    2025-09-28 2025-10-05 2025-10-26 2025-11-02 2026-01-01 2026-02-15 2026-03-08 2026-03-22
    2026-03-28 2026-04-05 2026-04-24 2026-05-09 2026-09-06 2026-09-27 2026-10-04
    """.split()
]


def calendar(raw: Raw, special: bool) -> Calendar:
    """The calendar as the program is given it; a special one has holidays and days of its own."""
    days = {"holidays": "CN", "closed": CLOSED, "open": [{"day": day, "as": name} for day, name in OPENED.items()]}
    return Calendar.model_validate({**raw, **(days if special else {})})


@cache
def walls(zone_name: str) -> list[int]:
    """For every quarter of an hour of UTC from BEGIN the minutes that the wall clock is ahead of it: in our days
    clocks change at whole quarters only, and nowhere there and back within three hours."""
    zone = ZoneInfo(zone_name)

    def ahead(minute: int) -> int:
        offset = (BEGIN + timedelta(minutes=minute)).astimezone(zone).utcoffset()
        assert offset is not None
        return int(offset.total_seconds()) // 60

    found: list[int] = []
    last = ahead(0)
    for begin in range(0, MINUTES, 180):
        first, last = last, ahead(begin + 180)
        found += [first] * 12 if first == last else [ahead(minute) for minute in range(begin, begin + 180, 15)]
    return found


#: Days of wall time on both sides of the window.
MARGIN = 3


@cache
def wall_minutes(number: int, special: bool) -> bytes:
    """A byte for every minute of the wall clock's days: whether it lies in the hours of that calendar. The same for
    every zone."""
    days = 455 + 2 * MARGIN
    wall = bytearray(days * 1440)
    for day in range(days - 2):
        for hours in Oracle.hours(CALENDARS[number], special, BEGIN.date() + timedelta(days=day - MARGIN)):
            opens, closes = (int(text[:2]) * 60 + int(text[3:]) for text in hours.split("-"))
            closes += 1440 if closes <= opens else 0
            wall[day * 1440 + opens : day * 1440 + closes] = b"\1" * (closes - opens)
    return bytes(wall)


@cache
def worked_before(number: int, special: bool) -> list[int]:
    """How many of those minutes come before each."""
    return [0, *accumulate(wall_minutes(number, special))]


class Oracle:
    """A byte for every minute of UTC: whether the wall clock stands in the hours. Amounts are seconds.

    Between two changes of the clocks it counts in the minutes of the wall clock, which all zones share.
    """

    def __init__(self, raw: Raw, special: bool, zone_name: str) -> None:
        which = CALENDARS.index(raw), special
        wall, self.before = wall_minutes(*which), worked_before(*which)
        self.open = bytearray()
        self.begins: list[int] = []  # of each stretch with the same clocks: its first minute of UTC,
        self.shifts: list[int] = []  # how far its minutes lie behind those of the wall clock's days,
        self.gained: list[int] = []  # and what to add to `before` there, so that it is counted from BEGIN on
        worked = 0
        for ahead, run in groupby(walls(zone_name)):
            begin, shift = len(self.open), MARGIN * 1440 + ahead
            end = begin + 15 * sum(1 for _ in run)
            self.open += wall[begin + shift : end + shift]
            self.begins.append(begin)
            self.shifts.append(shift)
            self.gained.append(worked - self.before[begin + shift])
            worked = self.gained[-1] + self.before[end + shift]
        self.starts = [gain + self.before[begin + shift] for begin, shift, gain in self.stretches()]

    def stretches(self) -> Iterator[tuple[int, int, int]]:
        return zip(self.begins, self.shifts, self.gained, strict=True)

    @staticmethod
    def hours(raw: Raw, special: bool, day: date) -> list[str]:
        name = DAYS[day.weekday()]
        if special:
            if day in CLOSED:
                return []
            if day in OPENED:
                return raw.get(OPENED[day], [])
            if day in MADE_UP:
                order = (MADE_UP[day], "fri", *DAYS)
                return next(raw[name] for name in order if raw.get(name))
            if day in OFF:
                return []
        return raw.get(name, [])

    def worked(self, at: int) -> int:
        """Seconds of working time from BEGIN to that second."""
        minute, second = divmod(at, 60)
        stretch = bisect_right(self.begins, minute) - 1
        worked = self.before[minute + self.shifts[stretch]] + self.gained[stretch]
        return worked * 60 + (second if self.open[minute] else 0)

    def reaches(self, worked: int) -> int:
        """The first second by which so much working time has passed."""
        minutes = -(-worked // 60)
        stretch = bisect_left(self.starts, minutes) - 1  # the last that begins with less
        shift, gained = self.shifts[stretch], self.gained[stretch]
        begin = self.begins[stretch] + shift
        wall = bisect_left(self.before, minutes - gained, begin) - 1
        return (wall - shift) * 60 + worked - (self.before[wall] + gained) * 60

    def add(self, start: int, amount: int) -> int:
        return self.reaches(self.worked(start) + amount) if amount else start

    def next(self, at: int, is_open: bool) -> int:
        """That second, or the first after it at which it is open, or closed."""
        return max(at, self.open.index(is_open, at // 60) * 60)


def moments(chance: random.Random) -> Iterator[tuple[int, int, int, int]]:
    """A start, an amount, a pause and its length, in seconds; every other start is near a corner."""
    any_of = chance.random  # `randrange` takes longer
    corners = [int((corner - BEGIN).total_seconds()) for corner in CORNERS]
    while True:
        start = chance.choice(corners) + int((any_of() * 6 - 3) * 86400) if any_of() < 0.5 else -1
        if start < 0:
            start = int(any_of() * 330 * 86400)
        amount = chance.choice((1, 900, 3600, 8 * 3600, int(any_of() * 20 * 3600), int(any_of() * 72 * 3600)))
        yield start, amount, start + int(any_of() * 5 * 86400), int(any_of() * 9 * 86400)


def at(second: int) -> datetime:
    return BEGIN + timedelta(seconds=second)


def seconds(count: int) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize("zone_name", ZONES)
def test_f50_working_time_is_what_the_wall_clock_says_minute_by_minute(zone_name: str) -> None:
    # 26 zones, each with 4,000 cases: more than 100,000.
    chance = random.Random(zone_name)
    zone = ZoneInfo(zone_name)
    raw, other = chance.sample(CALENDARS, 2)
    pairs = [(raw, chance.random() < 0.7), (other, chance.random() < 0.3), (LUNCH_SPLIT, True)]
    both = [(WorkingTime(calendar(*pair), zone), Oracle(*pair, zone_name)) for pair in pairs]
    cases = moments(chance)
    for number in range(4000):
        hours, oracle = both[number % 3]
        edited, edited_oracle = both[(number + 1) % 3]
        start, amount, pause, length = next(cases)
        worked = oracle.worked(start)
        due = oracle.reaches(worked + amount)
        # Stopped before it is due, it goes on later with what was left, in the calendar of that time.
        stopped = min(pause, due)
        left = amount - (oracle.worked(stopped) - worked)
        begin, halt, later = at(start), at(stopped), at(stopped + length)
        rest, wanted = seconds(left), seconds(amount)
        told = (
            hours.is_open(begin),
            hours.opens_at(begin),
            hours.closes_at(begin),
            hours.between(begin, at(pause)),
            hours.add(begin, wanted),
            wanted - hours.between(begin, halt),
            hours.add(later, rest),
            edited.add(halt, rest),
        )
        assert told == (
            bool(oracle.open[start // 60]),
            at(oracle.next(start, True)),
            at(oracle.next(start, False)),
            seconds(oracle.worked(pause) - worked),
            at(due),
            rest,
            at(oracle.add(stopped + length, left)),
            at(edited_oracle.add(stopped, left)),
        ), f"{zone_name} {pairs[number % 3]} from {begin}, {amount} s, paused {at(pause)} for {length} s"


@pytest.mark.parametrize("zone_name", ZONES)
def test_f48_a_wall_time_comes_once_on_both_nights_on_which_clocks_change(zone_name: str) -> None:
    # The first minute of the day at which the wall clock shows the time or has passed it: after a gap, and of two
    # equal ones the first.
    zone, ahead = ZoneInfo(zone_name), walls(zone_name)
    changes = [n for n in range(1, len(ahead)) if ahead[n] != ahead[n - 1] and n > 400] or [20_000]
    for change in changes[:4]:
        day = (BEGIN + timedelta(minutes=change * 15 + ahead[change])).date()
        first = (change // 96 - 2) * 1440
        shown = iter([(minute, minute + ahead[minute // 15]) for minute in range(first, first + 4 * 1440)])
        midnight = (day - BEGIN.date()).days * 1440
        expected, wall = next(shown)
        for clock in range(0, 1440, 5):  # a later time is never shown first: the search goes on where it stands
            while wall < midnight + clock:
                expected, wall = next(shown)
            assert moment(day, time(clock // 60, clock % 60), zone) == at(expected * 60), (day, clock)


@pytest.mark.parametrize("zone_name", ZONES)
def test_f48_quiet_hours_end_when_the_wall_clock_says_so(zone_name: str) -> None:
    chance = random.Random(zone_name)
    zone, ahead = ZoneInfo(zone_name), walls(zone_name)
    for text in ("21:00-09:00", "12:00-14:00", "23:30-01:30", "01:30-02:30", "00:00-02:00"):
        opens, closes = (int(clock[:2]) * 60 + int(clock[3:]) for clock in text.split("-"))

        def quiet(minute: int, opens: int = opens, closes: int = closes) -> bool:
            clock = (minute + ahead[minute // 15]) % 1440
            return opens <= clock < closes if opens < closes else clock >= opens or clock < closes

        for _ in range(150):
            minute = next(moments(chance))[0] // 60
            loud = next(later for later in range(minute, minute + 2000) if not quiet(later))
            assert during(at(minute * 60), span(text), zone) == quiet(minute)
            assert after(at(minute * 60), span(text), zone) == at(loud * 60), (text, at(minute * 60))


SHOP = read_plan("""
[calendar]
holidays = "CN"
mon = ["09:00-12:00", "13:00-18:00"]
tue = ["09:00-12:00", "13:00-18:00"]
wed = ["09:00-12:00", "13:00-18:00"]
thu = ["09:00-12:00", "13:00-18:00"]
fri = ["09:00-12:00", "13:00-17:00"]
closed = ["2026-03-09"]
open = [{ day = "2026-03-08", as = "mon" }, { day = "2026-10-03", as = "fri" }]
""")
SHANGHAI = ZoneInfo("Asia/Shanghai")


def clock(text: str) -> datetime:
    """A wall time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-20 16:30", 1, "2026-11-23 09:30"),  # over a weekend
        ("2026-11-24 11:30", 1, "2026-11-24 13:30"),  # over lunch
        ("2026-11-24 09:00", 3, "2026-11-24 12:00"),  # at closing time, not after lunch
        ("2026-02-13 16:30", 1, "2026-02-14 09:30"),  # a make-up Saturday
        ("2026-02-14 16:30", 1, "2026-02-24 09:30"),  # with a Friday's hours, then the Spring Festival
        ("2026-02-28 17:30", 1, "2026-03-02 09:30"),  # a make-up Saturday with a Monday's hours
        ("2026-03-06 16:30", 1, "2026-03-08 09:30"),  # our own Sunday for our own day off
        ("2026-03-08 17:30", 1, "2026-03-10 09:30"),
        ("2026-09-30 17:30", 1, "2026-10-03 09:30"),  # our own day goes before the country's holiday
    ],
)
def test_f50_due_times_in_a_week_that_people_know(start: str, hours: int, due: str) -> None:
    assert working_time(SHOP).add(clock(start), timedelta(hours=hours)) == clock(due)


def test_amounts_are_exact_to_the_microsecond() -> None:
    hours = working_time(SHOP)
    start = clock("2026-11-24 11:59:59.250001")
    due = hours.add(start, timedelta(seconds=1, microseconds=3))
    assert due == clock("2026-11-24 13:00:00.250004")
    assert hours.between(start, due) == timedelta(seconds=1, microseconds=3)


def test_a_day_of_hours_on_a_night_with_an_hour_more_or_less() -> None:
    nights = WorkingTime(Calendar.model_validate({"sat": ["22:00-06:00"]}), ZoneInfo("Europe/Berlin"))
    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert nights.between(spring, spring + timedelta(days=2)) == timedelta(hours=7)
    assert nights.between(autumn, autumn + timedelta(days=2)) == timedelta(hours=9)


def test_without_hours_all_time_is_working_time() -> None:
    start = clock("2026-02-17 03:00")
    all_week = WorkingTime(Calendar.model_validate({day: ["00:00-24:00"] for day in DAYS}), SHANGHAI)
    for hours in (ALWAYS, working_time(Plan()), all_week):
        assert hours.is_open(start)
        assert hours.opens_at(start) == start
        assert hours.closes_at(start) == NEVER
        assert hours.add(start, timedelta(days=3)) == start + timedelta(days=3)
        assert hours.between(start, start + timedelta(hours=5)) == timedelta(hours=5)
        assert hours.between(start, start - timedelta(hours=5)) == timedelta(0)


def test_years_may_be_asked_for_in_any_order() -> None:
    hours = WorkingTime(SHOP.calendar, SHANGHAI)
    late = hours.add(clock("2031-07-01 10:00"), timedelta(hours=30))
    early = hours.between(clock("2019-07-01 00:00"), clock("2019-07-02 00:00"))
    assert early == timedelta(hours=8)
    assert hours.add(clock("2031-07-01 10:00"), timedelta(hours=30)) == late
    assert hours.between(clock("2019-12-30 00:00"), clock("2020-01-03 00:00")) == timedelta(hours=24)
    ten_years = hours.between(clock("2016-07-01 00:00"), clock("2026-07-01 00:00"))
    again = WorkingTime(SHOP.calendar, SHANGHAI)
    assert again.between(clock("2026-07-01 00:00"), clock("2026-07-02 00:00")) == timedelta(hours=8)
    assert again.between(clock("2016-07-01 00:00"), clock("2026-07-01 00:00")) == ten_years


def test_a_calendar_that_never_gives_the_time_asked_for_is_refused() -> None:
    rare = WorkingTime(Calendar.model_validate({"mon": ["09:00-09:01"]}), SHANGHAI)
    with pytest.raises(ValueError, match="not enough working time in 60 years"):
        rare.add(clock("2026-11-24 12:00"), timedelta(days=3))
    never = WorkingTime(
        # As long as the moment of the question is not before, every Monday is one of our own days off.
        Calendar(
            mon=(span("09:00-10:00"),), closed=tuple(date(2026, 1, 5) + timedelta(weeks=n) for n in range(3400))
        ),
        SHANGHAI,
    )
    with pytest.raises(ValueError, match="not enough working time"):
        never.opens_at(clock("2026-11-24 12:00"))
    assert not never.is_open(clock("2026-11-30 09:30"))


def test_plans_with_the_same_calendar_share_what_was_laid_out() -> None:
    again = SHOP.model_copy(update={"tier": ()})
    assert working_time(again) is working_time(SHOP)
    assert working_time(Plan()) is not working_time(SHOP)


def test_make_up_days_that_are_not_published_are_told() -> None:
    assert unpublished_years(SHOP.calendar, range(2015, 2027)) == []
    assert unpublished_years(SHOP.calendar, [2026, 2060]) == [2060]
    assert unpublished_years(Calendar(holidays="CHN"), [2026, 2060]) == [2060]
    assert unpublished_years(Calendar(holidays="DE"), [2060]) == []
    assert unpublished_years(Calendar(), [2060]) == []


def test_a_make_up_day_of_a_shop_that_rests_on_that_weekday_has_other_hours() -> None:
    # It stands for a Monday, on which this shop rests.
    hours = Calendar.model_validate({"holidays": "CN", "tue": ["10:00-20:00"], "sat": ["10:00-22:00"]})
    assert WorkingTime(hours, SHANGHAI).hours_of(date(2026, 2, 28)) == (span("10:00-20:00"),)
    # The bridge day of January 2015 was worked for in the year before, as its holidays say.
    hours = Calendar.model_validate({"holidays": "TW", "fri": ["08:00-14:00"], "mon": ["08:00-16:00"]})
    assert WorkingTime(hours, ZoneInfo("Asia/Taipei")).hours_of(date(2014, 12, 27)) == (span("08:00-14:00"),)
    # Hungary works on Saturdays for a bridge day, too.
    hours = Calendar.model_validate({"holidays": "HU", "fri": ["08:00-14:00"], "mon": ["08:00-16:00"]})
    assert WorkingTime(hours, ZoneInfo("Europe/Budapest")).hours_of(date(2026, 1, 10)) == (span("08:00-14:00"),)
