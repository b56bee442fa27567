"""How a question looks: its words, how far one has come, and the buttons that answer it."""

from collections.abc import Iterable
from typing import Any

from handlers import cases
from handlers.speaking import Buttons, button
from handlers.texts import utf16_length
from models.cases import Case
from models.plan import text_of
from models.questionnaires import Answer, Question, Questionnaire
from models.questionnaires.path import Answers, asked, closing_words, preceding, progress
from templates import label

#: Answers in words up to this length stand whole in the summary for staff (UTF-16 units).
SHORT = 300
#: Values of buttons that lead on instead of answering.
BACK, SKIP, NEXT, STOP = "!back", "!skip", "!next", "!stop"


def question_values(
    language: str,
    questionnaire: Questionnaire,
    at: Question,
    answers: Answers,
    case: Case | None,
    *,
    attached: bool,
    business: str = "",
    settled: bool = False,
    score: int | None = None,
    low: bool = False,
    brief: bool = False,
    form: bool = False,
) -> dict[str, Any]:
    """What the message with the question says; in a `form` an agent reads it.

    What comes out of the blue, about no case, first says that it is the `business` that writes. After the `score` of
    a case the customer reads it once more, and where it is `low` also that the case goes on.
    """
    number, of = progress(questionnaire, answers, at.id)
    first = preceding(questionnaire, answers, at.id) is None
    return {
        "question": text_of(at.text, language),
        "intro": text_of(questionnaire.intro, language) if questionnaire.intro and first else "",
        "kind": at.kind,
        "greet": first and case is None and not form and at.id not in answers,
        "business": business,
        "form": form,
        "at": number,
        "of": 1 if brief else of,
        "score": None if at.measure == "csat" else score,
        "low": low,
        "given": answer_words(language, at, answers.get(at.id)),
        **case_values(case, attached=attached, settled=settled),
    }


def thanks_words(language: str, questionnaire: Questionnaire, answers: Answers) -> str:
    """What the message says once the last question is answered; "" for nothing in particular."""
    thanks = closing_words(questionnaire, answers)
    return text_of(thanks, language) if thanks else ""


def case_values(case: Case | None, *, attached: bool, settled: bool) -> dict[str, Any]:
    """The case; where it stands `attached` to what was done also that, and whether it is `settled` as yet."""
    short = case is not None and len(case.summary) <= cases.SUMMARY_LIMIT
    return {
        "number": case.id if case else None,
        "resolved": settled,
        "summary": case.summary if attached and case and short else "",
    }


def question_buttons(
    language: str, questionnaire: Questionnaire, at: Question, answers: Answers, prefix: str, *, brief: bool = False
) -> Buttons:
    """The answers to choose from, and back, skip and stop; `prefix` is "q:12", which the data begins with.

    What is `brief` can only be answered, or has nothing to add.
    """
    tag = f"{prefix}:{questionnaire.question.index(at)}"
    found = choices(language, at)
    if at.traits.poll:
        ticked = answers.get(at.id) or ()
        # Staff tick in their form; customers vote in a native poll.
        ticks = [(key, _ticked(language, text) if key in ticked else text) for key, text in found]
        found = [*(ticks if prefix.startswith("form") else []), (NEXT, label(language, "survey_button.next"))]
    buttons = [button(text, f"{tag}:{value}") for value, text in found]
    width = at.traits.in_a_row
    rows = [buttons[start : start + width] for start in range(0, len(buttons), width)]
    turns = (
        [(SKIP, "enough", at.optional)]
        if brief
        else [
            (BACK, "back", preceding(questionnaire, answers, at.id) is not None),
            (SKIP, "skip", at.optional),
            (STOP, "stop", True),
        ]
    )
    shown = [button(label(language, f"survey_button.{key}"), f"{tag}:{value}") for value, key, on in turns if on]
    return [*rows, shown] if shown else rows


def _ticked(language: str, text: str) -> str:
    return label(language, "survey_word.ticked", text=text)


def choices(language: str, question: Question) -> list[tuple[str, str]]:
    """The answers that buttons offer: value and words. Digits never stand alone."""
    if question.options:
        return [(option.id, text_of(option.text, language)) for option in question.options]
    values = question.traits.values or map(str, question.scale)
    return [(value, label(language, question.traits.labels.format(value))) for value in values]


def answer_words(language: str, question: Question, value: Any) -> str:
    """An answer as people read it; "" for none."""
    if value is None:
        return ""
    if question.traits.takes and not question.traits.spoken:
        return label(language, f"content.{value}")
    named = dict(choices(language, question))
    found = [str(named.get(str(each), each)) for each in (value if isinstance(value, list) else [value])]
    return label(language, "survey_word.comma").join(found)


def answered_lines(language: str, questionnaire: Questionnaire, answers: Answers) -> list[dict[str, str]]:
    """Every question that was answered, with its answer."""
    lines = [
        {
            "question": text_of(each.text, language),
            "answer": _shortened(answer_words(language, each, answers.get(each.id))),
        }
        for each in asked(questionnaire, answers)
    ]
    return [line for line in lines if line["answer"]]


def _shortened(text: str) -> str:
    """Long words have gone to staff whole."""
    return text if utf16_length(text) <= SHORT else text[: SHORT // 2] + "\N{HORIZONTAL ELLIPSIS}"


def case_buttons(language: str, rows: Iterable[Answer]) -> Buttons:
    """One for each answer in words that was told with no button of its own: it makes the answer a case."""
    told = [row for row in rows if row.text and not row.media and row.case_id is None]
    short = [row for row in told if utf16_length(row.text or "") <= SHORT]
    several = len(short) > 1
    return [
        [
            button(
                label(language, "survey_button.make_case_of", text=" ".join((row.text or "").split())[:20])
                if several
                else label(language, "survey_button.make_case"),
                f"makecase:{row.id}",
            )
        ]
        for row in short
    ]


def question_text(language: str, question: Question) -> str:
    """The words of a question."""
    return text_of(question.text, language)
