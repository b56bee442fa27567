"""Two chats side by side on a terminal of any width, wide characters and all."""

import enum
import io
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterator
from itertools import zip_longest
from typing import TextIO

NARROWEST, WIDEST = 44, 140
GUTTER = " \N{BOX DRAWINGS LIGHT VERTICAL} "
DASH = "\N{BOX DRAWINGS LIGHT HORIZONTAL}"
RESET = "\x1b[0m"


class Tone(enum.StrEnum):
    """How a text looks where there is colour."""

    PLAIN = ""
    CUSTOMER = "\x1b[36m"
    AGENT = "\x1b[32m"
    QUIET = "\x1b[2m"
    NARRATOR = "\x1b[33m"
    ALARM = "\x1b[1;31m"


def width_of(text: str) -> int:
    """The columns that a text takes on a terminal: wide characters two, combining ones none."""
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def wrapped(text: str, width: int) -> Iterator[str]:
    """The lines of a text, each at most `width` columns, broken at spaces and between wide characters."""
    for paragraph in text.split("\n"):
        line = ""
        for character in paragraph:
            if width_of(line) + _width(character) > width:
                at = _break_in(line + character)
                yield line[:at].rstrip()
                line = line[at:].lstrip()
            line += character
        yield line.rstrip()


def _break_in(text: str) -> int:
    """The last place in a text before which a line may end; its end where there is none."""
    for at in range(len(text) - 1, 0, -1):
        in_button = text.count("[", 0, at) > text.count("]", 0, at)
        if not in_button and (text[at - 1] == " " or _parts(text[at - 1], text[at])):
            return at
    return len(text) - 1


def _parts(before: str, after: str) -> bool:
    """Whether a line may break between two characters of which one is wide: never before closing signs."""
    closes = unicodedata.category(after) in ("Pe", "Pf", "Po") or after == " "
    opens = unicodedata.category(before) in ("Ps", "Pi")
    return 2 in (_width(before), _width(after)) and not closes and not opens


class Screen:
    """Prints to a terminal or to a file; what is printed stays, so that it can be read again."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        if isinstance(self._out, io.TextIOWrapper):
            self._out.reconfigure(errors="replace")  # a terminal that cannot write Chinese shows "?"
        self._colour = self._out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        columns = shutil.get_terminal_size().columns
        self.columns = max(NARROWEST, min(WIDEST, columns))
        self.side = (self.columns - len(GUTTER)) // 2

    def both(self, left: str, right: str) -> None:
        """Two texts beside each other."""
        for one, other in zip_longest(wrapped(left, self.side), wrapped(right, self.side), fillvalue=""):
            self._print(self._row(one, other))

    def left(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """A text in the customer's chat."""
        for line in wrapped(text, self.side):
            self._print(self._row(line, "", tone))

    def right(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """A text in the staff's topic."""
        for line in wrapped(text, self.side):
            self._print(self._row("", line, Tone.PLAIN, tone))

    def across(self, text: str, tone: Tone = Tone.NARRATOR) -> None:
        """What the narrator says."""
        for line in wrapped(text, self.columns - 1):
            self._print(self._toned(line, tone))

    def rule(self) -> None:
        """A line across."""
        self._print(self._toned(DASH * (self.columns - 1), Tone.QUIET))

    def _row(self, left: str, right: str, left_tone: Tone = Tone.PLAIN, right_tone: Tone = Tone.PLAIN) -> str:
        room = " " * (self.side - width_of(left))
        gutter = self._toned(GUTTER, Tone.QUIET)
        return (self._toned(left, left_tone) + room + gutter + self._toned(right, right_tone)).rstrip()

    def _toned(self, text: str, tone: Tone) -> str:
        return f"{tone.value}{text}{RESET}" if self._colour and tone.value and text else text

    def _print(self, line: str) -> None:
        print(line, file=self._out, flush=True)
