"""What was measured, as a table, held against the goals."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

from tests.bench.relay import Load, Results, Round


@dataclass(frozen=True)
class Goal:
    """A figure and what it must be."""

    name: str
    figure: float
    unit: str
    bound: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is within its bound."""
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    def __str__(self) -> str:
        word = "at least" if self.at_least else "at most"
        return (
            f"{'ok    ' if self.met else 'MISSED'}  {self.name}: {self.figure:.2f}{self.unit} "
            f"({word} {self.bound:g}{self.unit})"
        )


def percentile(values: list[float], percent: int) -> float:
    """That percentile of values; infinite where there are none."""
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else float("inf")


def ratio(ours: list[Round], theirs: list[Round], figure: Callable[[Round], float]) -> float:
    """The median of the ratios of neighbouring rounds."""
    return median(figure(one) / figure(other) for one, other in zip(ours, theirs, strict=True))


def _rate(each: Round) -> float:
    return each.rate


def _cpu(each: Round) -> float:
    return each.cpu


def _memory(each: Round) -> float:
    return each.memory


def goals(results: Results) -> list[Goal]:
    """The goals of the relay, in the order in which people ask for them."""
    lost = sum(each.lost for each in results.product) + results.late
    ours, echo, other = results.product, results.echo, results.other
    found = [
        Goal("lost", lost, "", 0),
        Goal("rate, as a multiple of the echo's", ratio(ours, echo, _rate), "", 1.0, at_least=True),
        Goal("CPU for a message, as a multiple of the echo's", ratio(ours, echo, _cpu), "", 0.7),
        Goal("peak memory", max(each.memory for each in ours), " MiB", 130),
        Goal("p99 from update to call", percentile(results.latencies, 99) * 1000, " ms", 150),
    ]
    if other:
        found.append(
            Goal("rate, as a multiple of the other checkout's", ratio(ours, other, _rate), "", 1, at_least=True)
        )
    return found


def _line(name: str, rounds: list[Round]) -> str:
    rate, cpu = median(each.rate for each in rounds), median(each.cpu for each in rounds)
    memory, server = max(each.memory for each in rounds), median(each.server for each in rounds)
    lost = sum(each.lost for each in rounds)
    return f"{name:<12}{rate:>8.0f}{cpu:>12.2f}{memory:>10.0f}{server * 100:>12.0f}%{lost:>7}"


def _ratios(name: str, ours: list[Round], theirs: list[Round]) -> str:
    rate, cpu, memory = (ratio(ours, theirs, figure) for figure in (_rate, _cpu, _memory))
    return f"{name:<12}{rate:>8.2f}{cpu:>12.2f}{memory:>10.2f}"


def _beside_other(results: Results) -> list[str]:
    if not results.other:
        return []
    return [_line("other", results.other), _ratios("to the other", results.product, results.other)]


def table(load: Load, results: Results) -> str:
    """Everything on one screen; figures are medians of the rounds, memory is the highest."""
    rates = "  ".join(
        f"{ours.rate / theirs.rate:.2f}" for ours, theirs in zip(results.product, results.echo, strict=True)
    )
    p50, p99 = (percentile(results.latencies, percent) * 1000 for percent in (50, 99))
    return "\n".join(
        (
            f"{load.database}, {load.customers} customers, {load.messages} messages at once, {load.rounds} rounds; "
            f"load of the machine before: {results.busy:.1f} of {os.cpu_count()} processors",
            f"{'':<12}{'msg/s':>8}{'CPU-s/1000':>12}{'peak MiB':>10}{'server busy':>13}{'lost':>7}",
            _line("stock echo", results.echo),
            _line("huifang", results.product),
            _ratios("to the echo", results.product, results.echo),
            *_beside_other(results),
            f"ratio of rates, round by round: {rates}",
            f"{load.steady_rate:g} a second, answers after {load.steady_ms:g} ms: "
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, lost {results.late}",
            *(f"the log says: {line}" for line in results.complaints[:20]),
        )
    )
