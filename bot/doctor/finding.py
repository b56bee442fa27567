"""What the doctor says: one plain line for each thing looked at."""

import enum
from dataclasses import dataclass


class Level(enum.StrEnum):
    """How serious a finding is; only `wrong` stands in the way of the service."""

    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One line: how serious, about what, how it stands and how to mend it."""

    level: Level
    about: str
    words: str

    def __str__(self) -> str:
        return f"{self.level:<5}  {self.about}: {' '.join(self.words.split())}"


def ok(about: str, words: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, about, words)


def warn(about: str, words: str) -> Finding:
    """The bot works, but not as it could."""
    return Finding(Level.WARN, about, words)


def wrong(about: str, words: str) -> Finding:
    """The bot cannot do its work like this."""
    return Finding(Level.WRONG, about, words)
