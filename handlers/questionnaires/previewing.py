"""A questionnaire as text: what a customer would see, for whoever writes one."""

import re
from html import unescape

from handlers.questionnaires import showing
from models.plan import text_of
from models.questionnaires import Questionnaire
from templates import label, render

LINE = "-" * 60


def preview(questionnaire: Questionnaire, language: str) -> list[str]:
    """The lines of the chat in one language; every question is shown, with its condition where it has one."""
    title = f"{text_of(questionnaire.title, language)} ({questionnaire.key} {questionnaire.version})"
    lines = [f"== {label(language, 'language.name')}: {title} ==", ""]
    for question in questionnaire.question:
        if question.when:
            lines.append(f"({question.when.question}: {question.when.said})")
        values = showing.question_values(language, questionnaire, question, {}, None, attached=False)
        lines += [*_plain(render(language, "questionnaires/question", values)), ""]
        if question.traits.poll:
            lines += [f"  ( ) {text_of(option.text, language)}" for option in question.options]
        for row in showing.question_buttons(language, questionnaire, question, {}, "q:1"):
            lines.append("  " + " ".join(f"[{each['text']}]" for each in row))
        lines.append(LINE)
    for thanks in questionnaire.thanks:
        limits = [f"{sign} {limit}" for sign, limit in (("<=", thanks.at_most), (">=", thanks.at_least)) if limit]
        lines.append(" ".join([*limits, text_of(thanks.text, language)]))
    return [*lines, ""]


def _plain(html: str) -> list[str]:
    return unescape(re.sub(r"<[^>]+>", "", html)).splitlines()
