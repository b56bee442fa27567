"""/ban and /mute for abuse: told to the customer, over by themselves, and no wall before words of danger.

Banned: what the customer writes is stored and counted, and reaches nobody; what they press changes nothing. Muted:
it reaches staff without a sound and starts no clock. Either way, words that make a case critical, and all words while
one is open, go through.
"""

import re
from datetime import datetime, timedelta

from handlers.chat.doors import Do, Place, in_place
from handlers.chat.presses import answer_press
from handlers.customers.knowing import known, main_group
from handlers.customers.whom import customer_and_words
from handlers.moments import in_their_words
from handlers.refusals import Refusal
from handlers.said import Said, stored
from handlers.speaking import button, change_message, tell_customer, tell_staff
from models.cases import cases_of
from models.customers import Customer
from models.delivery import Priority
from models.messages import Author, new_message
from models.plan import Plan
from models.routing.words import severity_of
from models.work import Work
from templates import LANGUAGES, label, word_list

LONGEST = timedelta(days=366)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def is_critical(plan: Plan, words: str) -> bool:
    """Whether words tell of a danger that is answered day and night."""
    severity = severity_of(plan, words)
    return severity is not None and severity.around_the_clock


async def is_banned(work: Work, customer: Customer, words: str) -> bool:
    """Whether these words are to reach nobody."""
    return _holds(customer.banned_until, work.now) and not await _in_danger(work, customer, words)


async def is_muted(work: Work, customer: Customer, words: str) -> bool:
    """Whether these words are to reach staff without a sound."""
    return _holds(customer.muted_until, work.now) and not await _in_danger(work, customer, words)


def unless_banned(do: Do, but: str = "") -> Do:
    """What a press does, for customers who are heard; whoever is banned is told so.

    A press that ends with `but` is done all the same: nobody loses the right to be left alone.
    """

    async def heard(work: Work, place: Place) -> None:
        customer = place.customer
        free = but != "" and place.text.endswith(but)
        if customer and customer.banned_until and not free and await is_banned(work, customer, ""):
            raise Refusal("banned", until=in_their_words(work, customer, customer.banned_until, lasting=True))
        await do(work, place)

    return heard


def _holds(until: datetime | None, now: datetime) -> bool:
    return until is not None and until > now


async def _in_danger(work: Work, customer: Customer, words: str) -> bool:
    """Whether the words tell of a danger, or an open case already does."""
    if is_critical(work.plan, words):
        return True
    unfinished = [case for case in await cases_of(work, customer.id) if case.unfinished]
    severities = [work.plan.severity_named(case.severity) for case in unfinished]
    return any(severity is not None and severity.around_the_clock for severity in severities)


def keep_unheard(work: Work, customer: Customer, said: Said) -> None:
    """Store what a banned customer wrote; it belongs to no case."""
    if not said.content.housekeeping:
        new_message(work, customer_id=customer.id, author=Author.UNHEARD, **{**stored(said), "reply_to_id": None})


async def ban(work: Work, place: Place) -> None:
    """/ban 30d reason."""
    customer, until, reason = await _sentence(work, place, "ban_usage")
    customer.banned_until = until
    _say(work, place, customer, "banned", until, reason)


async def mute(work: Work, place: Place) -> None:
    """/mute 2h reason."""
    customer, until, reason = await _sentence(work, place, "mute_usage")
    customer.muted_until = until
    _say(work, place, customer, "muted", until, reason)


async def unban(work: Work, place: Place) -> None:
    """/unban: an end to ban and mute before their time."""
    customer, _ = await customer_and_words(work, place)
    if not (_holds(customer.banned_until, work.now) or _holds(customer.muted_until, work.now)):
        raise Refusal("not_banned")
    customer.banned_until = customer.muted_until = None
    work.audit(place.speaker, "unbanned", f"customer:{customer.id}")
    tell_customer(work, customer, "customers/unbanned")
    in_place(work, place, "customers/ban_lifted", {"name": customer.name, "by": place.speaker.name})


async def _sentence(work: Work, place: Place, usage: str) -> tuple[Customer, datetime, str]:
    customer, words = await customer_and_words(work, place)
    for_how_long, _, reason = words.partition(" ")
    length, reason = read_length(for_how_long), " ".join(reason.split())[:300]
    if length is None or not reason:
        raise Refusal(usage)
    if customer.user_id is None:
        raise Refusal("no_telegram", number=customer.id)
    return customer, work.now + length, reason


def read_length(text: str) -> timedelta | None:
    """ "30d", "2h" or the same in words of our languages; None for nothing of the kind, or for more than a year."""
    match = re.fullmatch(r"(\d{1,5})(\w{1,7})", text.strip().casefold())
    units = {
        word.casefold(): unit
        for unit in _UNITS
        for language in LANGUAGES
        for word in (unit, *word_list(language, f"length_units.{unit}"))
    }
    if match is None or match[2] not in units:
        return None
    length = timedelta(**{_UNITS[units[match[2]]]: int(match[1])})
    return length if timedelta(0) < length <= LONGEST else None


def _say(work: Work, place: Place, customer: Customer, what: str, until: datetime, reason: str) -> None:
    work.audit(place.speaker, what, f"customer:{customer.id}", until=until.isoformat(), reason=reason)
    objection = [[button(label(customer.language, "button.object"), f"object:{int(until.timestamp())}")]]
    template = "customers/banned" if what == "banned" else "customers/muted"
    tell_customer(
        work, customer, template, {"until": in_their_words(work, customer, until, lasting=True)}, buttons=objection
    )
    shown = f"{until.astimezone(work.plan.business.timezone):%Y-%m-%d %H:%M}"
    values = {"what": what, "name": customer.name, "until": shown, "reason": reason, "by": place.speaker.name}
    in_place(work, place, "customers/ban_set", values)


async def objects(work: Work, place: Place) -> None:
    """The customer's button under what they were told: a supervisor is to look at it again, once."""
    customer = await known(work, place.user)
    until = place.text.partition(":")[2]
    ends = [each for each in (customer.banned_until, customer.muted_until) if each and each > work.now]
    if until not in {str(int(each.timestamp())) for each in ends}:
        raise Refusal("stale")
    work.audit(customer, "objected", f"customer:{customer.id}")
    group, values = await main_group(work), {"name": customer.name, "number": customer.id}
    tell_staff(work, group, customer, "customers/objects", values, priority=Priority.ANSWER)
    change_message(work, customer, place.message["message_id"], "customers/objected", {}, [])
    answer_press(work, place, label(customer.language, "toast.thanks"))
