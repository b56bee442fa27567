"""What staff and owners hear of a send that did not go as it should."""

from typing import Any

from handlers import staff
from handlers.speaking import bare, tell_staff
from models.cases import case_numbered
from models.customers import chats_of, customer_numbered
from models.delivery import Priority
from models.staff import staff_group, staff_groups
from models.work import Work


async def tell(work: Work, row: Any, template: str, **values: Any) -> None:
    """Tell staff in the topic of the customer whom the row is about, at the message it is about."""
    if row.customer_id is None:
        return
    customer = await customer_numbered(work, row.customer_id)
    of_case = row if row.group_id else await case_numbered(work, row.case_id) if row.case_id else None
    group = await staff_group(work, of_case.group_id) if of_case else (await staff_groups(work))[0]
    tell_staff(work, group, customer, template, values, priority=Priority.ANSWER, reply_to_id=row.message_id)


async def tell_not_shown(work: Work, row: Any, reason: str | None) -> None:
    """Tell owners that staff do not see what they should see in their group."""
    values = {"group": (await staff_group(work, row.group_id)).title, "number": row.case_id, "reason": reason}
    await staff.tell_owners(work, "delivery/not_shown", values)


async def tell_wrong_recipient(work: Work, row: Any) -> None:
    """Tell owners, and staff where they see the customer, that something would have gone to another person."""
    await staff.tell_owners(work, "delivery/misdirected", {"customer": row.customer_id, "row": row.id})
    if row.customer_id in await chats_of(work, [row.customer_id]):
        await tell(work, row, "delivery/wrong_recipient", text=bare(row.body))
