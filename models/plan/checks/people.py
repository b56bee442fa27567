"""Rules on who works when, and on who gets what: calendar, departments, words, authority."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import get_args

from models.plan.checks.remark import Path, Remark, each_of, twice
from models.plan.kinds import DAYS, Kind, Span
from models.plan.sections import Plan

WEEK = 7 * 1440


def ids(plan: Plan) -> Iterator[Remark]:
    """An id names one thing."""
    for section in ("department", "tier", "segment", "field", "severity", "alarm", "visit"):
        yield from twice(section, (each.id for each in getattr(plan, section)))
    yield from twice("procedure", (each.kind for each in plan.procedure), "kind")


def hours(plan: Plan) -> Iterator[Remark]:
    """No two spans of the week overlap, also where one passes midnight into the next day."""
    spans = sorted(
        (day * 1440 + span.start, day * 1440 + span.end, ("calendar", DAYS[day], index))
        for day, spans in enumerate(plan.calendar.week)
        for index, span in enumerate(spans)
    )
    if not spans:
        return
    around = [*spans, (spans[0][0] + WEEK, spans[0][1] + WEEK, spans[0][2])]
    for (_, end, before), (start, _, path) in pairwise(around):
        if start < end:
            yield Remark(path, f"overlaps {_name(plan, before)}; expected hours that begin when those end, or later")


def _name(plan: Plan, path: Path) -> str:
    day, index = DAYS.index(str(path[1])), int(path[2])
    return f"{path[1]} {clock(plan.calendar.week[day][index])}"


def clock(span: Span) -> str:
    """Hours as the file writes them."""
    end = span.end if span.end <= 1440 else span.end - 1440
    return f"{span.start // 60:02}:{span.start % 60:02}-{end // 60:02}:{end % 60:02}"


def days(plan: Plan) -> Iterator[Remark]:
    """Somebody works at some time, and the days named are open or closed, not both."""
    calendar = plan.calendar
    named = [day for day in DAYS if day in calendar.model_fields_set]
    if calendar.always and named:
        words = "no day has hours, so nobody ever works; leave all days out to work day and night"
        yield Remark(("calendar", named[0]), words, beside=tuple(("calendar", day) for day in named))
    elif calendar.always and (calendar.holidays or calendar.closed):
        words = "does nothing: without hours for any day, all time is working time"
        yield Remark(("calendar", "holidays" if calendar.holidays else "closed"), words, serious=False)
    seen = set()
    for index, each in enumerate(calendar.open):
        path = ("calendar", "open", index)
        if not calendar.week[DAYS.index(each.as_)]:
            yield Remark(
                (*path, "as"),
                f"{each.as_} has no hours; expected a weekday that has",
                beside=(("calendar", each.as_),),
            )
        if each.day in calendar.closed:
            yield Remark((*path, "day"), f"{each.day} is in closed too; expected it in one of them")
        if each.day in seen:
            yield Remark((*path, "day"), f"{each.day} is there twice")
        seen.add(each.day)


def departments(plan: Plan) -> Iterator[Remark]:
    """Every department is reached by something, and every kind of case reaches one."""
    taken = {kind for department in plan.department for kind in department.kinds}
    for index, department in enumerate(plan.department):
        path = ("department", index)
        if not department.kinds and not department.keywords and len(plan.department) > 1:
            words = "no case comes here; expected kinds or keywords"
            yield Remark(path, words, beside=((*path, "kinds"), (*path, "keywords")))
        before = {kind for each in plan.department[:index] for kind in each.kinds}
        if department.kinds and not department.keywords and before.issuperset(department.kinds):
            words = "no case comes here but by /transfer: departments before it take these kinds"
            yield Remark((*path, "kinds"), words, False, each_of(plan, "department", "kinds"))
    missing = [kind for kind in get_args(Kind) if kind not in taken]
    if plan.department and taken and missing:
        words = f"no department takes {', '.join(missing)}; those cases go to the first department"
        yield Remark(("department",), words, False, each_of(plan, "department", "kinds"))


def keywords(plan: Plan) -> Iterator[Remark]:
    """A word says one thing, and an empty one would say it always."""
    for section in ("department", "severity", "alarm"):
        first: dict[str, str] = {}
        for index, each in enumerate(getattr(plan, section)):
            for key, words in (("keywords", each.keywords), ("except", getattr(each, "except_", ()))):
                for number, word in enumerate(words):
                    path: Path = (section, index, key, number)
                    if not word.strip():
                        yield Remark(path, "is empty; expected a word")
                    elif key == "keywords" and first.setdefault(word.casefold(), each.id) != each.id:
                        other = first[word.casefold()]
                        yield Remark(path, f"{word!r} is a word of {other!r} already, which comes first", False)
            if getattr(each, "except_", ()) and not each.keywords:
                yield Remark((section, index, "except"), "there are no keywords from which this could except", False)


def authority(plan: Plan) -> Iterator[Remark]:
    """Who stands higher may grant at least as much."""
    granted = [(role, getattr(plan.authority, role)) for role in ("agent", "supervisor", "manager")]
    for (lower, less), (higher, more) in pairwise(granted):
        if more < less:
            words = f"less than {lower} may grant ({less:g}); expected as much or more"
            yield Remark(("authority", higher), words, beside=(("authority", lower),))


def fields(plan: Plan) -> Iterator[Remark]:
    """A field to choose from has choices."""
    for index, each in enumerate(plan.field):
        path = ("field", index)
        if each.kind == "choice" and not each.choices:
            yield Remark(
                path,
                'kind = "choice" without choices; expected choices = ["...", "..."]',
                beside=((*path, "choices"), (*path, "kind")),
            )
        elif each.choices and each.kind != "choice":
            yield Remark((*path, "choices"), 'does nothing without kind = "choice"', False, ((*path, "kind"),))


def segments(plan: Plan) -> Iterator[Remark]:
    """A segment asks for fields that a file has."""
    known = {each.id for each in plan.field} | {"city", "language", "phone"}
    for index, segment in enumerate(plan.segment):
        yield from (
            Remark(
                ("segment", index, "when", key),
                unknown("a [[field]]", key, known),
                beside=each_of(plan, "field", "id"),
            )
            for key in segment.when.fields
            if key not in known
        )


def roster(plan: Plan) -> Iterator[Remark]:
    """Who is on duty is named as Telegram names them."""
    for index, shift in enumerate(plan.duty.roster):
        if not shift.agent.startswith("@"):
            words = f'is taken for the Telegram username @{shift.agent}; expected "@{shift.agent}"'
            yield Remark(("duty", "roster", index, "agent"), words, False)


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """What to say of a name that names nothing."""
    return f"{name!r} is not {what}; there are {', '.join(sorted(set(known))) or 'none'}"


RULES = (ids, hours, days, departments, keywords, authority, fields, segments, roster)
