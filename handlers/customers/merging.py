"""/merge and /unmerge: two numbers, one person."""

from typing import Any

from handlers.approvals import ask, choices, tell_where_asked
from handlers.chat.approvals import where_asked
from handlers.chat.doors import Place, Where, in_place
from handlers.customers.rules import refresh
from handlers.customers.whom import after_command, language_here, numbered
from handlers.refusals import Refusal
from models.approvals import Approval, ApprovalKind, two_accounts
from models.customers import Customer, customer_numbered
from models.customers.phones import masked
from models.merging import counts, latest_merge, merge, undo
from models.staff import Staff
from models.work import Work


async def merge_command(work: Work, place: Place) -> None:
    """/merge 17 23, or /merge 23 in a topic: shows what would become of 23, and asks."""
    survivor, merged = await _both(work, place, after_command(place).split())
    language = language_here(work, place)
    values = {"survivor": await _preview(work, survivor), "merged": await _preview(work, merged)}
    by, here = place.speaker, where_asked(place)
    approval = await ask(work, ApprovalKind.MERGE, by, here, customer_id=survivor.id, merged_id=merged.id)
    in_place(work, place, "customers/merge_preview", values, choices(approval, language))


async def decided(work: Work, approval: Approval, by: Staff, yes: bool) -> None:
    """What the preview showed is done, or it is not."""
    if not yes:
        return
    survivor = await customer_numbered(work, approval.customer_id or 0)
    merged = await customer_numbered(work, approval.merged_id or 0)
    await unite(work, survivor, merged, by)
    values = {"survivor": survivor.id, "merged": merged.id, "name": survivor.name}
    await tell_where_asked(work, approval, "customers/merged", values)


async def unite(work: Work, survivor: Customer, merged: Customer, by: Staff | Customer) -> None:
    """Merge, write it down, and let the rules look at who is left."""
    done = await merge(work, survivor, merged, by)
    work.audit(by, "merged", f"customer:{survivor.id}", merged=merged.id, merge=done.id)
    await refresh(work, [survivor])


async def unmerge_command(work: Work, place: Place) -> None:
    """/unmerge 23: two again, as before."""
    words = after_command(place).removeprefix("#")
    done = await latest_merge(work, int(words)) if words.isdecimal() and len(words) < 18 else None
    merged = await work.session.get(Customer, done.merged_id) if done else None
    survivor = await work.session.get(Customer, done.survivor_id) if done else None
    if done is None or merged is None or survivor is None or survivor.merged_into_id is not None:
        raise Refusal("unmerge_usage")
    await undo(work, done, survivor, merged)
    work.audit(place.speaker, "unmerged", f"customer:{survivor.id}", merged=merged.id, merge=done.id)
    await refresh(work, [survivor, merged])
    in_place(work, place, "customers/unmerged", {"survivor": survivor.id, "merged": merged.id})


async def _both(work: Work, place: Place, words: list[str]) -> tuple[Customer, Customer]:
    """Who stays and who goes into them; raises Refusal where that cannot be."""
    here = place.customer if place.where is not Where.PRIVATE else None
    if here is not None and len(words) == 1:
        words = [str(here.id), *words]
    if len(words) != 2:
        raise Refusal("merge_usage")
    survivor, merged = await numbered(work, words[0]), await numbered(work, words[1])
    if survivor is None or merged is None or survivor is merged:
        raise Refusal("merge_usage")
    if why := await two_accounts(work, survivor.id, merged.id):
        raise Refusal(why.key)
    return survivor, merged


async def _preview(work: Work, customer: Customer) -> dict[str, Any]:
    return {
        "number": customer.id,
        "name": customer.name,
        "phone": masked(customer.phone),
        "ref": customer.ref,
        "telegram": customer.user_id is not None,
        **await counts(work, customer.id),
    }
