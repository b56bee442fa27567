"""The doors of questionnaires: what customers tap, write and vote, and the form that an agent fills in for them."""

from datetime import timedelta

from handlers import questionnaires
from handlers.cards import own_case
from handlers.chat.doors import Place
from handlers.chat.hearing import hear_said
from handlers.chat.presses import answer_press, press_under, pressed
from handlers.customers import known
from handlers.refusals import NotYet, Refusal
from models.questionnaires import Invitation
from models.questionnaires.invitations import answer_numbered, invitation_numbered, poll_called
from models.work import Work
from templates import label

#: How long a vote may wait for its poll to be known.
POLL_WAIT = timedelta(seconds=20)

# -- a customer's chat


async def press(work: Work, place: Place) -> None:
    """A button under a question."""
    customer, press = await known(work, place.account), pressed(place)
    invitation = await _invitation(work, press.number())
    shown_at, value = place.message.get("message_id"), press.rest(2)
    scored = await questionnaires.answer_question(work, invitation, press.number(1), value, customer, shown_at)
    answer_press(work, place, label(customer.language, "toast.thanks") if scored else "")


async def _invitation(work: Work, key: int) -> Invitation:
    invitation = await invitation_numbered(work, key)
    if invitation is None:
        raise Refusal("stale")
    return invitation


async def not_solved(work: Work, place: Place) -> None:
    """The button "not solved" under what was done."""
    customer, press = await known(work, place.account), pressed(place)
    case = await own_case(work, customer, press.number())
    await questionnaires.not_solved(work, case, press.number(1), customer, place.message["message_id"])
    answer_press(work, place, label(customer.language, "toast.reopened"))


def may_answer(place: Place) -> bool:
    """Whether a message may be one for a questionnaire that is open."""
    return place.what == "message" and place.customer is not None and place.customer.open_run_id is not None


async def words(work: Work, place: Place) -> None:
    """What a customer writes or sends while a questionnaire may be open."""
    await questionnaires.hear(work, await known(work, place.account), await hear_said(work, place))


async def vote(work: Work, place: Place) -> None:
    """A vote in a poll of ours; who was not asked can vote where it was passed on: that counts for nothing."""
    poll = await poll_called(work, str(place.raw.get("poll_id")))
    if poll is None:
        if work.age < POLL_WAIT:
            raise NotYet  # Telegram may not have told us yet which poll this is
        return
    invitation = await _invitation(work, poll.invitation_id)
    if place.customer is not None and place.customer.id == invitation.customer_id:
        await questionnaires.vote(work, poll, place.raw.get("option_ids", ()), place.customer)


# -- among staff


async def press_form(work: Work, place: Place) -> None:
    """A button of the form."""
    press = pressed(place)
    invitation, value = await _form_here(work, place, press.number()), press.rest(2)
    shown_at = place.message["message_id"]
    await questionnaires.fill_in(work, invitation, press.number(1), value, place.speaker, shown_at)
    answer_press(work, place)


async def _form_here(work: Work, place: Place, key: int) -> Invitation:
    """The invitation, where its form may stand: with the customer whom it asks."""
    invitation = await _invitation(work, key)
    if place.customer is None or place.customer.id != invitation.customer_id:
        raise Refusal("stale")
    return invitation


def answers_form(place: Place) -> bool:
    """Whether a message answers a form: its buttons are always under it."""
    return place.what == "message" and press_under(place, "form") is not None


async def form_words(work: Work, place: Place) -> None:
    """A reply to the form is the customer's answer in words; it goes to nobody."""
    press = press_under(place, "form")
    if press is None or "forward_origin" in place.raw:
        raise Refusal("stale")
    invitation, said = await _form_here(work, place, press.number()), await hear_said(work, place)
    shown_at = place.raw["reply_to_message"]["message_id"]
    await questionnaires.fill_in_words(work, invitation, said.text, place.speaker, shown_at)


async def make_case(work: Work, place: Place) -> None:
    """The button under an answer in words."""
    answer = await answer_numbered(work, pressed(place).number())
    if answer is None:
        raise Refusal("stale")
    invitation = await _invitation(work, answer.invitation_id)
    if place.customer is not None and place.customer.id != invitation.customer_id:
        raise Refusal("stale")
    case = await questionnaires.make_case(work, answer, place.speaker)
    answer_press(work, place, label(place.speaker.language, "toast.case_made", number=case.id))
