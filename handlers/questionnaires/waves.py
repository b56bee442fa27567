"""A questionnaire for many at once, by a manager: what it would be, whether it goes, and how it goes on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.approvals import Columns, ask
from handlers.authority import require
from handlers.questionnaires.library import current
from handlers.refusals import Refusal
from models.approvals import Approval, ApprovalKind
from models.base import new_id
from models.contact import Facts, Purpose, rule
from models.customers import Customer
from models.plan import text_of
from models.questionnaires import ALIVE, Questionnaire, SurveyWave, WaveState
from models.questionnaires.waves import (
    count_asked,
    counts_of,
    has_audience,
    is_audience,
    latest_waves,
    strata_of,
    wave_numbered,
)
from models.staff import Role, Staff
from models.work import Work

#: How many waves are listed.
LISTED = 8
LASTS_SECONDS = 3 * 86_400


@dataclass(frozen=True)
class Progress:
    """How far a wave has come: how many stand in each state of invitations."""

    wave: SurveyWave
    counts: dict[str, int]

    @property
    def left_out(self) -> int:
        """How many are not asked after all."""
        return self.counts.get("cancelled", 0)

    @property
    def ahead(self) -> int:
        """How many are still to be asked."""
        return self.counts.get("planned", 0)

    @property
    def asked(self) -> int:
        """How many were asked."""
        return sum(self.counts.values()) - self.ahead - self.left_out


async def list_waves(work: Work, by: Staff | Customer) -> list[Progress]:
    """The latest waves, and how far each has come."""
    require(by, Role.MANAGER)
    return [Progress(wave, await counts_of(work, wave.id or 0)) for wave in await latest_waves(work, LISTED)]


def audience_name(work: Work, audience: str | None) -> str:
    """The name of the tier or segment that a wave goes to; "" for everybody."""
    plan, language = work.plan, work.plan.business.language
    named = {tier.id: text_of(tier.name, language) for tier in plan.tier}
    named |= {segment.id: text_of(segment.name, language) for segment in plan.segment}
    return named.get(audience or "") or audience or ""


def seconds_of(length: timedelta | None) -> int:
    """A length of time in seconds; 0 for none."""
    return int(length.total_seconds()) if length else 0


# -- going on


def pause(work: Work, wave: SurveyWave, by: Staff | Customer) -> None:
    """Ask nobody else until it is resumed; raises Refusal where it does not go on."""
    person = require(by, Role.MANAGER)
    if wave.state not in ALIVE:
        raise Refusal("no_wave")
    wave.was, wave.state = wave.state, WaveState.PAUSED
    work.audit(person, "survey_pause", f"wave:{wave.id}")


def resume(work: Work, wave: SurveyWave, by: Staff | Customer) -> None:
    """Go on where it was paused; raises Refusal where it was not, or its audience is gone from the plan."""
    person = require(by, Role.MANAGER)
    if wave.state is not WaveState.PAUSED:
        raise Refusal("no_wave")
    if not has_audience(work.plan, wave):
        raise Refusal("no_audience")
    wave.state, wave.was = wave.was or WaveState.RUNNING, None
    work.audit(person, "survey_resume", f"wave:{wave.id}")


def cancel(work: Work, wave: SurveyWave, by: Staff | Customer) -> None:
    """Ask nobody else for good; raises Refusal where it is over."""
    person = require(by, Role.MANAGER)
    if wave.state not in (*ALIVE, WaveState.PAUSED):
        raise Refusal("no_wave")
    wave.state, wave.was = WaveState.CANCELLED, None
    work.audit(person, "survey_cancel", f"wave:{wave.id}")


# -- beginning one


@dataclass(frozen=True)
class Preview:
    """What would go to how many, from when on, and the question whether it is to; None where there is nobody."""

    questionnaire: Questionnaire
    count: int
    begins: datetime
    approval: Approval | None


async def preview(work: Work, key: str, audience: str | None, by: Staff | Customer, where: Columns) -> Preview:
    """How many customers of a tier or segment (None: of all) would be asked, and when; nothing goes before a yes.

    `where` is as for `approvals.ask`. Raises Refusal for no such questionnaire or audience.
    """
    person = require(by, Role.MANAGER)
    questionnaire = await current(work, key)
    if questionnaire is None:
        raise Refusal("no_questionnaire")
    if audience is not None and not is_audience(work.plan, audience):
        raise Refusal("no_audience")
    wave = _wave(work, questionnaire, audience, person)
    work.add(wave)
    await work.flush()
    number = await count_asked(work, wave)
    free = Facts(zone=work.plan.business.timezone, cap=1)
    begins = rule(work.plan, free, Purpose.SURVEY, work.now).at or work.now
    approval = await ask(work, ApprovalKind.WAVE, person, where, wave_id=wave.id) if number else None
    return Preview(questionnaire, number, begins, approval)


def _wave(work: Work, questionnaire: Questionnaire, audience: str | None, by: Staff) -> SurveyWave:
    key = questionnaire.key
    every = next((each.every for each in work.plan.survey if each.questionnaire == key and each.every), None)
    return SurveyWave(
        key=f"hand:{new_id()}",
        questionnaire=key,
        version=questionnaire.version,
        rule="wave",
        audience=audience,
        apart_seconds=seconds_of(every),
        staff_id=by.id,
        strata=strata_of(work.plan, audience),
        plan_version=work.plan_version,
        lasts_seconds=LASTS_SECONDS,
        made_at=work.now,
    )


async def decided(work: Work, approval: Approval, by: Staff, yes: bool) -> None:
    """What the preview showed goes, or it does not."""
    wave = await wave_numbered(work, approval.wave_id or 0)
    assert wave is not None  # noqa: S101 - the key of another table
    wave.state = WaveState.PLANNING if yes else WaveState.CANCELLED
    wave.made_at = work.now
    action = "survey_go" if yes else "survey_no"
    work.audit(by, action, f"wave:{wave.id}", questionnaire=wave.questionnaire)
