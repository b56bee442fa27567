"""A visit by an agent: a task in the customer's topic with the file, the words to say, and a form for the result."""

from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from handlers import cases, contact, questionnaires
from handlers.answers import keep_note
from handlers.chat.content import read_content
from handlers.chat.doors import Place, in_place
from handlers.chat.hearing import hear_said
from handlers.chat.places import case_or_none
from handlers.chat.presses import answer_press
from handlers.happenings import CaseReopened, Visited
from handlers.moments import in_words, local_time
from handlers.refusals import Refusal
from handlers.speaking import Buttons, button, change_in_group, tell_customer, tell_staff
from handlers.visits import owners
from handlers.visits.planning import ASK_WHY, HAND_WINDOW, rule_of
from models.cases import Case, case_numbered, count_cases
from models.contact import Purpose
from models.customers import Customer, customer_numbered, zone_of
from models.delivery import Priority
from models.installation import plan_of
from models.questionnaires import OPEN, Invitation
from models.questionnaires.rows import VISIT
from models.questionnaires.scores import scores_of
from models.staff import Role, Staff, main_group, staff_group, staff_member
from models.visits import BY_HAND, By, Outcome, Visit, VisitState, next_open, other_half
from models.work import Work
from templates import LANGUAGES, label

#: The steps of the form: what can be pressed, in rows.
FORM = (("reached",), ("no_answer", "someone_else"), ("declined", "wrong_number"), ("later", "how_to_note"))
REACHED = (("satisfied",), ("problem", "wish"), ("back",))
WHEN = (("hour", "half"), ("tomorrow", "week"), ("back",))
#: How often an agent tries who was asked to call, by hand.
ATTEMPTS = 3
ENDED = {
    "satisfied": Outcome.WELL,
    "problem": Outcome.PROBLEM,
    "wish": Outcome.WISH,
    "declined": Outcome.DECLINED,
    "wrong_number": Outcome.WRONG_NUMBER,
}
LATER = {"hour": timedelta(hours=1), "tomorrow": timedelta(days=1), "week": timedelta(days=7)}


async def post(work: Work, visit: Visit, customer: Customer, case: Case | None) -> None:
    """Show the task in the customer's topic; from now on its result is waited for."""
    owner = await owners.give(work, visit, customer, case)
    visit.state, visit.reason, visit.begun_at = VisitState.DUE, None, work.now
    await work.flush()
    group = await staff_group(work, case.group_id) if case else await main_group(work)
    tell_staff(
        work,
        group,
        customer,
        "visits/task",
        await _values(work, visit, customer, case, owner),
        buttons=_buttons(work, visit, FORM),
        priority=Priority.NOTICE,
        case_id=visit.case_id,
    )


async def _values(
    work: Work, visit: Visit, customer: Customer, case: Case | None, owner: Staff | None
) -> dict[str, Any]:
    """What the task shows: of whom and what it is, the file in short, and the words to say."""
    language, zone = work.plan.business.language, work.plan.business.timezone
    rule = rule_of(work, visit)
    tier = work.plan.tier_named(customer.tier)
    past = await count_cases(work, customer.id) - bool(case)
    about = about_of(work, visit)
    business = work.plan.business.name.get(customer.language, "")
    said = {"business": business, "name": customer.salutation or customer.name, "number": case.id if case else ""}
    return {
        "about": about,
        "number": case.id if case else None,
        "subject": case.subject if case else "",
        "kind": case.supposed_kind.value if case else None,
        "name": customer.salutation or customer.name,
        "customer": customer.id,
        "phone": customer.phone,
        "tier": tier.name.get(language) or tier.id if tier else None,
        "past": past,
        "scores": await scores_of(work, customer.id, but=case.id if case else None) if past else [],
        "owner": {"user": owner.user_id, "name": owner.name} if owner else None,
        "until": in_words(language, visit.window_until, work.now, zone, lasting=True),
        "note": visit.note[:300],
        "attempt": visit.attempts + 1,
        "attempts": max(visit.attempts + 1, rule.attempts if rule else ATTEMPTS),
        "state": visit.state.value,
        "outcome": visit.outcome.value if visit.outcome else None,
        "reason": visit.reason,
        "due": local_time(work, visit.due_at),
        "script": [
            label(customer.language, f"visit_script.{line}", **said)
            for line in ("who", "good_time", f"question_{about}", "more", "thanks")
        ],
    }


def about_of(work: Work, visit: Visit) -> str:
    """What a visit is about: "case", "purchase", "service", "recommendation", "wish" or "general"."""
    if visit.rule == BY_HAND and visit.occurrence.startswith(ASK_WHY):
        return "recommendation"
    if visit.case_id:
        return "case"
    rule = rule_of(work, visit)
    if rule is None:
        return "wish"
    return {"purchase": "purchase", "tier": "general", "silence": "general"}.get(rule.when, "service")


def _buttons(work: Work, visit: Visit, rows: tuple[tuple[str, ...], ...]) -> Buttons:
    language = work.plan.business.language
    return [[button(label(language, f"visit_form.{key}"), f"visit:{visit.id}:{key}") for key in row] for row in rows]


# -- the form


async def press(work: Work, place: Place) -> None:
    """A button of the form, pressed by any agent who may make this visit."""
    _, number, action = [*place.text.split(":"), "", ""][:3]
    visit = await visit_numbered(work, number)
    customer, person = place.customer, place.speaker
    if visit is None or customer is None or customer.id != visit.customer_id or "forward_origin" in place.message:
        raise Refusal("stale")
    if action == "how_to_note":
        answer_press(work, place, label(person.language, "toast.how_to_note_visit"), alert=True)
        return
    case = await case_numbered(work, visit.case_id) if visit.case_id else None
    if visit.state is not VisitState.DUE:
        await _redraw(work, place, visit, customer, case, (("how_to_note",),))
        raise Refusal("visit_over")
    if person.id in owners.kept_out(work, visit, case) and not person.may(Role.SUPERVISOR):
        raise Refusal("visit_not_handler")
    if action == "questionnaire" and visit.questionnaire:
        key, until = visit.questionnaire, visit.window_until
        await questionnaires.open_form(work, person, customer, case, key, visit.occurrence, until)
        answer_press(work, place)
        return
    if action in ("reached", "later", "back"):
        asked = (("questionnaire",), *REACHED) if visit.questionnaire else REACHED
        rows = {"reached": asked, "later": WHEN, "back": FORM}[action]
        await _redraw(work, place, visit, customer, case, rows)
        answer_press(work, place)
        return
    visit.owner_id = person.id
    if action in ENDED:
        await _end(work, visit, customer, case, person, ENDED[action])
    elif action in ("no_answer", "someone_else"):
        await _not_reached(work, visit, customer)
    elif action in ("half", *LATER):
        await _asked_later(work, visit, customer, action)
    else:
        raise Refusal("stale")
    await _redraw(work, place, visit, customer, case, (("how_to_note",),))
    answer_press(work, place, label(person.language, "toast.noted"))


async def visit_numbered(work: Work, number: str) -> Visit | None:
    """The visit with that key, as a button names it."""
    if not number.isdecimal() or len(number) > 18:
        return None
    found: Visit | None = await work.first(select(Visit).where(Visit.id == int(number)).with_for_update())
    return found


async def _redraw(
    work: Work, place: Place, visit: Visit, customer: Customer, case: Case | None, rows: tuple[tuple[str, ...], ...]
) -> None:
    owner = await staff_member(work, visit.owner_id) if visit.owner_id else None
    values = await _values(work, visit, customer, case, owner)
    shown_at = place.message["message_id"]
    buttons = _buttons(work, visit, rows)
    change_in_group(work, place.staff_group.id or 0, customer, shown_at, "visits/task", values, buttons)


async def _end(
    work: Work, visit: Visit, customer: Customer, case: Case | None, person: Staff, outcome: Outcome
) -> None:
    visit.attempts += outcome is not Outcome.WRONG_NUMBER
    visit.end(VisitState.DONE, work.now, outcome=outcome)
    if outcome is Outcome.WRONG_NUMBER:
        await _tell_not_reached(work, visit, customer)
    else:
        await contact.sent(work, customer, visit.purpose, "visit", visit.about, case)
    if outcome is Outcome.WELL and case:
        cases.accept(work, customer, case)
    if outcome is Outcome.PROBLEM and (case is None or not case.unfinished):
        before, case = case, await not_done(work, customer, case, person, visit.note, quiet=False)
        if case is before:  # of a new one they have heard
            tell_customer(work, customer, "cases/reopened", {"number": case.id}, case=case)
    if case:
        work.happen(Visited(case, person, outcome))


async def scored_low(work: Work, happening: CaseReopened) -> None:
    """A low score that an agent wrote down during the call took the case up again: that visit was made."""
    case = happening.case
    if happening.why != "score":
        return
    form = select(Invitation).where(
        Invitation.case_id == case.id,
        Invitation.rule == VISIT,
        col(Invitation.state).in_(OPEN),
        col(Invitation.by_staff_id).is_not(None),
    )
    invitation: Invitation | None = await work.first(form)
    if invitation is None or invitation.by_staff_id is None:
        return
    of_case = select(Visit).where(Visit.case_id == case.id, Visit.state == VisitState.DUE)
    visit: Visit | None = await work.first(of_case.where(Visit.questionnaire == invitation.questionnaire))
    if visit is not None:
        person, customer = (
            await staff_member(work, invitation.by_staff_id),
            await customer_numbered(work, case.customer_id),
        )
        visit.owner_id = person.id
        await _end(work, visit, customer, case, person, Outcome.PROBLEM)
        await work.flush()  # what is settled is not cancelled


async def _not_reached(work: Work, visit: Visit, customer: Customer) -> None:
    """Again in another half of the day, as often as the plan says; then it is over, and told."""
    rule = rule_of(work, visit)
    visit.attempts += 1
    if visit.attempts < (rule.attempts if rule else ATTEMPTS):
        window = rule.window if rule else HAND_WINDOW
        visit.move(other_half(work.plan, zone_of(customer, work.plan), work.now), "not_reached", window=window)
        return
    visit.end(VisitState.DONE, work.now, outcome=Outcome.NOT_REACHED)
    await _tell_not_reached(work, visit, customer)


async def _tell_not_reached(work: Work, visit: Visit, customer: Customer) -> None:
    outcome = visit.outcome.value if visit.outcome else ""
    values = {"name": customer.name, "customer": customer.id, "number": visit.case_id, "outcome": outcome}
    await owners.tell_supervisors(work, "visits/not_reached", {**values, "attempts": visit.attempts})


async def _asked_later(work: Work, visit: Visit, customer: Customer, when: str) -> None:
    """The customer named another time: that is a promise, not one of the attempts."""
    zone, rule = zone_of(customer, work.plan), rule_of(work, visit)
    at = other_half(work.plan, zone, work.now) if when == "half" else work.now + LATER[when]
    at = next_open(work.plan, zone, at, By.AGENT)
    visit.purpose = Purpose.SERVICE  # asked for
    visit.move(at, "asked_later", window=rule.window if rule else HAND_WINDOW)


async def not_done(
    work: Work,
    customer: Customer,
    case: Case | None,
    person: Staff | Customer,
    words: str = "",
    *,
    quiet: bool = True,
) -> Case:
    """It is not done after all: the same case goes on within the plan's time, later a new one that names it.

    With `quiet` the customer is not told of the new one here.
    """
    if case is not None and case.unfinished:
        return case
    if case is not None:
        ended = max(at for at in (case.resolved_at, case.closed_at) if at)
        if work.now - ended <= (await plan_of(work, case)).closing.reopen_within:
            cases.reopen(work, case, person, "visit")
            return case
    words = words or (case.subject if case else "")
    kind = case.kind if case else None
    return await cases.open_case(work, customer, words=words, kind=kind, parent=case, quiet=quiet)


# -- notes on it


def notes_visit(place: Place) -> bool:
    """Whether a message answers the task of a visit: known by the form under it, or by how it begins."""
    reply = place.raw.get("reply_to_message") or {}
    if place.what != "message" or not (reply.get("from") or {}).get("is_bot"):
        return False
    begins = tuple(label(language, "visit_task.title") for language in LANGUAGES)
    return _number_under(reply) != "" or str(reply.get("text", "")).startswith(begins)


def _number_under(message: dict[str, Any]) -> str:
    """The number of the visit whose form stands under the message, or ""."""
    rows = (message.get("reply_markup") or {}).get("inline_keyboard") or []
    data = [str(each.get("callback_data", "")).split(":") for row in rows for each in row]
    return next((parts[1] for parts in data if parts[0] == "visit" and len(parts) > 2), "")


async def note(work: Work, place: Place) -> None:
    """A reply to the task is a note on the visit; it goes to no customer."""
    visit = await visit_numbered(work, _number_under(place.raw["reply_to_message"]))
    if visit is None and place.customer is not None:
        begun = select(Visit).where(Visit.customer_id == place.customer.id, col(Visit.begun_at).is_not(None))
        visit = await work.first(begun.order_by(col(Visit.begun_at).desc()))
    if visit is None or place.customer is None or visit.customer_id != place.customer.id:
        raise Refusal("stale")
    content = read_content(place.raw)
    words = content.text.lstrip().removeprefix("//").strip()
    visit.note = f"{visit.note}\n{words}".strip()
    case = await case_or_none(work, place, place.customer, elsewhere_too=True)
    await keep_note(work, place.customer, case, (await hear_said(work, place)).with_text(words), place.speaker)
    in_place(work, place, "visits/noted", {})
