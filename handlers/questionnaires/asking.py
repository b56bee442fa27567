"""Asking a customer a questionnaire: planned for a moment, judged by the contact budget, asked once."""

from datetime import datetime, timedelta

from handlers import contact
from handlers.contact import stop_button
from handlers.happenings.people import ContactFailed
from handlers.questionnaires import polls
from handlers.questionnaires.course import end
from handlers.questionnaires.library import current
from handlers.questionnaires.redrawing import face
from handlers.questionnaires.runs import Run, run_of
from handlers.speaking import tell_customer
from models.cases import Case, case_numbered
from models.contact import Facts, Purpose, Ruling, rule
from models.customers import Customer, customer_numbered
from models.delivery import Priority, SendClass
from models.questionnaires import Invitation, InvitationState
from models.questionnaires.invitations import invitation_for, invitation_of, is_asked
from models.questionnaires.path import following
from models.questionnaires.rows import VISIT
from models.work import Work

LASTS = timedelta(days=3)
AN_HOUR = timedelta(hours=1)


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
    if questionnaire is None or await invitation_for(work, occurrence) is not None:
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
    found = _ruling(work, purpose, facts)
    case = await case_numbered(work, invitation.case_id) if invitation.case_id else None
    if found.at is None:
        reason = found.reason or ""
        invitation.end(InvitationState.CANCELLED, work.now, reason)
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


def _ruling(work: Work, purpose: Purpose, facts: Facts) -> Ruling:
    """What the budget says; whom we promised no more questionnaires, we ask about no case either."""
    if purpose is Purpose.SERVICE and Purpose.SURVEY not in facts.allowed:
        return Ruling(None, "opted_out")
    return rule(work.plan, facts, purpose, work.now)


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
    if not await is_asked(work, customer):
        purpose = invitation.purpose
        await contact.sent(work, customer, purpose, "invitation", invitation.about, case)
        await put(work, invitation, customer, purpose)
    return True


async def put(work: Work, invitation: Invitation, customer: Customer, purpose: Purpose) -> None:
    """The first question, now, as a message of its own."""
    invitation.put_off(work.now)
    run = await run_of(work, invitation, customer)
    invitation.ask(work.now, customer, run.case)
    question = following(run.questionnaire, run.answers, None)
    assert question is not None  # noqa: S101 - a questionnaire has a first question, which has no condition
    invitation.at_question = question.id
    customer.open_run_id = invitation.id
    send_question(work, run, purpose, f"contact:{invitation.about}")
    if question.traits.poll:
        polls.put_poll(work, customer, invitation, question)


def send_question(work: Work, run: Run, purpose: Purpose, key: str) -> None:
    """The question that is asked now, as a new message, in which the run stands from now on."""
    question = run.question
    assert question is not None  # noqa: S101 - a run that is sent stands at a question
    values, buttons = face(work, run, question)
    # Under words that a person is waiting for it goes with them; what comes unasked goes at most once, and last.
    attached = run.invitation.attached
    run.invitation.telegram_id = None
    run.invitation.message_id = tell_customer(
        work,
        run.customer,
        "questionnaires/question",
        values,
        buttons=[*buttons, *stop_button(run.customer.language, purpose)],
        case=run.case,
        key=None if attached else key,
        send_class=SendClass.A if attached else SendClass.B,
        priority=Priority.NOTICE if attached else Priority.SCHEDULED,
    )


# -- not asking after all


async def drop(work: Work, invitation: Invitation, reason: str) -> None:
    """Ask it no more; `reason` is a label under [contact_reason]."""
    invitation.end(InvitationState.CANCELLED, work.now, reason)
    await contact.cancelled(work, invitation.about, reason)


async def not_sent(work: Work, failed: ContactFailed) -> None:
    """A question, or its reminder, did not go after all: it stands nowhere, so nobody waits for its answer."""
    if failed.contact.what not in ("invitation", "reminder"):
        return
    invitation = await invitation_of(work, failed.contact)
    if invitation is not None and invitation.open and invitation.by_staff_id is None:
        run = await run_of(work, invitation, await customer_numbered(work, invitation.customer_id))
        await end(work, run, InvitationState.CANCELLED, failed.contact.reason)
