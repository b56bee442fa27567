"""What falls due: a small look at the clocks every two seconds."""

from collections import defaultdict
from datetime import datetime, timedelta

from handlers import cases
from handlers.duty import those_in_charge
from handlers.standards import escalating, notices
from handlers.standards.escalating import LEVELS, Escalation
from models.calendars import after, working_time
from models.cases import Case, CaseState
from models.customers import Customer, zone_of
from models.installation import plan_of
from models.plan import Plan
from models.staff import Role, Staff, staff_group
from models.standards import WAITS, Clock, Mark, Timed, due_clocks, words_due
from models.work import Work

#: How many clocks one transaction looks at, so that nobody waits for it long.
AT_ONCE = 200
#: How long after its moment something is still told although the doors have closed meanwhile.
JUST_NOW = timedelta(minutes=10)


async def sweep(work: Work) -> bool:
    """Look at every clock whose time has come; returns whether there was one.

    The steps that a clock has passed since the last look are told by one message: after an outage nobody wants to
    read what was late yesterday at noon and again what is late today, and yet all are to know.
    """
    escalations: dict[int, list[Escalation]] = defaultdict(list)
    in_charge: dict[int, list[Staff]] = {}
    found = await due_clocks(work, work.now, AT_ONCE)
    due = await words_due(work, [case.id for _, case, _ in found], work.now)
    for clock, case, customer in found:
        plan = await plan_of(work, case)
        if clock.what in WAITS:
            await _customer_silent(work, clock, case, customer, plan)
        elif passed := _time_passed(work, clock, case, plan):
            levels, warned = [each for each in passed if each in LEVELS], False
            if "warn" in passed and (case.id, Timed.PROMISE) not in due:  # who knows an agent's time is not warned
                if case.group_id not in in_charge:
                    in_charge[case.group_id] = await those_in_charge(work, case, Role.SUPERVISOR)
                told, report = in_charge[case.group_id], due.get((case.id, Timed.UPDATE))
                warned = await notices.warn(work, clock, case, customer, report, told)
                if warned and told and not clock.has_told("supervisor", plan):
                    levels = sorted([*levels, "supervisor"], key=LEVELS.index)  # to whom the customer was referred
            if levels:
                escalations[case.group_id].append(Escalation(clock, case, customer, levels, warned))
    for group_id, each in escalations.items():
        await escalating.escalate(work, await staff_group(work, group_id), each)
    return bool(found)


def _time_passed(work: Work, clock: Clock, case: Case, plan: Plan) -> list[str]:
    """Go past the marks that lie behind; returns what they do, but for what was done for this due moment before."""
    hours, open_now = working_time(plan), working_time(plan).is_open(work.now)
    if clock.what is Timed.UPDATE:
        clock.look_at = hours.opens_at(work.now + timedelta(seconds=clock.allowed) if open_now else work.now)
        return ["assignee"] if open_now else []
    passed = clock.passed(work.now, plan)
    if passed and not (clock.all_hours or open_now or _just_now(work, clock, passed[-1], plan)):
        clock.look_at = hours.opens_at(work.now)  # nobody is there to be told
        return []
    if any(mark.does == "late" for mark in passed):
        cases.redraw_card(work, case)  # which says so, though nothing was changed but the time
    return [mark.does for mark in clock.leave_behind(passed, plan)]


def _just_now(work: Work, clock: Clock, mark: Mark, plan: Plan) -> bool:
    """Whether the doors have closed only since that mark: a time that ends with the working day is told then."""
    return work.now - clock.moment(mark.share, plan) <= JUST_NOW


async def _customer_silent(work: Work, clock: Clock, case: Case, customer: Customer, plan: Plan) -> None:
    """We wait for the customer: one reminder, then it is over. Never in the quiet hours."""
    passed = clock.passed(work.now, plan)
    awake: datetime | None = after(work.now, plan.contact.quiet, zone_of(customer, plan))
    if awake == work.now and any(mark.does == "close" for mark in passed):
        _close_in_silence(work, case, customer)
    elif awake == work.now and passed:
        awake = await notices.remind(work, clock, case, customer)
    if awake and awake > work.now:
        clock.look_at = awake
        return
    clock.step += len(passed)
    clock.set_look(plan)


def _close_in_silence(work: Work, case: Case, customer: Customer) -> None:
    was_pending = case.state is CaseState.PENDING
    if not was_pending and case.state is not CaseState.RESOLVED:
        return
    cases.end(work, customer, case, None, "silence")
    if was_pending:
        notices.say_closed(work, case, customer)
