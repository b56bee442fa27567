"""Bans and mutes for abuse: told to the customer, over by themselves, and no wall before words of danger.

Banned: what the customer writes is stored and counted, and reaches nobody; what they press changes nothing. Muted:
it reaches staff without a sound and starts no clock. Either way, words that make a case critical, and all words while
one is open, go through.
"""

from datetime import datetime, timedelta

from handlers.authority import require
from handlers.moments import in_their_words
from handlers.names import shown_name
from handlers.refusals import Refusal
from handlers.said import Said, stored
from handlers.speaking import button, change_message, tell_customer, tell_staff
from models.cases import cases_of
from models.customers import Customer
from models.delivery import Priority
from models.messages import Author, new_message
from models.plan import Plan
from models.routing.words import severity_of
from models.staff import Role, Staff, main_group
from models.work import Work
from templates import label

LONGEST = timedelta(days=366)
#: How much of a reason is kept (characters).
REASON = 300


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


async def require_heard(work: Work, customer: Customer) -> None:
    """Raises Refusal for whoever is banned: what they press changes nothing."""
    if customer.banned_until and await is_banned(work, customer, ""):
        raise Refusal("banned", until=in_their_words(work, customer, customer.banned_until, lasting=True))


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


def ban(work: Work, customer: Customer, until: datetime, reason: str, by: Staff) -> None:
    """What the customer writes reaches nobody until then, a year at most; raises Refusal."""
    _check(work, customer, until, reason, by, "ban_usage")
    customer.banned_until = until
    _tell(work, customer, "banned", until, reason, by)


def mute(work: Work, customer: Customer, until: datetime, reason: str, by: Staff) -> None:
    """What the customer writes reaches staff without a sound until then, a year at most; raises Refusal."""
    _check(work, customer, until, reason, by, "mute_usage")
    customer.muted_until = until
    _tell(work, customer, "muted", until, reason, by)


def unban(work: Work, customer: Customer, by: Staff) -> None:
    """An end to ban and mute before their time; raises Refusal where there is neither."""
    require(by, Role.SUPERVISOR)
    if not (_holds(customer.banned_until, work.now) or _holds(customer.muted_until, work.now)):
        raise Refusal("not_banned")
    customer.banned_until = customer.muted_until = None
    work.audit(by, "unbanned", customer.subject)
    tell_customer(work, customer, "customers/unbanned")


def _check(work: Work, customer: Customer, until: datetime, reason: str, by: Staff, usage: str) -> None:
    require(by, Role.SUPERVISOR)
    if not reason or not work.now < until <= work.now + LONGEST:
        raise Refusal(usage)
    if not customer.has_chat:
        raise Refusal("no_telegram", number=customer.id)


def _tell(work: Work, customer: Customer, what: str, until: datetime, reason: str, by: Staff) -> None:
    work.audit(by, what, customer.subject, until=until.isoformat(), reason=reason[:REASON])
    objection = [[button(label(customer.language, "button.object"), f"object:{int(until.timestamp())}")]]
    values = {"until": in_their_words(work, customer, until, lasting=True)}
    template = "customers/banned" if what == "banned" else "customers/muted"
    tell_customer(work, customer, template, values, buttons=objection)


async def object_to(work: Work, customer: Customer, ends: int, shown_at: int) -> None:
    """The customer says that it is wrong: a supervisor is to look at it again, once.

    `ends` is when that ban or mute ends (seconds since 1970), `shown_at` the message that told of it, which loses its
    button. Raises Refusal for one that does not hold any more.
    """
    lasting = [each for each in (customer.banned_until, customer.muted_until) if each and each > work.now]
    if ends not in {int(each.timestamp()) for each in lasting}:
        raise Refusal("stale")
    work.audit(customer, "objected", customer.subject)
    group, values = await main_group(work), {"name": await shown_name(work, customer), "number": customer.id}
    tell_staff(work, group, customer, "customers/objects", values, priority=Priority.ANSWER)
    change_message(work, customer, shown_at, "customers/objected", {}, [])
