"""Answers must be free: who wants no more is left alone, and nobody asks for five stars unnoticed."""

import unicodedata
from functools import cache

from sqlmodel import col, select

from handlers import duty
from handlers.happenings import AgentSpoke, Begged, OptedOut
from handlers.questionnaires import asking, runs
from handlers.speaking import tell_privately
from models.contact import Purpose
from models.questionnaires import Invitation, InvitationState
from models.staff import Role
from models.work import Work
from templates import LANGUAGES, word_list


async def withdraw(work: Work, happening: OptedOut) -> None:
    """The customer wants no more of the kind: what is open ends, what is planned is not asked."""
    customer = happening.customer
    if Purpose.SURVEY not in happening.purposes:
        return
    while (run := await runs.open_run(work, customer)) is not None:
        await runs.stop(work, run)
    planned = select(Invitation).where(
        Invitation.customer_id == customer.id,
        Invitation.state == InvitationState.PLANNED,
        col(Invitation.case_id).is_(None),
    )
    for invitation in await work.all(planned):
        await asking.drop(work, invitation, "opted_out")


async def begged(work: Work, spoke: AgentSpoke) -> None:
    """An agent asks the customer for five stars: the words go, and whoever is in charge hears of it."""
    if not begs(spoke.words):
        return
    case, person = spoke.case, spoke.person
    work.happen(Begged(case, person, spoke.words[:200]))
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
