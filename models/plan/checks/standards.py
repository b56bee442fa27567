"""Rules on what is promised: tiers, segments, severities, escalation, closing."""

from collections.abc import Iterator
from itertools import pairwise

from models.plan.checks.people import unknown
from models.plan.checks.remark import Path, Remark, each_of, written
from models.plan.sections import Plan, Severity, Tier

TIMES = ("first_response", "next_response", "resolution")
STEPS = ("assignee", "department", "supervisor", "manager", "owner")


def tiers(plan: Plan) -> Iterator[Remark]:
    """A higher tier is promised at least what a lower one is."""
    for index, (higher, lower) in enumerate(pairwise(plan.tier)):
        for key in TIMES:
            above, below = getattr(higher, key), getattr(lower, key)
            path, beside = ("tier", index, key), (("tier", index + 1, key),)
            if above is None and below is not None:
                words = f"promises nothing, and {lower.id}, a lower tier, gets {written(below)}"
                yield Remark(path, f"{words}; expected {written(below)} or less", beside=beside)
            elif below is not None and above > below:
                words = f"{written(above)} is longer than the {written(below)} of {lower.id}, a lower tier"
                yield Remark(path, f"{words}; expected {written(below)} or less", beside=beside)
        if lower.visit_every and higher.visit_every and higher.visit_every > lower.visit_every:
            words = f"{higher.id} is visited less often than {lower.id}, a lower tier ({written(lower.visit_every)})"
            yield Remark(("tier", index, "visit_every"), words, False, (("tier", index + 1, "visit_every"),))


def order_of_times(plan: Plan) -> Iterator[Remark]:
    """The first word comes before the solution."""
    for section in ("tier", "segment", "severity"):
        for index, each in enumerate(getattr(plan, section)):
            if each.resolution and each.first_response and each.first_response > each.resolution:
                words = f"the first word may take longer than the solution ({written(each.resolution)})"
                path = (section, index, "first_response")
                yield Remark(path, f"{words}; expected less", beside=((section, index, "resolution"),))


def reachable_tiers(plan: Plan) -> Iterator[Remark]:
    """No tier stands behind one that takes everybody whom it could take."""
    for index, tier in enumerate(plan.tier):
        number = next((each for each in range(index) if _takes_all_of(plan.tier[each], tier)), None)
        if number is None:
            continue
        before, path, beside = plan.tier[number], ("tier", index, "when"), (("tier", number, "when"),)
        if _everybody(before):
            words = f"is reached by hand only: {before.id} stands before it and, without `when`, takes everybody"
            yield Remark(path, words, False, beside)
        else:
            words = f"never reached: whoever meets this has met that of {before.id}, which stands before it"
            yield Remark(path, f"{words}; expected the higher demand first", beside=(path, *beside))


def _everybody(tier: Tier) -> bool:
    return tier.when.spent_12m is None and tier.when.orders_12m is None


def _takes_all_of(before: Tier, tier: Tier) -> bool:
    """Whether whoever meets the rule of `tier` has met that of `before`; a rule is met by any of its parts."""
    if _everybody(before) or _everybody(tier):
        return _everybody(before)
    for key in ("spent_12m", "orders_12m"):
        asked, demanded = getattr(before.when, key), getattr(tier.when, key)
        if demanded is not None and (asked is None or asked > demanded):
            return False
    return True


def segments(plan: Plan) -> Iterator[Remark]:
    """The strictest standard wins, so a segment that is slower than every tier changes nothing."""
    for index, segment in enumerate(plan.segment):
        for key in TIMES:
            promised = [getattr(tier, key) for tier in plan.tier]
            own = getattr(segment, key)
            if own and promised and all(each is not None and each <= own for each in promised):
                words = "changes nothing: every tier is promised this or less, and the strictest wins"
                yield Remark(("segment", index, key), words, False, (("tier",),))


def severities(plan: Plan) -> Iterator[Remark]:
    """What is graver, and comes first, is answered at least as fast."""
    for index, (graver, lesser) in enumerate(pairwise(plan.severity)):
        if graver.time > lesser.time and not _absolute(graver):
            words = f"{graver.time:g} is more than the {lesser.time:g} of {lesser.id}, which is less grave"
            path = ("severity", index, "time")
            yield Remark(path, f"{words}; expected the gravest first", beside=(("severity", index + 1, "time"),))
        for key in TIMES:
            above, below = getattr(graver, key), getattr(lesser, key)
            if above and below and above > below:
                words = f"{written(above)} is longer than the {written(below)} of {lesser.id}, which is less grave"
                path = ("severity", index, key)
                yield Remark(path, f"{words}; expected the gravest first", beside=(("severity", index + 1, key),))
    for index, each in enumerate(plan.severity):
        if each.around_the_clock and not _absolute(each):
            words = "runs day and night but has no times of its own; expected first_response"
            beside = tuple(("severity", index, key) for key in TIMES)
            yield Remark(("severity", index, "around_the_clock"), words, False, beside)
        for key in TIMES:
            own, promised = getattr(each, key), [getattr(tier, key) for tier in plan.tier]
            fastest = min((time for time in promised if time), default=None)
            if own and fastest and own > fastest and not each.around_the_clock:
                words = f"{written(own)} is longer than the {written(fastest)} that a tier is promised anyway"
                yield Remark(("severity", index, key), words, False, (("tier",),))


def _absolute(severity: Severity) -> bool:
    return any(getattr(severity, key) for key in TIMES)


def escalation(plan: Plan) -> Iterator[Remark]:
    """Steps come one after the other, and go up."""
    for index, (before, step) in enumerate(pairwise(plan.escalation.steps), start=1):
        path: Path = ("escalation", "steps", index)
        beside: tuple[Path, ...] = ((*path[:-1], index - 1, "at"), (*path, "at"))
        tells = (*beside, (*path[:-1], index - 1, "tell"), (*path, "tell"))
        if (step.at, step.tell) == (before.at, before.tell):
            yield Remark(path, f"{step.tell} is told at {step.at:g} twice", beside=tells)
        elif step.at < before.at:
            words = f"{step.at:g} comes after {before.at:g}; expected the steps in their order"
            yield Remark((*path, "at"), words, beside=beside)
        elif STEPS.index(step.tell) < STEPS.index(before.tell):
            words = f"{step.tell} hears after {before.tell}, who stands higher"
            yield Remark((*path, "tell"), words, False, tells)
    promised = [each for each in (*plan.tier, *plan.segment, *plan.severity) if any(getattr(each, k) for k in TIMES)]
    if plan.escalation.steps and not promised:
        words = "never taken: no tier, segment or severity has a time that could be missed"
        beside = tuple(path for section in ("tier", "segment", "severity") for path in each_of(plan, section, *TIMES))
        yield Remark(("escalation", "steps"), words, False, beside)


def closing(plan: Plan) -> Iterator[Remark]:
    """We remind before we close."""
    closing = plan.closing
    if closing.remind_pending_after >= closing.close_pending_after:
        words = f"the reminder would come when the case is closed ({written(closing.close_pending_after)}) or later"
        given = [key for key in ("remind_pending_after", "close_pending_after") if key in closing.model_fields_set]
        path = ("closing", given[0]) if given else ("closing",)
        yield Remark(path, f"{words}; expected remind_pending_after before close_pending_after")


def recovery(plan: Plan) -> Iterator[Remark]:
    """Times by tier name tiers that there are."""
    known = [tier.id for tier in plan.tier]
    for name in plan.recovery.within:
        if name not in known:
            yield Remark(
                ("recovery", "within", name), unknown("a tier", name, known), beside=each_of(plan, "tier", "id")
            )


RULES = (
    tiers,
    order_of_times,
    reachable_tiers,
    segments,
    severities,
    escalation,
    closing,
    recovery,
)
