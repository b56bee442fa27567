"""The measurements work; what they find is for `python -m tests.bench`, on a machine that does nothing else."""

import pytest

from tests.bench import simulate, wave
from tests.bench.relay import Load, Results, Round, measure
from tests.bench.report import goals, table


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_a_small_measurement_loses_nothing_and_reports_every_figure(database: str) -> None:
    load = Load(database, rounds=1, messages=300, customers=20, steady_seconds=2)

    results = await measure(load)

    assert [each.lost for each in (*results.echo, *results.product)] == [0, 0]
    assert (len(results.latencies), results.late) == (50, 0)
    assert all(each.rate > 0 and each.cpu > 0 and each.memory > 0 for each in (*results.echo, *results.product))
    assert "stock echo" in table(load, results)
    assert "huifang" in table(load, results)


def test_a_missed_goal_is_named_with_its_bound() -> None:
    echo = Round(rate=800, cpu=1.2, memory=55, server=0.2, lost=0)
    slow = Round(rate=600, cpu=1.5, memory=90, server=0.2, lost=1)

    missed = [str(goal) for goal in goals(Results([echo], [slow], [0.01] * 99 + [0.2], late=0)) if not goal.met]

    assert missed == [
        "MISSED  lost: 1.00 (at most 0)",
        "MISSED  rate, as a multiple of the echo's: 0.75 (at least 1)",
        "MISSED  CPU-seconds for 1,000 messages: 1.50 (at most 1)",
    ]


def test_a_bot_that_reaches_every_goal_passes() -> None:
    echo = Round(rate=800, cpu=1.2, memory=55, server=0.2, lost=0)
    quick = Round(rate=1200, cpu=0.7, memory=90, server=0.3, lost=0)

    assert all(goal.met for goal in goals(Results([echo], [quick], [0.01, 0.02], late=0)))


def test_a_short_simulation_is_timed() -> None:
    findings, seconds = simulate.measure(21, 20)

    assert 0 < seconds < 60
    assert "21 days" in simulate.words(findings, seconds, busy=0.5)
    assert not simulate.goal(15.5).met
    assert simulate.goal(7).met


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_a_small_wave_is_planned_whole_while_updates_are_stored(database: str) -> None:
    found = await wave.measure(database, 3000)

    assert found.planned == 3000
    assert found.waits
    assert "3,000 customers" in wave.words(found)
