"""What staff decide about a case: its kind, how serious it is, who has it, which department."""

from handlers import cases, duty
from handlers.chat.doors import Place, in_place
from handlers.chat.places import case_in_hand, case_pressed
from handlers.chat.presses import answer_press
from handlers.happenings import Assigned, HandedOver, KindConfirmed, StaffAway
from handlers.refusals import Refusal
from handlers.routing import absence, assigning, heeding, moving
from handlers.speaking import Buttons, button, tell_staff
from models.cases import Case, CaseKind, unfinished_cases_of
from models.customers import Customer, customer_numbered
from models.duty import is_away
from models.installation import plan_of
from models.plan import Department, Plan, text_of
from models.routing.words import is_graver, plain
from models.staff import Role, Staff, members_of, staff_member, staff_named
from models.work import Work
from templates import LANGUAGES, label


async def _in_hand(work: Work, place: Place) -> tuple[Customer, Case, str]:
    """The customer and case that a command is about, and what follows the command."""
    if place.customer is None:
        raise Refusal("not_a_topic")
    rest = (*place.text.split(maxsplit=1), "")[1].strip()
    return place.customer, await case_in_hand(work, place, place.customer), rest


# -- kind and severity


async def kind_command(work: Work, place: Place) -> None:
    """/kind complaint; by itself it shows the choice."""
    _, case, typed = await _in_hand(work, place)
    if not typed:
        await offer(work, place, case)
        return
    kind = next((kind for kind in CaseKind if plain(typed) in _names_of_kind(kind)), None)
    if kind is None:
        raise Refusal("kind_usage")
    _set_kind(work, case, kind, place.speaker)


def _names_of_kind(kind: CaseKind) -> set[str]:
    return {kind.value, *(plain(label(language, f"kind.{kind}")) for language in LANGUAGES)}


def _set_kind(work: Work, case: Case, kind: CaseKind, person: Staff) -> None:
    """An agent says what the matter is; what was a complaint stays one, unless a supervisor says otherwise."""
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    if case.kind is kind:
        return
    if case.kind is CaseKind.COMPLAINT and not person.may(Role.SUPERVISOR):
        raise Refusal("role", role=Role.SUPERVISOR.value)
    before, case.kind = case.kind, kind
    work.happen(KindConfirmed(case, person, before, kind))


async def severity_command(work: Work, place: Place) -> None:
    """/severity serious; by itself it shows the choice."""
    customer, case, typed = await _in_hand(work, place)
    if not typed:
        await offer(work, place, case)
        return
    plan = await plan_of(work, case)
    names = {each.id: {each.id, *(plain(name) for name in each.name.values())} for each in plan.severity}
    chosen = next((severity_id for severity_id, known in names.items() if plain(typed) in known), None)
    if chosen is None:
        raise Refusal("severity_usage", severities=", ".join(names) or "-")
    await _set_severity(work, customer, case, chosen, place.speaker)


async def _set_severity(work: Work, customer: Customer, case: Case, severity_id: str, person: Staff) -> None:
    """Anybody may take a matter more seriously; less so only a supervisor."""
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    plan = await plan_of(work, case)
    severity = plan.severity_named(severity_id)
    if severity is None:
        raise Refusal("stale")
    if severity.id == case.severity:
        return
    if not is_graver(plan, severity.id, case.severity) and not person.may(Role.SUPERVISOR):
        raise Refusal("role", role=Role.SUPERVISOR.value)
    await heeding.set_severity(work, customer, case, severity, person)


async def offer(work: Work, place: Place, case: Case) -> None:
    """Show what kind and severity a case can be given, as buttons."""
    buttons = choices(await plan_of(work, case), work.plan.business.language, case)
    in_place(work, place, "routing/choose", {"number": case.id}, buttons)


def choices(plan: Plan, language: str, case: Case) -> Buttons:
    """A button for each kind, and for each severity of the plan."""
    kinds = [button(label(language, f"kind.{kind}"), f"setkind:{case.id}:{kind}") for kind in CaseKind]
    severities = [
        button(text_of(each.name, language) or each.id, f"severity:{case.id}:{each.id}") for each in plan.severity
    ]
    return [kinds[:3], kinds[3:], *([severities[:3]] if severities else [])]


async def press(work: Work, place: Place) -> None:
    """The card's button "more", and the buttons of kind and severity."""
    case = await case_pressed(work, place)
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    action, _, chosen = [*place.text.split(":"), "", ""][:3]
    if action == "more":
        await offer(work, place, case)
    elif action == "setkind":
        if chosen not in set(CaseKind):
            raise Refusal("stale")
        _set_kind(work, case, CaseKind(chosen), place.speaker)
    else:
        await _set_severity(work, await customer_numbered(work, case.customer_id), case, chosen, place.speaker)
    answer_press(work, place)


# -- who has it


async def assign(work: Work, place: Place) -> None:
    """/assign @name: whoever has the case passes it on, a supervisor any case; /assign takes it oneself."""
    customer, case, typed = await _in_hand(work, place)
    if not typed:
        await cases.claim(work, case, place.speaker)
        return
    person = await _named(work, typed)
    if person.id == place.speaker.id and case.assignee_id is None:
        await cases.claim(work, case, person)
        return
    if case.assignee_id != place.speaker.id and not place.speaker.may(Role.SUPERVISOR):
        raise Refusal("role", role=Role.SUPERVISOR.value)
    await _can_take(work, case, person)
    before = await staff_member(work, case.assignee_id) if case.assignee_id else None
    cases.entrust(work, case, person)
    case.page_due_at = None
    work.happen(Assigned(case, place.speaker, person))
    values = {"number": case.id, "by": place.speaker.name, "name": person.name}
    tell_staff(work, place.staff_group, customer, "routing/assigned_by", values, case_id=case.id)
    await assigning.tell_assigned(work, customer, case, person)
    await moving.tell_both(work, [before], "routing/assigned_by", values)


async def _named(work: Work, typed: str) -> Staff:
    """The active member of staff whom the first @name means; raises Refusal."""
    name = next((word[1:] for word in typed.split() if word.startswith("@")), "")
    person = await staff_named(work, name) if name else None
    if person is None:
        raise Refusal("assign_usage")
    return person


async def _can_take(work: Work, case: Case, person: Staff) -> None:
    """Raises Refusal for who already has the case, is not in its group, is away, or carries enough."""
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    if case.assignee_id == person.id:
        raise Refusal("has_it", name=person.name)
    if person not in await members_of(work, case.group_id):
        raise Refusal("not_in_group", name=person.name)
    if is_away(person, work.now):
        raise Refusal("is_away", name=person.name)
    await work.alone("assign")
    if not await duty.has_room(work, case, person):
        raise Refusal("full", name=person.name)


async def transfer(work: Work, place: Place) -> None:
    """/transfer department reason."""
    customer, case, typed = await _in_hand(work, place)
    department, reason = _department_in(work, typed)
    if department is None or not reason:
        known = ", ".join(each.id for each in work.plan.department)
        raise Refusal("transfer_usage", departments=known or "-")
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    if department.id == case.department:
        raise Refusal("already_there")
    await moving.move(work, customer, case, department, place.speaker, reason[:200])


def _department_in(work: Work, typed: str) -> tuple[Department | None, str]:
    """The department whose id or name the text begins with, and the rest."""
    names = [(name, each) for each in work.plan.department for name in (each.id, *each.name.values()) if name]
    for name, department in sorted(names, key=lambda pair: len(pair[0]), reverse=True):
        head, rest = typed[: len(name)], typed[len(name) :]
        if head.casefold() == name.casefold() and (not rest or not rest[0].isalnum() or not name[-1].isascii()):
            return department, rest.strip()
    return None, ""


async def hand_over(work: Work, place: Place) -> None:
    """/handover @from [@to]: everything that somebody has goes to another as far as there is room, the rest to the
    queue. Whoever hands over is away until they say that they are back: the queue would give it all back."""
    named = [word for word in place.text.split()[1:] if word.startswith("@")]
    if not named:
        raise Refusal("handover_usage")
    giver = await _named(work, named[0])
    taker = await _named(work, named[1]) if len(named) > 1 else None
    if taker and (taker.id == giver.id or is_away(taker, work.now)):
        raise Refusal("is_away" if is_away(taker, work.now) else "has_it", name=taker.name)
    handed = await unfinished_cases_of(work, giver.id or 0)
    if not is_away(giver, work.now):
        giver.away_since, giver.away_until = work.now, None
        work.happen(StaffAway(giver, None))
    given, queued = [], []
    await work.alone("assign")
    for case in handed:
        fits = taker is not None and taker in await members_of(work, case.group_id)
        if taker and fits and await duty.has_room(work, case, taker):
            cases.entrust(work, case, taker)
            given.append(case.id)
        else:
            cases.entrust(work, case, None)
            queued.append(case)
        to = taker if case.assignee_id else None
        work.happen(HandedOver(case, place.speaker, giver, to))
    await absence.give_all(work, queued)
    values = {
        "name": giver.name,
        "to": taker.name if taker else None,
        "given": given,
        "queued": [case.id for case in queued],
    }
    work.audit(place.speaker, "handover", giver.subject, to=values["to"], cases=len(handed))
    in_place(work, place, "routing/handed_over", values)
    await moving.tell_both(work, [giver, taker], "routing/handed_over", values)
