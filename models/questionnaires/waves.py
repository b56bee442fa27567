"""Waves: planning a questionnaire for many customers by statements over sets, some thousand in a transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, and_, cast, exists, func, literal, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from models.contact import Consent, Purpose
from models.customers import REACHABLE, Customer
from models.plan import Plan
from models.questionnaires.rows import ALIVE, Invitation, InvitationState, SurveyWave, WaveState
from models.questionnaires.sampling import SHARES
from models.walks import Walk, forget, set_out
from models.work import Work

#: How many customers one transaction looks at.
BATCH = 2000
_CUSTOMERS = Customer.__table__  # type: ignore[attr-defined]
_INVITATIONS = Invitation.__table__  # type: ignore[attr-defined]


def strata_of(plan: Plan, audience: str | None) -> list[str | None]:
    """The tiers from which a wave draws, each for itself; None are those of no tier."""
    tiers: list[str | None] = [tier.id for tier in plan.tier]
    return [audience] if audience in tiers else [*tiers, None]


def is_audience(plan: Plan, audience: str) -> bool:
    """Whether the plan has a tier or a segment of that id."""
    return audience in {*(each.id for each in plan.tier), *(each.id for each in plan.segment)}


def has_audience(plan: Plan, wave: SurveyWave) -> bool:
    """Whether there still is whom the wave was meant for: everybody, or a tier or segment that the plan has."""
    return wave.audience is None or is_audience(plan, wave.audience)


def _may_be_asked(plan: Plan, wave: SurveyWave, now: datetime) -> Any:
    """Customers who can be reached, did not say no, and were not asked the same not long ago."""
    conditions = [
        REACHABLE,
        ~_refused(),
        or_(_CUSTOMERS.c.banned_until.is_(None), _CUSTOMERS.c.banned_until <= now),
    ]
    if wave.apart_seconds:
        conditions.append(~_asked_since(wave, now - timedelta(seconds=wave.apart_seconds)))
    if wave.audience is not None and plan.tier_named(wave.audience) is None:  # else its stratum says it
        conditions.append(cast(_CUSTOMERS.c.segments, String).like(f'%"{wave.audience}"%'))
    return and_(*conditions)


def _refused() -> Any:
    """The last that the customer said of questionnaires is no."""
    later = Consent.__table__.alias()  # type: ignore[attr-defined]
    revised = exists().where(
        later.c.customer_id == col(Consent.customer_id),
        later.c.purpose == Purpose.SURVEY,
        later.c.id > col(Consent.id),
    )
    return exists().where(
        col(Consent.customer_id) == _CUSTOMERS.c.id,
        col(Consent.purpose) == Purpose.SURVEY,
        col(Consent.given).is_(False),
        ~revised,
    )


def _asked_since(wave: SurveyWave, before: datetime) -> Any:
    """The customer was or is to be asked the same after that moment, but for this wave itself."""
    return exists().where(
        _INVITATIONS.c.customer_id == _CUSTOMERS.c.id,
        _INVITATIONS.c.questionnaire == wave.questionnaire,
        _INVITATIONS.c.due_at > before,
        _INVITATIONS.c.state != InvitationState.CANCELLED,
        or_(_INVITATIONS.c.wave_id.is_(None), _INVITATIONS.c.wave_id != wave.id),
    )


def _of_stratum(plan: Plan, stratum: str | None) -> Any:
    known = [tier.id for tier in plan.tier]
    if stratum is not None:
        return _CUSTOMERS.c.tier == stratum
    return or_(_CUSTOMERS.c.tier.is_(None), _CUSTOMERS.c.tier.not_in(known))


async def count_asked(work: Work, wave: SurveyWave) -> int:
    """How many a wave would ask as things stand (the share of each stratum, rounded)."""
    found = 0
    for stratum in wave.strata:
        where = and_(_may_be_asked(work.plan, wave, work.now), _of_stratum(work.plan, stratum))
        number = await work.first(select(func.count()).select_from(_CUSTOMERS).where(where))
        found += round(int(number) * wave.share / SHARES)
    return found


async def plan_some(work: Work, wave: SurveyWave) -> None:
    """Look at the next customers of the wave's stratum and plan those that are drawn; at the end it runs."""
    if not wave.strata:
        wave.state = WaveState.RUNNING
        await forget(work, walk_of(wave))
        return
    walk = await set_out(work, walk_of(wave))
    seat = func.row_number().over(order_by=_CUSTOMERS.c.id).label("seat")
    where = and_(
        _CUSTOMERS.c.id > walk.after, _of_stratum(work.plan, wave.strata[0]), _may_be_asked(work.plan, wave, work.now)
    )
    some = select(_CUSTOMERS.c.id, seat).where(where).order_by(_CUSTOMERS.c.id).limit(BATCH).subquery()
    number, last = await work.first(select(func.count(), func.max(some.c.id)).select_from(some))
    if number:
        wave.planned += await _insert(work, wave, walk, some)
        walk.step(last, number)
    if number < BATCH:
        wave.strata = wave.strata[1:]
        walk.begin(work.now)


def walk_of(wave: SurveyWave) -> str:
    """The name of the walk over the customers of a wave's stratum."""
    return f"wave:{wave.id}"


async def _insert(work: Work, wave: SurveyWave, walk: Walk, some: Any) -> int:
    ends = work.now + timedelta(seconds=wave.lasts_seconds)
    values: dict[str, Any] = {
        "customer_id": some.c.id,
        "questionnaire": literal(wave.questionnaire),
        "version": literal(wave.version),
        "rule": literal(wave.rule),
        "wave_id": literal(wave.id),
        "plan_version": literal(wave.plan_version),
        "occurrence": literal(f"{wave.key}:") + cast(some.c.id, String),
        "state": literal(InvitationState.PLANNED, _INVITATIONS.c.state.type),
        "attached": literal(False),
        "due_at": literal(work.now, _INVITATIONS.c.due_at.type),
        "lapses_at": literal(ends, _INVITATIONS.c.lapses_at.type),
        "expires_at": literal(ends, _INVITATIONS.c.expires_at.type),
    }
    if wave.remind_seconds:
        remind = work.now + timedelta(seconds=wave.remind_seconds)
        values["remind_at"] = literal(remind, _INVITATIONS.c.remind_at.type)
    drawn = select(*values.values()).where(((some.c.seat + walk.seen) * wave.share + wave.salt) % SHARES < wave.share)
    connection = await work.session.connection()
    build = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = build(_INVITATIONS).from_select(list(values), drawn).on_conflict_do_nothing()
    return int((await connection.execute(statement)).rowcount)


async def wave_numbered(work: Work, number: int) -> SurveyWave | None:
    """The wave of that number, locked on PostgreSQL."""
    found: SurveyWave | None = await work.first(select(SurveyWave).where(SurveyWave.id == number).with_for_update())
    return found


async def latest_waves(work: Work, limit: int) -> Sequence[SurveyWave]:
    """The waves that were made last, but for what is only a preview."""
    query = select(SurveyWave).where(SurveyWave.state != WaveState.PREVIEW)
    return await work.all(query.order_by(col(SurveyWave.id).desc()).limit(limit))


# Made once: we look for these each second, and making them takes longer than the look.
_UNDER_WAY = select(SurveyWave).where(col(SurveyWave.state).in_(ALIVE)).order_by(col(SurveyWave.id))
_LEFT_OVER = and_(col(SurveyWave.state) == WaveState.CANCELLED, col(SurveyWave.was).is_(None))
_BUSY = (
    select(SurveyWave)
    .where(or_(col(SurveyWave.state).in_(ALIVE), _LEFT_OVER))
    .order_by(col(SurveyWave.id))
    .with_for_update()
)


async def waves_under_way(work: Work) -> Sequence[SurveyWave]:
    """The waves that go on, in their order."""
    return await work.all(_UNDER_WAY)


async def busy_waves(work: Work) -> Sequence[SurveyWave]:
    """The same, and those cancelled of which something may be left; locked on PostgreSQL."""
    return await work.all(_BUSY)


async def has_planned(work: Work, wave: SurveyWave) -> bool:
    """Whether the wave has anybody still to ask."""
    query = select(Invitation.id).where(Invitation.wave_id == wave.id, Invitation.state == InvitationState.PLANNED)
    return await work.first(query.limit(1)) is not None


async def forget_some(work: Work, wave: SurveyWave) -> bool:
    """Cancel some of what a cancelled wave has still planned; whether there was any."""
    planned = (_INVITATIONS.c.wave_id == wave.id, _INVITATIONS.c.state == InvitationState.PLANNED)
    some = select(_INVITATIONS.c.id).where(*planned).limit(BATCH)
    statement = update(_INVITATIONS).where(_INVITATIONS.c.id.in_(some))
    statement = statement.values(state=InvitationState.CANCELLED, reason="wave", ended_at=work.now)
    await work.flush()
    return bool((await (await work.session.connection()).execute(statement)).rowcount)


async def counts_of(work: Work, wave_id: int) -> dict[str, int]:
    """How many invitations of a wave stand in each state."""
    query = (
        select(Invitation.state, func.count()).where(Invitation.wave_id == wave_id).group_by(col(Invitation.state))
    )
    return {state.value: number for state, number in await work.all(query)}
