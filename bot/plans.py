"""The commands `huifang plan ...`: look at a care plan before customers do.

Each imports what it needs when it is called, so that help appears at once.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

cli = typer.Typer(
    name="plan", help="Check, read and try a care plan (one TOML file).", no_args_is_help=True, add_completion=False
)

File = Annotated[Path, typer.Argument(help="The file, or general, shop, hotel, car_dealer.", show_default=False)]


@cli.command()
def check(file: File) -> None:
    """Say every mistake of a plan, each with its line, its key and what is expected; exit code 1 where there is one.

    Warnings are printed too, and change nothing. Example: huifang plan check plan.toml
    """
    from bot.clock import wall
    from handlers.plans.checking import examine

    name, text = _read(file)
    _plan, found = examine(text, wall().date())
    for mistake in found:
        print(f"{name}:{mistake}")
    wrong = sum(mistake.serious for mistake in found)
    warnings = len(found) - wrong
    beside = f" {warnings} warning{'s' * (warnings != 1)}." if warnings else ""
    if wrong:
        print(f"{name}: {wrong} mistake{'s' * (wrong != 1)}.{beside}")
        raise typer.Exit(1)
    print(f"{name}: this plan can be put in force.{beside}")


def _read(file: Path) -> tuple[str, str]:
    """The name and the text of a plan, a file or one that comes with the program."""
    from models.plan import PlanError, plan_text
    from templates import shipped_plans

    shipped = shipped_plans()
    try:
        return str(file), plan_text(shipped.get(str(file), file) if not file.exists() else file)
    except PlanError as error:
        print(f"{error}\nPlans that come with the program: {', '.join(shipped)}", file=sys.stderr)
        raise typer.Exit(1) from None


@cli.callback()
def plan_commands() -> None:
    """Check, read and try a care plan (one TOML file)."""
