"""Questionnaires for many at once: by the plan's interval, or by a manager's /survey; and anonymous polls."""

from datetime import timedelta
from typing import Any

from sqlalchemy import and_, or_
from sqlmodel import col, select

from handlers.approvals import ask, choices
from handlers.chat.approvals import where_asked
from handlers.chat.doors import Place, Where, in_place
from handlers.moments import local_time
from handlers.questionnaires.library import current
from handlers.refusals import Refusal
from handlers.speaking import send
from models.approvals import Approval, ApprovalKind
from models.contact import Facts, Purpose, rule
from models.delivery import Priority, SendClass, What, staff_lane
from models.plan import text_of
from models.questionnaires import ALIVE, SurveyWave, WaveState
from models.questionnaires.sampling import SHARES, salt_of
from models.questionnaires.waves import (
    count_asked,
    counts_of,
    forget_some,
    has_planned,
    is_audience,
    plan_some,
    strata_of,
    walk_of,
)
from models.staff import Staff
from models.walks import forget, in_period, period_of
from models.work import Work

#: How many messages a minute a wave takes at most, as Telegram's limits and everything else leave them.
A_MINUTE = 1500
#: How many waves /survey shows.
SHOWN = 8
LASTS_SECONDS = 3 * 86_400

# -- /survey


async def survey(work: Work, place: Place) -> None:
    """/survey: what is under way. /survey nps vip: how many and when, and a button. /survey pause|resume|cancel 3."""
    words = place.text.split()[1:]
    if not words:
        await _list(work, place)
    elif words[0] in ("pause", "resume", "cancel"):
        await _steer(work, place, words[0], words[1] if len(words) > 1 else "")
    else:
        await _preview(work, place, words[0], words[1] if len(words) > 1 else None)


async def _list(work: Work, place: Place) -> None:
    query = select(SurveyWave).where(SurveyWave.state != WaveState.PREVIEW).order_by(col(SurveyWave.id).desc())
    waves = []
    for wave in await work.all(query.limit(SHOWN)):
        counts = await counts_of(work, wave.id or 0)
        ahead, cancelled = counts.get("planned", 0), counts.get("cancelled", 0)
        waves.append(
            {
                "number": wave.id,
                "questionnaire": wave.questionnaire,
                "audience": _audience(work, wave.audience),
                "state": wave.state.value,
                "made": local_time(work, wave.made_at),
                "planned": wave.planned,
                "asked": sum(counts.values()) - ahead - cancelled,
                "ahead": ahead,
                "finished": counts.get("finished", 0),
                "left_out": cancelled,
            }
        )
    in_place(work, place, "questionnaires/waves", {"waves": waves})


async def _steer(work: Work, place: Place, action: str, number: str) -> None:
    wave = await _wave(work, number)
    if wave is None or wave.state in (WaveState.DONE, WaveState.CANCELLED, WaveState.PREVIEW):
        raise Refusal("no_wave")
    if action == "pause" and wave.state in ALIVE:
        wave.was, wave.state = wave.state, WaveState.PAUSED
    elif action == "resume" and wave.state is WaveState.PAUSED:
        wave.state, wave.was = wave.was or WaveState.RUNNING, None
    elif action == "cancel":
        wave.state, wave.was = WaveState.CANCELLED, None
    else:
        raise Refusal("no_wave")
    work.audit(place.speaker, f"survey_{action}", f"wave:{wave.id}")
    await _list(work, place)


async def _wave(work: Work, number: str) -> SurveyWave | None:
    key = int(number) if number.isdecimal() and len(number) < 18 else 0
    wave: SurveyWave | None = await work.first(select(SurveyWave).where(SurveyWave.id == key).with_for_update())
    return wave


def _audience(work: Work, audience: str | None) -> str:
    """The name of the tier or segment that a wave goes to; "" for everybody."""
    plan, language = work.plan, work.plan.business.language
    named = {tier.id: text_of(tier.name, language) for tier in plan.tier}
    named |= {segment.id: text_of(segment.name, language) for segment in plan.segment}
    return named.get(audience or "") or audience or ""


async def _preview(work: Work, place: Place, key: str, audience: str | None) -> None:
    """How many would be asked, and when; nothing is sent before the button is pressed."""
    questionnaire = await current(work, key)
    if questionnaire is None:
        raise Refusal("no_questionnaire")
    if audience is not None and not is_audience(work.plan, audience):
        raise Refusal("no_audience")
    every = next((each.every for each in work.plan.survey if each.questionnaire == key and each.every), None)
    wave = SurveyWave(
        key=f"hand:{place.raw['chat']['id']}:{place.raw['message_id']}",
        questionnaire=key,
        version=questionnaire.version,
        rule="wave",
        audience=audience,
        apart_seconds=_seconds(every),
        staff_id=place.speaker.id,
        strata=strata_of(work.plan, audience),
        plan_version=work.plan_version,
        lasts_seconds=LASTS_SECONDS,
        made_at=work.now,
    )
    work.add(wave)
    await work.flush()
    number = await count_asked(work, wave)
    free = Facts(zone=work.plan.business.timezone, cap=1)
    begins = rule(work.plan, free, Purpose.SURVEY, work.now).at or work.now
    language = place.speaker.language if place.where is Where.PRIVATE else work.plan.business.language
    values = {
        "title": text_of(questionnaire.title, language),
        "questions": len(questionnaire.question),
        "audience": _audience(work, audience),
        "count": number,
        "minutes": -(-number // A_MINUTE),
        "begins": local_time(work, begins) if begins > work.now else "",
    }
    buttons = None
    if number:
        asked = await ask(work, ApprovalKind.WAVE, place.speaker, where_asked(place), wave_id=wave.id)
        buttons = choices(asked, language)
    in_place(work, place, "questionnaires/preview", values, buttons=buttons)


def _seconds(every: timedelta | None) -> int:
    return int(every.total_seconds()) if every else 0


async def decided(work: Work, approval: Approval, by: Staff, yes: bool) -> None:
    """What the preview showed goes, or it does not."""
    wave: SurveyWave = await work.first(select(SurveyWave).where(SurveyWave.id == approval.wave_id))
    wave.state = WaveState.PLANNING if yes else WaveState.CANCELLED
    wave.made_at = work.now
    action = "survey_go" if yes else "survey_no"
    work.audit(by, action, f"wave:{wave.id}", questionnaire=wave.questionnaire)


# -- what the clock does


async def begin_periods(work: Work) -> bool:
    """A new interval of a survey has begun: one wave, once, to its share of the customers."""
    begun = False
    for survey in work.plan.survey:
        if survey.when != "every" or survey.every is None:
            continue
        questionnaire = await current(work, survey.questionnaire)
        if questionnaire is None:
            continue
        name = f"{survey.questionnaire}:{_seconds(survey.every)}"
        walk = await in_period(work, f"survey:{name}", survey.every)
        if walk is None:
            continue
        walk.end()
        key = f"every:{name}:{period_of(work.now, survey.every)}"
        work.add(
            SurveyWave(
                key=key,
                questionnaire=survey.questionnaire,
                version=questionnaire.version,
                rule="every",
                share=round(survey.sample * SHARES),
                salt=salt_of(key),
                apart_seconds=_seconds(survey.every),
                state=WaveState.PLANNING,
                strata=strata_of(work.plan, None),
                plan_version=work.plan_version,
                lasts_seconds=_seconds(survey.expires),
                remind_seconds=_seconds(survey.remind_after) or None,
                made_at=work.now,
            )
        )
        begun = True
    return begun


async def plan_waves(work: Work) -> bool:
    """Plan some thousand customers of one wave, or cancel what a cancelled one had planned."""
    left_over = and_(col(SurveyWave.state) == WaveState.CANCELLED, col(SurveyWave.was).is_(None))
    busy = or_(col(SurveyWave.state).in_(ALIVE), left_over)
    for wave in await work.all(select(SurveyWave).where(busy).order_by(col(SurveyWave.id)).with_for_update()):
        if wave.state is WaveState.PLANNING:
            await plan_some(work, wave)
            return True
        if wave.state is WaveState.CANCELLED:
            if await forget_some(work, wave):
                return True
            wave.was = WaveState.CANCELLED  # nothing of it is left
            await forget(work, walk_of(wave))
        elif not await has_planned(work, wave):
            wave.state = WaveState.DONE
    return False


# -- anonymous polls


async def poll(work: Work, place: Place) -> None:
    """/poll question | option | option: an anonymous poll in this group, which counts for no figure."""
    parts = [part.strip() for part in " ".join(place.text.split()[1:]).split("|")]
    question, options = parts[0], [part for part in parts[1:] if part]
    if not question or not 2 <= len(options) <= 12 or len(question) > 300 or any(len(each) > 100 for each in options):
        raise Refusal("poll_usage")
    body: dict[str, Any] = {"question": question, "options": options, "anonymous": True, "thread_id": place.thread_id}
    group = place.staff_group
    send(
        work,
        What.POLL,
        staff_lane(group.id or 0, None),
        body,
        group_id=group.id,
        priority=Priority.ANSWER,
        send_class=SendClass.B,
    )
    work.audit(place.speaker, "poll", f"group:{group.id}", question=question)
