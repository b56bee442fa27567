"""The commands `huifang plan ...`: look at a care plan before customers do.

Each imports what it needs when it is called, so that help appears at once.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from models.plan import Plan

cli = typer.Typer(
    name="plan", help="Check, read and try a care plan (one TOML file).", no_args_is_help=True, add_completion=False
)

LanguageOption = Annotated[str, typer.Option(help="zh or en.")]
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


@cli.command()
def simulate(
    file: File,
    arrivals: Annotated[Path | None, typer.Option(help="Who comes when, and who is there (TOML).")] = None,
    from_database: Annotated[bool, typer.Option(help="Learn who comes when from DATABASE_URL.")] = False,
    cases_a_day: Annotated[float | None, typer.Option(help="Cases a day, on average of a week.")] = None,
    handling: Annotated[str | None, typer.Option(help="Mean time an agent works on a case, such as 12m.")] = None,
    agents: Annotated[int | None, typer.Option(help="Agents of every department, in working time.", min=1)] = None,
    days: Annotated[int, typer.Option(help="Days to simulate.", min=21, max=100_000)] = 4000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same figures.")] = 1,
    year: Annotated[int | None, typer.Option(help="The year whose holidays count (this one).")] = None,
) -> None:
    """Try a plan against arrivals: which promises are kept, how many agents it takes, how often customers are
    contacted; exit code 1 where the plan promises what it cannot keep.

    Example: huifang plan simulate plan.toml --cases-a-day 100 --handling 12m --agents 4
    """
    from bot import simulating
    from bot.clock import wall
    from bot.settings import SettingsError, load_settings
    from handlers.plans.checking import usable
    from models.plan import PlanError

    name, text = _read(file)
    try:
        plan = usable(text, name, wall().date())
        given = simulating.given_arrivals(plan, arrivals, cases_a_day, handling, agents)
        if from_database:
            given = simulating.from_database(load_settings().database_url, plan, given)
        words, can_be_kept = simulating.try_plan(plan, given, days, seed, year)
    except (PlanError, simulating.CannotSimulate, SettingsError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    print(words)
    raise typer.Exit(0 if can_be_kept else 1)


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


@cli.command()
def show(
    file: Annotated[Path | None, typer.Argument(help="A file, or general, shop, hotel, car_dealer.")] = None,
    language: LanguageOption = "en",
) -> None:
    """Say a plan in plain sentences: the one that PLAN_FILE names, or another.

    Example: huifang plan show hotel --language zh
    """
    from handlers.plans.describing import summary

    plan, _text = _usable(file)
    for heading, sentences in summary(plan, _known(language)):
        print(heading, *(f"  - {sentence}" for sentence in sentences), "", sep="\n")


@cli.command()
def document(
    file: File,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write: a .docx or .md file.")],
    language: LanguageOption = "zh",
) -> None:
    """Write a plan as the policy that staff and auditors read, as a Word or Markdown file.

    Example: huifang plan document plan.toml -o policy.docx --language en
    """
    import hashlib

    from bot.clock import wall
    from handlers.plans.describing import policy

    plan, text = _usable(file)
    edition = hashlib.sha256(text.encode()).hexdigest()[:8]
    today = wall().astimezone(plan.business.timezone).date()
    words = policy(plan, _known(language), today, edition)
    try:
        match output.suffix.lower():
            case ".md":
                output.write_text(words, "utf-8")
            case ".docx":
                from bot.docx_file import write_docx

                write_docx(words, output, language)
            case _:
                print(f"{output}: expected a name that ends in .docx or .md", file=sys.stderr)
                raise typer.Exit(1)
    except OSError as error:
        print(f"{output}: cannot be written ({error.strerror})", file=sys.stderr)
        raise typer.Exit(1) from None
    print(f"{output} is written.")


def _known(language: str) -> str:
    from templates import LANGUAGES

    if language not in LANGUAGES:
        print(f"--language: {' or '.join(LANGUAGES)}", file=sys.stderr)
        raise typer.Exit(1)
    return language


def _usable(file: Path | None) -> "tuple[Plan, str]":
    """A plan without mistakes and its text; by default the one that PLAN_FILE names."""
    from bot.clock import wall
    from bot.settings import plan_file
    from handlers.plans.checking import usable
    from models.plan import Plan, PlanError

    file = file or plan_file()
    if file is None:
        return Plan(), ""
    name, text = _read(file)
    try:
        return usable(text, name, wall().date()), text
    except PlanError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None


@cli.callback()
def plan_commands() -> None:
    """Check, read and try a care plan (one TOML file)."""
