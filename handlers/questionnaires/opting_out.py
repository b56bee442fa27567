"""Answers are free: who says that it is enough, or wants no more questionnaires at all, is left alone."""

import unicodedata
from functools import cache

from handlers.happenings.people import OptedOut
from handlers.questionnaires.asking import drop
from handlers.questionnaires.course import stop
from handlers.questionnaires.runs import open_run
from models.contact import Purpose
from models.questionnaires.invitations import planned_for
from models.work import Work
from templates import LANGUAGES, word_list

#: Words that say stop are short (characters).
LONGEST_STOP = 40


async def withdraw(work: Work, happening: OptedOut) -> None:
    """The customer wants no more of the kind: what is open ends, what is planned is not asked."""
    customer = happening.customer
    if Purpose.SURVEY not in happening.purposes:
        return
    while (run := await open_run(work, customer)) is not None:
        await stop(work, run)
    for invitation in await planned_for(work, customer):
        await drop(work, invitation, "opted_out")


def without_stop(text: str) -> str | None:
    """What is left of a text that says stop once that is taken out; None for one that does not say it."""
    said = unicodedata.normalize("NFKC", text).casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    stops, beside = _stop_words()
    if len(text) > LONGEST_STOP or not any(word in said for word in stops):
        return None
    for word in (*stops, *beside):
        said = said.replace(word, " ")
    return "".join(c for c in said if unicodedata.category(c)[0] in "LN")


@cache
def _stop_words() -> tuple[list[str], list[str]]:
    return (
        sorted((word for each in LANGUAGES for word in word_list(each, "survey_stop.words")), key=len, reverse=True),
        sorted((word for each in LANGUAGES for word in word_list(each, "survey_stop.beside")), key=len, reverse=True),
    )
