"""Moments in people's words: what they read ("today at 17:40"), and what they write ("tomorrow 10:00", "2h")."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.calendars import moment
from models.customers import Customer, zone_of
from models.work import Work
from templates import LANGUAGES, label, word_list

_DAY = timedelta(days=1)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_DATE = re.compile(r"(?:(\d{4})-)?(\d{1,2})-(\d{1,2})")
_AMOUNT = re.compile(r"(\d{1,4}(?:\.\d)?)\s*(\D+)")
#: The words that a moment has at most.
_LONGEST = 4
#: Nobody names a moment further away.
FURTHEST = timedelta(days=366)


def in_words(language: str, at: datetime, now: datetime, zone: ZoneInfo, *, lasting: bool = False) -> str:
    """A moment as its reader says it: "today at 17:40", "Mon at 09:00" within six days, else the date.

    Where it will be read for days (`lasting`), all but today's have their date.
    """
    there, here = at.astimezone(zone), now.astimezone(zone)
    clock, days = f"{there:%H:%M}", (there.date() - here.date()).days
    names = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if days in names and not (lasting and days):
        return label(language, f"moment.{names[days]}", time=clock)
    weekday = word_list(language, "moment.weekdays")[there.weekday()]
    if 1 < days < 7 and not lasting:
        return label(language, "moment.weekday", weekday=weekday, time=clock)
    month = word_list(language, "moment.months")[there.month - 1]
    return label(language, "moment.date", weekday=weekday, month=month, day=there.day, time=clock)


def in_their_words(work: Work, customer: Customer, at: datetime, *, lasting: bool = False) -> str:
    """A moment in the customer's language and time zone; what is read for days (`lasting`) has its date."""
    return in_words(customer.language, at, work.now, zone_of(customer, work.plan), lasting=lasting)


def in_our_words(work: Work, at: datetime, *, lasting: bool = False) -> str:
    """The same in the business's own, for all of the staff."""
    business = work.plan.business
    return in_words(business.language, at, work.now, business.timezone, lasting=lasting)


def local_time(work: Work, at: datetime) -> str:
    """A moment in figures, in the business's time zone: "11-21 17:40"."""
    return at.astimezone(work.plan.business.timezone).strftime("%m-%d %H:%M")


def read_moment(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment that somebody wrote, in any of our languages: "17:00", "tomorrow 10:00", "Mon 9:30", "11-26 10:00",
    "2h", "30m". A time of day alone is the next one. None for what is no moment ahead of us within a year."""
    left = unicodedata.normalize("NFKC", text).casefold().strip()
    amount = _AMOUNT.fullmatch(left)
    if amount and (unit := _unit(amount[2].strip())):
        found: datetime | None = now + float(amount[1]) * unit
    else:
        found = _on_the_clock(left, now, zone)
    return found if found and now < found <= now + FURTHEST else None


def read_length(text: str) -> timedelta | None:
    """ "30d", "2h" or the same in words of our languages; None for nothing of the kind, or for nothing at all."""
    match = re.fullmatch(r"(\d{1,5})(\w{1,7})", text.strip().casefold())
    units = {
        word.casefold(): unit
        for unit in _UNITS
        for language in LANGUAGES
        for word in (unit, *word_list(language, f"length_units.{unit}"))
    }
    if match is None or match[2] not in units:
        return None
    return timedelta(**{_UNITS[units[match[2]]]: int(match[1])}) or None


def moment_and_words(text: str, now: datetime, zone: ZoneInfo) -> tuple[datetime | None, str]:
    """The moment with which a text begins, the longest that can be read, and the words that follow it."""
    parts = text.split()
    for length in range(min(_LONGEST, len(parts)), 0, -1):
        if at := read_moment(" ".join(parts[:length]), now, zone):
            return at, " ".join(parts[length:])
    return None, text


def _unit(word: str) -> timedelta | None:
    for name in ("minutes", "hours", "days"):
        if word in _words(name):
            return timedelta(**{name: 1})
    return None


def _on_the_clock(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """A day, if any is named, and a time of day."""
    at = _CLOCK.search(text)
    if at is None or int(at[1]) > 23 or int(at[2]) > 59:
        return None
    named, hour = text[: at.start()] + " " + text[at.end() :], int(at[1])
    for word in _words("afternoon"):
        if word in named:
            named, hour = named.replace(word, " "), hour + 12 if hour < 12 else hour
    clock = time(hour, int(at[2]))
    today = now.astimezone(zone).date()
    days = _days_meant(named.strip(), today)
    return next((found for day in days if (found := moment(day, clock, zone)) > now), None)


def _days_meant(text: str, today: date) -> list[date]:
    """The days that may be meant, the likeliest first; none for words that are no day."""
    if not text:
        return [today, today + _DAY]
    for name, ahead in (("today", 0), ("tomorrow", 1), ("day_after", 2)):
        if text in _words(name):
            return [today + ahead * _DAY]
    for weekday in range(7):
        if text in _words(f"weekday_{weekday}"):
            ahead = (weekday - today.weekday()) % 7
            return [today + ahead * _DAY, today + (ahead + 7) * _DAY]
    if named := _DATE.fullmatch(text):
        try:
            day = date(int(named[1] or today.year), int(named[2]), int(named[3]))
        except ValueError:
            return []
        return [day] if named[1] or day >= today else [day.replace(year=day.year + 1)]
    return []


def _words(name: str) -> list[str]:
    return [word for language in LANGUAGES for word in word_list(language, f"moment_words.{name}")]
