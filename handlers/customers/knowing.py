"""Getting to know customers, what the bot says about itself, and whether they can be reached."""

from typing import Any

from handlers.chat.doors import Place, in_place
from handlers.chat.presses import answer_press
from handlers.happenings import StandingChanged
from handlers.refusals import Refusal
from handlers.speaking import button, customer_keyboard, tell_customer, tell_staff
from models.cases import CaseKind, recent_cases
from models.customers import Customer, customer_of_user, display_name, remember_customer
from models.customers.tiers import segments_by_rule, tier_by_rule
from models.delivery import Priority
from models.staff import Staff, StaffGroup, staff_group, staff_groups
from models.topics import topic_of
from models.work import Work
from templates import LANGUAGES, label


async def known(work: Work, user: dict[str, Any]) -> Customer:
    """The customer behind a Telegram user, made on first sight; name and language are kept up to date."""
    customer = await customer_of_user(work, user["id"])
    name = display_name(user.get("first_name"), user.get("last_name"))
    if customer is None:
        language = _language(user.get("language_code")) or work.plan.business.language
        number = await work.number("customer")
        customer = Customer(
            id=number,
            user_id=user["id"],
            name=name or f"#{number}",
            username=user.get("username"),
            language=language,
            created_at=work.now,
            tier=tier_by_rule(work.plan, 0, 0),
        )
        customer.segments = segments_by_rule(work.plan, customer, ())
        remember_customer(work, customer)
    elif name and name != customer.name:
        customer.name = name
    if customer.username != user.get("username"):
        customer.username = user.get("username")
    return customer


def _language(code: str | None) -> str | None:
    """Our language for an IETF tag, or None where we have none of it."""
    prefix = (code or "").lower().partition("-")[0]
    return prefix if prefix in LANGUAGES else None


async def main_group(work: Work) -> StaffGroup:
    """The staff group of the setting: for what concerns no case, and whoever has none yet."""
    return (await staff_groups(work))[0]


async def welcome(work: Work, place: Place) -> None:
    """/start: greet, say how it works and what is stored, show the keyboard; staff read what the chat is for."""
    if place.agent:
        _note_private_chat(work, place, place.agent)
    if place.is_staff:
        in_place(work, place, "staff/welcome", {"name": place.speaker.name})
        return
    customer = await known(work, place.user)
    business = work.plan.business.name.get(customer.language, "")
    tell_customer(
        work,
        customer,
        "customers/welcome",
        {"business": business},
        keyboard=customer_keyboard(customer.language),
    )


def _note_private_chat(work: Work, place: Place, person: Staff) -> None:
    """From now on the bot may write to a member of staff, or to somebody who was one."""
    person.started_bot = True
    if person.name == str(person.user_id):  # an owner of the settings, who has not spoken in a group yet
        user = place.user
        person.name = display_name(user.get("first_name"), user.get("last_name")) or person.name
        person.username = user.get("username")
    work.happen(StandingChanged(person))


async def say_help(work: Work, place: Place) -> None:
    """/help; whose number we do not have can share it, and may turn out to be a customer from elsewhere."""
    customer = await known(work, place.user)
    ask_phone = customer.phone is None
    keyboard = customer_keyboard(customer.language, ask_phone=ask_phone)
    tell_customer(work, customer, "customers/help", {"ask_phone": ask_phone}, keyboard=keyboard)


async def say_privacy(work: Work, place: Place) -> None:
    """/privacy: what is stored, why, and how to have it deleted."""
    customer = await known(work, place.user)
    business = work.plan.business.name.get(customer.language, "")
    tell_customer(work, customer, "customers/privacy", {"business": business})


async def ask_language(work: Work, place: Place) -> None:
    """/language: offer the languages, each in its own words."""
    customer = await known(work, place.user)
    buttons = [[button(label(language, "language.name"), f"language:{language}") for language in LANGUAGES]]
    tell_customer(work, customer, "customers/language", buttons=buttons)


async def set_language(work: Work, place: Place) -> None:
    """A press on a language: from now on everything to this customer is in it."""
    customer = await known(work, place.user)
    language = place.text.partition(":")[2]
    if language not in LANGUAGES:
        answer_press(work, place, label(customer.language, "refusal.stale"))
        return
    customer.language = language
    customer.language_chosen = True
    if place.agent:
        place.agent.language = language
        work.happen(StandingChanged(place.agent))
    answer_press(work, place, label(language, "toast.language_set"))
    tell_customer(work, customer, "customers/language_set", keyboard=customer_keyboard(language))


async def start_complaint(work: Work, place: Place) -> None:
    """The keyboard's complaint button: the next words start a complaint."""
    customer = await known(work, place.user)
    customer.next_is_new = True
    customer.next_kind = CaseKind.COMPLAINT
    tell_customer(work, customer, "customers/write_complaint")


async def start_new_matter(work: Work, place: Place) -> None:
    """The button "another matter": the next words start a case of their own."""
    customer = await known(work, place.user)
    customer.next_is_new = True
    answer_press(work, place)
    tell_customer(work, customer, "customers/write_new")


async def unknown_command(work: Work, place: Place) -> None:
    """A command we do not know: say so, and how to write to us."""
    customer = await known(work, place.user)
    tell_customer(work, customer, "customers/unknown_command", keyboard=customer_keyboard(customer.language))


async def reachability(work: Work, place: Place) -> None:
    """The customer blocked the bot, or let it back in: staff see it where they talk to them."""
    status = (place.raw.get("new_chat_member") or {}).get("status")
    customer = place.customer
    if customer is None:
        return
    if status == "kicked":
        await became_unreachable(work, customer, tell=True)
    elif status == "member" and customer.unreachable_since:
        customer.unreachable_since = None
        await _tell_if_known(work, customer, "delivery/unblocked")


async def became_unreachable(work: Work, customer: Customer, *, tell: bool) -> None:
    """Telegram will not deliver to this customer: nothing is sent unasked until they are back."""
    if customer.unreachable_since is None:
        customer.unreachable_since = work.now
        if tell:
            await _tell_if_known(work, customer, "delivery/blocked_itself")


async def _tell_if_known(work: Work, customer: Customer, template: str) -> None:
    """Tell staff in the customer's topic, if there is one: blocking the bot makes no topic."""
    latest = next(iter(await recent_cases(work, customer.id, 1)), None)
    group = await staff_group(work, latest.group_id) if latest else await main_group(work)
    if latest or await topic_of(work, customer.id, group.id or 0):
        tell_staff(work, group, customer, template, {"name": customer.name}, priority=Priority.NOTICE)


async def stale_press(_work: Work, _place: Place) -> None:
    """A button that means nothing any more, or never did."""
    raise Refusal("stale")
