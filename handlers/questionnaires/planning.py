"""What the clock does with waves: begins them at each interval of the plan, plans whom they ask, and ends them."""

from datetime import timedelta

from handlers import approvals
from handlers.questionnaires.library import current
from handlers.questionnaires.waves import audience_name, seconds_of
from models.approvals import approval_of_wave
from models.plan import Survey
from models.questionnaires import SurveyWave, WaveState
from models.questionnaires.sampling import SHARES, salt_of
from models.questionnaires.waves import (
    busy_waves,
    forget_some,
    has_audience,
    has_planned,
    plan_some,
    strata_of,
    walk_of,
)
from models.walks import forget, in_period, period_of
from models.work import Work


async def begin_periods(work: Work) -> bool:
    """A new interval of a survey has begun: one wave, once, to its share of the customers."""
    begun = False
    for survey in work.plan.survey:
        if survey.when == "every" and survey.every is not None:
            begun = await _begin(work, survey, survey.every) or begun
    return begun


async def _begin(work: Work, survey: Survey, every: timedelta) -> bool:
    questionnaire = await current(work, survey.questionnaire)
    if questionnaire is None:
        return False
    name = f"{survey.questionnaire}:{seconds_of(every)}"
    walk = await in_period(work, f"survey:{name}", every)
    if walk is None:
        return False
    walk.end()
    key = f"every:{name}:{period_of(work.now, every)}"
    work.add(
        SurveyWave(
            key=key,
            questionnaire=survey.questionnaire,
            version=questionnaire.version,
            rule="every",
            share=round(survey.sample * SHARES),
            salt=salt_of(key),
            apart_seconds=seconds_of(every),
            state=WaveState.PLANNING,
            strata=strata_of(work.plan, None),
            plan_version=work.plan_version,
            lasts_seconds=seconds_of(survey.expires),
            remind_seconds=seconds_of(survey.remind_after) or None,
            made_at=work.now,
        )
    )
    return True


async def plan_waves(work: Work) -> bool:
    """Plan some thousand customers of one wave, or cancel what a cancelled one had planned."""
    for wave in await busy_waves(work):
        if wave.state is not WaveState.CANCELLED and not has_audience(work.plan, wave):
            await _give_up(work, wave)
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


async def _give_up(work: Work, wave: SurveyWave) -> None:
    """The plan has no such tier or segment any more: nobody else is asked, and whoever began it reads why."""
    wave.state = WaveState.CANCELLED
    work.audit(None, "survey_gave_up", f"wave:{wave.id}", audience=wave.audience)
    approval = await approval_of_wave(work, wave.id or 0)
    if approval is not None:
        values = {"number": wave.id, "audience": audience_name(work, wave.audience)}
        await approvals.tell_where_asked(work, approval, "questionnaires/no_audience", values)
