"""The commands `huifang customers ...`: figures on customers, and links that join them.

Each imports what it needs when it is called, so that help appears at once.
"""

import asyncio
import csv
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.customers import customer_numbered

if TYPE_CHECKING:
    from bot.settings import Settings

cli = typer.Typer(
    name="customers",
    help="Figures on customers, and links that join them.",
    no_args_is_help=True,
    add_completion=False,
)


@cli.callback()
def customers_commands() -> None:
    """Figures on customers, and links that join them."""


@cli.command()
def rfm(
    table: Annotated[Path | None, typer.Option("--csv", help="Write a row for each buyer to this file.")] = None,
) -> None:
    """Say how lately, how often and for how much customers bought in the last 365 days, and the 80/20 curve.

    R, F and M: 1 to 5, the fifth of the buyers in which somebody stands by last purchase, number of purchases and
    money spent; equal values score alike; high is 4 or 5. Example: huifang customers rfm --csv rfm.csv
    """
    _run(lambda settings: _rfm(settings, table))


@cli.command()
def link(ref: Annotated[str, typer.Argument(help="The customer's number in the imported file.")]) -> None:
    """Print a link that joins whoever opens it in Telegram to an imported customer: once, within 7 days.

    Example: huifang customers link M1001
    """
    _run(lambda settings: _link(settings, ref))


def _run(command: "Callable[[Settings], Coroutine[Any, Any, None]]") -> None:
    from bot.logs import set_up_logging
    from bot.settings import SettingsError, load_settings
    from bot.starting import CannotStart

    try:
        settings = load_settings()
        set_up_logging(settings.log_level, settings.secrets)
        asyncio.run(command(settings))
    except (CannotStart, SettingsError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None


async def _rfm(settings: "Settings", table: Path | None) -> None:
    from bot.clock import wall
    from bot.starting import beside
    from models.customers.rfm import curve, everybody
    from templates import label

    async with beside(settings) as database, database.reading() as session:
        found = await curve(session, wall())
        print(f"{found.buyers} buyers in the last 365 days, {found.spent / 100:,.2f} in all.")
        for each in found.groups:
            print(f"  {label('en', f'rfm_group.{each.group}')}: {each.buyers} buyers, {each.spent / 100:,.2f}")
        for top, sales in found.shares:
            print(f"  The first {top:.0%} of the buyers make {sales:.0%} of the sales.")
        if found.eighty is not None:
            print(f"  80% of the sales come from {found.eighty:.1%} of the buyers.")
        if table is not None:
            with table.open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["number", "ref", "name", "last purchase", "orders", "spent", "r", "f", "m"])
                for number, ref, name, last, orders, spent, *scores in (await session.exec(everybody(wall()))).all():
                    values = [number, harmless(ref or ""), harmless(name), last.date(), orders, f"{spent / 100:.2f}"]
                    writer.writerow([*values, *scores])
            print(f"{table}: {found.buyers} rows.")


def harmless(text: str) -> str:
    """Text that a spreadsheet will not take for a formula."""
    return f"'{text}" if text[:1] in set("=+-@\t\r") else text


async def _link(settings: "Settings", ref: str) -> None:
    from sqlmodel import select

    from bot.clock import wall
    from bot.starting import CannotStart, beside, first_plan
    from models.customers import Customer
    from models.customers.joining import new_link
    from models.installation import Installation

    plan = first_plan(settings)
    async with beside(settings) as database, database.work(wall, plan) as work:
        found = await work.first(select(Customer).where(Customer.ref == ref))
        customer = await customer_numbered(work, found.id) if found else None
        if customer is None:
            raise CannotStart(f"no customer has the number {ref!r}")
        if customer.has_chat:
            raise CannotStart(f"customer {ref!r} is joined to a Telegram account already")
        if await work.first(select(Installation.id)) is None:
            raise CannotStart(
                "no bot has started on this database, so a link has nobody to open; start it (huifang run)"
            )
        work.audit(None, "link", f"customer:{customer.id}")
        address = await new_link(work, customer)
    print(address)
