"""Two numbers, one person: merged, and apart again."""

from typing import Any

from handlers.approvals import Columns, ask, tell_where_asked
from handlers.authority import require, require_own
from handlers.customers.rules import refresh
from handlers.names import shown_name
from handlers.refusals import Refusal
from handlers.speaking import bare, tell_staff
from models.approvals import Approval, ApprovalKind, two_accounts
from models.cases import case_numbered
from models.customers import Customer, customer_numbered
from models.customers.phones import masked
from models.delivery import OutboxState, Priority
from models.merging import counts, latest_merge, merge, undo
from models.messages import is_answer
from models.outbox import misdirected
from models.staff import Staff, main_group, staff_group
from models.work import Work


async def ask_to_merge(work: Work, survivor: Customer, merged: Customer, by: Staff, where: Columns) -> Approval:
    """Ask whether two are one person; returns the question. Raises Refusal where that cannot be.

    `where` are the columns that say where the question stands.
    """
    require(by)
    if survivor is merged:
        raise Refusal("merge_usage")
    if why := await two_accounts(work, survivor.id, merged.id):
        raise Refusal(why.key)
    return await ask(work, ApprovalKind.MERGE, by, where, customer_id=survivor.id, merged_id=merged.id)


async def decided(work: Work, approval: Approval, by: Staff, yes: bool) -> None:
    """What the preview showed is done, or it is not."""
    if not yes:
        return
    survivor = await customer_numbered(work, approval.customer_id or 0)
    merged = await customer_numbered(work, approval.merged_id or 0)
    await unite(work, survivor, merged, by)
    values = {"survivor": survivor.id, "merged": merged.id, "name": await shown_name(work, survivor)}
    await tell_where_asked(work, approval, "customers/merged", values)


async def unite(work: Work, survivor: Customer, merged: Customer, by: Staff | Customer) -> None:
    """Merge, write it down, and let the rules look at who is left; a customer may do so for who stays, themself."""
    if isinstance(by, Customer):
        require_own(by, survivor.id)
    else:
        require(by)
    done = await merge(work, survivor, merged, by)
    work.audit(by, "merged", survivor.subject, merged=merged.id, merge=done.id)
    await refresh(work, [survivor])


async def unmerge(work: Work, number: int, by: Staff) -> tuple[Customer, Customer]:
    """Make the customer of that number, who was merged last, somebody of their own again, as before.

    Returns who had stayed, and them. Raises Refusal where there is nothing to undo.
    """
    require(by)
    done = await latest_merge(work, number)
    merged = await work.session.get(Customer, done.merged_id) if done else None
    survivor = await work.session.get(Customer, done.survivor_id) if done else None
    if done is None or merged is None or survivor is None or survivor.merged_into_id is not None:
        raise Refusal("unmerge_usage")
    await undo(work, done, survivor, merged)
    for customer in (survivor, merged):
        await _stop_what_goes_elsewhere(work, customer)
    work.audit(by, "unmerged", survivor.subject, merged=merged.id, merge=done.id)
    await refresh(work, [survivor, merged])
    return survivor, merged


async def _stop_what_goes_elsewhere(work: Work, customer: Customer) -> None:
    """What waits for the chat of whom the customer was one with is not sent; staff see each answer that was not."""
    for row in await misdirected(work, customer.id, customer.user_id):
        row.state, row.error = OutboxState.CANCELLED, "the customers were parted"
        if row.message_id is None or not await is_answer(work, row.message_id):
            continue
        case = await case_numbered(work, row.case_id) if row.case_id else None
        group = await staff_group(work, case.group_id) if case else await main_group(work)
        values = {"name": await shown_name(work, customer), "text": bare(row.body)}
        about: dict[str, Any] = {"case_id": row.case_id, "reply_to_id": row.message_id}
        tell_staff(work, group, customer, "customers/parted_unsent", values, priority=Priority.ANSWER, **about)


async def preview(work: Work, customer: Customer) -> dict[str, Any]:
    """What is shown of somebody who is to be merged, and how much there is of them."""
    return {
        "number": customer.id,
        "name": await shown_name(work, customer),
        "phone": masked(customer.phone),
        "ref": customer.ref,
        "telegram": customer.has_chat,
        **await counts(work, customer.id),
    }
