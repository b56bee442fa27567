"""What customers want to get unasked, by buttons and by words."""

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlmodel import col, select

from handlers import speaking
from handlers.happenings.messages import CustomerSpoke
from handlers.happenings.people import OptedOut
from handlers.refusals import Refusal
from handlers.speaking import button, change_message, tell_customer
from models.contact import OPTIONAL, Consent, Purpose, allowed_by, quiet_hours
from models.customers import Customer
from models.work import Work
from templates import LANGUAGES, label, word_list

#: A wish to be left alone is short; what is longer says something else too (characters).
LONGEST_STOP = 60

# -- what customers want


async def preferences(work: Work, customer: Customer) -> None:
    """Show what we write unasked, and a button to switch each on or off."""
    allowed = await allowed_to(work, customer)
    tell_customer(work, customer, "contact/preferences", _values(work, allowed), buttons=_switches(customer, allowed))


def _values(work: Work, allowed: frozenset[Purpose]) -> dict[str, Any]:
    purposes = [{"purpose": each.value, "on": each in allowed} for each in OPTIONAL]
    return {"purposes": purposes, "quiet": quiet_hours(work.plan)}


def _switches(customer: Customer, allowed: frozenset[Purpose]) -> speaking.Buttons:
    return [
        [button(label(customer.language, f"stop.{each.value}"), f"prefer:{each.value}:off")]
        if each in allowed
        else [button(label(customer.language, f"agree.{each.value}"), f"prefer:{each.value}:on")]
        for each in OPTIONAL
    ]


async def allowed_to(work: Work, customer: Customer) -> frozenset[Purpose]:
    """The purposes for which we may write to the customer."""
    query = select(Consent).where(Consent.customer_id == customer.id).order_by(col(Consent.id))
    return allowed_by(await work.all(query))


async def prefer(work: Work, customer: Customer, purpose: Purpose, given: bool, shown_at: int) -> None:
    """The customer switches a purpose on or off; the words that the button has for it are kept.

    The switches stand at `shown_at`. Raises Refusal for a purpose that has none.
    """
    _require_optional(purpose)
    wording = label(customer.language, f"wording.{purpose.value}" if given else f"stop.{purpose.value}")
    _agree(work, customer, [purpose], given=given, wording=wording, how="button")
    allowed = await allowed_to(work, customer)
    values, buttons = _values(work, allowed), _switches(customer, allowed)
    change_message(work, customer, shown_at, "contact/preferences", values, buttons)


async def stop(work: Work, customer: Customer, purpose: Purpose) -> None:
    """The customer wants no more of the kind; they read so once. Raises Refusal for what nobody can stop."""
    _require_optional(purpose)
    if purpose in await allowed_to(work, customer):
        wording = label(customer.language, f"stop.{purpose.value}")
        refuse(work, customer, [purpose], wording, "button")
        tell_customer(work, customer, "contact/stopped", {"purposes": [purpose.value]})


def _require_optional(purpose: Purpose) -> None:
    if purpose not in OPTIONAL:
        raise Refusal("stale")


def refuse(work: Work, customer: Customer, purposes: Sequence[Purpose], wording: str, how: str) -> None:
    """The customer wants no more of these."""
    _agree(work, customer, purposes, given=False, wording=wording, how=how)


def _agree(
    work: Work, customer: Customer, purposes: Sequence[Purpose], *, given: bool, wording: str, how: str
) -> None:
    for purpose in purposes:
        work.add(
            Consent(customer_id=customer.id, purpose=purpose, given=given, at=work.now, wording=wording, how=how)
        )
    if not given:
        work.happen(OptedOut(customer, tuple(purposes)))


async def heed_stop(work: Work, spoke: CustomerSpoke) -> None:
    """Words such as "stop messaging me" count as much as a button; they reach staff like any others."""
    if not asks_to_stop(spoke.words):
        return
    still = [each for each in OPTIONAL if each in await allowed_to(work, spoke.customer)]
    # What is off already is said no to once more: the customer may ask for the date.
    refuse(work, spoke.customer, OPTIONAL, spoke.words, "words")
    if still:
        values = {"purposes": [each.value for each in OPTIONAL]}
        tell_customer(work, spoke.customer, "contact/stopped", values, case=spoke.case)


def asks_to_stop(text: str) -> bool:
    """Whether the words ask us to write no more, in any of our languages."""
    if len(text) > LONGEST_STOP:
        return False
    said = " ".join(
        unicodedata.normalize("NFKC", text).casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split()
    )
    alone, phrases = _stop_words()
    return said.strip(" .!\N{IDEOGRAPHIC FULL STOP}") in alone or any(phrase in said for phrase in phrases)


@cache
def _stop_words() -> tuple[frozenset[str], tuple[str, ...]]:
    """What asks for it by itself, and what asks for it within a sentence."""
    alone = frozenset(word for language in LANGUAGES for word in word_list(language, "stop_words.alone"))
    return alone, tuple(word for language in LANGUAGES for word in word_list(language, "stop_words.within"))
