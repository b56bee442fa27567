"""Where things stand in a TOML text: tomllib tells what a file says, this tells at which line.

The text is one that tomllib has accepted, so nothing here looks for mistakes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r'(?P<text>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
    r"|(?P<comment>\#[^\n]*)|(?P<newline>\n)|(?P<sign>[\[\]{}=,.])|(?P<blank>[ \t\r]+)|(?P<bare>[^\s\[\]{}=,.#\"']+)",
    re.DOTALL,
)
Key = str | int


@dataclass
class Place:
    """A value of the file: its line, and what is in it, by key or in order.

    `spoiled` is set where a value was wrong and left out, `lost` where a list had an item that was, so that nobody
    concludes anything from the absence.
    """

    line: int
    spoiled: bool = False
    lost: bool = False
    keys: dict[str, "Place"] = field(default_factory=dict)
    items: list["Place"] = field(default_factory=list)

    def at(self, key: Key) -> "Place | None":
        """What is at a key, or at an index of a list."""
        if isinstance(key, str):
            return self.keys.get(key)
        return self.items[key] if key < len(self.items) else None

    def way(self, path: tuple[Key, ...]) -> list["Place"]:
        """From here along a path, as far as there is something."""
        found = [self]
        for key in path:
            further = found[-1].at(key)
            if further is None:
                break
            found.append(further)
        return found

    @property
    def doubtful(self) -> bool:
        """Whether this, or something in this table, was wrong; of a list, whether it has lost an item."""
        return self.spoiled or self.lost or any(each.doubtful for each in self.keys.values())


def positions(text: str) -> Place:
    """The whole file, as a tree."""
    return _Scanner(text).read()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0

    def read(self) -> Place:
        root = table = Place(1)
        while self._kind():
            if self._kind() == "newline":
                self._take()
            elif self._sign() == "[":
                table = self._header(root)
            else:
                self._pair(table)
        return root

    def _header(self, root: Place) -> Place:
        """[a.b] or [[a.b]]; returns the table that follows."""
        line = self._take()[2]
        many = self._sign() == "["
        if many:
            self._take()
        *before, last = self._key("]")
        self._take()
        if many:
            self._take()
        table = root
        for name in before:
            table = table.keys.setdefault(name, Place(line))
            table = table.items[-1] if table.items else table
        found = table.keys.setdefault(last, Place(line))
        if many:
            found.items.append(Place(line))
            return found.items[-1]
        return found

    def _pair(self, table: Place) -> None:
        line = self._line()
        *before, last = self._key("=")
        self._take()
        for name in before:
            table = table.keys.setdefault(name, Place(line))
        table.keys[last] = self._value(line)

    def _key(self, end: str) -> list[str]:
        """The parts of a dotted key, up to that sign."""
        parts = []
        while self._sign() != end:
            kind, words, _ = self._take()
            if kind != "sign":
                parts.append(words[1:-1] if kind == "text" else words)
        return parts

    def _value(self, line: int) -> Place:
        found = Place(line)
        if self._sign() not in ("[", "{"):
            while self._kind() not in ("", "newline") and self._sign() not in (",", "]", "}"):
                self._take()
            return found
        is_list = self._take()[1] == "["
        while self._sign() not in ("]", "}"):
            if self._kind() == "newline" or self._sign() == ",":
                self._take()
            elif is_list:
                found.items.append(self._value(self._line()))
            else:
                self._pair(found)
        self._take()
        return found

    # -- tokens

    def _kind(self) -> str:
        return self._tokens[self._next][0] if self._next < len(self._tokens) else ""

    def _sign(self) -> str:
        """The sign that comes next, or ""; ] at the end of the text, so that nothing goes on for ever."""
        if not self._kind():
            return "]"
        kind, words, _ = self._tokens[self._next]
        return words if kind == "sign" else ""

    def _line(self) -> int:
        return self._tokens[self._next][2]

    def _take(self) -> tuple[str, str, int]:
        self._next += 1
        return self._tokens[self._next - 1]


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Kind, words and line of every token that is neither blank nor comment."""
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind not in ("blank", "comment"):
            yield kind, match[0], line
        line += match[0].count("\n")
