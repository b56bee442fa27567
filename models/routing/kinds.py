"""Which kind of matter words speak of."""

from models.cases import CaseKind
from models.routing.words import count, plain

#: Of kinds that as many words speak for, the first is taken.
_ORDER = (CaseKind.COMPLAINT, CaseKind.REQUEST, CaseKind.SUGGESTION, CaseKind.ENQUIRY, CaseKind.PRAISE)


def kind_of(words: str, lists: dict[CaseKind, tuple[str, ...]]) -> CaseKind | None:
    """The kind for which most of the listed words stand in the text; None where none does."""
    text = plain(words)
    counts = {kind: count(text, lists[kind]) for kind in _ORDER}
    best = max(_ORDER, key=lambda kind: counts[kind])
    return best if counts[best] else None
