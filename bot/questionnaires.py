"""The commands `huifang questionnaire ...`: look at a questionnaire before customers do.

Each imports what it needs when it is called, so that help appears at once.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from models.questionnaires import Questionnaire

cli = typer.Typer(
    name="questionnaire", help="Check and preview a questionnaire (one TOML file).", no_args_is_help=True,
    add_completion=False,
)  # fmt: skip

File = Annotated[Path, typer.Argument(help="The questionnaire's file.", show_default=False)]


def _read(file: Path) -> "Questionnaire":
    from models.questionnaires import QuestionnaireError, read_questionnaire

    try:
        return read_questionnaire(file.read_text("utf-8-sig"), str(file))
    except (QuestionnaireError, OSError, UnicodeDecodeError) as error:
        text = str(error) if isinstance(error, QuestionnaireError) else f"{file}: {error}"
        print(text, file=sys.stderr)
        raise typer.Exit(1) from None


@cli.command()
def check(file: File) -> None:
    """Say every mistake of a questionnaire with what is expected; exit code 1 where there is one.

    Example: huifang questionnaire check hotel.toml
    """
    found = _read(file)
    print(f"{file}: {found.key}, version {found.version}, {len(found.question)} questions. It can be used.")


@cli.command()
def preview(file: File) -> None:
    """Print the chat as a customer sees it, in every language: each question with its buttons, and the thanks.

    Example: huifang questionnaire preview hotel.toml
    """
    from handlers.questionnaires.previewing import preview as chat
    from templates import LANGUAGES

    found = _read(file)
    for language in LANGUAGES:
        print("\n".join(chat(found, language)))


@cli.callback()
def questionnaire_commands() -> None:
    """Check and preview a questionnaire (one TOML file)."""
