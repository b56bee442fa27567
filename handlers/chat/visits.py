"""The doors of return visits: the question's buttons in a customer's chat, tasks and lists among staff."""

from collections.abc import Sequence
from datetime import datetime

from handlers import cases, questionnaires
from handlers.chat.doors import Place, in_place
from handlers.chat.hearing import hear_said
from handlers.chat.places import case_in_hand, case_or_none, customer_here, language_here
from handlers.chat.presses import answer_press, press_under, pressed
from handlers.customers import known
from handlers.moments import in_our_words, read_moment
from handlers.refusals import Refusal
from handlers.visits import answers, planning, questions, results, tasks, typed_answers
from handlers.visits.agenda import DAY_BEGINS, agenda_of
from models.staff import Staff, staff_named
from models.visits import Visit, VisitState, visit_begun_last, visit_numbered
from models.work import Work
from templates import LANGUAGES, label

# -- a customer's chat


async def answer(work: Work, place: Place) -> None:
    """A button of the question."""
    customer, press, shown_at = await known(work, place.account), pressed(place), place.message["message_id"]
    visit, given = await visit_numbered(work, press.number()), press.word(1)
    if visit is None:
        raise Refusal("stale")
    if given in questions.SIDES:
        await answers.turn(work, visit, given, customer, shown_at=shown_at)
        answer_press(work, place)
    else:
        await answers.answer(work, visit, given, customer, shown_at=shown_at)
        answer_press(work, place, label(customer.language, "toast.thanks"))


def may_answer(place: Place) -> bool:
    """Whether a message may be the answer to a visit's question."""
    typed = place.what == "message" and place.customer is not None
    return typed and typed_answers.answer_in(place.text, of_case=True) is not None


async def words(work: Work, place: Place) -> None:
    """Words that may mean a button of the question; where they answer nothing of ours, they are words as ever."""
    customer, said = await known(work, place.account), await hear_said(work, place)
    if not await typed_answers.answer_typed(work, customer, said):
        await questionnaires.hear(work, customer, said)


# -- an agent's task


async def fill_in(work: Work, place: Place) -> None:
    """A button of the task's form."""
    visit, person, key = await _visit_pressed(work, place), place.speaker, pressed(place).word(1)
    if key == "how_to_note":
        answer_press(work, place, label(person.language, "toast.how_to_note_visit"), alert=True)
    elif key == "questionnaire":
        await results.open_questionnaire(work, visit, person)
        answer_press(work, place)
    elif key in tasks.PAGES:
        await tasks.turn_to(work, visit, key, person, place.staff_group, place.message["message_id"])
        answer_press(work, place)
    else:
        await _record(work, visit, key, person)
        await _draw(work, place, visit)
        answer_press(work, place, label(person.language, "toast.noted"))


async def _record(work: Work, visit: Visit, key: str, person: Staff) -> None:
    if outcome := results.OUTCOMES.get(key):
        await results.record_outcome(work, visit, outcome, person)
    elif key in results.NOT_REACHED:
        await results.record_no_answer(work, visit, person)
    else:
        await results.put_off(work, visit, key, person)


async def show_as_it_is(work: Work, place: Place) -> None:
    """What was pressed stands under a task that is over, or was moved: it is drawn anew."""
    visit = await _visit_pressed(work, place)
    if visit.state is not VisitState.DUE:
        await _draw(work, place, visit)


async def _draw(work: Work, place: Place, visit: Visit) -> None:
    await tasks.draw(work, visit, place.staff_group, place.message["message_id"])


async def _visit_pressed(work: Work, place: Place) -> Visit:
    """The visit under whose task was pressed, in the topic of its customer; raises Refusal."""
    return _of_customer_here(place, await visit_numbered(work, pressed(place).number()))


def _of_customer_here(place: Place, visit: Visit | None) -> Visit:
    if visit is None or place.customer is None or place.customer.id != visit.customer_id:
        raise Refusal("stale")
    return visit


def notes_visit(place: Place) -> bool:
    """Whether a message answers the task of a visit: known by the form under it, or by how it begins."""
    reply = place.raw.get("reply_to_message") or {}
    if place.what != "message" or not (reply.get("from") or {}).get("is_bot"):
        return False
    begins = tuple(label(language, "visit_task.title") for language in LANGUAGES)
    return press_under(place, "visit") is not None or str(reply.get("text", "")).startswith(begins)


async def note(work: Work, place: Place) -> None:
    """A reply to the task is a note on the visit: the one under whose form it stands, else the one begun last."""
    customer, press = customer_here(place), press_under(place, "visit")
    visit = await visit_numbered(work, press.number()) if press else None
    visit = _of_customer_here(place, visit or await visit_begun_last(work, customer.id))
    case = await case_or_none(work, place, customer, elsewhere_too=True)
    await results.note_visit(work, visit, case, await hear_said(work, place), place.speaker)
    in_place(work, place, "visits/noted", {})


# -- lists, and visits by hand


async def agenda(work: Work, place: Place) -> None:
    """/visits: what is late, today, and in the days to come; a supervisor's department's too."""
    values = await agenda_of(work, place.speaker, language_here(work, place))
    in_place(work, place, "visits/list", values)


async def plan(work: Work, place: Place) -> None:
    """/visit @name date reason: an agent's visit by hand; without a name one's own."""
    customer, said = customer_here(place), place.rest.split()
    owner = await _owner_named(work, said.pop(0)) if said and said[0].startswith("@") else place.speaker
    at, reason = _moment_and_reason(work, said)
    if at is None:
        raise Refusal("visit_usage")
    case = await case_or_none(work, place, customer, elsewhere_too=True)
    visit = await planning.plan_visit(work, customer, case, at, place.speaker, owner=owner, note=reason)
    values = {"name": owner.name, "at": in_our_words(work, visit.due_at, lasting=True)}
    in_place(work, place, "visits/planned", values)


async def _owner_named(work: Work, name: str) -> Staff:
    owner = await staff_named(work, name.removeprefix("@"))
    if owner is None:
        raise Refusal("role_who")
    return owner


def _moment_and_reason(work: Work, words: Sequence[str]) -> tuple[datetime | None, str]:
    """The longest beginning that is a moment, and what follows it; a day alone means when its work begins."""
    zone = work.plan.business.timezone
    for length in range(min(3, len(words)), 0, -1):
        said, rest = " ".join(words[:length]), " ".join(words[length:])
        if at := read_moment(said, work.now, zone):
            return at, rest
        if ":" not in said and read_moment(f"{said} 23:59", work.now, zone):
            return read_moment(f"{said} {DAY_BEGINS:%H:%M}", work.now, zone) or work.now, rest
    return None, ""


async def set_subject(work: Work, place: Place) -> None:
    """/subject words: what the matter is, in words that may be said to the customer."""
    customer, said = customer_here(place), place.rest
    if not said:
        raise Refusal("subject_usage")
    case = await case_in_hand(work, place, customer)
    cases.set_subject(work, case, said, place.speaker)
    in_place(work, place, "visits/subject_set", {"number": case.id, "subject": case.subject})
