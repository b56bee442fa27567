"""The care plan : what a business promises, read from one TOML file.

So far the program runs the sections below; the others are accepted and not yet used.
"""

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _duration(value: Any) -> Any:
    """ "90s", "15m", "8h", "3d", "2w" as a timedelta."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('expected a duration such as "90s", "15m", "8h", "3d" or "2w"')
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def _zone(value: Any) -> Any:
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise ValueError('expected a time zone such as "Asia/Shanghai"') from error


def _text(value: Any) -> Any:
    return {"zh": value, "en": value} if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Text = Annotated[dict[str, str], BeforeValidator(_text)]
Language = Literal["zh", "en"]


class PlanError(Exception):
    """The plan file cannot be used; the text says every reason, one a line."""


class Section(BaseModel):
    """A table of the plan."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)


class Business(Section):
    """Who we are, and for whom nothing else is known: language and time zone."""

    name: Text = {"zh": "", "en": ""}
    language: Language = "zh"
    timezone: Zone = ZoneInfo("Asia/Shanghai")


class Closing(Section):
    """How long a finished matter can still be taken up again."""

    reopen_within: Duration = timedelta(days=7)


class Plan(Section):
    """The whole plan; an empty file is a valid one."""

    business: Business = Business()
    closing: Closing = Closing()


def text_of(text: dict[str, str], language: str) -> str:
    """The text in that language, else in any."""
    return text.get(language) or next(iter(text.values()), "")


def load_plan(path: Path | None) -> Plan:
    """The plan in `path`, or the default one; raises PlanError with what is wrong and what is expected."""
    if path is None:
        return Plan()
    try:
        return Plan.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlanError(f"{path}: {error}") from error
    except ValidationError as error:
        lines = (f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise PlanError("\n".join(lines)) from error
