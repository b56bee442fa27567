"""/tier: a tier by hand, with a reason, an approver and an end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import select

from handlers.chat.doors import Place, in_place
from handlers.chat.places import customer_and_words, language_here
from handlers.chat.presses import answer_press
from handlers.customers.rules import refresh
from handlers.happenings import FileChanged
from handlers.refusals import Refusal
from handlers.speaking import button
from models.customers import Customer, TierBy, TierRequest, customer_numbered
from models.customers.values import end_of, read_day
from models.plan import Plan, Tier, text_of
from models.staff import Role, Staff, staff_member
from models.work import Work
from templates import LANGUAGES, label, word_list


@dataclass(frozen=True)
class Wish:
    """What /tier asks for; `tier` None: back to the rule."""

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


async def tier_command(work: Work, place: Place) -> None:
    """/tier vip until 2027-06-30 reason: a supervisor decides, an agent asks for it."""
    customer, words = await customer_and_words(work, place)
    wish = read_wish(work.plan, words)
    if wish.until and wish.until <= work.now:
        raise Refusal("tier_past")
    if place.speaker.may(Role.SUPERVISOR):
        await _grant(work, place, customer, wish, asked_by=place.speaker)
        return
    if wish.tier is None or wish.until is None:
        raise Refusal("role", role=Role.SUPERVISOR.value)
    request = TierRequest(
        customer_id=customer.id,
        tier=wish.tier,
        until=wish.until,
        reason=wish.reason,
        asked_by=place.speaker.id or 0,
        asked_at=work.now,
    )
    work.add(request)
    await work.flush()
    subject = f"customer:{customer.id}"
    work.audit(place.speaker, "tier_asked", subject, tier=wish.tier, reason=wish.reason)
    language = language_here(work, place)
    values = {"by": place.speaker.name, "name": customer.name, **_shown(work, wish, language)}
    yes = button(label(language, "button.tier_yes"), f"tier_yes:{request.id}")
    no = button(label(language, "button.tier_no"), f"tier_no:{request.id}")
    in_place(work, place, "customers/tier_asked", values, [[yes, no]])


async def decide(work: Work, place: Place) -> None:
    """A supervisor's press under an agent's wish."""
    verdict, _, key = place.text.partition(":")
    request: TierRequest | None = None
    if key.isdecimal() and len(key) < 18:
        request = await work.first(select(TierRequest).where(TierRequest.id == int(key)).with_for_update())
    if request is None or request.decided_at is not None:
        raise Refusal("stale")
    customer = await customer_numbered(work, request.customer_id)
    if place.customer is not None and place.customer.id != customer.id:
        raise Refusal("stale")
    request.decided_at = work.now
    language = place.speaker.language
    if verdict == "tier_no":
        subject = f"customer:{customer.id}"
        work.audit(place.speaker, "tier_declined", subject, tier=request.tier, request=request.id)
        in_place(work, place, "customers/tier_declined", {"by": place.speaker.name})
    else:
        asked_by = await staff_member(work, request.asked_by)
        wish = Wish(request.tier, request.until, request.reason)
        await _grant(work, place, customer, wish, asked_by=asked_by)
    answer_press(work, place, label(language, "toast.thanks"))


async def _grant(work: Work, place: Place, customer: Customer, wish: Wish, asked_by: Staff) -> None:
    approver, before = place.speaker, customer.tier
    work.audit(
        approver,
        "tier",
        f"customer:{customer.id}",
        before=before,
        after=wish.tier,
        reason=wish.reason,
        until=wish.until and wish.until.isoformat(),
        asked_by=asked_by.id,
    )
    customer.tier_reason, customer.tier_approved_by, customer.tier_until = wish.reason, approver.id, wish.until
    if wish.tier is None:
        customer.tier_by, customer.tier_reason, customer.tier_approved_by = TierBy.RULE, None, None
        await work.flush()
        await refresh(work, [customer])
    else:
        customer.tier_by, customer.tier = TierBy.HAND, wish.tier
        work.happen(FileChanged(customer))
    language = language_here(work, place)
    values = {
        "by": approver.name,
        "name": customer.name,
        "before": tier_name(work.plan, before, language),
        **_shown(work, Wish(customer.tier, wish.until, wish.reason), language),
    }
    in_place(work, place, "customers/tier_set", values)


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
