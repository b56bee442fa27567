"""A customer's words among staff: shown whole, in a frame that no notice of ours ever has."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import Any

from handlers.texts import utf16_length
from templates import SIGN, SIGNS, in_line

Entity = dict[str, Any]
Entities = Sequence[Entity] | None

#: What the frame adds to a text (UTF-16 units).
FRAME = utf16_length(f"{SIGN} ")
#: The longest caption that Telegram takes (UTF-16 units).
CAPTION = 1024
#: So many entities Telegram takes with a text; the frame is one of them.
MOST_ENTITIES = 100
#: Entities that hold no others and stand in none but the frame.
_OPAQUE = ("code", "pre")
_QUOTES = ("blockquote", "expandable_blockquote")


def in_full(text: str, entities: Entities) -> tuple[str, list[Entity]]:
    """The words without the sign of the frame, hidden links written out, and entities that fit into the frame."""
    if not entities and SIGN not in text:
        return text, []
    if not entities and SIGN not in text:
        return text, []
    whole = utf16_length(text)
    found = [each for each in entities or () if each["type"] != "text_mention" and _stands_in(each, whole)]
    hidden = [(entity["offset"] + entity["length"], _address(text, entity)) for entity in found if _is_link(entity)]
    signs = [(_units(text, match.start()), _units(text, match.end()), "") for match in SIGNS.finditer(text)]
    edits = sorted([*((at, at, words) for at, words in hidden if words), *signs])
    kept = [_moved(entity, edits) for entity in found if not _is_link(entity)]
    return _edited(text, edits), _legal([entity for entity in kept if entity["length"] > 0])


def framed(text: str, entities: Entities) -> tuple[str, list[Entity]]:
    """Words that are shown in full, in the frame: its sign before them, and one quotation over all."""
    whole = f"{SIGN} {text}"
    frame = {"type": "blockquote", "offset": 0, "length": utf16_length(whole)}
    return whole, [frame, *shifted(list(entities)[: MOST_ENTITIES - 1], FRAME)] if entities else [frame]


def shifted(entities: Iterable[Entity], by: int) -> list[Entity]:
    """The entities of words before which `by` UTF-16 units were put."""
    return [{**entity, "offset": entity["offset"] + by} for entity in entities]


def _stands_in(entity: Entity, whole: int) -> bool:
    return bool(entity["offset"] >= 0 and entity["length"] > 0 and entity["offset"] + entity["length"] <= whole)


def _is_link(entity: Entity) -> bool:
    return bool(entity["type"] == "text_link")


def _address(text: str, entity: Entity) -> str:
    """What is put behind the words of a link; nothing where they say it themselves."""
    words, url = (
        _part(text, entity["offset"], entity["offset"] + entity["length"]),
        in_line(str(entity.get("url", ""))),
    )
    return "" if _bare(url) in ("", _bare(words)) else f" ({url})"


def _bare(address: str) -> str:
    return re.sub(r"^https?://", "", address.strip(), flags=re.IGNORECASE).removesuffix("/")


def _units(text: str, at: int) -> int:
    """Where a character stands in UTF-16 units."""
    return utf16_length(text[:at])


def _part(text: str, begin: int, end: int) -> str:
    """A part of the text by UTF-16 units."""
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * begin : 2 * end].decode("utf-16-le", "surrogatepass")


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    """The text with other words at those places, which are in order and apart."""
    out, at, whole = [], 0, utf16_length(text)
    for begin, end, words in edits:
        out += [_part(text, at, min(begin, whole)), words]
        at = min(end, whole)
    return "".join([*out, _part(text, at, whole)])


def _moved(entity: Entity, edits: list[tuple[int, int, str]]) -> Entity:
    """The entity where its words stand after the edits; what is put in at its edge stays outside."""
    begin, end = entity["offset"], entity["offset"] + entity["length"]
    starts, ends = begin, end
    for at, until, words in edits:
        longer = utf16_length(words)
        starts += (longer if at <= begin else 0) - max(0, min(until, begin) - at)
        ends += (longer if at < end else 0) - max(0, min(until, end) - at)
    moved = {key: value for key, value in entity.items() if key not in ("offset", "length")}
    return {**moved, "offset": starts, "length": ends - starts}


def _legal(entities: list[Entity]) -> list[Entity]:
    """Entities as Telegram lets them stand in a quotation: each two nested or apart, nothing in or around code."""
    slanted = [{**entity, "type": "italic"} if entity["type"] in _QUOTES else entity for entity in entities]
    kept: list[Entity] = []
    for entity in sorted((each for each in slanted if each["type"] in _OPAQUE), key=_order):
        if not any(_meet(entity, other) for other in kept):
            kept.append(entity)
    code = [(each["offset"], each["offset"] + each["length"]) for each in kept]
    others = chain.from_iterable(_around(each, code) for each in slanted if each["type"] not in _OPAQUE)
    for entity in sorted(others, key=_order):
        if not any(_crosses(entity, other) or _repeats(entity, other) for other in kept):
            kept.append(entity)
    return sorted(kept, key=_order)


def _order(entity: Entity) -> tuple[int, int]:
    return entity["offset"], -entity["length"]


def _around(entity: Entity, code: list[tuple[int, int]]) -> list[Entity]:
    """The parts of an entity that are left outside of code."""
    begin, end = entity["offset"], entity["offset"] + entity["length"]
    cuts = [(max(begin, at), min(end, until)) for at, until in code if at < end and until > begin]
    edges = [begin, *chain.from_iterable(cuts), end]
    return [{**entity, "offset": at, "length": until - at} for at, until in list(pairwise(edges))[::2] if until > at]


def _meet(one: Entity, other: Entity) -> bool:
    return bool(one["offset"] < other["offset"] + other["length"] and other["offset"] < one["offset"] + one["length"])


def _crosses(one: Entity, other: Entity) -> bool:
    """Whether they share words and neither holds the other."""
    within = one["offset"] >= other["offset"] and (one["offset"] + one["length"] <= other["offset"] + other["length"])
    around = one["offset"] == other["offset"] and one["length"] >= other["length"]
    return _meet(one, other) and not within and not around


def _repeats(one: Entity, other: Entity) -> bool:
    """Whether it says what one around it says already."""
    return one["type"] == other["type"] and _meet(one, other)
