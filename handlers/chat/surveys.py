"""The doors of questionnaires for many: /survey with its waves, and /poll among staff."""

from typing import Any

from handlers import questionnaires
from handlers.approvals import choices
from handlers.chat.approvals import where_asked
from handlers.chat.doors import Place, Where, in_place
from handlers.moments import local_time
from handlers.questionnaires import waves
from handlers.questionnaires.waves import Progress, audience_name
from handlers.refusals import Refusal
from models.plan import text_of
from models.questionnaires.waves import wave_numbered
from models.work import Work

#: How many messages a minute a wave takes at most, as Telegram's limits and everything else leave them.
A_MINUTE = 1500
#: A number of a wave has at most so many digits.
LONGEST_NUMBER = 17
STEERED = {"pause": waves.pause, "resume": waves.resume, "cancel": waves.cancel}


async def survey(work: Work, place: Place) -> None:
    """/survey: what is under way. /survey nps vip: how many and when, and a button. /survey pause|resume|cancel 3."""
    first, second, *_ = [*place.rest.split(), "", ""]
    if not first:
        await _list(work, place)
    elif first in STEERED:
        await _steer(work, place, first, second)
    else:
        await _preview(work, place, first, second or None)


async def _list(work: Work, place: Place) -> None:
    found = [_shown(work, each) for each in await waves.list_waves(work, place.speaker)]
    in_place(work, place, "questionnaires/waves", {"waves": found})


def _shown(work: Work, progress: Progress) -> dict[str, Any]:
    wave = progress.wave
    return {
        "number": wave.id,
        "questionnaire": wave.questionnaire,
        "audience": audience_name(work, wave.audience),
        "state": wave.state.value,
        "made": local_time(work, wave.made_at),
        "planned": wave.planned,
        "asked": progress.asked,
        "ahead": progress.ahead,
        "finished": progress.counts.get("finished", 0),
        "left_out": progress.left_out,
    }


async def _steer(work: Work, place: Place, action: str, number: str) -> None:
    known = number.isdecimal() and len(number) <= LONGEST_NUMBER
    wave = await wave_numbered(work, int(number)) if known else None
    if wave is None:
        raise Refusal("no_wave")
    STEERED[action](work, wave, place.speaker)
    await _list(work, place)


async def _preview(work: Work, place: Place, key: str, audience: str | None) -> None:
    found = await waves.preview(work, key, audience, place.speaker, where_asked(place))
    language = place.speaker.language if place.where is Where.PRIVATE else work.plan.business.language
    values = {
        "title": text_of(found.questionnaire.title, language),
        "questions": len(found.questionnaire.question),
        "audience": audience_name(work, audience),
        "count": found.count,
        "minutes": -(-found.count // A_MINUTE),
        "begins": local_time(work, found.begins) if found.begins > work.now else "",
    }
    buttons = choices(found.approval, language) if found.approval else None
    in_place(work, place, "questionnaires/preview", values, buttons=buttons)


async def poll(work: Work, place: Place) -> None:
    """/poll question | option | option: an anonymous poll in this group."""
    question, *options = [part.strip() for part in " ".join(place.rest.split()).split("|")]
    options = [each for each in options if each]
    questionnaires.post_poll(work, place.staff_group, question, options, place.speaker, place.thread_id)
