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

File = Annotated[Path, typer.Argument(help="The plan's file.", show_default=False)]


@cli.command()
def check(file: File) -> None:
    """Say every mistake of a plan, each with its line, its key and what is expected; exit code 1 where there is one.

    Example: huifang plan check plan.toml
    """
    from models.plan import PlanError, load_plan

    try:
        load_plan(file)
    except PlanError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    print(f"{file}: this plan can be put in force.")


@cli.callback()
def plan_commands() -> None:
    """Check, read and try a care plan (one TOML file)."""
