"""A customer who asks where it stands: counted, shown on the card, and told where staff look."""

import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from functools import cache

from handlers import cases
from handlers.happenings.messages import CustomerSpoke
from handlers.speaking import tell_staff
from handlers.standards.due import on_card
from models.cases import Case, CaseState
from models.customers import Customer
from models.delivery import Priority
from models.staff import staff_group
from models.standards import RESPONSES
from models.timeline import EventKind, remember
from models.work import Work
from templates import LANGUAGES, word_list

#: How often staff are told of it in one case.
TOLD_EVERY = timedelta(hours=1)
#: What is longer says something of its own (characters).
LONGEST = 80


async def words_chase(work: Work, happening: CustomerSpoke) -> None:
    """Words that ask where it stands, about a matter that waits for us."""
    case = happening.case
    if _is_ours(case) and case.opened_at < work.now and asks_where_it_stands(happening.words):
        await _chase(work, case, happening.customer)


async def list_chases(work: Work, customer: Customer, listed: Sequence[Case]) -> None:
    """Looking at the list is a question, too, while something in it is unanswered or late."""
    for case in listed:
        unanswered = case.last_agent_at is None or case.last_agent_at < case.last_customer_at
        if case.due_at is not None:  # the clocks know better: thanks want no answer
            unanswered = case.due_what in RESPONSES or case.due_at <= work.now
        if _is_ours(case) and unanswered:
            await _chase(work, case, customer)


def asks_where_it_stands(text: str) -> bool:
    """Whether short words ask for news, in any of our languages."""
    if len(text) > LONGEST:
        return False
    plain = unicodedata.normalize("NFKC", text).casefold()
    return any(phrase in plain for phrase in _phrases())


@cache
def _phrases() -> tuple[str, ...]:
    return tuple(phrase for language in LANGUAGES for phrase in word_list(language, "chase.phrases"))


def _is_ours(case: Case) -> bool:
    return case.state in (CaseState.NEW, CaseState.OPEN)


async def _chase(work: Work, case: Case, customer: Customer) -> None:
    case.chased_count += 1
    remember(work, case, EventKind.CHASED, customer)
    if case.chased_at is None or not case.chased_at <= work.now < case.chased_at + TOLD_EVERY:
        case.chased_at = work.now
        holder = await cases.assignee_of(work, case)
        people = [{"user": holder.user_id, "name": holder.name}] if holder and holder.active else []
        values = {"number": case.id, "count": case.chased_count, "people": people, **on_card(work, case)}
        group = await staff_group(work, case.group_id)
        tell_staff(work, group, customer, "standards/chased", values, priority=Priority.RELAY, case_id=case.id)
