"""Refusals of what staff press about their words in private."""

from tests.desk import AGENT, SUPERVISOR
from tests.line import Update
from tests.refusals.shop import Shop, at_once, refuses

for forged in ("mine:999:own", "unsay:999"):
    at_once("stale", lambda shop, data=forged: {"callback_query": shop.pressed(100 + AGENT, data)})  # type: ignore[misc]


async def _asked(shop: Shop) -> None:
    """An agent who has 王's case writes to the bot alone, and is asked whom that is for."""
    await shop.done(shop.staff_says("/claim"), shop.in_private("您好，新壶明天送到"))


def _presses(shop: Shop, instead: str = "", **who: int) -> Update:
    data, under = shop.button("mine:", ":send:1001")
    return shop.staff_presses(data.replace("send:1001", instead) if instead else data, under=under, **who)


@refuses("stale")
async def _(shop: Shop) -> Update:
    """A second time."""
    await _asked(shop)
    press = _presses(shop)
    await shop.done(press)
    return press


@refuses("stale")
async def _(shop: Shop) -> Update:
    """Somebody else's words."""
    await _asked(shop)
    return _presses(shop, who=SUPERVISOR)


@refuses("stale")
async def _(shop: Shop) -> Update:
    """A case that was not offered, and what is no choice."""
    await _asked(shop)
    return _presses(shop, "send:999")


@refuses("stale")
async def _(shop: Shop) -> Update:
    await _asked(shop)
    return _presses(shop, "nonsense")


@refuses("stale")
async def _(shop: Shop) -> Update:
    """Somebody else's answer is taken back by themselves alone, or in the topic."""
    await _asked(shop)
    await shop.done(_presses(shop))
    data, under = shop.button("unsay:")
    return shop.staff_presses(data, SUPERVISOR, under)
