"""The commands `huifang import ...`: customers, purchases and events from CSV or XLSX files.

Each imports what it needs when it is called, so that help appears at once.
"""

import asyncio
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.importing.columns import BadFile, BadRow, columns

if TYPE_CHECKING:
    from bot.settings import Settings
    from models.database import Database
    from models.importing.checking import Row
    from models.importing.columns import What
    from models.plan import Plan

#: Rows of one transaction: it holds up the running bot for a second or two on SQLite.
PART = 50_000
#: How many bad rows are printed.
SHOWN = 100

cli = typer.Typer(
    name="import",
    help="Take over customers, purchases and events from CSV or XLSX files.",
    no_args_is_help=True,
    add_completion=False,
)
File = Annotated[Path, typer.Argument(help="CSV (UTF-8 or GB 18030; comma, semicolon or tab) or XLSX.")]
Commit = Annotated[bool, typer.Option("--commit", help="Write. Without it, only say what would be written.")]


def _help(what: str, text: str) -> str:
    names = "\n\n".join(f"  {key}: {', '.join(names)}" for key, names in columns()[what].items())
    return f"{text}\n\nColumns, by any of these names:\n\n{names}"


@cli.callback()
def import_commands() -> None:
    """Take over customers, purchases and events from CSV or XLSX files.

    A dry run first: without --commit, the counts and every bad row with its number are said, and nothing is written.
    With one bad row nothing is written either. A row is known by its ref: importing twice changes nothing. Up to
    50,000 rows take effect whole or not at all; a longer file goes in parts of that size, and repeating an
    interrupted import completes it. The bot may run meanwhile.
    """


@cli.command(
    help=_help("customers", "Import customers; the plan's own fields are columns too. Empty cells change nothing.")
)
def customers(file: File, commit: Commit = False) -> None:
    _import("customers", file, commit)


@cli.command(help=_help("purchases", "Import purchases of imported customers."))
def purchases(file: File, commit: Commit = False) -> None:
    _import("purchases", file, commit)


@cli.command(help=_help("events", "Import what was done for imported customers: deliveries, installations ..."))
def events(file: File, commit: Commit = False) -> None:
    _import("events", file, commit)


def _import(what: "What", file: Path, commit: bool) -> None:
    from bot.logs import set_up_logging
    from bot.settings import SettingsError, load_settings
    from bot.starting import CannotStart

    try:
        settings = load_settings()
        set_up_logging(settings.log_level, settings.secrets)
        bad = asyncio.run(_run(settings, what, file, commit))
    except (BadFile, CannotStart, SettingsError) as error:
        print(f"{file}: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
    raise typer.Exit(1 if bad else 0)


async def _run(settings: "Settings", what: "What", file: Path, commit: bool) -> int:
    """Check the whole file and, where it is good and `commit` says so, write it; returns how many rows are bad."""
    from bot.clock import wall
    from bot.starting import beside, first_plan

    plan = first_plan(settings)
    async with beside(settings) as database:
        tried = Import(database, plan, wall(), what, file)
        new, changed, same = await tried.go(commit=False)
        for number, bad in tried.bad[:SHOWN]:
            print(f"row {number}: {bad}")
        if len(tried.bad) > SHOWN:
            print(f"... and {len(tried.bad) - SHOWN} more bad rows.")
        print(f"{file}: {new} new, {changed} changed, {same} as they were, {len(tried.bad)} bad.")
        if tried.bad:
            print("Nothing was written.")
        elif not commit:
            print("Nothing was written: this was a dry run. Add --commit to write.")
        else:
            await tried.go(commit=True)
            print("Written.")
    return len(tried.bad)


class Import:
    """One file on its way: twice through it, once to check and once to write."""

    def __init__(self, database: "Database", plan: "Plan", now: datetime, what: "What", file: Path) -> None:
        self.database, self.plan, self.now, self.what, self.file = database, plan, now, what, file
        self.heading: dict[str, str] = {}  # the columns' names in the file, by ours
        self.bad: list[tuple[int, BadRow]] = []

    async def go(self, *, commit: bool) -> tuple[int, int, int]:
        """Through the file; returns how many rows are new, changed and as they were."""
        from handlers.customers.importing import take_in
        from models.importing.reading import size
        from models.importing.storing import parts

        new = changed = same = 0
        label = "Writing" if commit else "Checking"
        with typer.progressbar(length=size(self.file), label=label, file=sys.stderr) as bar:
            for part in parts(self.rows(), PART):
                async with self.database.work(lambda: self.now, self.plan) as work:
                    found = await take_in(work, self.what, part, commit=commit)
                bar.update(len(part))
                new, changed, same = new + len(found.new), changed + len(found.changed), same + found.same
                self.bad += ((number, bad.as_headed(self.heading)) for number, bad in found.bad)
                if commit and found.bad:
                    raise BadFile("the file or the customers changed meanwhile; import it again")
        self.bad.sort(key=lambda each: each[0])
        return new, changed, same

    def rows(self) -> "Iterator[Row]":
        """The good rows; the others are noted."""
        from models.importing.checking import check
        from models.importing.reading import rows

        seen: dict[int, int] = {}
        for number, cells in rows(self.file, self.what, self.plan):
            try:
                if isinstance(cells, BadRow):
                    raise cells
                if number == 1:
                    self.heading = cells
                    continue
                row = check(number, self.what, cells, self.plan, self.now)
                first = seen.setdefault(hash(row.ref), number)
                if first != number:
                    raise BadRow(f'"{row.ref}" stands in row {first} already', "ref")
            except BadRow as bad:
                self.bad.append((number, bad.as_headed(self.heading)))
            else:
                yield row
