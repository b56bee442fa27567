"""Nobody asks for five stars unnoticed."""

import unicodedata
from functools import cache

from handlers import duty
from handlers.happenings.messages import AgentSpoke
from handlers.speaking import tell_privately
from models.staff import Role
from models.timeline import EventKind, remember
from models.work import Work
from templates import LANGUAGES, word_list


async def begged(work: Work, spoke: AgentSpoke) -> None:
    """An agent asks the customer for five stars: the words go, and whoever is in charge hears of it."""
    if not begs(spoke.words):
        return
    case, person = spoke.case, spoke.person
    remember(work, case, EventKind.BEGGED, person, words=spoke.words[:200])
    values = {"number": case.id, "name": person.name, "text": spoke.words[:300]}
    for each in await duty.those_in_charge(work, case, Role.SUPERVISOR):
        if each.id != person.id:
            tell_privately(work, each, "questionnaires/begged", values, case_id=case.id)


def begs(text: str) -> bool:
    """Whether the words ask for a good score, in any of our languages."""
    said = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    return any(words in said for words in _begging())


@cache
def _begging() -> tuple[str, ...]:
    found = (words for language in LANGUAGES for words in word_list(language, "survey_begging.words"))
    return tuple("".join(words.split()) for words in found)
