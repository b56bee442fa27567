"""The sender's windows, in virtual time: Telegram never counts more than its limit, and nobody waits in vain."""

import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.budget import MARGIN, RESERVED, Budget, Limits, Window

RATES = st.one_of(
    st.sampled_from([0.1, 0.5, 1, 1.5, 2, 6, 20, 30]), st.floats(0.05, 50, allow_nan=False, allow_infinity=False)
)
PERIODS = st.sampled_from([1.0, 60.0])


@dataclass(frozen=True)
class Step:
    """What a sender does next: it waits, asks for a call, and the call is under way for a while."""

    pause: float  # seconds until it asks
    cost: int
    flight: float  # seconds from setting out to the answer
    arrival: float  # when on that way Telegram counts it, 0 at the start to 1 at the end


STEPS = st.lists(
    st.builds(Step, st.floats(0, 30), st.just(1), st.floats(0, 20), st.floats(0, 1)), min_size=1, max_size=60
)


@dataclass
class Run:
    """A sender that asks a window for leave, and what Telegram sees of it."""

    window: Window
    now: float = 1000.0
    arrivals: list[float] = field(default_factory=list)
    set_out: list[float] = field(default_factory=list)
    _flying: list[tuple[float, int]] = field(default_factory=list)

    def step(self, step: Step, reserve: int = 0) -> None:
        """One call, as early as the window lets it."""
        self._until(self.now + step.pause)
        while (wait := self.window.wait(self.now, step.cost, reserve)) > 0:
            self._until(min(landing for landing, _ in self._flying) if wait == math.inf else self.now + wait)
        self.window.take(step.cost)
        self.set_out.append(self.now)
        landing = self.now + step.flight
        self.arrivals += [self.now + step.flight * step.arrival] * step.cost
        self._flying.append((landing, step.cost))

    def _until(self, moment: float) -> None:
        """Time passes; answers come."""
        for landing, cost in sorted(self._flying):
            if landing <= moment:
                self.window.land(landing, cost)
                self._flying.remove((landing, cost))
        self.now = max(self.now, moment)


def most_within(arrivals: list[float], seconds: float) -> int:
    """The most arrivals that any stretch of so many seconds holds (its end does not belong to it)."""
    ordered = sorted(arrivals)
    return max(sum(start <= other < start + seconds for other in ordered) for start in ordered)


@given(RATES, PERIODS, STEPS)
def test_no_stretch_of_time_holds_more_calls_than_the_limit(rate: float, per: float, steps: list[Step]) -> None:
    run = Run(Window(rate, per))
    for step in steps:
        run.step(step)
    count = max(1, int(rate))
    assert most_within(run.arrivals, per * count / rate) <= count


@given(RATES, PERIODS, STEPS)
def test_who_waits_as_long_as_told_may_go(rate: float, per: float, steps: list[Step]) -> None:
    window = Window(rate, per)
    now = 0.0
    for step in steps:
        now += step.pause
        wait = window.wait(now, 1)
        assert wait < math.inf, "nothing is under way, so waiting must help"
        assert wait <= window.period + 1e-6
        now += wait
        # Sums of floats: a moment's grace, far below the margin that the window keeps.
        assert window.wait(now + 1e-6, 1) == 0.0
        window.take(1)
        window.land(now, 1)


def test_half_a_message_a_second_is_one_in_two_seconds() -> None:
    run = Run(Window(0.5, 1.0))
    for _ in range(5):
        run.step(Step(0.0, 1, 0.1, 0.5))
    gaps = [later - earlier for earlier, later in zip(run.set_out, run.set_out[1:], strict=False)]
    assert gaps == pytest.approx([2.1 + MARGIN] * 4)


def test_a_call_under_way_holds_its_slot_until_its_answer_is_a_period_old() -> None:
    window = Window(1, 1.0)
    window.take(1)
    assert window.wait(500.0, 1) == math.inf, "who knows when it arrives"
    window.land(500.0, 1)
    assert window.wait(500.5, 1) == pytest.approx(0.5 + MARGIN)
    assert window.wait(501.0 + MARGIN, 1) == 0.0


@given(st.integers(1, 30), st.integers(1, 200), STEPS)
def test_a_call_larger_than_the_window_pays_for_all_it_took(rate: int, cost: int, steps: list[Step]) -> None:
    run = Run(Window(rate, 60.0))
    run.step(Step(0.0, 1, 0.0, 0.0))
    run.step(Step(0.0, cost, 0.0, 0.0))
    large = run.set_out[-1]
    for step in steps:
        run.step(step)
    if cost >= rate:
        assert large - run.set_out[0] >= 60.0, "it needs the window for itself"
    windows_filled = math.ceil((cost + 1) / rate) - 1 if cost >= rate else 0
    assert run.set_out[2] - large >= 60.0 * windows_filled, "and the windows that follow pay for the rest"


@given(STEPS)
def test_three_slots_of_a_groups_minute_are_left_for_urgent_words(steps: list[Step]) -> None:
    run = Run(Window(20, 60.0))
    for step in steps:
        run.step(step, reserve=RESERVED)
    assert most_within(run.arrivals, 60.0) <= 17


def test_urgent_words_go_when_relays_have_used_up_their_part_of_the_minute() -> None:
    budget = Budget(Limits())
    relays = 0
    while budget.wait("g1", 10.0) == 0.0:
        budget.take("g1", 1)
        budget.land("g1", 1, 10.0)
        relays += 1
    assert relays == 17
    urgent = 0
    while budget.wait("g1", 12.0, urgent=True) == 0.0:
        budget.take("g1", 1)
        budget.land("g1", 1, 12.0)
        urgent += 1
    assert urgent == 3
    assert budget.wait("g1", 12.0, urgent=True) == pytest.approx(58.0 + MARGIN)


@pytest.mark.parametrize(("limit", "kept"), [(1, 0), (2, 1), (4, 2), (6, 3), (20, 3)])
def test_of_a_small_limit_at_most_half_is_kept_for_urgent_words(limit: int, kept: int) -> None:
    budget = Budget(Limits(group_per_minute=limit))
    relays = 0
    while budget.wait("g1", 10.0) == 0.0:
        budget.take("g1", 1)
        budget.land("g1", 1, 10.0)
        relays += 1
    assert relays == limit - kept


def test_private_chats_have_no_reserve_and_do_not_wait_for_each_other() -> None:
    budget = Budget(Limits())
    for chat in range(30):
        assert budget.wait(f"c{chat}", 5.0) == 0.0
        budget.take(f"c{chat}", 1)
        budget.land(f"c{chat}", 1, 5.0)
    assert budget.wait("c99", 5.0) > 0.0, "thirty in a second are enough for all of them"
    assert budget.wait("c99", 6.1) == 0.0
    assert budget.wait("c0", 5.5) > 0.0


def test_topics_are_made_slowly_while_words_go_on() -> None:
    budget = Budget(Limits(topics_per_minute=2))
    for _ in range(2):
        assert budget.wait("g1", 5.0, topic=True) == 0.0
        budget.take("g1", 1, topic=True)
        budget.land("g1", 1, 5.0, topic=True)
    assert budget.wait("g1", 5.0, topic=True) == pytest.approx(60.0 + MARGIN)
    assert budget.wait("g1", 5.0) == 0.0
    assert budget.wait("g2", 5.0, topic=True) == 0.0


def test_a_pause_that_telegram_asks_for_stops_its_scope_and_no_other() -> None:
    budget = Budget(Limits())
    assert budget.pause("g1", 107.0, 100.0) == ["g1"]
    assert budget.wait("g1", 100.0, urgent=True) == pytest.approx(7.0)
    assert budget.wait("g1", 107.0) == 0.0
    assert budget.wait("c1", 100.0) == 0.0
    assert budget.pause("g1", 103.0, 100.5) == ["g1"]
    assert budget.wait("g1", 100.5) == pytest.approx(6.5), "a shorter pause does not shorten a longer one"


def test_two_chats_refused_in_a_second_pause_alone() -> None:
    budget = Budget(Limits())
    budget.pause("c1", 103.0, 100.0)
    budget.pause("c2", 103.4, 100.4)
    assert budget.wait("g1", 101.0, urgent=True) == 0.0


def test_many_scopes_refused_in_a_second_mean_the_limit_over_all_and_everything_rests_for_a_moment() -> None:
    budget = Budget(Limits())
    for number in range(5):
        budget.pause(f"c{number}", 160.0, 100.0 + number / 10)
    assert budget.wait("g1", 101.0, urgent=True) == pytest.approx(4.4)
    assert budget.wait("g1", 106.0) == 0.0
    assert budget.wait("c1", 106.0) == pytest.approx(54.0)


def test_what_does_not_set_out_after_all_gives_its_slot_back() -> None:
    budget = Budget(Limits())
    budget.take("c1", 1)
    assert budget.wait("c1", 5.0) == math.inf
    budget.let_go("c1", 1)
    assert budget.wait("c1", 5.0) == 0.0


@given(st.lists(st.tuples(st.sampled_from(["g1", "c1", "c2"]), st.floats(0, 20)), max_size=40))
def test_forgetting_quiet_chats_changes_nothing(calls: list[tuple[str, float]]) -> None:
    kept, tidied = Budget(Limits()), Budget(Limits())
    now = 1000.0
    for scope, pause in calls:
        now += pause
        tidied.tidy(now)
        assert kept.wait(scope, now) == tidied.wait(scope, now)
        for budget in (kept, tidied):
            budget.take(scope, 1)
            budget.land(scope, 1, now)
