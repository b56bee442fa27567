"""Each day, what is late: one list for each staff group, at the plan's time of daily reports."""

from datetime import timedelta
from typing import Any

from handlers.addresses import link_in
from handlers.moments import in_words
from handlers.names import shown_name
from handlers.speaking import tell_staff
from handlers.standards.escalating import MOST_NAMED
from models.staff import StaffGroup, staff_groups
from models.standards import late_cases
from models.topics import fetch_topics
from models.walks import daily
from models.work import Work

#: A list that was missed by so much is not caught up with: the next one comes tomorrow.
STILL_WANTED = timedelta(hours=1)


async def tell_late_list(work: Work) -> bool:
    """A tick: tell each group what is late, once a day; where nothing is, nothing is said."""
    at = work.plan.reports.daily
    if at is None:
        return False
    for group in await staff_groups(work):
        walk = await daily(work, f"late_list:{group.id}", at=at, still_wanted=STILL_WANTED)
        if walk is not None:
            await _tell(work, group)
            walk.end()
    return False


async def _tell(work: Work, group: StaffGroup) -> None:
    late = await late_cases(work, group.id or 0, work.now)
    if not late:
        return
    language, zone = work.plan.business.language, work.plan.business.timezone
    named = late[:MOST_NAMED]
    await fetch_topics(work, [customer.id for _, customer in named])
    lines: list[dict[str, Any]] = [
        {
            "number": case.id,
            "name": await shown_name(work, customer),
            "what": case.due_what,
            "due": in_words(language, case.due_at or work.now, work.now, zone, lasting=True),
            "link": await link_in(work, group, customer),
        }
        for case, customer in named
    ]
    tell_staff(work, group, None, "standards/late_list", {"lines": lines, "more": len(late) - len(named)})
