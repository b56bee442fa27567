"""429, and what a bot must not do after one."""

import pytest

from bot.sandbox.errors import ApiError
from bot.sandbox.ledger import Ledger
from bot.sandbox.limits import Limits, Rates
from tests.sandbox.bot import result
from tests.telegram import Json, Telegram


async def test_a_private_chat_takes_one_message_a_second(calm: Telegram) -> None:
    person = await calm.user("Li")
    await calm.limits(chat_per_second=1)
    await result(calm, "sendMessage", chat_id=person["id"], text="1")
    answer = await calm.call("sendMessage", chat_id=person["id"], text="2")
    assert answer["error_code"] == 429
    assert answer["description"] == "Too Many Requests: retry after 1"
    assert answer["parameters"] == {"retry_after": 1}
    await result(calm, "sendChatAction", chat_id=person["id"], action="typing")
    before = len(await calm.violations())
    assert not (await calm.call("sendMessage", chat_id=person["id"], text="3"))["ok"]
    violations = await calm.violations()
    assert len(violations) == before + 1
    assert violations[-1]["reason"] == "inside_retry_after"
    await calm.clock(1)
    await result(calm, "sendMessage", chat_id=person["id"], text="4")


async def test_albums_and_copies_count_each_item_against_the_group(calm: Telegram) -> None:
    owner = await calm.user("Owner")
    group = await calm.group("Staff", [owner])
    album = await calm.album(owner, ["photo"] * 8)
    await calm.limits(group_per_minute=20)
    copy = {"chat_id": group["id"], "from_chat_id": owner["id"]}
    ids = [message["message_id"] for message in album]
    await result(calm, "copyMessages", **copy, message_ids=ids)
    await result(calm, "copyMessages", **copy, message_ids=ids)
    assert not (await calm.call("copyMessages", **copy, message_ids=ids))["ok"]
    await calm.clock(60)
    await result(calm, "copyMessages", **copy, message_ids=ids)


async def test_a_call_that_fails_counts_nothing(calm: Telegram) -> None:
    person = await calm.user("Li")
    await calm.limits(chat_per_second=1)
    assert not (await calm.call("sendMessage", chat_id=person["id"], text=" "))["ok"]
    await result(calm, "sendMessage", chat_id=person["id"], text="1")


def calls_until_refused(limits: Limits, now: float, method: str, chat_id: int) -> int:
    """How many calls at one moment are let through."""
    for count in range(1000):
        try:
            limits.charge(now, method, chat_id, {})
        except ApiError:
            return count
    raise AssertionError("never refused")


@pytest.mark.parametrize(
    ("rates", "method", "chat_id", "at_once"),
    [
        ({"group_per_minute": 20}, "sendmessage", -1, 20),
        ({"chat_per_second": 1}, "sendmessage", 1, 1),
        ({"chat_per_second": 1, "chat_burst": 3}, "sendmessage", 1, 4),
        ({"chat_per_second": 0.5}, "sendmessage", 1, 1),
        ({"overall_per_second": 30}, "editmessagetext", 1, 30),
        ({"topics_per_minute": 6}, "createforumtopic", -1, 6),
    ],
)
def test_each_limit_is_a_strict_window(rates: Json, method: str, chat_id: int, at_once: int) -> None:
    off: Json = {"group_per_minute": None, "chat_per_second": None, "overall_per_second": None}
    limits = Limits(Rates(**{**off, **rates}), Ledger())
    assert calls_until_refused(limits, 1000.0, method, chat_id) == at_once
    with pytest.raises(ApiError) as refused:
        limits.charge(1000.0, method, chat_id, {})
    assert refused.value.parameters is not None
    assert calls_until_refused(limits, 1000.0 + refused.value.parameters["retry_after"], method, chat_id) >= 1


def test_the_window_slides() -> None:
    limits = Limits(Rates(20, None, None), Ledger())
    for second in range(20):
        limits.charge(1000.0 + second, "sendmessage", -1, {})
    with pytest.raises(ApiError) as refused:
        limits.charge(1020.0, "sendmessage", -1, {})
    assert refused.value.parameters == {"retry_after": 40}
    limits.charge(1060.0, "sendmessage", -1, {})


async def test_a_pause_that_fate_orders_is_watched_too(calm: Telegram) -> None:
    person, other = await calm.user("Li"), await calm.user("Wang")
    await calm.fault("status", "sendMessage", code=429, parameters={"retry_after": 5})
    assert not (await calm.call("sendMessage", chat_id=person["id"], text="1"))["ok"]
    before = len(await calm.violations())
    await result(calm, "sendMessage", chat_id=other["id"], text="1")
    answer = await calm.call("sendMessage", chat_id=person["id"], text="2")
    assert answer["parameters"] == {"retry_after": 5}
    assert len(await calm.violations()) == before + 1
    await calm.clock(5)
    await result(calm, "sendMessage", chat_id=person["id"], text="3")
