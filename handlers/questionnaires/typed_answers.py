"""What a typed text answers to a question with buttons: a number in its range, a button's words, plain words."""

import re
from collections.abc import Iterator
from functools import cache

from handlers.questionnaires.showing import choices
from handlers.typed import by_words, meant, plain_words, readings
from models.questionnaires import Question
from models.questionnaires.path import is_answer
from templates import LANGUAGES, word_list


def answer_in(question: Question, text: str) -> str | None:
    """The button's value that a typed text means and nothing else; None for words that say more, or are unclear."""
    if not question.traits.chosen:
        return None
    value = meant(text, _meanings(question))
    if value is None and question.scale:
        value = next(filter(None, (_number(question, said) for said in readings(text))), None)
    return value if value is not None and is_answer(question, value) is not None else None


@cache
def _of_kind(kind: str) -> dict[str, str]:
    """The words for the values of a scale, or of yes and no, in all languages."""
    question = Question.model_validate({"id": "any", "kind": kind, "text": "?"})
    lists: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for value, shown in choices(language, question):
            lists.setdefault(value, []).extend(_shown(shown))
    for value, words in lists.items():
        for language in LANGUAGES:
            words.extend(word_list(language, question.traits.typed.format(value)) if question.traits.typed else ())
    return by_words(lists)


def _meanings(question: Question) -> dict[str, str]:
    if question.options:
        return by_words({option.id: option.text.values() for option in question.options})
    return _of_kind(question.kind)


def _shown(text: str) -> Iterator[str]:
    """A button's words; also without the digit or the face before them, and the face alone."""
    yield text
    sign, _, words = text.partition(" ")
    if words and not any(map(str.isalpha, sign)):
        yield words
        if not sign.isdecimal():
            yield sign


def _number(question: Question, said: str) -> str | None:
    """The number that stands alone ("5"), with its unit, or out of the highest."""
    numerals, pattern, signs = _numbers()
    if question.traits.stars and set(said) <= signs:
        return str(len(said))
    found = pattern.fullmatch(said)
    if found is None or (found["stars"] and not question.traits.stars):
        return None
    top = found["top"]
    if top and int(top) != max(question.scale):
        return None
    number = found["number"]
    return str(int(number)) if number.isdecimal() else numerals[number]


@cache
def _numbers() -> tuple[dict[str, str], re.Pattern[str], frozenset[str]]:
    numerals = by_words(
        {str(n): [word for each in LANGUAGES for word in word_list(each, f"numerals.{n}")] for n in range(11)}
    )

    def one_of(*keys: str) -> str:
        words = {plain_words(word) for key in keys for each in LANGUAGES for word in word_list(each, key)}
        return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))

    number = "|".join(["[0-9]{1,2}", *map(re.escape, sorted(numerals, key=len, reverse=True))])
    unit = f"(?:{one_of('rating_unit.points')}|(?P<stars>{one_of('rating_unit.stars')}))"
    pattern = re.compile(
        rf"(?P<number>{number})\s*(?:(?:{one_of('rating_unit.out_of')})\s*(?P<top>[0-9]{{1,2}})\s*)?{unit}?"
    )
    signs = {plain_words(sign) for each in LANGUAGES for sign in word_list(each, "rating_unit.sign")}
    return numerals, pattern, frozenset(signs)
