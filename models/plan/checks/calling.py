"""Rules on how often we call: visits and surveys against their own contact budget, goals."""

from collections.abc import Collection, Iterator
from datetime import timedelta

from models.plan.checks.people import unknown
from models.plan.checks.remark import Path, Remark, each_of, written
from models.plan.kinds import Span
from models.plan.sections import Plan

MONTH = timedelta(days=30)
#: From and to which a goal's figure can be, by metric; shares for those that are not named.
RANGES = {"nps": (-100.0, 100.0), "ces": (1.0, 7.0)}


def references(plan: Plan) -> Iterator[Remark]:
    """Visits name tiers that there are."""
    known = [tier.id for tier in plan.tier]
    for index, visit in enumerate(plan.visit):
        for key, named in (("by", visit.by), ("sample", visit.sample)):
            for name in named:
                if name != "*" and name not in known:
                    path = ("visit", index, key, name)
                    yield Remark(path, unknown("a tier", name, known), beside=each_of(plan, "tier", "id"))


def visits(plan: Plan) -> Iterator[Remark]:
    """A visit's keys have something to act on."""
    for index, visit in enumerate(plan.visit):
        path: Path = ("visit", index)
        if visit.when == "tier" and not any(tier.visit_every for tier in plan.tier):
            words = 'no tier has visit_every, so this visit never comes; expected visit_every = "90d" in a [[tier]]'
            yield Remark((*path, "when"), words, beside=each_of(plan, "tier", "visit_every"))
        if visit.kinds and not visit.when.startswith("case_"):
            words = f'does nothing: a visit at "{visit.when}" is about no case'
            yield Remark((*path, "kinds"), words, False, ((*path, "when"),))
        if visit.not_handler and set(visit.by.values()) == {"bot"}:
            yield Remark((*path, "not_handler"), "does nothing: the bot makes this visit", False, ((*path, "by"),))
    if plan.tier and not any(visit.when == "tier" for visit in plan.visit):
        for index, tier in enumerate(plan.tier):
            if tier.visit_every:
                words = 'does nothing without a [[visit]] with when = "tier"'
                yield Remark(("tier", index, "visit_every"), words, False, each_of(plan, "visit", "when"))


def surveys(plan: Plan) -> Iterator[Remark]:
    """A survey has its interval, and reminds before it expires."""
    for index, survey in enumerate(plan.survey):
        path: Path = ("survey", index)
        if survey.when == "every" and survey.every is None:
            yield Remark(
                path, 'every is missing; expected every = "90d" beside when = "every"', beside=((*path, "every"),)
            )
        if survey.when != "every" and survey.every is not None:
            yield Remark((*path, "every"), 'does nothing without when = "every"', False, ((*path, "when"),))
        if survey.when == "every" and survey.after:
            yield Remark((*path, "after"), 'does nothing beside when = "every"', False)
        if survey.remind_after and survey.remind_after >= survey.expires:
            words = f"the reminder would come when the questionnaire has expired ({written(survey.expires)})"
            yield Remark((*path, "remind_after"), f"{words}; expected less", beside=((*path, "expires"),))


def intervals(plan: Plan) -> Iterator[Remark]:
    """What comes at an interval fits into the cap and the gap of the contact budget."""
    gap = plan.contact.gap
    wanted: list[tuple[Path, str, timedelta, int]] = [
        (("tier", index, "visit_every"), f"visits of {tier.id}", tier.visit_every, tier.contacts_per_30d)
        for index, tier in enumerate(plan.tier)
        if tier.visit_every and any(visit.when == "tier" for visit in plan.visit)
    ]
    most = max((tier.contacts_per_30d for tier in plan.tier), default=None)
    wanted += [
        (("survey", index, "every"), "this survey", survey.every, most)
        for index, survey in enumerate(plan.survey)
        if survey.when == "every" and survey.every and most is not None
    ]
    for path, what, every, cap in wanted:
        beside = (*each_of(plan, "tier", "contacts_per_30d"), ("contact", "gap"))
        if cap == 0:
            words = f"{what} can never happen: contacts_per_30d = 0 allows none"
            yield Remark(path, f"{words}; expected contacts_per_30d = 1 or more", beside=beside)
        elif every < MONTH / cap:
            words = f"every {written(every)} is {MONTH / every:.3g} contacts in 30 days, and contacts_per_30d = {cap}"
            yield Remark(path, f"{words} allows {cap}; expected at least {_days(MONTH / cap)}", beside=beside)
        elif every < gap:
            words = f"every {written(every)} is less than the gap between two contacts ({written(gap)})"
            yield Remark(path, f"{words}; expected more", beside=beside)


def _days(duration: timedelta) -> str:
    return f"{duration / timedelta(days=1):.3g}d"


def caps(plan: Plan) -> Iterator[Remark]:
    """Where a tier may not be contacted at all, no visit and no survey reaches it."""
    asked = [visit for visit in plan.visit if visit.purpose_of != "service" and visit.when != "tier"]
    for index, tier in enumerate(plan.tier):
        if tier.contacts_per_30d == 0 and asked:
            words = f"contacts_per_30d = 0: the visit {asked[0].id!r} can never happen to {tier.id}"
            yield Remark(("tier", index, "contacts_per_30d"), words, False, each_of(plan, "visit", "when", "purpose"))


def windows(plan: Plan) -> Iterator[Remark]:
    """A visit that has to wait can still be made within its window."""
    contact = plan.contact
    for index, visit in enumerate(plan.visit):
        path = ("visit", index, "window" if "window" in visit.model_fields_set else "id")
        if visit.purpose_of == "service":
            continue
        if visit.window < contact.gap:
            least = written(contact.gap)
            words = f"a visit that waits for the gap ({least}) is past its window ({written(visit.window)})"
            yield Remark(
                path, f"{words}; expected a window of {least} or more", beside=(("contact", "gap"), ("visit", index))
            )
        calm = contact.calm_after_complaint
        if visit.kinds == ("complaint",) and visit.after + visit.window < calm:
            words = f"the calm after a complaint ({written(calm)}) is longer than this visit can wait"
            yield Remark(
                path,
                f'{words}; expected a longer window, or purpose = "service"',
                beside=(("contact", "calm_after_complaint"), ("visit", index)),
            )


def quiet(plan: Plan) -> Iterator[Remark]:
    """Some time of the day is left in which we may write, and one in which agents may call."""
    contact = plan.contact
    serious = bool(plan.visit or plan.survey)
    if contact.quiet and contact.quiet.end - contact.quiet.start >= 1440:
        words = "covers the whole day, so no visit and no questionnaire is ever sent; expected some time between"
        yield Remark(("contact", "quiet"), words, serious)
        return
    by_agents = any("agent" in visit.by.values() for visit in plan.visit)
    if by_agents and _minutes(contact.quiet) | _minutes(contact.call_quiet) == set(range(1440)):
        words = "with quiet, covers the whole day, so no agent can ever call; expected some time between"
        yield Remark(("contact", "call_quiet"), words, beside=(("contact", "quiet"),))


def _minutes(span: Span | None) -> set[int]:
    return {minute % 1440 for minute in range(span.start, span.end)} if span else set()


def total(plan: Plan) -> Iterator[Remark]:
    """All that comes at an interval, together, fits into what a tier is contacted at most."""
    surveys = [survey for survey in plan.survey if survey.when == "every" and survey.every]
    for index, tier in enumerate(plan.tier):
        visits = [visit for visit in plan.visit if visit.when == "tier" and tier.visit_every]
        month = sum(MONTH / survey.every for survey in surveys if survey.every)
        month += sum(MONTH / tier.visit_every for _ in visits if tier.visit_every)
        if len(surveys) + len(visits) > 1 and month > tier.contacts_per_30d > 0:
            words = f"visits and surveys make up to {month:.3g} contacts in 30 days, and {tier.contacts_per_30d}"
            yield Remark(("tier", index, "contacts_per_30d"), f"{words} are allowed: some never come", False)


def goals(plan: Plan) -> Iterator[Remark]:
    """A goal's figure can be reached."""
    for index, goal in enumerate(plan.goal):
        least, most = RANGES.get(goal.metric, (0.0, 1.0))
        if not least <= goal.target <= most:
            example = "; a share of 90 percent is 0.9" if most == 1 else ""
            words = f"expected a figure from {least:g} to {most:g}{example}, not {goal.target:g}"
            yield Remark(("goal", index, "target"), words)
        if goal.owner is not None and not goal.owner.startswith("@"):
            yield Remark(("goal", index, "owner"), f'expected a name such as "@name", not {goal.owner!r}')


def questionnaires(plan: Plan, known: Collection[str]) -> Iterator[Remark]:
    """Visits and surveys ask questionnaires that there are; `known` are their keys."""
    named: list[tuple[Path, str]] = [
        (("visit", index, "questionnaire"), visit.questionnaire)
        for index, visit in enumerate(plan.visit)
        if visit.questionnaire
    ]
    named += [(("survey", index, "questionnaire"), survey.questionnaire) for index, survey in enumerate(plan.survey)]
    for path, name in named:
        if name not in known:
            yield Remark(path, unknown("a questionnaire", name, known))


RULES = (references, visits, surveys, intervals, caps, windows, quiet, total, goals)
