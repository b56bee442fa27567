"""What a customer's words suggest: kind, severity, alarm, department."""

from dataclasses import dataclass

from models.cases import CaseKind
from models.plan import Plan
from models.routing.kinds import kind_of
from models.routing.words import alarm_of, department_of, severity_of
from templates import LANGUAGES, word_list

#: The words that speak for each kind, of all languages: customers mix them.
_WORDS = {
    kind: tuple(word for language in LANGUAGES for word in word_list(language, f"kind_words.{kind}"))
    for kind in CaseKind
}


@dataclass(frozen=True)
class Suggestion:
    """What words suggest; the last three are ids of the plan, None where it has nothing that fits."""

    kind: CaseKind | None
    severity: str | None
    alarm: str | None
    department: str | None


def suggest(plan: Plan, words: str, confirmed: CaseKind | None) -> Suggestion:
    """What the words of a new matter suggest under the plan; `confirmed` is the kind that somebody has named."""
    kind = kind_of(words, _WORDS)
    severity, alarm = severity_of(plan, words), alarm_of(plan, words)
    # Danger is no enquiry, whatever words it is told in.
    danger = CaseKind.COMPLAINT if severity and severity.around_the_clock else None
    return Suggestion(
        kind,
        severity.id if severity else None,
        alarm.id if alarm else None,
        department_of(plan, confirmed, kind or danger, words),
    )
