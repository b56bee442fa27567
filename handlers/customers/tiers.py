"""A tier by hand, with a reason, an approver and an end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from handlers.approvals import Columns, ask, language_asked, tell_where_asked
from handlers.authority import require
from handlers.customers.rules import refresh
from handlers.happenings.people import FileChanged, RanOut
from handlers.names import shown_name
from handlers.refusals import Refusal
from models.approvals import Approval, ApprovalKind
from models.customers import Customer, TierBy, customer_numbered
from models.customers.values import end_of, read_day
from models.plan import Plan, Tier, text_of
from models.staff import Role, Staff, staff_member
from models.work import Work
from templates import LANGUAGES, label, word_list


@dataclass(frozen=True)
class Wish:
    """A wish for a tier; `tier` None: back to the rule."""

    tier: str | None
    until: datetime | None
    reason: str


def read_wish(plan: Plan, words: str) -> Wish:
    """ "vip until 2027-06-30 large orders" as a wish; raises Refusal for what is none."""
    if not plan.tier:
        raise Refusal("no_tiers")
    head, _, rest = words.strip().partition(" ")
    if head.casefold() in _words("by_rule"):
        return Wish(None, None, _reason(rest))
    tier = next((tier for tier in plan.tier if head and head.casefold() in _names(tier)), None)
    first, _, rest = rest.strip().partition(" ")
    if first.casefold() in _words("until"):
        first, _, rest = rest.strip().partition(" ")
    for word in _words("until"):
        first = first.removeprefix(word)
    day = read_day(first)
    if tier is None or day is None:
        raise Refusal("tier_usage", tiers=", ".join(each.id for each in plan.tier)[:100])
    return Wish(tier.id, end_of(day, plan), _reason(rest))


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise Refusal("tier_reason")
    return reason[:300]


def _names(tier: Tier) -> set[str]:
    return {tier.id, *(name.casefold() for name in tier.name.values())}


def _words(key: str) -> set[str]:
    return {word.casefold() for language in LANGUAGES for word in word_list(language, f"tier_words.{key}")}


def tier_name(plan: Plan, tier_id: str | None, language: str) -> str:
    """What staff call the tier; its id where the plan has none of it any more."""
    tier = plan.tier_named(tier_id)
    return (text_of(tier.name, language) if tier else "") or tier_id or label(language, "file_word.none")


async def set_tier(work: Work, customer: Customer, wish: Wish, by: Staff, where: Columns) -> Approval | None:
    """A supervisor's word gives the tier; an agent's asks for it, and the question is returned. Raises Refusal.

    `where` are the columns that say where the question stands.
    """
    require(by)
    if not by.may(Role.SUPERVISOR):
        return await ask_for(work, customer, wish, by, where)
    await _grant(work, customer, wish, by, asked_by=by)
    return None


async def ask_for(work: Work, customer: Customer, wish: Wish, by: Staff, where: Columns) -> Approval:
    """Ask a supervisor for a tier; returns the question.

    Raises Refusal for the rule's tier and for one without an end: those are for supervisors alone to give.
    """
    require(by)
    _check_end(work, wish)
    if wish.tier is None or wish.until is None:
        raise Refusal("role", role=Role.SUPERVISOR.value)
    details = {"tier": wish.tier, "until": wish.until.isoformat(), "reason": wish.reason}
    approval = await ask(
        work, ApprovalKind.TIER, by, where, before=wish.until, customer_id=customer.id, details=details
    )
    work.audit(by, "tier_asked", customer.subject, tier=wish.tier, reason=wish.reason)
    return approval


async def decided(work: Work, approval: Approval, by: Staff, yes: bool) -> None:
    """A supervisor's word about an agent's wish."""
    customer, wish = await customer_numbered(work, approval.customer_id or 0), _wished(approval)
    if not yes:
        work.audit(by, "tier_declined", customer.subject, tier=wish.tier, approval=approval.id)
        await tell_where_asked(work, approval, "customers/tier_declined", {"by": by.name})
        return
    before = await _grant(work, customer, wish, by, asked_by=await staff_member(work, approval.asked_by_id))
    values = await changed_values(work, customer, wish, by, before, await language_asked(work, approval))
    await tell_where_asked(work, approval, "customers/tier_set", values)


async def ran_out(work: Work, happening: RanOut) -> None:
    """Nobody decided about an agent's wish: whoever asked reads that nothing changes."""
    approval = happening.approval
    if approval.kind is not ApprovalKind.TIER:
        return
    customer, asker = await customer_numbered(work, approval.customer_id or 0), approval.asked_by_id
    tier = tier_name(work.plan, _wished(approval).tier, await language_asked(work, approval))
    name = await shown_name(work, customer, await language_asked(work, approval))
    values = {"by": (await staff_member(work, asker)).name, "name": name, "tier": tier}
    await tell_where_asked(work, approval, "customers/tier_ran_out", values)


def _wished(approval: Approval) -> Wish:
    details = approval.details
    return Wish(details["tier"], datetime.fromisoformat(details["until"]), details["reason"])


def _check_end(work: Work, wish: Wish) -> None:
    if wish.until and wish.until <= work.now:
        raise Refusal("tier_past")


async def _grant(work: Work, customer: Customer, wish: Wish, by: Staff, asked_by: Staff) -> str | None:
    """Give a tier by hand, or go back to the rule; returns the tier before. Raises Refusal where it has ended."""
    require(by, Role.SUPERVISOR)
    _check_end(work, wish)
    before = customer.tier
    work.audit(
        by,
        "tier",
        customer.subject,
        before=before,
        after=wish.tier,
        reason=wish.reason,
        until=wish.until and wish.until.isoformat(),
        asked_by=asked_by.id,
    )
    customer.tier_reason, customer.tier_approved_by, customer.tier_until = wish.reason, by.id, wish.until
    if wish.tier is None:
        customer.tier_by, customer.tier_reason, customer.tier_approved_by = TierBy.RULE, None, None
        await work.flush()
        await refresh(work, [customer])
    else:
        customer.tier_by, customer.tier = TierBy.HAND, wish.tier
        work.happen(FileChanged(customer))
    return before


async def changed_values(
    work: Work, customer: Customer, wish: Wish, giver: Staff, before: str | None, language: str
) -> dict[str, Any]:
    """What is shown of a tier that was given, in words of that language; `before` is the one before."""
    return {
        "by": giver.name,
        "name": await shown_name(work, customer, language),
        "before": tier_name(work.plan, before, language),
        **_shown(work, Wish(customer.tier, wish.until, wish.reason), language),
    }


async def asked_values(work: Work, customer: Customer, wish: Wish, asker: Staff, language: str) -> dict[str, Any]:
    """What is shown of a tier that is asked for, in words of that language."""
    name = await shown_name(work, customer, language)
    return {"by": asker.name, "name": name, **_shown(work, wish, language)}


def _shown(work: Work, wish: Wish, language: str) -> dict[str, Any]:
    return {
        "tier": tier_name(work.plan, wish.tier, language),
        "until": last_day(work, wish.until),
        "reason": wish.reason,
    }


def last_day(work: Work, until: datetime | None) -> str:
    """The last day on which something holds that ends at that moment, as the business counts days."""
    if until is None:
        return ""
    return (until - timedelta(seconds=1)).astimezone(work.plan.business.timezone).date().isoformat()
