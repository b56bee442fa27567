"""Fate: every fault does to the wire what it says, and to the world what it says."""

import json
import time

import aiohttp
import pytest

from tests.sandbox.bot import result
from tests.telegram import Json, Telegram

CUT = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError)


async def send(telegram: Telegram, person: Json) -> tuple[int, str]:
    """Send "x"; the status and body as they came over the wire."""
    url = f"{telegram.url}/bot{telegram.token}/sendMessage"
    call = {"chat_id": person["id"], "text": "x"}
    async with aiohttp.ClientSession() as session, session.post(url, json=call) as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize(("action", "arrives"), [("drop_before", 0), ("drop_after", 1), ("truncate", 1)])
async def test_the_connection_is_cut(calm: Telegram, action: str, arrives: int) -> None:
    person = await calm.user("Li")
    await calm.fault(action, "sendMessage")
    with pytest.raises(CUT):
        await send(calm, person)
    assert len(await calm.chat(person)) == arrives
    [*_, entry] = await calm.ledger("sendMessage")
    assert entry["fault"] == action
    assert entry["executed"] is bool(arrives)
    assert (await send(calm, person))[0] == 200, "one fault meets one call"


async def test_an_answer_is_held_after_the_call_was_carried_out(calm: Telegram) -> None:
    person = await calm.user("Li")
    await calm.fault("hold_after", "sendMessage", seconds=0.3)
    began = time.monotonic()
    assert (await send(calm, person))[0] == 200
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(
    ("fault", "status", "body", "arrives"),
    [
        ({"action": "html"}, 502, "<html>", 0),
        ({"action": "html", "execute": True}, 502, "<html>", 1),
        ({"action": "empty"}, 200, "", 1),
        ({"action": "status", "code": 500}, 500, '{"ok":false,"error_code":500', 0),
        ({"action": "status", "code": 500, "execute": True}, 500, '{"ok":false', 1),
        ({"action": "status", "code": 503, "body": "rubbish"}, 503, "rubbish", 0),
        ({"action": "status", "code": 200, "body": {"ok": False}}, 200, '{"ok":false}', 0),
    ],
)
async def test_the_answer_is_rubbish(calm: Telegram, fault: Json, status: int, body: str, arrives: int) -> None:
    person = await calm.user("Li")
    await calm.fault(**fault)
    got = await send(calm, person)
    assert got[0] == status
    assert got[1].startswith(body)
    assert len(await calm.chat(person)) == arrives


async def test_rules_meet_the_calls_they_name(calm: Telegram) -> None:
    person, other = await calm.user("Li"), await calm.user("Wang")
    await calm.fault("status", "sendMessage", times=2, chat_id=person["id"], after=1, code=502)
    assert (await send(calm, other))[0] == 200
    assert [(await send(calm, person))[0] for _ in range(4)] == [200, 502, 502, 200]
    await calm.fault("status", times=None, code=500)
    assert [(await send(calm, other))[0] for _ in range(3)] == [500, 500, 500]
    await calm.no_faults()
    assert (await send(calm, other))[0] == 200
    with pytest.raises(AssertionError, match="there is no fault 'bang'"):
        await calm.fault("bang")


@pytest.mark.parametrize("mode", ["cut", "502"])
async def test_the_network_goes_down_and_comes_back(calm: Telegram, mode: str) -> None:
    person = await calm.user("Li")
    await calm.down(0.5, mode)
    if mode == "cut":
        with pytest.raises(CUT):
            await send(calm, person)
    else:
        assert (await send(calm, person))[0] == 502
    assert await calm.chat(person) == []
    lost = (await calm.ledger("sendMessage", kind="call"))[-1]
    assert (lost["ok"], lost["error_code"]) == (False, 0 if mode == "cut" else 502), "who watches sees what fails"
    while (await calm.chat(person)) == []:
        try:
            await send(calm, person)
        except CUT:
            continue


async def test_latency_holds_every_answer(calm: Telegram) -> None:
    person = await calm.user("Li")
    await calm.latency(100)
    began = time.monotonic()
    status, body = await send(calm, person)
    assert status == 200
    assert json.loads(body)["ok"]
    assert 0.1 <= time.monotonic() - began < 2
    await result(calm, "getUpdates", timeout=0)
