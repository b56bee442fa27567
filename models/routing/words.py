"""What words say of a matter: keywords of the plan with their exceptions."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

from models.plan import Alarm, Plan, Severity

Rule = TypeVar("Rule", Severity, Alarm)
#: Where one of these stands beside a word of them, it is another word: no "sue" is in "issue", no 12315 in an order.
_LATIN = "0-9a-z\u00df-\u024f\u0370-\u052f"
_LONGEST = 20_000


def plain(words: str) -> str:
    """The words as they are compared: one form for full and half width, small letters, single spaces."""
    text = unicodedata.normalize("NFKC", words[:_LONGEST]).casefold().replace("\u2019", "'")
    return " ".join(text.split())


@lru_cache(maxsize=500)
def _finder(keywords: tuple[str, ...]) -> re.Pattern[str] | None:
    """Finds any of the keywords, longest first; Latin words and numbers only as a whole."""
    parts = []
    for word in sorted(filter(None, map(plain, keywords)), key=len, reverse=True):
        before = f"(?<![{_LATIN}])" if re.match(f"[{_LATIN}]", word[0]) else ""
        behind = f"(?![{_LATIN}])" if re.match(f"[{_LATIN}]", word[-1]) else ""
        parts.append(before + re.escape(word) + behind)
    return re.compile("|".join(parts)) if parts else None


def count(text: str, keywords: tuple[str, ...]) -> int:
    """How often any of the keywords stands in a `plain` text; of overlapping ones the longest counts."""
    finder = _finder(keywords)
    return sum(1 for _ in finder.finditer(text)) if finder else 0


def says(text: str, keywords: tuple[str, ...], except_: tuple[str, ...] = ()) -> bool:
    """Whether a `plain` text holds a keyword when the exceptions are taken out of it."""
    excuse = _finder(except_)
    return count(excuse.sub("\n", text) if excuse else text, keywords) > 0


def severity_of(plan: Plan, words: str) -> Severity | None:
    """The gravest severity that the words suggest; the plan names the gravest first."""
    return _first(plan.severity, words)


def alarm_of(plan: Plan, words: str) -> Alarm | None:
    """The first alarm of the plan that the words set off."""
    return _first(plan.alarm, words)


def _first(rules: Sequence[Rule], words: str) -> Rule | None:
    if not any(rule.keywords for rule in rules):
        return None
    text = plain(words)
    return next((rule for rule in rules if says(text, rule.keywords, rule.except_)), None)


def is_graver(plan: Plan, severity_id: str | None, than: str | None) -> bool:
    """Whether a severity of the plan is graver than another; None is the least grave of all."""
    order = [severity.id for severity in plan.severity]
    if severity_id not in order:
        return False
    return than not in order or order.index(severity_id) < order.index(than)


def department_of(plan: Plan, kind: str | None, suggested: str | None, words: str) -> str | None:
    """The department for a matter: by its confirmed kind, else the plan's keywords, else the suggested kind,
    else that of enquiries, else the first. Of several for a kind, the one whose keywords fit. None: there is none."""
    if not plan.department:
        return None
    text = plain(words)
    by_words = [each for each in plan.department if says(text, each.keywords)]
    of_kind = [each for each in plan.department if kind in each.kinds]
    fitting = [each for each in of_kind if each in by_words] or of_kind or by_words
    for wanted in (suggested, "enquiry"):
        fitting = fitting or [each for each in plan.department if wanted in each.kinds]
    return (fitting or list(plan.department))[0].id
