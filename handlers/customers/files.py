"""The customer's file as staff read it, and the phone number behind its button."""

from datetime import datetime
from typing import Any

from handlers.authority import require
from handlers.customers.tiers import last_day, tier_name
from handlers.names import shown_name
from handlers.refusals import Refusal
from handlers.speaking import Buttons, button
from models.customers import Customer, TierBy, zone_of
from models.customers.files import history
from models.customers.phones import masked
from models.customers.tiers import totals
from models.plan import Plan, text_of
from models.questionnaires.scores import scores_of
from models.staff import Staff, staff_member
from models.work import Work
from templates import label

#: How much of long texts is shown (characters).
NOTES, VALUE = 600, 80
#: How many tags are shown.
TAGS = 20


def file_buttons(customer: Customer, language: str) -> Buttons:
    """Under the file: the phone number, and how to change what stands there."""
    row = [button(label(language, "button.phone"), f"phone:{customer.id}")] if customer.phone else []
    return [[*row, button(label(language, "button.how_to_set"), f"how_to_set:{customer.id}")]]


async def file_values(work: Work, customer: Customer, language: str, by: Staff) -> dict[str, Any]:
    """All that the file shows, in words of that language."""
    require(by)
    plan = work.plan
    past = await history(work, customer.id)
    agent = await staff_member(work, customer.dedicated_agent_id) if customer.dedicated_agent_id else None
    names = {segment.id: text_of(segment.name, language) or segment.id for segment in plan.segment}
    return {
        "number": customer.id,
        "name": await shown_name(work, customer, language),
        "username": customer.username,
        "ref": customer.ref,
        "salutation": customer.salutation,
        "language": customer.language,
        "phone": masked(customer.phone),
        "city": customer.city,
        "zone": zone_of(customer, plan).key,
        "dedicated": agent.name if agent else None,
        "segments": [names.get(each, each) for each in customer.segments],
        "fields": plan_fields(plan, customer, language),
        "tags": customer.tags[:TAGS],
        "notes": customer.notes[:NOTES],
        "unreachable": customer.unreachable_since is not None,
        "no_telegram": not customer.has_chat,
        "banned": _until(work, customer.banned_until),
        "muted": _until(work, customer.muted_until),
        "unheard": past.unheard if customer.banned_until else 0,
        "purchases": [
            {"at": day(work, each.at), "product": each.product[:VALUE], "amount": money(each.amount)}
            for each in past.purchases
        ],
        "bought": past.bought,
        "spent": money(past.spent),
        "events": [{"at": day(work, each.at), "name": each.name[:VALUE]} for each in past.events],
        "first": day(work, customer.created_at),
        "last": day(work, customer.last_contact_at) if customer.last_contact_at else None,
        "cases": past.cases,
        "open": past.open,
        "scores": await scores_of(work, customer.id),
        "merged": past.merged,
        **await _tier_values(work, customer, language),
    }


async def _tier_values(work: Work, customer: Customer, language: str) -> dict[str, Any]:
    by_hand = customer.tier_by is TierBy.HAND
    spent, orders = (await totals(work, [customer.id])).get(customer.id, (0, 0))
    approver = await staff_member(work, customer.tier_approved_by) if customer.tier_approved_by else None
    return {
        "tier": tier_name(work.plan, customer.tier, language) if customer.tier else None,
        "tier_reason": customer.tier_reason if by_hand else None,
        "tier_until": last_day(work, customer.tier_until) if by_hand else None,
        "tier_by": approver.name if approver else None,
        "year": {"spent": money(spent), "orders": orders} if customer.tier and not by_hand else None,
    }


def plan_fields(plan: Plan, customer: Customer, language: str) -> list[dict[str, str]]:
    """The plan's own fields that are filled in, in the plan's order; telephone numbers masked."""
    found = []
    for each in plan.field:
        value = str(customer.fields.get(each.id) or "")
        if value:
            shown = masked(value) if each.kind == "phone" else value[:VALUE]
            found.append({"name": text_of(each.name, language) or each.id, "value": shown})
    return found


def money(hundredths: int) -> str:
    """An amount as people read it: "1,234.50"."""
    return f"{hundredths / 100:,.2f}"


def day(work: Work, at: datetime) -> str:
    """A day as the business counts it: "2026-11-21"."""
    return at.astimezone(work.plan.business.timezone).date().isoformat()


def _until(work: Work, at: datetime | None) -> str:
    """Until when something holds: "11-28 09:30"; "" for what is over."""
    if at is None or at <= work.now:
        return ""
    return f"{at.astimezone(work.plan.business.timezone):%m-%d %H:%M}"


def see_phone(work: Work, customer: Customer, by: Staff) -> str:
    """The whole number, for one look, which is audited; raises Refusal where there is none."""
    require(by)
    if not customer.phone:
        raise Refusal("stale")
    work.audit(by, "phone_seen", customer.subject)
    return customer.phone
