"""Inviting a customer to a questionnaire: planned for a moment, judged by the contact budget, asked once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from handlers import contact, speaking
from handlers.contact import stop_button
from handlers.happenings import ContactFailed
from handlers.questionnaires import polls, runs
from handlers.questionnaires.library import current
from handlers.questionnaires.runs import Run
from handlers.speaking import tell_customer
from models.cases import Case, case_numbered
from models.contact import Facts, Purpose, Ruling, rule
from models.customers import Customer, customer_numbered
from models.delivery import Outbox, OutboxState, Priority, SendClass
from models.questionnaires import ALIVE, Invitation, InvitationState, SurveyWave
from models.questionnaires.path import following
from models.questionnaires.rows import VISIT
from models.work import Work

#: How many messages of what is scheduled wait for the sender at most; the rest stays planned and can be stopped.
MOST_WAITING = 300
#: How many are asked, reminded or ended in one transaction.
AT_ONCE = 50
LASTS = timedelta(days=3)


def occurrence_of_case(key: str, case: Case) -> str:
    """The same questionnaire comes at most once for each time that a case was resolved."""
    return f"{key}:case:{case.id}:{case.episode}"


async def plan(
    work: Work,
    customer: Customer,
    key: str,
    occurrence: str,
    rule_name: str,
    due_at: datetime,
    *,
    case: Case | None = None,
    lasts: timedelta = LASTS,
    remind_after: timedelta | None = None,
) -> Invitation | None:
    """Plan a questionnaire for a customer; None where it is planned already or there is no such questionnaire."""
    questionnaire = await current(work, key)
    known = await work.first(select(Invitation.id).where(Invitation.occurrence == occurrence))
    if questionnaire is None or known is not None:
        return None
    invitation = Invitation(
        customer_id=customer.id,
        case_id=case.id if case else None,
        episode=case.episode if case else None,
        questionnaire=key,
        version=questionnaire.version,
        rule=rule_name,
        occurrence=occurrence,
        plan_version=work.plan_version,
        due_at=due_at,
        lapses_at=due_at + lasts,
        expires_at=due_at + lasts,
        remind_at=due_at + remind_after if remind_after else None,
    )
    work.add(invitation)
    await work.flush()
    return invitation


async def ask(
    work: Work, invitation: Invitation, customer: Customer, purpose: Purpose, facts: Facts | None = None
) -> Ruling:
    """Ask now if the contact budget lets us, else later or never; returns what it said.

    The stars under the words that a case is resolved are no contact of their own: those words go anyway.
    """
    if facts is None:
        facts = (await contact.facts_of(work, [customer], work.now, but=[invitation.about]))[customer.id]
    found = rule(work.plan, facts, purpose, work.now)
    if purpose is Purpose.SERVICE and Purpose.SURVEY not in facts.allowed:
        found = Ruling(None, "opted_out")  # whom we promised no more questionnaires, we ask about no case either
    case = await case_numbered(work, invitation.case_id) if invitation.case_id else None
    if found.at is None:
        invitation.state, invitation.reason, invitation.ended_at = InvitationState.CANCELLED, found.reason, work.now
        reason = found.reason or ""
        await contact.suppressed(work, customer, purpose, "invitation", invitation.about, reason, case)
    elif invitation.attached and invitation.brief:
        await put(work, invitation, customer, purpose)
        return Ruling(work.now)
    elif not found.now(work.now):
        invitation.put_off(found.at, found.reason)
        invitation.lapses_at = max(invitation.lapses_at or found.at, found.at + AN_HOUR)
        await contact.moved(work, customer, purpose, "invitation", invitation.about, found, case)
    else:
        await contact.sent(work, customer, purpose, "invitation", invitation.about, case)
        await put(work, invitation, customer, purpose)
    return found


AN_HOUR = timedelta(hours=1)


async def ask_in_visit(
    work: Work, customer: Customer, key: str, occurrence: str, case: Case | None, until: datetime
) -> bool:
    """The questionnaire of a visit, now that the budget has let the visit through; False where there is none to ask.

    While another one is open with the customer, it waits for its end.
    """
    name = occurrence_of_case(key, case) if case else f"{key}:{occurrence}"
    invitation = await plan(work, customer, key, name, VISIT, work.now, case=case, lasts=until - work.now)
    if invitation is None:
        return False
    if not await runs.is_asked(work, customer):
        purpose = invitation.purpose
        await contact.sent(work, customer, purpose, "invitation", invitation.about, case)
        await put(work, invitation, customer, purpose)
    return True


async def put(work: Work, invitation: Invitation, customer: Customer, purpose: Purpose) -> None:
    """The first question, now, as a message of its own."""
    invitation.put_off(work.now)
    run = await runs.run_of(work, invitation, customer)
    invitation.ask(work.now, customer, run.case)
    question = following(run.questionnaire, run.answers, None)
    assert question is not None  # noqa: S101 - a questionnaire has a first question, which has no condition
    invitation.at_question = question.id
    customer.open_run_id = invitation.id
    _send(work, run, purpose, f"contact:{invitation.about}")
    if question.traits.poll:
        polls.put_poll(work, customer, invitation, question)


def _send(work: Work, run: Run, purpose: Purpose, key: str) -> None:
    question = run.question
    assert question is not None  # noqa: S101 - a run that is sent stands at a question
    values, buttons = runs.face(work, run, question)
    rows: speaking.Buttons = [*buttons, *stop_button(run.customer.language, purpose)]
    # Under words that a person is waiting for it goes with them; what comes unasked goes at most once, and last.
    attached = run.invitation.attached
    run.invitation.telegram_id = None
    run.invitation.message_id = tell_customer(
        work,
        run.customer,
        "questionnaires/question",
        values,
        buttons=rows,
        case=run.case,
        key=None if attached else key,
        send_class=SendClass.A if attached else SendClass.B,
        priority=Priority.NOTICE if attached else Priority.SCHEDULED,
    )


# -- what the clock does


async def ask_due(work: Work) -> bool:
    """Ask those whose moment has come, few at a time; what lapsed meanwhile is not asked any more."""
    found = await _due(work, AT_ONCE)
    if not found:
        return False
    found = found[: max(0, MOST_WAITING - await _waiting(work))]
    fresh = [(each, customer) for each, customer in found if not await _lapsed(work, each)]
    abouts = [each.about for each, _ in fresh]
    facts = await contact.facts_of(work, [customer for _, customer in fresh], work.now, but=abouts)
    asked = len(found) > len(fresh)
    for invitation, customer in fresh:
        if not await runs.is_asked(work, customer):  # two may be due for the same customer
            await ask(work, invitation, customer, invitation.purpose, facts[customer.id])
            asked = True
    return asked


async def _waiting(work: Work) -> int:
    query = select(func.count()).where(Outbox.state == OutboxState.NEW, Outbox.priority == Priority.SCHEDULED)
    return int(await work.first(query))


async def _lapsed(work: Work, invitation: Invitation) -> bool:
    if invitation.lapses_at is None or invitation.lapses_at > work.now:
        return False
    invitation.state, invitation.reason, invitation.ended_at = InvitationState.EXPIRED, "lapsed", work.now
    await contact.cancelled(work, invitation.about, "window")
    return True


async def drop(work: Work, invitation: Invitation, reason: str) -> None:
    """Ask it no more; `reason` is a label under [contact_reason]."""
    invitation.state, invitation.reason, invitation.ended_at = InvitationState.CANCELLED, reason, work.now
    await contact.cancelled(work, invitation.about, reason)


async def not_sent(work: Work, failed: ContactFailed) -> None:
    """A question, or its reminder, did not go after all: it stands nowhere, so nobody waits for its answer."""
    if failed.contact.what not in ("invitation", "reminder"):
        return
    invitation = await of_contact(work, failed)
    if invitation is not None and invitation.open and invitation.by_staff_id is None:
        run = await runs.run_of(work, invitation, await customer_numbered(work, invitation.customer_id))
        await runs.end(work, run, InvitationState.CANCELLED, failed.contact.reason)


async def of_contact(work: Work, failed: ContactFailed) -> Invitation | None:
    """The invitation that was to go, or to be reminded of."""
    occurrence = failed.contact.about.partition(":")[2]
    found: Invitation | None = await work.first(select(Invitation).where(Invitation.occurrence == occurrence))
    return found


async def _due(work: Work, most: int) -> list[tuple[Invitation, Customer]]:
    """Invitations whose moment has come, with customers of whom nothing else is asked; cases before waves."""
    found = await _due_among(work, None, most)
    if len(found) < most:
        going = select(SurveyWave.id).where(col(SurveyWave.state).in_(ALIVE))
        for wave_id in await work.all(going.order_by(col(SurveyWave.id))):
            found += await _due_among(work, wave_id, most - len(found))
            if len(found) >= most:
                break
    return found


async def _due_among(work: Work, wave_id: int | None, most: int) -> list[tuple[Invitation, Customer]]:
    other: Any = aliased(Invitation)
    asked = exists().where(other.customer_id == Customer.id, *runs.in_the_middle(other))
    query = (
        select(Invitation, Customer)
        .join(Customer, col(Customer.id) == Invitation.customer_id)
        .where(
            Invitation.wave_id == wave_id,
            Invitation.state == InvitationState.PLANNED,
            Invitation.due_at <= work.now,
            or_(col(Customer.open_run_id).is_(None), ~asked),
        )
        .order_by(col(Invitation.due_at), col(Invitation.id))
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return [(row[0], row[1]) for row in await work.all(query)]


async def remind_due(work: Work) -> bool:
    """Remind once those who did not go on, while it lasts; the question moves down to the new message."""
    alive = or_(col(Invitation.expires_at).is_(None), col(Invitation.expires_at) > work.now)
    found = await _open_ones(work, and_(col(Invitation.remind_at) <= work.now, alive))
    for invitation, customer in found:
        run = await runs.run_of(work, invitation, customer)
        invitation.remind_at = None
        if run.question is not None:
            await _remind(work, run)
    return bool(found)


async def _remind(work: Work, run: Run) -> None:
    invitation, customer = run.invitation, run.customer
    purpose, key = invitation.purpose, f"reminder:{invitation.occurrence}"
    found = await contact.ruling(work, customer, purpose, work.now, about=key)
    if found.at is None:
        await contact.suppressed(work, customer, purpose, "reminder", key, found.reason or "", run.case)
    elif not found.now(work.now):
        if invitation.expires_at and found.at < invitation.expires_at:
            invitation.remind_at = found.at
        await contact.moved(work, customer, purpose, "reminder", key, found, run.case)
    else:
        await contact.sent(work, customer, purpose, "reminder", key, run.case)
        await runs.put_away(work, run, "questionnaires/continued")
        invitation.reminded_at = work.now
        invitation.attached = False
        _send(work, run, purpose, f"contact:{key}")


async def expire_due(work: Work) -> bool:
    """End what was not finished in time."""
    found = await _open_ones(work, col(Invitation.expires_at) <= work.now)
    for invitation, customer in found:
        run = await runs.run_of(work, invitation, customer)
        if invitation.brief and invitation.csat is not None:
            await runs.finish(work, run)  # the stars were given; who says no more has nothing to add
            continue
        await runs.put_away(work, run, "questionnaires/expired")
        await runs.end(work, run, InvitationState.EXPIRED)
    return bool(found)


async def _open_ones(work: Work, due: object) -> Sequence[tuple[Invitation, Customer]]:
    query = (
        select(Invitation, Customer)
        .join(Customer, col(Customer.id) == Invitation.customer_id)
        .where(
            due,  # type: ignore[arg-type]
            col(Invitation.state).in_((InvitationState.ASKED, InvitationState.STARTED)),
        )
        .order_by(col(Invitation.id))
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return [(row[0], row[1]) for row in await work.all(query)]
