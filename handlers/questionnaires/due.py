"""What the clock does with questionnaires: asks, reminds and ends what has fallen due."""

from handlers import contact
from handlers.questionnaires.asking import ask, send_question
from handlers.questionnaires.course import end, finish
from handlers.questionnaires.redrawing import put_away
from handlers.questionnaires.runs import Run, run_of
from models.customers import Customer
from models.outbox import scheduled_count
from models.questionnaires import Invitation, InvitationState
from models.questionnaires.invitations import is_asked, to_ask, to_expire, to_remind
from models.questionnaires.waves import has_audience, waves_under_way
from models.work import Work

#: How many messages of what is scheduled wait for the sender at most; the rest stays planned and can be stopped.
MOST_WAITING = 300
#: How many are asked, reminded or ended in one transaction.
AT_ONCE = 50


async def ask_due(work: Work) -> bool:
    """Ask those whose moment has come, few at a time; what lapsed meanwhile is not asked any more."""
    found = await _due(work, AT_ONCE)
    if not found:
        return False
    found = found[: max(0, MOST_WAITING - await scheduled_count(work))]
    fresh = [(each, customer) for each, customer in found if not await _lapsed(work, each)]
    abouts = [each.about for each, _ in fresh]
    facts = await contact.facts_of(work, [customer for _, customer in fresh], work.now, but=abouts)
    asked = len(found) > len(fresh)
    for invitation, customer in fresh:
        if not await is_asked(work, customer):  # two may be due for the same customer
            await ask(work, invitation, customer, invitation.purpose, facts[customer.id])
            asked = True
    return asked


async def _due(work: Work, most: int) -> list[tuple[Invitation, Customer]]:
    """What is to be asked now: of cases and visits first, then of waves, one after the other."""
    found = await to_ask(work, None, most)
    if len(found) < most:
        for wave in await waves_under_way(work):
            if has_audience(work.plan, wave):
                found += await to_ask(work, wave.id, most - len(found))
            if len(found) >= most:
                break
    return found


async def _lapsed(work: Work, invitation: Invitation) -> bool:
    if invitation.lapses_at is None or invitation.lapses_at > work.now:
        return False
    invitation.end(InvitationState.EXPIRED, work.now, "lapsed")
    await contact.cancelled(work, invitation.about, "window")
    return True


async def remind_due(work: Work) -> bool:
    """Remind once those who did not go on, while it lasts; the question moves down to the new message."""
    found = await to_remind(work, AT_ONCE)
    for invitation, customer in found:
        run = await run_of(work, invitation, customer)
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
        await put_away(work, run, "questionnaires/continued")
        invitation.reminded_at = work.now
        invitation.attached = False
        send_question(work, run, purpose, f"contact:{key}")


async def expire_due(work: Work) -> bool:
    """End what was not finished in time."""
    found = await to_expire(work, AT_ONCE)
    for invitation, customer in found:
        run = await run_of(work, invitation, customer)
        if invitation.brief and invitation.csat is not None:
            await finish(work, run)  # the stars were given; who says no more has nothing to add
            continue
        await put_away(work, run, "questionnaires/expired")
        await end(work, run, InvitationState.EXPIRED)
    return bool(found)
