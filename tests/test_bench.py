"""The measurements work; what they find is for `python -m tests.bench`, on a machine that does nothing else.

Each of them runs on one of the databases, which are another address and the same code.
"""

from contextlib import nullcontext
from typing import Any

import pytest

from tests.bench import first, relay, simulate, wave
from tests.bench.relay import Load, Results, Round, measure
from tests.bench.report import goals, table


async def test_a_small_measurement_loses_nothing_and_reports_every_figure() -> None:
    load = Load("sqlite", rounds=1, messages=30, customers=5, steady_seconds=1, forked=True)

    results = await measure(load)

    assert [each.lost for each in (*results.echo, *results.product)] == [0, 0]
    assert (len(results.latencies), results.late) == (25, 0)
    assert all(each.rate > 0 and each.cpu > 0 and each.memory > 0 for each in (*results.echo, *results.product))
    assert "stock echo" in table(load, results)
    assert "huifang" in table(load, results)


@pytest.fixture
def running_server(monkeypatch: pytest.MonkeyPatch, postgres_server: str) -> None:
    """A measurement starts a server of its own, for it is not careless; here it is given the one that runs."""
    for module in (relay, wave):
        monkeypatch.setattr(module, "running_postgres", lambda **_how: nullcontext(postgres_server))


def test_a_missed_goal_is_named_with_its_bound() -> None:
    echo = Round(rate=800, cpu=1.2, memory=55, server=0.2, lost=0)
    slow = Round(rate=600, cpu=1.5, memory=90, server=0.2, lost=1)

    missed = [str(goal) for goal in goals(Results([echo], [slow], [0.01] * 99 + [0.2], late=0)) if not goal.met]

    assert missed == [
        "MISSED  lost: 1.00 (at most 0)",
        "MISSED  rate, as a multiple of the echo's: 0.75 (at least 1)",
        "MISSED  CPU for a message, as a multiple of the echo's: 1.25 (at most 0.7)",
    ]


def test_a_bot_that_reaches_every_goal_passes() -> None:
    echo = Round(rate=800, cpu=1.2, memory=55, server=0.2, lost=0)
    quick = Round(rate=1200, cpu=0.8, memory=90, server=0.3, lost=0)

    assert all(goal.met for goal in goals(Results([echo], [quick], [0.01, 0.02], late=0)))


def test_beside_another_checkout_both_stand_in_the_table_and_the_slower_one_is_told() -> None:
    echo = Round(rate=800, cpu=1.2, memory=55, server=0.2, lost=0)
    now = Round(rate=1000, cpu=0.6, memory=90, server=0.3, lost=0)
    before = Round(rate=1250, cpu=0.8, memory=90, server=0.3, lost=0)
    results = Results([echo], [now], [0.01, 0.02], late=0, other=[before])

    missed = [str(goal) for goal in goals(results) if not goal.met]

    assert missed == ["MISSED  rate, as a multiple of the other checkout's: 0.80 (at least 1)"]
    assert [
        line.split() for line in table(Load(rounds=1), results).splitlines() if line.startswith("to the other")
    ] == [["to", "the", "other", "0.80", "0.75", "1.00"]]


def _said(chat_id: int, text: str, thread: int | None = None, data: str = "", ok: bool = True) -> dict[str, Any]:
    buttons = {"inline_keyboard": [[{"text": "a button", "callback_data": data}]]}
    place = {"message_thread_id": thread} if thread else {}
    params = {"chat_id": chat_id, "text": text, "reply_markup": buttons if data else "", **place}
    return {"kind": "call", "method": "sendMessage", "ok": ok, "params": params}


def test_a_first_contact_stands_when_the_topic_has_words_and_card_and_the_customer_a_receipt() -> None:
    whole = [_said(-100, "hello 0", 7), _said(-100, "No. 1001", 7, "claim:1001"), _said(5, "your number is 1001")]

    assert first.standing(whole, "hello", range(5, 6)).lacking(1) == 0


@pytest.mark.parametrize(
    "instead",
    [
        _said(-100, "hello 0"),  # in General
        _said(-100, "hello 0", 7, ok=False),
        _said(-100, "other words", 7),
    ],
)
def test_a_first_contact_without_words_in_its_topic_lacks_them(instead: dict[str, Any]) -> None:
    rest = [_said(-100, "No. 1001", 7, "claim:1001"), _said(5, "your number is 1001")]

    assert first.standing([instead, *rest], "hello", range(5, 6)) == first.Standing(words=0, cards=1, receipts=1)


def test_first_contacts_are_told_as_a_multiple_of_the_echos_message_and_held_against_half_of_the_others() -> None:
    ours = first.Contacts("huifang, no plan", cpu=[6.0], seconds=[1.0])
    other = first.Contacts("other, no plan", cpu=[11.0], seconds=[2.0])
    found = first.Found([ours, other], echo=[1.5], busy=0.5)

    assert "huifang, no plan                6.00         4.00" in first.words(first.Size(rounds=1), found)
    assert [str(goal) for goal in first.goals(found) if not goal.met] == [
        "MISSED  CPU of a first contact (huifang, no plan), as a share of the other's: 0.55 (at most 0.5)"
    ]


@pytest.mark.usefixtures("running_server")
async def test_a_few_first_contacts_are_measured_with_a_plan_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first, "BEFORE", 2)
    monkeypatch.setattr(first, "ECHOED", 5)
    found = await first.measure(first.Size("postgres", rounds=1, customers=5, forked=True))

    assert [(each.name, each.lacking) for each in found.bots] == [("huifang, no plan", 0), ("huifang, shop.toml", 0)]
    assert all(each.cpu[0] > 0 and each.seconds[0] > 0 for each in found.bots)


def test_a_short_simulation_is_timed() -> None:
    findings, seconds = simulate.measure(21, 20)

    assert 0 < seconds < 60
    assert "21 days" in simulate.words(findings, seconds, busy=0.5)
    assert not simulate.goal(15.5).met
    assert simulate.goal(7).met


@pytest.mark.usefixtures("running_server")
async def test_a_small_wave_is_planned_whole_while_updates_are_stored() -> None:
    found = await wave.measure("postgres", 600)

    assert found.planned == 600
    assert found.waits
    assert "600 customers" in wave.words(found)
