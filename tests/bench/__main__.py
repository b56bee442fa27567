"""python -m tests.bench: measure the product beside what others make, on this machine, over loopback."""

import argparse
import asyncio
import os
import sys
import warnings
from pathlib import Path

from tests.bench import first, plan, simulate, sweep, wave
from tests.bench.relay import Load, measure
from tests.bench.report import goals, table


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.partition(": ")[2])
    commands = parser.add_subparsers(required=True)
    default = Load()
    relay = commands.add_parser(
        "relay",
        help="customers' words to their topics, beside the stock echo bot of python-telegram-bot",
        epilog="example: python -m tests.bench relay --db postgres --rounds 5",
    )
    relay.add_argument("--db", choices=("sqlite", "postgres"), default=default.database)
    relay.add_argument("--rounds", type=int, default=default.rounds)
    relay.add_argument("--messages", type=int, default=default.messages, help="in each round")
    relay.add_argument("--seconds", type=float, default=default.steady_seconds, help="of the part about latency")
    relay.add_argument("--against", type=Path, help="another checkout of the project, whose bot takes part")
    relay.set_defaults(run=_relay)
    contact = commands.add_parser(
        "first",
        help="what the first words of a new customer cost, beside the stock echo's message",
        epilog="example: python -m tests.bench first --db postgres --against ../earlier",
    )
    few = first.Size()
    contact.add_argument("--db", choices=("sqlite", "postgres"), default=few.database)
    contact.add_argument("--rounds", type=int, default=few.rounds)
    contact.add_argument("--customers", type=int, default=few.customers, help="new ones in each round")
    contact.add_argument(
        "--rate", type=float, help="how many of them write in a second; all at once where it is not set"
    )
    contact.add_argument("--against", type=Path, help="another checkout of the project, whose bot takes part")
    contact.set_defaults(run=_first)
    swept = commands.add_parser(
        "sweep",
        help="what a look at the clocks costs beside a million cases, and how fast ten thousand late ones are told",
        epilog="example: python -m tests.bench sweep --db postgres",
    )
    usual = sweep.Size()
    swept.add_argument("--db", choices=("sqlite", "postgres"), default=usual.database)
    swept.add_argument("--cases", type=int, default=usual.cases, help="all of them")
    swept.add_argument("--open", type=int, default=usual.open, help="those that are not closed")
    swept.set_defaults(run=_sweep)
    waved = commands.add_parser(
        "wave",
        help="a questionnaire for many customers is planned while updates are stored",
        epilog="example: python -m tests.bench wave --db postgres",
    )
    waved.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    waved.add_argument("--customers", type=int, default=100_000)
    waved.set_defaults(run=_wave)
    simulation = commands.add_parser(
        "simulate",
        help="the simulation of a plan: 10,000 days of 100 cases",
        epilog="example: python -m tests.bench simulate",
    )
    simulation.set_defaults(run=_simulate)
    planning = commands.add_parser(
        "plan",
        help="a night's planning of visits for a million customers, while others write",
        epilog="example: python -m tests.bench plan --db postgres",
    )
    planning.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    planning.add_argument("--customers", type=int, default=1_000_000)
    planning.set_defaults(run=_plan)
    return parser.parse_args()


def _relay(given: argparse.Namespace) -> int:
    load = Load(given.db, given.rounds, given.messages, steady_seconds=given.seconds, against=given.against)
    results = asyncio.run(measure(load))
    print(table(load, results))
    checked = goals(results)
    print("\n".join(map(str, checked)))
    return 0 if all(goal.met for goal in checked) else 1


def _first(given: argparse.Namespace) -> int:
    size = first.Size(given.db, given.rounds, given.customers, given.rate, given.against)
    found = asyncio.run(first.measure(size))
    print(first.words(size, found))
    checked = first.goals(found)
    print("\n".join(map(str, checked)))
    return 0 if all(goal.met for goal in checked) else 1


def _simulate(_given: argparse.Namespace) -> int:
    busy = os.getloadavg()[0]
    findings, seconds = simulate.measure(10_000, 100)
    print(simulate.words(findings, seconds, busy))
    checked = simulate.goal(seconds)
    print(checked)
    return 0 if checked.met else 1


def _sweep(given: argparse.Namespace) -> int:
    size = sweep.Size(given.db, given.cases, given.open)
    checked = sweep.goals(size, asyncio.run(sweep.measure(size)))
    print(f"{size.database}, {size.cases:,} cases, {size.open:,} of them open")
    print("\n".join(map(str, checked)))
    return 0 if all(goal.met for goal in checked) else 1


def _plan(given: argparse.Namespace) -> int:
    night = asyncio.run(plan.measure(given.db, given.customers))
    print(plan.words(night))
    checked = plan.goals(night)
    print("\n".join(map(str, checked)))
    return 0 if all(goal.met for goal in checked) else 1


def _wave(given: argparse.Namespace) -> int:
    measured = asyncio.run(wave.measure(given.db, given.customers))
    print(wave.words(measured))
    checked = wave.goals(measured)
    print("\n".join(map(str, checked)))
    return 0 if all(goal.met for goal in checked) else 1


if __name__ == "__main__":
    # The wheel with PostgreSQL looks for a user's runtime directory; a server or container has none.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    given = _arguments()
    sys.exit(given.run(given))
