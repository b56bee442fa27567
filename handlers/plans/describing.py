"""The care plan in words: the plain sentences of `plan show` and of the demo's page, and the written policy.

The words are in `templates/<language>/plans/*.md`, a simple Markdown; here is what they are told.
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from models.plan import DAYS, Calendar, Plan, Span, text_of
from templates import document, questionnaire_title

Words = list[tuple[str, list[str]]]


def summary(plan: Plan, language: str) -> Words:
    """What is promised to whom, in plain sentences: headings, each with its sentences."""
    found: Words = []
    for line in document(language, "plans/summary.md", facts(plan, language)).splitlines():
        if line.startswith("## "):
            found.append((line[3:], []))
        elif line.startswith("- "):
            found[-1][1].append(line[2:])
    return found


def policy(plan: Plan, language: str, today: date, version: str) -> str:
    """The written policy, as Markdown."""
    text = document(language, "plans/policy.md", {**facts(plan, language), "today": today, "version": version})
    lines, number = [], 0
    for line in re.sub(r"\n{3,}", "\n\n", text).splitlines():
        step = re.match(r"\d+\. ", line)  # what the plan leaves out leaves no gap in the numbers
        number = number + 1 if step else 0
        lines.append(f"{number}. {line[step.end() :]}" if step else line.rstrip())
    return "\n".join(lines) + "\n"


def facts(plan: Plan, language: str) -> dict[str, Any]:
    """What the templates are told: the plan, and how its values are written."""
    day = day_length(plan.calendar)
    return {
        "plan": plan,
        "business": in_line(text_of(plan.business.name, language)),
        "everybody": next((t for t in plan.tier if t.when.spent_12m is None and t.when.orders_12m is None), None),
        "week": week(plan.calendar),
        "day": day,
        "parts": parts,
        "hours": hours,
        "workdays": lambda amount: round(amount / day, 1) if day and amount >= day else None,
        "text": lambda text: in_line(text_of(text, language)),
        "called": lambda each: in_line(text_of(each.name, language)) or each.id,
        "tier_called": lambda name: (
            in_line(text_of(tier.name, language)) or name if (tier := plan.tier_named(name)) else name
        ),
        "span": span,
        "spoken": lambda words: spoken(words, language),
        "questionnaire": lambda key: questionnaire_title(language, key),
        "number": lambda value: f"{value:,.10g}",
        "share": lambda value: f"{value * 100:g}%",
    }


def in_line(text: str) -> str:
    """The plan's words as they fit into a line of a table."""
    return " ".join(text.replace("|", "/").split())


def spoken(words: Sequence[str], language: str) -> Sequence[str]:
    """Those of the plan's words that belong to the language, where it has any; figures belong to all."""
    own = [each for each in words if each.isdigit() or each.isascii() == (language != "zh")]
    return own or words


def parts(amount: timedelta) -> list[tuple[int, str]]:
    """A duration as days, hours, minutes and seconds that are not nothing."""
    return [(amount.days, "day")] * bool(amount.days) + _clock_parts(amount.seconds)


def hours(amount: timedelta) -> list[tuple[int, str]]:
    """A duration as hours, minutes and seconds: a day of working time is none of the calendar."""
    return _clock_parts(round(amount.total_seconds()))


def _clock_parts(seconds: int) -> list[tuple[int, str]]:
    found = [(seconds // 3600, "hour"), (seconds // 60 % 60, "minute"), (seconds % 60, "second")]
    return [each for each in found if each[0]]


def span(hours: Span) -> str:
    """Hours of a day: "09:00-12:00"."""
    end = hours.end if hours.end <= 1440 else hours.end - 1440
    return f"{hours.start // 60:02}:{hours.start % 60:02}–{end // 60:02}:{end % 60:02}"


def week(calendar: Calendar) -> list[tuple[list[str], list[str]]]:
    """The days of the week that have the same hours, one after the other, and those hours."""
    found: list[tuple[list[str], list[str]]] = []
    for day, spans in zip(DAYS, calendar.week, strict=True):
        written = [span(each) for each in spans]
        if found and found[-1][1] == written:
            found[-1][0].append(day)
        else:
            found.append(([day], written))
    return [(days, written) for days, written in found if written]


def day_length(calendar: Calendar) -> timedelta | None:
    """The working time of most working days; None where all time is working time."""
    lengths = Counter(_minutes(spans) for spans in calendar.week if spans)
    return timedelta(minutes=lengths.most_common(1)[0][0]) if lengths else None


def _minutes(spans: Sequence[Span]) -> int:
    return sum(each.end - each.start for each in spans)
