"""Time as minutes on a wall clock that knows no summer time, in a stretch of weeks that repeats for ever.

Working time is mapped to an axis of its own, on which it passes without a break; both ways are a look into a list.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import accumulate, compress

from models.calendars import WorkingTime
from models.plan import DAYS, Plan, Span

_DAY = 1440


class Minutes:
    """Spans of a stretch of days, in minutes. Moments and amounts are minutes, fractions allowed."""

    def __init__(self, open_minutes: bytearray) -> None:
        """`open_minutes` has a byte for each minute of the stretch: 1 where it is open."""
        self.length = len(open_minutes)
        #: Open minutes before each minute of the stretch, and the minute at which each open one begins.
        self._before = list(accumulate(open_minutes, initial=0))
        self._minutes = list(compress(range(self.length), open_minutes))
        self.total = len(self._minutes)

    def worked(self, at: float) -> float:
        """Open time before the moment `at`."""
        rounds, rest = divmod(at, self.length)
        minute = int(rest)
        before = self._before[minute]
        return rounds * self.total + before + (rest - minute) * (self._before[minute + 1] - before)

    def reached(self, worked: float) -> float:
        """The moment at which so much open time has passed; where that is at a closing, the next opening."""
        rounds, rest = divmod(worked, self.total)
        minute = int(rest)
        return rounds * self.length + self._minutes[minute] + (rest - minute)

    def is_open(self, at: float) -> bool:
        """Whether it is open at that moment."""
        minute = int(at % self.length)
        return self._before[minute + 1] > self._before[minute]

    def opens(self, at: float) -> float:
        """That moment, or the next opening."""
        return at if self.is_open(at) else self.reached(self.worked(at))


def stretch_of(plan: Plan, first: date) -> list[date]:
    """The days that are repeated, from a Monday: one week, or a year of 52 where single days differ."""
    differs = plan.calendar.holidays or plan.calendar.closed or plan.calendar.open
    monday = first - timedelta(days=first.weekday())
    return [monday + timedelta(days=number) for number in range(364 if differs else 7)]


def _laid_out(days: list[date], hours: Iterable[tuple[Span, ...]]) -> bytearray:
    minutes = bytearray(len(days) * _DAY)
    for number, spans in enumerate(hours):
        for span in spans:
            for minute in range(number * _DAY + span.start, number * _DAY + span.end):
                minutes[minute % len(minutes)] = 1  # the last night goes over into the first morning
    return minutes


def working_minutes(plan: Plan, days: list[date]) -> bytearray:
    """The plan's working time on those days."""
    if plan.calendar.always:
        return all_minutes(days)
    working = WorkingTime(plan.calendar, plan.business.timezone)
    return _laid_out(days, (working.hours_of(day) for day in days))


def shift_minutes(days: list[date], weekdays: Iterable[str], hours: Span) -> bytearray:
    """The minutes of a shift, named by the weekdays on which it begins."""
    names = set(weekdays)
    return _laid_out(days, ((hours,) if DAYS[day.weekday()] in names else () for day in days))


def all_minutes(days: list[date]) -> bytearray:
    """Every minute of those days."""
    return bytearray(b"\1" * (len(days) * _DAY))
