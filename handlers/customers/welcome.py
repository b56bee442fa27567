"""What the bot says about itself, in which language, and what a customer's next words are to begin."""

from handlers.happenings.people import StandingChanged
from handlers.refusals import Refusal
from handlers.speaking import button, customer_keyboard, tell_customer
from models.cases import CaseKind
from models.customers import Customer
from models.staff import Staff
from models.work import Work
from templates import LANGUAGES, label


def welcome(work: Work, customer: Customer) -> None:
    """Greet, say how it works and what is stored, show the keyboard."""
    keyboard = customer_keyboard(customer.language)
    tell_customer(work, customer, "customers/welcome", _business(work, customer), keyboard=keyboard)


def say_help(work: Work, customer: Customer) -> None:
    """How it works; whose number we do not have can share it, and may turn out to be a customer from elsewhere."""
    ask_phone = customer.phone is None
    keyboard = customer_keyboard(customer.language, ask_phone=ask_phone)
    tell_customer(work, customer, "customers/help", {"ask_phone": ask_phone}, keyboard=keyboard)


def say_privacy(work: Work, customer: Customer) -> None:
    """What is stored, why, and how to have it deleted."""
    tell_customer(work, customer, "customers/privacy", _business(work, customer))


def _business(work: Work, customer: Customer) -> dict[str, str]:
    return {"business": work.plan.business.name.get(customer.language, "")}


def say_unknown(work: Work, customer: Customer) -> None:
    """That we do not know this command, and how to write to us."""
    tell_customer(work, customer, "customers/unknown_command", keyboard=customer_keyboard(customer.language))


def ask_language(work: Work, customer: Customer) -> None:
    """Offer the languages, each in its own words."""
    buttons = [[button(label(language, "language.name"), f"language:{language}") for language in LANGUAGES]]
    tell_customer(work, customer, "customers/language", buttons=buttons)


def set_language(work: Work, customer: Customer, language: str, also: Staff | None = None) -> None:
    """From now on everything to this customer is in it, and what they read as `also` on the staff; raises Refusal."""
    if language not in LANGUAGES:
        raise Refusal("stale")
    customer.language = language
    customer.language_chosen = True
    if also:
        also.language = language
        work.happen(StandingChanged(also))
    tell_customer(work, customer, "customers/language_set", keyboard=customer_keyboard(language))


def begin_complaint(work: Work, customer: Customer) -> None:
    """The customer's next words begin a complaint."""
    customer.next_is_new = True
    customer.next_kind = CaseKind.COMPLAINT
    tell_customer(work, customer, "customers/write_complaint")


def begin_new_matter(work: Work, customer: Customer) -> None:
    """The customer's next words begin a case of their own."""
    customer.next_is_new = True
    tell_customer(work, customer, "customers/write_new")
