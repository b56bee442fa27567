"""Formatted text: Telegram's HTML, entities and their offsets in UTF-16 units."""

import re
from dataclasses import dataclass

from .errors import ApiError, Json, bad

PLAIN_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
}
OTHER_TAGS = frozenset(("a", "span", "tg-emoji", "tg-time", "blockquote"))
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|lt|gt|amp|quot);?")
TAG_NAME = re.compile(r"[^\s>]*")
ATTRIBUTE = re.compile(r"[^\s=>]*")
BARE_VALUE = re.compile(r"[A-Za-z0-9.\-]+")
DETECTED = re.compile(
    r"(?P<url>https?://[^\s<>\"]+)"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[\w.-]+\w)"
    r"|(?<![\w/@])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/])"
    r"|(?<!\w)(?P<mention>@[A-Za-z0-9_]{3,32})"
    r"|(?<!\w)(?P<hashtag>#\w*[^\W\d]\w*)"
)
USER_LINK = re.compile(r"tg://user\?id=(\d+)")
CONTROL = {code: " " for code in range(33) if code not in (10, 13)} | {13: None}


def units(text: str) -> int:
    """The length of a text as Telegram counts it, in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(slots=True)
class _Open:
    """A tag that waits for its end."""

    tag: str
    offset: int
    entity: Json | None


class _Html:
    """One pass over Telegram's HTML; refuses what Telegram refuses."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.pos = 0
        self.out: list[str] = []
        self.length = 0
        self.open: list[_Open] = []
        self.entities: list[Json] = []

    def read(self) -> tuple[str, list[Json]]:
        while (tag := self.source.find("<", self.pos)) >= 0:
            self._write(self.source[self.pos : tag])
            self.pos = tag
            if self.source.startswith("</", self.pos):
                self._end_tag()
            else:
                self._start_tag()
        self._write(self.source[self.pos :])
        if self.open:
            raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{self.open[-1].tag}\"")
        self.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return "".join(self.out), self.entities

    def _write(self, source: str) -> None:
        if source:
            text = _dereferenced(source)
            self.out.append(text)
            self.length += units(text)

    def _refuse(self, text: str, at: int) -> ApiError:
        byte = len(self.source[:at].encode("utf-8", "surrogatepass"))
        return bad(f"can't parse entities: {text.format(byte=byte)}")

    def _start_tag(self) -> None:
        begin = self.pos
        name = TAG_NAME.match(self.source, begin + 1)
        tag = name.group().lower() if name else ""
        self.pos = begin + 1 + len(tag)
        if self.pos >= len(self.source):
            raise self._refuse("Unclosed start tag at byte offset {byte}", begin)
        if tag not in PLAIN_TAGS and tag not in OTHER_TAGS:
            shown = tag.replace("{", "{{").replace("}", "}}")
            raise self._refuse(f'Unsupported start tag "{shown}" at byte offset {{byte}}', begin)
        attributes = self._attributes(tag, begin)
        self.open.append(_Open(tag, self.length, self._entity(tag, attributes, begin)))

    def _attributes(self, tag: str, begin: int) -> dict[str, str]:
        attributes: dict[str, str] = {}
        while True:
            self._skip_space()
            if self.pos >= len(self.source):
                raise self._refuse("Unclosed start tag at byte offset {byte}", begin)
            if self.source[self.pos] == ">":
                self.pos += 1
                return attributes
            match = ATTRIBUTE.match(self.source, self.pos)
            name = match.group().lower() if match else ""
            if not name:
                text = f'Empty attribute name in the tag "{tag}" at byte offset {{byte}}'
                raise self._refuse(text, begin)
            self.pos += len(name)
            attributes[name] = self._value(tag, name, begin)

    def _value(self, tag: str, name: str, begin: int) -> str:
        self._skip_space()
        if not self.source.startswith("=", self.pos):
            if tag == "blockquote" and name == "expandable":
                return ""
            text = f'Expected equal sign in declaration of an attribute of the tag "{tag}"'
            raise self._refuse(text + " at byte offset {byte}", begin)
        self.pos += 1
        self._skip_space()
        quote = self.source[self.pos : self.pos + 1]
        if quote not in ('"', "'") or not quote:
            bare = BARE_VALUE.match(self.source, self.pos)
            if bare is None:
                raise self._refuse("Unexpected end of name token at byte offset {byte}", self.pos)
            self.pos = bare.end()
            return bare.group().lower()
        end = self.source.find(quote, self.pos + 1)
        if end < 0:
            raise self._refuse("Unclosed start tag at byte offset {byte}", begin)
        raw = self.source[self.pos + 1 : end]
        self.pos = end + 1
        return _dereferenced(raw)

    def _skip_space(self) -> None:
        while self.source[self.pos : self.pos + 1].isspace():
            self.pos += 1

    def _entity(self, tag: str, attributes: dict[str, str], begin: int) -> Json | None:
        """What the tag makes of its text; None for a link that has no address yet."""
        if tag == "a":
            return _link(attributes.get("href", ""))
        if tag == "span":
            if attributes.get("class") != "tg-spoiler":
                raise self._refuse('Tag "span" must have class "tg-spoiler" at byte offset {byte}', begin)
            return {"type": "spoiler"}
        if tag == "tg-emoji":
            return {"type": "custom_emoji", "custom_emoji_id": attributes.get("emoji-id", "")}
        if tag == "tg-time":
            return {"type": "date_time", "unix_time": int(attributes.get("unix") or 0)}
        if tag == "blockquote":
            return {"type": "expandable_blockquote" if "expandable" in attributes else "blockquote"}
        language = attributes.get("class", "").removeprefix("language-") if tag == "code" else ""
        return {"type": PLAIN_TAGS[tag], **({"language": language} if language else {})}

    def _end_tag(self) -> None:
        begin = self.pos
        if not self.open:
            raise self._refuse("Unexpected end tag at byte offset {byte}", begin)
        close = self.source.find(">", begin)
        if close < 0:
            raise self._refuse("Unclosed end tag at byte offset {byte}", begin)
        name = self.source[begin + 2 : close].strip().lower()
        opened = self.open.pop()
        if name and name != opened.tag:
            shown = name.replace("{", "{{").replace("}", "}}")
            raise self._refuse(
                f'Unmatched end tag at byte offset {{byte}}, expected "</{opened.tag}>", found "</{shown}>"',
                begin,
            )
        self.pos = close + 1
        self._close(opened)

    def _close(self, opened: _Open) -> None:
        entity, length = opened.entity, self.length - opened.offset
        if entity is None or not length:
            return
        last = self.entities[-1] if self.entities else {}
        if opened.tag == "pre" and last.get("type") == "code" and "language" in last:
            whole = (last["offset"], last["length"]) == (opened.offset, length)
            if whole:
                last["type"] = "pre"
                return
        self.entities.append({"offset": opened.offset, "length": length, **entity})


def _dereferenced(source: str) -> str:
    """With the characters that its references stand for; what is none stays as it is."""
    return REFERENCE.sub(_meant, source) if "&" in source else source


def _meant(reference: re.Match[str]) -> str:
    name = reference.group(1)
    if name in NAMED:
        return NAMED[name]
    code = int(name[2:], 16) if name.startswith("#x") else int(name[1:])
    if code == 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
        return reference.group()
    return chr(code)


def _link(href: str) -> Json | None:
    if match := USER_LINK.match(href):
        return {"type": "text_mention", "user_id": int(match.group(1))}
    if re.match(r"(?i)(https?|tg|mailto|tel|ton)://?\S+|mailto:\S+|tel:\S+", href):
        return {"type": "text_link", "url": href}
    return {"type": "text_link", "url": f"http://{href}"} if "." in href else None


def from_html(source: str) -> tuple[str, list[Json]]:
    """Text and entities of Telegram's HTML; raises "can't parse entities" as Telegram does."""
    if "<" not in source and "&" not in source:
        return source, []
    return _Html(source).read()


def check_given(text: str, entities: list[Json]) -> list[Json]:
    """Entities as a caller gave them, refused where they do not fit the text."""
    total = units(text)
    encoded = text.encode("utf-16-le", "surrogatepass")
    for entity in entities:
        begin, end = entity["offset"], entity["offset"] + entity["length"]
        if begin < 0 or entity["length"] <= 0 or end > total:
            raise bad(f"can't parse entities: entity ends after the end of the text at UTF-16 offset {total}")
        for edge, word in ((begin, "begins"), (end, "ends")):
            if edge < total and 0xDC <= encoded[2 * edge + 1] < 0xE0:
                raise bad(f"entity {word} in a middle of a UTF-16 symbol at byte offset {edge}")
    return sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def tidy(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """What Telegram keeps of a text: control characters blanked, edges trimmed, entities cut to fit."""
    if not text.isprintable():
        text = _without_control(text, entities)
    kept = text.rstrip(" \n")
    cut = len(kept) - len(kept.lstrip(" \n"))
    if entities:
        cut = min(cut, entities[0]["offset"])
    kept = kept[cut:]
    if not entities or len(kept) == len(text):
        return kept, entities
    total, fitting = units(kept), []
    for entity in entities:
        begin = entity["offset"] - cut
        end = min(begin + entity["length"], total)
        if end > begin:
            fitting.append({**entity, "offset": begin, "length": end - begin})
    return kept, fitting


def _without_control(text: str, entities: list[Json]) -> str:
    # Removing a carriage return would shift the entities, so with entities it is blanked instead.
    table = CONTROL | {13: " "} if entities else CONTROL
    return text.translate(table)


def detect(text: str, entities: list[Json]) -> list[Json]:
    """Adds what Telegram finds by itself: commands, links, mentions, hashtags, addresses."""
    if not any(sign in text for sign in "/@#"):
        return entities
    found = []
    opaque = [entity for entity in entities if _opaque(entity)]
    taken = [(entity["offset"], entity["offset"] + entity["length"]) for entity in opaque]
    for match in DETECTED.finditer(text):
        offset, length = units(text[: match.start()]), units(match.group())
        if not any(begin < offset + length and offset < end for begin, end in taken):
            found.append({"offset": offset, "length": length, "type": match.lastgroup})
    if not found:
        return entities
    return sorted(entities + found, key=lambda entity: (entity["offset"], -entity["length"]))


def _opaque(entity: Json) -> bool:
    return entity["type"] in ("code", "pre", "text_link", "text_mention", "custom_emoji")
