"""Whom an agent's line is for: the customer, colleagues, or nobody can tell, so that the agent is asked.

Words do not say for certain. What is marked as a note is one; what reads like talk among staff is held back and costs
the agent a tap; everything else goes. Where the line answers a colleague or names one, it goes only if it clearly
speaks to the customer.
"""

import enum
import re
import unicodedata
from functools import cache

from handlers.refusals import Refusal
from handlers.said import Beside
from handlers.understanding.weighing import listed, reads_like_talk
from models.routing.words import plain, says
from templates import LANGUAGES, labels


class For(enum.StrEnum):
    """Whom a line is for."""

    CUSTOMER = "customer"
    COLLEAGUES = "colleagues"
    HELD = "held"


#: Where a line reads more like talk than this it is held, by what it stands beside.
TALK = {Beside.PLAIN: 0.8, Beside.CUSTOMER: 0.8, Beside.CARD: -0.2, Beside.COLLEAGUE: -1.2, Beside.MENTION: -1.2}
#: What goes along with a command is refused, not held, and so only above this.
SURELY_TALK = 1.5
#: A line of fewer words (of Chinese, two characters) that speaks to nobody says too little beside a colleague's.
SHORT = 7
_CHINESE, _WORD = re.compile("[\u4e00-\u9fff]"), re.compile("[a-z0-9']+")
#: Signs that nobody sees: they stand before a mark where a keyboard or an application put them.
_INVISIBLE = ("Cf", "Cc", "Mn", "Me")
#: Two slashes, as keyboards type them: under Chinese punctuation the key of "/" gives an ideographic comma.
_SLASHES = re.compile(r"[^\w@/\\\u3001]{0,3}(?://|\u3001\u3001|\\\\|[/\u3001\\] ?note(?![0-9a-z_]))", re.IGNORECASE)
_COMMAND = re.compile(r"[^\w@/\\\u3001]{0,3}([/\u3001\\]) ?([a-z_]*)")
_OPEN, _SHUT = r"[\[({<\u3010\u3014\u300a\u2039]", r"[\])}>\u3011\u3015\u300b\u203a]"
_BRACKET_FIRST = re.compile(rf"\W{{0,2}}{_OPEN}\s*([^\])}}>\u3011\u3015\u300b\u203a]+?)\s*{_SHUT}")
_BRACKET_LAST = re.compile(rf"{_OPEN}\s*([^\[({{<\u3010\u3014\u300a\u2039]+?)\s*{_SHUT}\W{{0,2}}$")
_NAME = re.compile(r"(?<![\w.])@([\w.]+)")
#: A name that a comma or the end follows, with the word before it.
_CALLED = re.compile(r"(?:([\w']+) )?(?<![\w.])@[\w.]+\s*(?:[,!?.\u3002\uff0c]|$)")
_LATIN = "[0-9a-z\u00df-\u024f]"
#: What stands between a mark in words and what it marks.
_BEHIND_MARK = r"\s*[:\-\u2013\u2014~|>*=]"


def whom_for(text: str, beside: Beside) -> For:
    """Whom a line is for that an agent writes in a customer's topic."""
    if note_in(text) is not None:
        return For.COLLEAGUES
    line = plain(_seen(text))
    if looks_like_command(text) or _is_bare_command(line) or _is_perhaps_marked(line):
        return For.HELD
    takes_up = beside in (Beside.COLLEAGUE, Beside.MENTION) and _speaks_to_colleague(line)
    takes_up = takes_up or (beside is Beside.COLLEAGUE and says(line, listed("about"), listed("nobody")))
    return For.HELD if takes_up or reads_like_talk(line) > TALK[beside] else For.CUSTOMER


def require_for_customer(words: str) -> None:
    """Words that go along with a command, and on to the customer: raises Refusal for what is meant for colleagues."""
    if note_in(words) is not None or looks_like_command(words) or reads_like_talk(plain(_seen(words))) > SURELY_TALK:
        raise Refusal("meant_for_us")


def _speaks_to_colleague(line: str) -> bool:
    """Whether a line beside a colleague's words takes them up, calls the colleague, or is too short to tell."""
    spoken_to = any(says(line, listed(each)) for each in ("you", "courtesy", "to_customer"))
    if not spoken_to and len(_CHINESE.findall(line)) / 2 + len(_WORD.findall(line)) < SHORT:
        return True
    return _begins(line, "assent") or any(
        not each[1] or not says(each[1], listed("introduces")) for each in _CALLED.finditer(line)
    )


def note_in(text: str) -> str | None:
    """The words of a note, without slashes that mark it as one; None for what is not surely a note.

    "FYI" and "note:" may also begin what is said to a customer: they mark a note only of what reads like one.
    """
    seen = _seen(text)
    if mark := _SLASHES.match(seen.lstrip()):
        return _behind(text, len(seen) - len(seen.lstrip()) + mark.end())
    line = plain(seen)
    if any(each in listed("bracketed") for each in _in_brackets(line)):
        return text.strip()
    if says(line, listed("you")):
        return None
    surely = _begins(line, "marks", _BEHIND_MARK) or _begins(line, "alone")
    perhaps = _begins(line, "soft_marks", _BEHIND_MARK) or _begins(line, "soft_alone")
    return text.strip() if surely or (perhaps and reads_like_talk(line) > 0) else None


def names_somebody(text: str) -> bool:
    """Whether a text holds an @name that is no bot's. Telegram makes no mention of a name in Chinese, nor of one that
    nobody has."""
    return any(not each[1].endswith("bot") for each in _NAME.finditer(plain(text)))


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
    return name in _commands() and (not rest or not re.match(_LATIN, rest)) and not says(line, listed("you"))


@cache
def _commands() -> frozenset[str]:
    """The names of all commands, which each have words in a menu."""
    return frozenset(name for each in ("command", "customer_command") for name in labels(LANGUAGES[0])[each])


def _is_perhaps_marked(line: str) -> bool:
    """Whether a line begins or ends with a mark that may as well be said to a customer."""
    if any(says(each, listed("bracket_hints")) for each in _in_brackets(line)):
        return True
    marked = any(_begins(line, each, _BEHIND_MARK) for each in ("marks", "soft_marks"))
    return (
        marked
        or _begins(line, "marks", r"(?<=[\u4e00-\u9fff])\s")
        or any(_begins(line, each) for each in ("alone", "soft_alone", "perhaps"))
    )


def _in_brackets(line: str) -> list[str]:
    """What stands in brackets at the beginning and at the end of a line."""
    return [found[1] for found in (_BRACKET_FIRST.match(line), _BRACKET_LAST.search(line)) if found]


def _begins(line: str, words: str, behind: str = "") -> bool:
    """Whether a line begins with one of these words as a whole, and with that after it."""
    return bool(_beginning(words, behind).match(line))


@cache
def _beginning(words: str, behind: str) -> re.Pattern[str]:
    either = "|".join(re.escape(each) for each in sorted(listed(words), key=len, reverse=True))
    return re.compile(rf"\W{{0,2}}(?:{either})" + (behind or rf"(?!{_LATIN})"))


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
