"""The kinds of values that a plan holds, and how each is written: durations, spans of a day, texts, time zones."""

import re
from datetime import date, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=3660)

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def duration(value: Any) -> timedelta:
    """ "90s", "15m", "8h", "3d", "2w" as a timedelta; raises ValueError."""
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smhdw])", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('expected a duration such as "90s", "15m", "8h", "3d" or "2w"')
    try:
        found = timedelta(**{_UNITS[match[2]]: float(match[1])})
    except OverflowError:
        found = timedelta.max
    if found > _LONGEST:
        raise ValueError("expected a duration of at most ten years")
    return found


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("expected a duration above zero")
    return value


def _zone(value: Any) -> Any:
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise ValueError('expected a time zone such as "Asia/Shanghai"') from error


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return {"zh": value, "en": value}
    wrong = not isinstance(value, dict) or not value or not all(isinstance(each, str) for each in value.values())
    if wrong or set(value) - {"zh", "en"}:
        raise ValueError('expected a text, or one per language: { zh = "...", en = "..." }')
    return value


class Span(BaseModel):
    """A span of a day in minutes after midnight, the end not included; one that ends before it begins passes
    midnight (its end is above 1440)."""

    model_config = ConfigDict(frozen=True)

    start: int
    end: int


def span(value: Any) -> Span:
    """ "09:00-12:00", "18:00-02:00" (past midnight) or "00:00-24:00" as a Span; raises ValueError."""
    if isinstance(value, Span):
        return value
    match = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('expected hours such as "09:00-12:00"')
    start_hour, start_minute, end_hour, end_minute = map(int, match.groups())
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if start_minute > 59 or end_minute > 59 or start >= 1440 or end > 1440:
        raise ValueError('expected hours from "00:00" to "24:00"')
    if start == end:
        raise ValueError('expected hours that end later than they begin; all day is "00:00-24:00"')
    return Span(start=start, end=end if end > start else end + 1440)


def _maybe_span(value: Any) -> Any:
    return None if value == "" else span(value)


def _time(value: Any) -> Any:
    match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('expected a time of day such as "18:00"')
    return time(int(match[1]), int(match[2]))


def _weekly(value: Any) -> Any:
    day, _, at = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if day not in DAYS:
        raise ValueError('expected a weekday and a time such as "mon 09:00"')
    return day, _time(at)


def _day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError('expected a day such as "2027-02-20"') from error


Duration = Annotated[timedelta, BeforeValidator(duration)]
#: A duration that cannot be nothing.
Time = Annotated[timedelta, BeforeValidator(duration), AfterValidator(_positive)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Text = Annotated[dict[str, str], BeforeValidator(_text)]
Spans = tuple[Annotated[Span, BeforeValidator(span)], ...]
#: Hours of a day, or None for "" (never).
Hours = Annotated[Span | None, BeforeValidator(_maybe_span)]
TimeOfDay = Annotated[time | None, BeforeValidator(lambda value: None if value == "" else _time(value))]
Weekly = Annotated[tuple[str, time] | None, BeforeValidator(lambda value: None if value == "" else _weekly(value))]
Day = Annotated[date, BeforeValidator(_day)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Language = Literal["zh", "en"]
Kind = Literal["complaint", "enquiry", "request", "suggestion", "praise"]
RoleName = Literal["agent", "supervisor", "manager", "owner"]
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,30}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Money = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """A table of the plan: every key is known, every key has a default, nothing changes."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, extra="forbid")


def text_of(text: dict[str, str], language: str) -> str:
    """The text in that language, else in any."""
    return text.get(language) or next(iter(text.values()), "")
