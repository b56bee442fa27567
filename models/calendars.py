"""Working time: when a plan's calendar is open, how much of it passes between two moments, and daily hours such as
quiet ones.

Everything is about the wall clock of one time zone, and every result is UTC. An amount of working time is time that
really passes while the wall clock stands inside the hours: a night shift in which clocks go back is an hour longer.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from operator import attrgetter
from zoneinfo import ZoneInfo

from models.plan import Calendar, Plan, Span

#: What `closes_at` says of time that never ends.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
#: A calendar that does not give the working time asked for within so many years is taken for an empty one.
MOST_YEARS = 60

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_FRIDAY = 4
_STARTS = attrgetter("start")


class WorkingTime:
    """The working time of a calendar in a time zone.

    Years are laid out as spans in UTC when they are first asked for, with the working time before each, so that
    every question is a search in a sorted list. Moments are aware datetimes of any zone.
    """

    def __init__(self, calendar: Calendar, zone: ZoneInfo) -> None:
        self.calendar = calendar
        self.zone = zone
        whole_week = all(any(span == Span(start=0, end=1440) for span in spans) for spans in calendar.week)
        self._always = calendar.always or (whole_week and not calendar.holidays and not calendar.closed)
        self._week = calendar.week
        self._closed = frozenset(calendar.closed)
        self._opened = {opened.day: DAYS.index(opened.as_) for opened in reversed(calendar.open)}
        self._years: dict[int, list[tuple[datetime, datetime]]] = {}
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        self._before: list[timedelta] = []  # working time before each start, from the first year laid out
        self._until: list[timedelta] = []  # and up to each end

    def is_open(self, at: datetime) -> bool:
        """Whether that moment is working time; the end of a span is not."""
        return self._always or self._span(at.astimezone(UTC)) is not None

    def opens_at(self, at: datetime) -> datetime:
        """The moment itself when it is working time, else the next opening. ValueError where none comes."""
        at = at.astimezone(UTC)
        if self._always or self._span(at) is not None:
            return at
        following = bisect_right(self._starts, at)
        while following == len(self._starts):
            self._lay_out_one_more(at)
        return self._starts[following]

    def closes_at(self, at: datetime) -> datetime:
        """The end of the span that the moment is in, or the moment itself outside working time; NEVER without end."""
        at = at.astimezone(UTC)
        if self._always:
            return NEVER
        within = self._span(at)
        return at if within is None else self._ends[within]

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """The first moment at which `amount` of working time has passed since `start`: at closing time rather than
        at the next opening. ValueError where the calendar never gives that much."""
        start = start.astimezone(UTC)
        if self._always or amount <= timedelta(0):
            return start + max(amount, timedelta(0))
        wanted = self._worked(start) + amount
        while not self._until or self._until[-1] < wanted:
            self._lay_out_one_more(start)
        span = bisect_left(self._until, wanted)
        return self._starts[span] + (wanted - self._before[span])

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time from `start` to `end`; none where `end` is not later."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if end <= start:
            return timedelta(0)
        if self._always:
            return end - start
        self._lay_out(start.year, end.year + 1)
        return self._worked_of_laid_out(end) - self._worked_of_laid_out(start)

    def hours_of(self, day: date) -> tuple[Span, ...]:
        """The hours that begin on that day: our own days off, then our own working days, then the country's."""
        if day in self._closed:
            return ()
        week = self._week
        if day in self._opened:
            return week[self._opened[day]]
        if self.calendar.holidays:
            public = _public_days(self.calendar.holidays, day.year)
            if day in public.made_up:
                first = (public.made_up[day], _FRIDAY, *range(7))
                return next((week[weekday] for weekday in first if weekday is not None and week[weekday]), ())
            if day in public.off:
                return ()
        return week[day.weekday()]

    def _span(self, at: datetime) -> int | None:
        """The index of the span that holds this moment."""
        self._lay_out(at.year, at.year + 1)
        last = bisect_right(self._starts, at) - 1
        return last if last >= 0 and at < self._ends[last] else None

    def _worked(self, at: datetime) -> timedelta:
        """The working time from the first year laid out until this moment."""
        self._lay_out(at.year, at.year + 1)
        return self._worked_of_laid_out(at)

    def _worked_of_laid_out(self, at: datetime) -> timedelta:
        last = bisect_right(self._starts, at) - 1
        if last < 0:
            return timedelta(0)
        return self._before[last] + (min(at, self._ends[last]) - self._starts[last])

    def _lay_out_one_more(self, asked: datetime) -> None:
        last = max(self._years)
        if last >= asked.year + MOST_YEARS:
            raise ValueError(f"the calendar has not enough working time in {MOST_YEARS} years after {asked:%Y-%m-%d}")
        self._lay_out(last, last + 1)

    def _lay_out(self, first: int, last: int) -> None:
        if first in self._years and last in self._years:
            return
        known = [*self._years, first, last]
        for year in range(min(known), max(known) + 1):  # without a gap: working time is summed over all of them
            if year not in self._years:
                self._years[year] = list(self._spans_of(year))
        self._starts, self._ends, self._before, self._until = [], [], [], []
        worked = timedelta(0)
        for start, end in _merged(span for year in sorted(self._years) for span in self._years[year]):
            self._starts.append(start)
            self._ends.append(end)
            self._before.append(worked)
            worked += end - start
            self._until.append(worked)

    def _spans_of(self, year: int) -> Iterator[tuple[datetime, datetime]]:
        """The spans of a year of UTC, in order; they may touch or overlap.

        The year falls into pieces without a change of clocks; within one, wall time and UTC are a constant apart.
        """
        for begin, end, offset in _pieces(
            self.zone, datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
        ):
            # Hours of the day before may reach into the piece, and no hours reach further than that.
            day = (begin + offset).date() - _DAY
            while day <= (end + offset).date():
                midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - offset
                for hours in sorted(self.hours_of(day), key=_STARTS):
                    opens = max(begin, midnight + timedelta(minutes=hours.start))
                    closes = min(end, midnight + timedelta(minutes=hours.end))
                    if opens < closes:
                        yield opens, closes
                day += _DAY


def _merged(spans: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Spans in order of their start, those that touch or overlap made one."""
    start = end = None
    for opens, closes in spans:
        if start is None or end is None:
            start, end = opens, closes
        elif opens <= end:
            end = max(end, closes)
        else:
            yield start, end
            start, end = opens, closes
    if start is not None and end is not None:
        yield start, end


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _change(zone: ZoneInfo, begin: datetime, end: datetime) -> datetime:
    """The first second after `begin` with another offset than then, knowing that `end` has one."""
    offset, low, high = _offset(zone, begin), 0, int((end - begin).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, begin + timedelta(seconds=middle)) == offset:
            low = middle
        else:
            high = middle
    return begin + timedelta(seconds=high)


def _pieces(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The time from `begin` to `end` cut where the clocks change, each piece with its offset from UTC."""
    piece, offset, day = begin, _offset(zone, begin), begin
    while day < end:
        tomorrow = day + _DAY
        if _offset(zone, tomorrow) != offset:
            change = _change(zone, day, tomorrow)
            if change < end:
                yield piece, change, offset
                piece, offset = change, _offset(zone, change)
        day = tomorrow
    yield piece, end, offset


class _PublicDays:
    """A country's holidays in a year, and its make-up workdays with the weekday that each replaces, if known."""

    def __init__(self, country: str, year: int) -> None:
        # Imported late: the package is large, and a plan without holidays does not need it.
        from holidays import country_holidays

        known = country_holidays(country, years=year)
        #: China names its make-up days anew each year.
        self.makes_up = known.country == "CN"
        self.off = frozenset(day for day in known if day.year == year)
        replaced: dict[date, int] = {}
        for of_year, rows in getattr(known, "special_public_holidays", {}).items():
            for row in rows if rows and isinstance(rows[0], tuple) else (rows,):
                if len(row) >= 4:  # month and day off, month and day worked instead, and its year where it is another
                    worked = date(row[4] if len(row) > 4 else of_year, row[2], row[3])
                    replaced[worked] = date(of_year, row[0], row[1]).weekday()
        self.made_up = {day: replaced.get(day) for day in known.weekend_workdays if day.year == year}


@lru_cache(maxsize=256)
def _public_days(country: str, year: int) -> _PublicDays:
    return _PublicDays(country, year)


@lru_cache(maxsize=64)
def _of_calendar(calendar: Calendar, zone: ZoneInfo) -> WorkingTime:
    return WorkingTime(calendar, zone)


def working_time(plan: Plan) -> WorkingTime:
    """The working time of the plan; plans with the same calendar share it."""
    return _of_calendar(plan.calendar, plan.business.timezone)


#: Around the clock.
ALWAYS = WorkingTime(Calendar(), ZoneInfo("UTC"))


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When the wall clock shows `at` on that day, in UTC: of two such moments the first; where the clocks skip it,
    the first moment after the gap."""
    wall = datetime.combine(day, at.replace(tzinfo=None, fold=0))
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    # In a gap, fold 0 counts by the offset before it, and so lands after it; fold 1 lands before.
    return _change(zone, wall.replace(tzinfo=zone, fold=1).astimezone(UTC).replace(second=0, microsecond=0), found)


def during(at: datetime, hours: Span | None, zone: ZoneInfo) -> bool:
    """Whether the wall clock then stands in these daily hours, which may pass midnight; None holds nothing."""
    return hours is not None and _began(at.astimezone(zone), hours) is not None


def after(at: datetime, hours: Span | None, zone: ZoneInfo) -> datetime:
    """The moment itself, or the end of the daily hours that it falls in."""
    if hours is None or (began := _began(at.astimezone(zone), hours)) is None:
        return at.astimezone(UTC)
    ends = timedelta(minutes=hours.end)
    day, clock = began + timedelta(days=ends.days), time(ends.seconds // 3600, ends.seconds // 60 % 60)
    found = moment(day, clock, zone)
    if found <= at:  # the clocks went back, and these are the hours' second round
        found = datetime.combine(day, clock.replace(fold=1), zone).astimezone(UTC)
    return found


def _began(wall: datetime, hours: Span) -> date | None:
    """The day on which the hours began that hold this wall time."""
    minute = wall.hour * 60 + wall.minute
    if hours.start <= minute < hours.end:
        return wall.date()
    return wall.date() - _DAY if minute + 1440 < hours.end else None


def unpublished_years(calendar: Calendar, years: Iterable[int]) -> list[int]:
    """Those years whose make-up workdays are not published yet: China names them late in the year before."""
    public = [(year, _public_days(calendar.holidays, year)) for year in years if calendar.holidays]
    return [year for year, days in public if days.makes_up and not days.made_up]
