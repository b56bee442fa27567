"""The commands of `huifang`, which is the same as `python -m bot`.

Each imports what it needs when it is called, so that help and demo appear at once.
"""

import asyncio
import gc
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot import __version__, customers, importing, plans, questionnaires
from bot.logs import set_up_logging

if TYPE_CHECKING:
    from bot.settings import Settings

cli = typer.Typer(
    name="huifang",
    help="Customer care in Telegram: complaints reach staff, answers come back, nothing is lost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(plans.cli)
cli.add_typer(importing.cli)
cli.add_typer(customers.cli)
cli.add_typer(questionnaires.cli)


def _fail(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    raise typer.Exit(1)


def _settings() -> "Settings":
    from bot.settings import SettingsError, load_settings

    try:
        settings = load_settings()
    except SettingsError as error:
        _fail(f"{error}\nSet it in the environment or in .env (see .env.example).")
    set_up_logging(settings.log_level, settings.secrets)
    return settings


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"huifang {__version__}")
        raise typer.Exit


@cli.callback()
def main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Customer care in Telegram: complaints reach staff, answers come back, nothing is lost."""


@cli.command()
def run() -> None:
    """Run the bot until it is stopped. Example: BOT_TOKEN=... STAFF_GROUP_ID=-100... huifang run"""
    gc.disable()  # what is imported stays: searching it for garbage takes a seventh of the start
    from bot.app import run_forever

    gc.enable()
    raise typer.Exit(run_forever(_settings()))


@cli.command()
def migrate() -> None:
    """Make or update the tables, without starting the bot. Example: huifang migrate"""
    from bot.app import migrate_only
    from bot.starting import CannotStart

    settings = _settings()
    try:
        print(asyncio.run(migrate_only(settings)))
    except CannotStart as error:
        _fail(str(error))


@cli.command()
def replay() -> None:
    """Handle again the updates that failed for good, as after an upgrade; the running bot takes them up.

    Example: huifang replay
    """
    from bot.app import replay_dead

    count = asyncio.run(replay_dead(_settings()))
    print(f"{count} updates will be handled again.")


@cli.command()
def doctor() -> None:
    """Check token, staff group, database, plan, time zone and webhook; exit code 1 where something is wrong.

    Example: huifang doctor
    """
    from bot.doctor import examine, without_settings
    from bot.settings import SettingsError, load_settings

    logging.disable(logging.WARNING)
    try:
        settings = load_settings()
    except SettingsError as error:
        print(*without_settings(error), sep="\n")
        raise typer.Exit(1) from None
    raise typer.Exit(asyncio.run(examine(settings)))


@cli.command()
def demo(
    language: Annotated[str | None, typer.Option(help="zh or en, for the shop (the system's)")] = None,
    port: Annotated[int, typer.Option(help="Port on loopback; 0: any that is free.")] = 8070,
    database_url: Annotated[str | None, typer.Option(help="Where to store everything (a throw-away file).")] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser where there is one.")] = True,
) -> None:
    """Be Telegram in a browser: play a customer and staff against the real bot, without a token or a network.

    Example: huifang demo --language en
    """
    from bot.demo import serve_demo

    if language not in (None, "zh", "en"):
        _fail("--language: zh or en")
    raise typer.Exit(asyncio.run(serve_demo(database_url, port, language, browser)))


@cli.command()
def understand(
    notes: Annotated[
        Path,
        typer.Option(help="Lines of agents, one JSON object each: lang, text, context.", show_default=False),
    ],
) -> None:
    """Say of each line that an agent writes whom it would go to: customer, colleagues, or held until they say.

    Example: huifang understand --notes lines.jsonl
    """
    from bot.understanding import judge

    try:
        wrong = judge(notes.read_text("utf-8-sig"), print)
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"{notes}: cannot be read as UTF-8 text ({error})")
    if wrong:
        _fail(f"{notes}: {wrong} line(s) could not be read; each says why in its place.")


@cli.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def sandbox(context: typer.Context) -> None:
    """Run the sandbox alone: a Bot API server on this machine for anyone's tests (bot/sandbox/README.md).

    Example: huifang sandbox --token 1000000001:sandbox --port 8081
    """
    # A process of its own: the bot knows the sandbox over HTTP only.
    os.execv(sys.executable, [sys.executable, "-m", "bot.sandbox", *context.args])  # noqa: S606


def main() -> None:
    """The script `huifang`."""
    cli()


if __name__ == "__main__":
    main()
