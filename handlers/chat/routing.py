"""The doors of routing: what a matter is and how serious, who has it, where it goes; absence; cases for callers."""

from handlers import cases, duty
from handlers.chat.doors import Place, Where, in_place
from handlers.chat.hearing import read_said
from handlers.chat.places import case_in_hand, case_pressed, customer_here, language_here
from handlers.chat.presses import answer_press, pressed
from handlers.moments import read_moment
from handlers.names import shown_name
from handlers.refusals import Refusal
from handlers.routing import absence, assigning, kinds, moving, opening, paging
from handlers.routing.opening import SOURCES, Caller
from handlers.speaking import Buttons, button
from models.cases import Case, CaseKind, case_numbered
from models.customers import Customer, customer_called, customer_of, display_name
from models.customers.phones import normal_phone
from models.installation import plan_of
from models.plan import Department, Plan, text_of
from models.routing.words import plain
from models.staff import Staff, staff_named
from models.work import Work
from templates import LANGUAGES, label, word_list

# -- what a matter is


async def kind(work: Work, place: Place) -> None:
    """/kind complaint; by itself it shows the choice."""
    case = await case_in_hand(work, place, customer_here(place))
    if not place.rest:
        await _offer(work, place, case)
        return
    meant = next((each for each in CaseKind if plain(place.rest) in _names_of_kind(each)), None)
    if meant is None:
        raise Refusal("kind_usage")
    kinds.set_kind(work, case, meant, place.speaker)


def _names_of_kind(kind: CaseKind) -> set[str]:
    return {kind.value, *(plain(label(language, f"kind.{kind}")) for language in LANGUAGES)}


async def severity(work: Work, place: Place) -> None:
    """/severity serious; by itself it shows the choice."""
    case = await case_in_hand(work, place, customer_here(place))
    if not place.rest:
        await _offer(work, place, case)
        return
    plan = await plan_of(work, case)
    names = {each.id: {each.id, *(plain(name) for name in each.name.values())} for each in plan.severity}
    meant = next((severity_id for severity_id, known in names.items() if plain(place.rest) in known), None)
    if meant is None:
        raise Refusal("severity_usage", severities=", ".join(names) or "-")
    await kinds.set_severity(work, case, meant, place.speaker)


async def _offer(work: Work, place: Place, case: Case) -> None:
    """Show what kind and severity a case can be given, as buttons."""
    buttons = _choices(await plan_of(work, case), work.plan.business.language, case)
    in_place(work, place, "routing/choose", {"number": case.id}, buttons)


def _choices(plan: Plan, language: str, case: Case) -> Buttons:
    """A button for each kind, and for each severity of the plan."""
    of_kind = [button(label(language, f"kind.{each}"), f"setkind:{case.id}:{each}") for each in CaseKind]
    severities = [
        button(text_of(each.name, language) or each.id, f"severity:{case.id}:{each.id}") for each in plan.severity
    ]
    return [of_kind[:3], of_kind[3:], *([severities[:3]] if severities else [])]


async def more_press(work: Work, place: Place) -> None:
    """The card's button for what else can be done."""
    case = await case_pressed(work, place)
    if not case.unfinished:
        raise Refusal("finished", number=case.id)
    await _offer(work, place, case)
    answer_press(work, place)


async def kind_press(work: Work, place: Place) -> None:
    """The button of a kind."""
    case, chosen = await case_pressed(work, place), pressed(place).word(1)
    if chosen not in set(CaseKind):
        raise Refusal("stale")
    kinds.set_kind(work, case, CaseKind(chosen), place.speaker)
    answer_press(work, place)


async def severity_press(work: Work, place: Place) -> None:
    """The button of a severity."""
    await kinds.set_severity(work, await case_pressed(work, place), pressed(place).word(1), place.speaker)
    answer_press(work, place)


# -- who has it


async def take_call(work: Work, place: Place) -> None:
    """The button "I have it" under a call."""
    case = await case_numbered(work, pressed(place).number())
    if case is None or (place.where is not Where.PRIVATE and place.staff_group.id != case.group_id):
        raise Refusal("stale")
    await paging.take_call(work, case, place.speaker)
    answer_press(work, place, label(place.speaker.language, "toast.call_taken", number=case.id))


async def assign(work: Work, place: Place) -> None:
    """/assign @name; /assign takes it oneself."""
    case = await case_in_hand(work, place, customer_here(place))
    if place.rest:
        await assigning.assign(work, case, await _staff_meant(work, place.rest), place.speaker)
    else:
        await cases.claim(work, case, place.speaker)


async def _staff_meant(work: Work, typed: str) -> Staff:
    """The active member of staff whom the first @name means; raises Refusal."""
    name = next((word[1:] for word in typed.split() if word.startswith("@")), "")
    person = await staff_named(work, name) if name else None
    if person is None:
        raise Refusal("assign_usage")
    return person


async def transfer(work: Work, place: Place) -> None:
    """/transfer department reason."""
    case = await case_in_hand(work, place, customer_here(place))
    department, reason = _department_in(work.plan, place.rest)
    if department is None or not reason:
        known = ", ".join(each.id for each in work.plan.department)
        raise Refusal("transfer_usage", departments=known or "-")
    await moving.transfer(work, case, department, reason, place.speaker)


def _department_in(plan: Plan, typed: str) -> tuple[Department | None, str]:
    """The department whose id or name the text begins with, and the rest."""
    names = [(name, each) for each in plan.department for name in (each.id, *each.name.values()) if name]
    for name, department in sorted(names, key=lambda pair: len(pair[0]), reverse=True):
        head, rest = typed[: len(name)], typed[len(name) :]
        if head.casefold() == name.casefold() and (not rest or not rest[0].isalnum() or not name[-1].isascii()):
            return department, rest.strip()
    return None, ""


async def handover(work: Work, place: Place) -> None:
    """/handover @from [@to]."""
    named = [word for word in place.rest.split() if word.startswith("@")]
    if not named:
        raise Refusal("handover_usage")
    giver = await _staff_meant(work, named[0])
    taker = await _staff_meant(work, named[1]) if len(named) > 1 else None
    handed = await absence.hand_over(work, giver, taker, place.speaker)
    in_place(work, place, "routing/handed_over", handed)


# -- absence


async def away(work: Work, place: Place) -> None:
    """/away, /away 2h, /away until 14:00, /away tomorrow 9:00."""
    person, typed = place.speaker, _without_until(place.rest)
    until = read_moment(typed, work.now, work.plan.business.timezone)
    if typed and until is None:
        raise Refusal("away_usage")
    absence.go_away(work, person, until)
    language = person.language if place.where is Where.PRIVATE else work.plan.business.language
    shown = absence.end_in_words(work, person, language)
    values = {"name": person.name, "until": shown, "long": duty.is_away_for_long(work, person)}
    in_place(work, place, "routing/away", values)


def _without_until(typed: str) -> str:
    """What was typed without a word for "until" before it."""
    text = plain(typed)
    words = [word for language in LANGUAGES for word in word_list(language, "absence_words.until")]
    return next((text.removeprefix(word).strip() for word in words if text.startswith(word)), text)


async def back(work: Work, place: Place) -> None:
    """/back."""
    absence.come_back(work, place.speaker)
    in_place(work, place, "routing/back", {"name": place.speaker.name})


# -- cases for those who do not write to the bot


async def new(work: Work, place: Place) -> None:
    """/new phone Zhang 13800000000 the tap leaks; in a topic: /new phone the tap leaks."""
    head, _, rest = place.rest.partition(" ")
    source = next((each for each in SOURCES if plain(head) in _names_of_source(each)), None)
    in_topic = place.customer is not None and place.where is not Where.PRIVATE
    whom, words = (place.customer, rest.strip()) if in_topic else await _caller_in(work, rest)
    if source is None or whom is None or not words:
        raise Refusal("new_usage")
    taken_at = read_said(place).content.written_at
    case = await opening.open_for(work, whom, words, source, taken_at, place.speaker)
    if place.where is not Where.TOPIC or place.staff_group.id != case.group_id:
        customer = await customer_of(work, case)
        opened = {
            "number": case.id,
            "name": await shown_name(work, customer, language_here(work, place)),
            "customer": customer.id,
        }
        in_place(work, place, "routing/opened", opened)


def _names_of_source(source: str) -> set[str]:
    """What a source may be called: its id, or a word for it in any language."""
    return {source, *(plain(label(language, f"source_word.{source}")) for language in LANGUAGES)}


async def _caller_in(work: Work, typed: str) -> tuple[Customer | Caller | None, str]:
    """Whom the text begins with, and what they said: "#17 ...", or a name and perhaps a phone number."""
    if typed.startswith("#"):
        head, _, words = typed.partition(" ")
        return await customer_called(work, head), words.strip()
    head, _, rest = typed.partition(" ")
    number, _, after = rest.strip().partition(" ")
    phone = normal_phone(number, work.plan)
    name = display_name(head, None)
    return Caller(name, phone) if name else None, after.strip() if phone else rest.strip()
