"""Short answers in words: what customers mean who type where they could tap."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache

from handlers.said import Said
from models.cases import Case, cases_of
from models.customers import Customer
from models.routing.words import alarm_of, plain, severity_of
from models.work import Work
from templates import LANGUAGES, word_list

#: What is longer says more than an answer (characters).
LONGEST = 40
#: Thanks are short; what is longer says something (characters).
LONGEST_THANKS = 200
#: What ends or parts sentences; a question mark stays, for a question answers nothing.
MARKS = str.maketrans(dict.fromkeys(',.!;:~"()\u3001\u3002', " "))


def meant(text: str, meanings: Mapping[str, str]) -> str | None:
    """Which of the meanings (by words, as `plain_words` puts them) a text says and nothing else; None for more."""
    if len(text) > LONGEST:
        return None
    whole = plain_words(text)
    if not any(words in whole for words in meanings):
        return None  # as with most that customers write
    return next((meanings[said] for said in readings(text) if said in meanings), None)


def readings(text: str) -> Iterator[str]:
    """A short text as it stands, then without polite words at its ends ("yes, thank you"), the longest first."""
    found = [plain_words(text)] if len(text) <= LONGEST else []
    for said in found:  # which grows meanwhile
        if said:
            yield said
            shorter = {_without(said, word) for word in _beside()}
            found.extend(sorted(shorter.difference(found), key=lambda each: (-len(each), each)))


def plain_words(text: str) -> str:
    """The words as they are compared: no marks, no shades of a sign, single spaces."""
    return plain(
        "".join(c for c in plain(text).translate(MARKS) if unicodedata.category(c) not in ("Mn", "Me", "Sk"))
    )


@cache
def _beside() -> frozenset[str]:
    return frozenset(plain_words(word) for each in LANGUAGES for word in word_list(each, "beside_answer.words"))


def _without(said: str, word: str) -> str:
    """The text without that word at one of its ends, "" where it is not there; Latin words count whole."""
    gap = " " if word[0].isascii() else ""
    if said.startswith(word + gap):
        return said.removeprefix(word).strip()
    return said.removesuffix(word).strip() if said.endswith(gap + word) else ""


def by_words(lists: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """The meanings by each of their words; of words that stand twice the first list counts."""
    found: dict[str, str] = {}
    for meaning, words in lists.items():
        for word in words:
            found.setdefault(plain_words(word), meaning)
    return found


def is_urgent(work: Work, words: str) -> bool:
    """Whether the words are of danger, or set off an alarm: then they are for staff at once, whatever was asked."""
    return severity_of(work.plan, words) is not None or alarm_of(work.plan, words) is not None


async def is_current(
    work: Work, said: Said, customer: Customer, case: Case | None, asked_at: datetime, message_id: int | None
) -> bool:
    """Whether what we asked at that moment, about that case, is still what these words answer.

    It is not once a person has spoken, once another matter was begun or resolved, or where they reply to other words.
    """
    for each in await cases_of(work, customer.id):
        if each.last_agent_at and each.last_agent_at > asked_at:
            return False
        newest = max(each.opened_at, each.resolved_at or each.opened_at)
        if each is not case and newest > asked_at:
            return False
    return not said.replies or (said.answers is not None and said.answers.id == message_id)


def is_thanks(text: str) -> bool:
    """Whether the words are thanks, agreement or a greeting and nothing else, in any of our languages.

    A question never is, and a sign only where it is a friendly one.
    """
    left = unicodedata.normalize("NFKC", text[: LONGEST_THANKS + 1]).casefold()
    if len(text) > LONGEST_THANKS or "?" in left or not any(word in left for word in _thanking()):
        return False
    thanked = False
    for words, counts in _thanks():
        for word in words:
            shorter = _without_word(left, word)
            thanked = thanked or (counts and shorter != left)
            left = shorter
    return thanked and not any(unicodedata.category(c)[0] in "LN" or unicodedata.category(c) == "So" for c in left)


@cache
def _thanks() -> tuple[tuple[list[str], bool], ...]:
    """What to take out of a text, longest first, and whether it is thanks by itself or only beside thanks."""
    found = []
    for key, counts in (("signs", True), ("words", True), ("beside", False)):
        words = {word for language in LANGUAGES for word in word_list(language, f"thanks.{key}")}
        found.append((sorted(words, key=len, reverse=True), counts))
    return tuple(found)


@cache
def _thanking() -> tuple[str, ...]:
    """What a text must hold to be thanks: most hold nothing of it, and looking for that is quick."""
    return tuple(word for words, counts in _thanks() if counts for word in words)


def _without_word(text: str, word: str) -> str:
    """The text without that word; Latin words are taken whole, so that "so" leaves "sofa" alone."""
    if not word[0].isascii() or not word[0].isalpha():
        return text.replace(word, " ")
    return re.sub(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", " ", text)
