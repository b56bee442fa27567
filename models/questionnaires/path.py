"""The way through a questionnaire: which question comes next, which came before, and how far one has come."""

from collections.abc import Mapping
from typing import Any

from models.questionnaires.definition import Question, Questionnaire

#: Answers by the question's id. A number for a scale, an option's id, a list of ids, or words; None for skipped.
Answers = Mapping[str, Any]


def asked(questionnaire: Questionnaire, answers: Answers) -> list[Question]:
    """The questions that are asked, in order, as the answers stand; a hidden question's answer counts for nothing."""
    shown: list[Question] = []
    for question in questionnaire.question:
        when = question.when
        about = answers.get(when.question) if when and any(each.id == when.question for each in shown) else None
        if when is None or when.holds(about):
            shown.append(question)
    return shown


def following(questionnaire: Questionnaire, answers: Answers, after: str | None) -> Question | None:
    """The question that comes after that one (None: the first); None at the end."""
    order = [each.id for each in questionnaire.question]
    passed = order.index(after) if after in order else -1
    return next((each for each in asked(questionnaire, answers) if order.index(each.id) > passed), None)


def preceding(questionnaire: Questionnaire, answers: Answers, before: str | None) -> Question | None:
    """The question that came before that one; None for the first."""
    earlier: Question | None = None
    for each in asked(questionnaire, answers):
        if each.id == before:
            return earlier
        earlier = each
    return None


def progress(questionnaire: Questionnaire, answers: Answers, at: str) -> tuple[int, int]:
    """Which question it is and of how many, as the answers stand."""
    ids = [each.id for each in asked(questionnaire, answers)]
    return (ids.index(at) + 1 if at in ids else len(ids)), len(ids)


def is_answer(question: Question, value: str) -> Any:
    """The value that the data of a button stands for, or None for what is no answer to that question."""
    if question.scale:
        return int(value) if value.isdecimal() and len(value) < 3 and int(value) in question.scale else None
    return value if question.traits.chosen and value in question.option_ids else None


def scores(questionnaire: Questionnaire, answers: Answers) -> dict[str, int]:
    """The figures that the answers give, by measure; the first question of a measure counts."""
    found: dict[str, int] = {}
    for question in asked(questionnaire, answers):
        if question.measure and isinstance(answers.get(question.id), int):
            found.setdefault(question.measure, answers[question.id])
    return found


def closing_words(questionnaire: Questionnaire, answers: Answers) -> dict[str, str] | None:
    """What is said at the end, by the first answer on a scale; None where the file says nothing that fits."""
    values = [answers.get(each.id) for each in asked(questionnaire, answers) if each.scale]
    score = next((value for value in values if isinstance(value, int)), None)
    for thanks in questionnaire.thanks:
        low = thanks.at_most is None or (score is not None and score <= thanks.at_most)
        high = thanks.at_least is None or (score is not None and score >= thanks.at_least)
        if low and high:
            return thanks.text
    return None
