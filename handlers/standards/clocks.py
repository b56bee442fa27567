"""What sets clocks going, stops and ends them: every happening of a case, under the plan it was promised under."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from handlers.happenings.cases import (
    CaseClosed,
    CaseOpened,
    CasePending,
    CaseReopened,
    CaseResolved,
    CaseResumed,
    KindConfirmed,
    SeverityChanged,
)
from handlers.happenings.messages import AgentSpoke, CustomerSpoke, Promised
from handlers.happenings.people import FileChanged
from handlers.typed import is_thanks
from models.cases import Case, CaseState, cases_of
from models.customers import Customer, customer_numbered
from models.installation import plan_of
from models.plan import Plan
from models.standards import (
    RESPONSES,
    WAITS,
    Clock,
    Standard,
    Timed,
    clocks_of,
    last_clock,
    next_due,
    promises,
    standard_for,
    start,
    update_every,
)
from models.work import Work


async def standard_of(work: Work, case: Case, customer: Customer) -> Standard:
    """What this customer is promised in this case."""
    return standard_for(await plan_of(work, case), customer.tier, customer.segments, case.severity)


def said_at(work: Work, at: datetime) -> datetime:
    """Telegram's time of a message in people's time; a clock of theirs that is ahead of ours is not believed."""
    ahead = round((work.now - work.real_now).total_seconds())  # whole seconds: the two are read one after the other
    return min(work.now, at + timedelta(seconds=ahead))


class _Clocks:
    """The clocks of a case that are not over, and what can be done to all of them at once."""

    def __init__(self, work: Work, case: Case, plan: Plan, found: Sequence[Clock]) -> None:
        self.work, self.case, self.plan = work, case, plan
        self.all = list(found)

    def named(self, what: Timed) -> Clock | None:
        return next((clock for clock in self.all if clock.what is what and clock.ended_at is None), None)

    def began(self, what: Timed) -> datetime:
        """When that clock was started; now where there is none."""
        clock = self.named(what)
        return clock.started_at if clock else self.work.now

    def start(self, what: Timed, at: datetime, standard: Standard) -> None:
        """Start what is promised and does not run yet; while we wait for the customer, nothing of ours starts."""
        allowed = update_every(self.plan, self.case.counted_kind) if what is Timed.UPDATE else standard.allows(what)
        if allowed is None or self.named(what) or self.case.state is CaseState.PENDING:
            return
        all_hours = what is Timed.UPDATE or standard.around_the_clock
        self.add(start(self.case.id, what, at, allowed, self.plan, all_hours=all_hours))

    def add(self, clock: Clock) -> None:
        self.work.add(clock)
        self.all.append(clock)

    def end(self, whats: Iterable[Timed], at: datetime) -> None:
        for what in whats:
            if clock := self.named(what):
                clock.end(at, self.plan)

    def show(self) -> None:
        """Say on the case what is due next, and on its card when that changed."""
        due = next_due(self.all)
        at, what = (due.due_at, due.what.value) if due else (None, None)
        if (self.case.due_at, self.case.due_what) != (at, what):
            self.case.due_at, self.case.due_what = at, what


class _Opened(dict[int, _Clocks]):
    """The clocks of the cases that were opened in this work: there are no others."""


async def _clocks(work: Work, case: Case) -> _Clocks:
    if case.id in (opened := work.memory(_Opened)):
        return opened[case.id]
    return _Clocks(work, case, await plan_of(work, case), await clocks_of(work, case.id))


async def case_opened(work: Work, happening: CaseOpened) -> None:
    """The whole matter has its time from here on, and the customer hears from us in between."""
    case, plan = happening.case, await plan_of(work, happening.case)
    if not promises(plan):
        return
    clocks = work.memory(_Opened)[case.id] = _Clocks(work, case, plan, [])
    standard = await standard_of(work, case, happening.customer)
    clocks.start(Timed.RESOLUTION, case.opened_at, standard)
    clocks.start(Timed.UPDATE, case.opened_at, standard)
    clocks.show()


async def customer_spoke(work: Work, happening: CustomerSpoke) -> None:
    """Words that nobody has answered: the first response is awaited, or the next. Thanks want no answer."""
    case, plan = happening.case, await plan_of(work, happening.case)
    if not case.unfinished or not promises(plan):
        return
    is_first = case.first_response_at is None and not case.reopened_count
    if not is_first and (happening.kind == "sticker" or is_thanks(happening.words)):
        return
    clocks = await _clocks(work, case)
    if any(clocks.named(what) for what in RESPONSES):
        return
    what = Timed.FIRST_RESPONSE if is_first else Timed.NEXT_RESPONSE
    clocks.start(what, said_at(work, happening.at), await standard_of(work, case, happening.customer))
    clocks.show()


async def agent_spoke(work: Work, happening: AgentSpoke) -> None:
    """A person's word to the customer is what was awaited."""
    case, plan = happening.case, await plan_of(work, happening.case)
    if not promises(plan) and case.due_at is None:
        return
    at, clocks = said_at(work, happening.at), await _clocks(work, case)
    # A word that was written before the question is no answer to it.
    clocks.end([what for what in (*RESPONSES, Timed.UPDATE) if clocks.began(what) <= at], at)
    clocks.end([Timed.PROMISE], at)
    if case.unfinished:
        clocks.start(Timed.UPDATE, at, Standard())
    clocks.show()


async def promised(work: Work, happening: Promised) -> None:
    """An agent's own time, in the place of an earlier one: all time counts, for the customer was told a moment."""
    case, clocks = happening.case, await _clocks(work, happening.case)
    clocks.end([Timed.PROMISE], work.now)
    clocks.add(start(case.id, Timed.PROMISE, work.now, happening.at - work.now, clocks.plan, all_hours=True))
    clocks.show()


async def case_pending(work: Work, happening: CasePending) -> None:
    """The ball is with the customer: our clocks stand still, theirs runs."""
    clocks = await _clocks(work, happening.case)
    clocks.end((*RESPONSES, Timed.UPDATE, Timed.PROMISE), work.now)
    if resolution := clocks.named(Timed.RESOLUTION):
        resolution.stop(work.now, clocks.plan)
    allowed = clocks.plan.closing.close_pending_after
    clocks.add(start(happening.case.id, Timed.PENDING, work.now, allowed, clocks.plan, all_hours=True))
    clocks.show()


async def case_resumed(work: Work, happening: CaseResumed) -> None:
    """The customer has answered: the matter's time goes on with what was left."""
    clocks = await _clocks(work, happening.case)
    clocks.end(WAITS, work.now)
    if resolution := clocks.named(Timed.RESOLUTION):
        resolution.run(work.now, clocks.plan)
    clocks.start(Timed.UPDATE, work.now, Standard())
    clocks.show()


async def case_resolved(work: Work, happening: CaseResolved) -> None:
    """It is done, as we say: what was awaited has come, and the customer may confirm it."""
    case, clocks = happening.case, await _clocks(work, happening.case)
    clocks.end((*RESPONSES, Timed.UPDATE, Timed.PROMISE, Timed.PENDING), work.now)
    if resolution := clocks.named(Timed.RESOLUTION):
        resolution.end(work.now, clocks.plan)
    silence = clocks.plan.closing.close_after_silence
    allowed = next((time for kind, time in silence.items() if kind == case.counted_kind), None)
    if allowed:
        clocks.add(start(case.id, Timed.CONFIRMATION, work.now, allowed, clocks.plan, all_hours=True))
    clocks.show()


async def case_closed(work: Work, happening: CaseClosed) -> None:
    """It is over."""
    clocks = await _clocks(work, happening.case)
    clocks.end(Timed, work.now)
    clocks.show()


async def case_reopened(work: Work, happening: CaseReopened) -> None:
    """It was not done: the matter goes on with what was left of its time, and wants a word."""
    case, clocks = happening.case, await _clocks(work, happening.case)
    clocks.end(WAITS, work.now)
    standard = await standard_of(work, case, await customer_numbered(work, case.customer_id))
    resolution = await last_clock(work, case.id, Timed.RESOLUTION)
    if resolution and standard.resolution:
        resolution.run(work.now, clocks.plan)
        clocks.all.append(resolution)
    clocks.start(Timed.RESOLUTION, work.now, standard)
    clocks.start(Timed.UPDATE, work.now, standard)
    if happening.why not in ("words", "staff"):  # words are heard of by themselves
        clocks.start(Timed.NEXT_RESPONSE, work.now, standard)
    clocks.show()


async def kind_confirmed(work: Work, happening: KindConfirmed) -> None:
    """How often the customer is to hear from us depends on what the matter is."""
    case, plan = happening.case, await plan_of(work, happening.case)
    every = update_every(plan, case.counted_kind)
    if not plan.escalation.update_every or not case.unfinished:
        return
    clocks = await _clocks(work, case)
    running = clocks.named(Timed.UPDATE)
    if running is None or every is None or running.allowed != every.total_seconds():
        began = running.started_at if running else work.now
        clocks.end([Timed.UPDATE], work.now)
        clocks.start(Timed.UPDATE, began, Standard())


async def standard_changed(work: Work, happening: SeverityChanged) -> None:
    """A case has another severity."""
    await _promise_anew(work, happening.case)


async def file_changed(work: Work, happening: FileChanged) -> None:
    """A customer has another tier, or other segments."""
    for case in await cases_of(work, happening.customer.id):
        if case.unfinished:
            await _promise_anew(work, case)


async def _promise_anew(work: Work, case: Case) -> None:
    """What is not yet met is due by what is promised now, from the same start and under the same plan."""
    plan = await plan_of(work, case)
    if not promises(plan) or not case.unfinished:
        return
    clocks = await _clocks(work, case)
    standard = await standard_of(work, case, await customer_numbered(work, case.customer_id))
    for what in (*RESPONSES, Timed.RESOLUTION):
        clock, allowed = clocks.named(what), standard.allows(what)
        if clock and allowed:
            clock.change(allowed, standard.around_the_clock, work.now, plan)
        elif clock:
            clock.end(work.now, plan)
            clock.kept = None  # it was not kept, nor missed: it is not promised any more
    awaited = case.first_response_at is None and not any(clocks.named(what) for what in RESPONSES)
    for what in (Timed.RESOLUTION, *([Timed.FIRST_RESPONSE] if awaited else [])):
        if standard.allows(what) and not clocks.named(what):
            earlier = await last_clock(work, case.id, what)
            clocks.start(what, case.opened_at, standard)
            if earlier and (clock := clocks.named(what)):
                clock.told = earlier.told
    clocks.show()
