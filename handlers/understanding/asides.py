"""Whom an agent's line is for: the customer, colleagues, or nobody can tell, so that the agent is asked.

Words do not say for certain. What is marked as a note is one; what looks like talk among staff is held back and costs
the agent a tap; everything else goes. Where the line answers a colleague or names one, it goes only if it clearly
speaks to the customer.
"""

import enum
import re
import unicodedata
from functools import cache

from handlers.said import Beside
from models.routing.words import plain, says
from templates import LANGUAGES, labels, word_list


class For(enum.StrEnum):
    """Whom a line is for."""

    CUSTOMER = "customer"
    COLLEAGUES = "colleagues"
    HELD = "held"


#: Signs that nobody sees: they stand before a mark where a keyboard or an application put them.
_INVISIBLE = ("Cf", "Cc", "Mn", "Me")
#: Two slashes, as keyboards type them: under Chinese punctuation the key of "/" gives an ideographic comma.
_SLASHES = re.compile(r"[^\w@/\\\u3001]{0,3}(?://|\u3001\u3001|\\\\|[/\u3001\\] ?note(?![0-9a-z_]))", re.IGNORECASE)
_COMMAND = re.compile(r"[^\w@/\\\u3001]{0,3}([/\u3001\\]) ?([a-z_]*)")
_OPEN, _SHUT = r"[\[({<\u3010\u3014\u300a\u2039]", r"[\])}>\u3011\u3015\u300b\u203a]"
_BRACKET_FIRST = re.compile(rf"\W{{0,2}}{_OPEN}\s*([^\])}}>\u3011\u3015\u300b\u203a]+?)\s*{_SHUT}")
_BRACKET_LAST = re.compile(rf"{_OPEN}\s*([^\[({{<\u3010\u3014\u300a\u2039]+?)\s*{_SHUT}\W{{0,2}}$")
#: Somebody is named; Telegram makes no mention of a name in Chinese, nor of one that nobody has.
_AT = re.compile(r"(?<![\w.])@\w")
_LATIN = "[0-9a-z\u00df-\u024f]"


def whom_for(text: str, beside: Beside) -> For:
    """Whom a line is for that an agent writes in a customer's topic."""
    if note_in(text) is not None:
        return For.COLLEAGUES
    line = plain(_seen(text))
    if looks_like_command(text) or _is_bare_command(line) or _marked_in_words(line) or _begins(line, "perhaps"):
        return For.HELD
    if beside in (Beside.COLLEAGUE, Beside.MENTION) or _AT.search(line):
        return For.CUSTOMER if _speaks_to_customer(line) else For.HELD
    return For.HELD if _is_aside(line) else For.CUSTOMER


def note_in(text: str) -> str | None:
    """The words of a note, without slashes that mark it as one; None for what is not surely a note.

    A mark in words ("FYI", "Note:") may also begin what is said to a customer: it marks no note beside a "you".
    """
    seen = _seen(text)
    if mark := _SLASHES.match(seen.lstrip()):
        return _behind(text, len(seen) - len(seen.lstrip()) + mark.end())
    line = plain(seen)
    in_brackets = [found[1] for found in (_BRACKET_FIRST.match(line), _BRACKET_LAST.search(line)) if found]
    if any(each in _words("bracketed") for each in in_brackets):
        return text.strip()
    return text.strip() if _marked_in_words(line) and not says(line, _words("you")) else None


def calls(text: str, name: str) -> bool:
    """Whether a text begins with that name, or with its first word, as if to speak to its bearer."""
    line, called = plain(_seen(text)).lstrip(" @,."), plain(name)
    return any(
        len(each) > 1 and line.startswith(each) and not re.match(_LATIN, line[len(each) :])
        for each in {called, called.partition(" ")[0]}
    )


def looks_like_command(text: str) -> bool:
    """Whether a text begins with a slash, or with a sign that keyboards type for one and a command's name."""
    begins = _COMMAND.match(plain(_seen(text)))
    return bool(begins and (begins[1] == "/" or begins[2] in _commands()))


def _is_bare_command(line: str) -> bool:
    """Whether a line is a command that lacks its slash."""
    name, _, rest = line.partition(" ")
    return name in _commands() and (not rest or not re.match(_LATIN, rest)) and not says(line, _words("you"))


@cache
def _commands() -> frozenset[str]:
    """The names of all commands, which each have words in a menu."""
    return frozenset(name for each in ("command", "customer_command") for name in labels(LANGUAGES[0])[each])


def _seen(text: str) -> str:
    """A text without signs that nobody sees, full and half width alike."""
    even = unicodedata.normalize("NFKC", text)
    return "".join(c for c in even if c.isspace() or unicodedata.category(c) not in _INVISIBLE)


def _behind(text: str, end: int) -> str:
    """What of a text stands behind so many of its signs that are seen, as it was written."""
    found = 0
    for at, sign in enumerate(text):
        if found >= end:
            return text[at:].strip()
        found += len(_seen(sign))
    return ""


def _is_aside(line: str) -> bool:
    """Whether words look like talk among staff: about the customer, the trade or the work, not to the customer."""
    if line.strip(" .!~") in _words("whole") or says(line, _words("to_colleague")):
        return True
    if says(line, _words("you")):
        return False
    if says(line, _words("about"), _words("nobody")) or says(line, _words("rude")):
        return not says(line, _words("courtesy")) or says(line, _words("rude"))
    return (says(line, _words("trade")) or says(line, _words("work"))) and not says(line, _words("courtesy"))


def _speaks_to_customer(line: str) -> bool:
    """Whether words beside a colleague's are clearly meant for the customer; of two meanings it is the other."""
    if any(says(line, _words(each)) for each in ("to_colleague", "rude", "trade", "work")):
        return False
    if says(line, _words("about"), (*_words("of_colleague"), *_words("nobody"))):
        return False
    named = re.match(r"\W*@\w+ ?(.*)", line)
    if named and not named[1].startswith(_words("introduces")):
        return False
    return says(line, _words("to_customer"))


def _marked_in_words(line: str) -> bool:
    return _begins(line, "marks", ":") or _begins(line, "alone")


def _begins(line: str, words: str, behind: str = "") -> bool:
    """Whether a line begins with one of these words as a whole, and with that sign after it."""
    return bool(_beginning(words, behind).match(line))


@cache
def _beginning(words: str, behind: str) -> re.Pattern[str]:
    either = "|".join(re.escape(each) for each in sorted(_words(words), key=len, reverse=True))
    return re.compile(rf"\W{{0,2}}(?:{either})\s*" + (re.escape(behind) if behind else rf"(?!{_LATIN})"))


@cache
def _words(name: str) -> tuple[str, ...]:
    """The words of that name in all languages, which people mix."""
    return tuple(plain(each) for language in LANGUAGES for each in word_list(language, f"aside.{name}"))
