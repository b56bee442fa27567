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
    name="questionnaire",
    help="Check and preview a questionnaire (one TOML file).",
    no_args_is_help=True,
    add_completion=False,
)

File = Annotated[
    Path, typer.Argument(help="The file, or csat, nps, ces, hotel, ... of the program.", show_default=False)
]


def _read(file: Path) -> "Questionnaire":
    """A questionnaire without mistakes, a file or one that comes with the program."""
    from models.questionnaires import QuestionnaireError, questionnaire_text, read_questionnaire
    from templates import shipped_questionnaires

    shipped = shipped_questionnaires()
    try:
        text = questionnaire_text(shipped.get(str(file), file) if not file.exists() else file)
    except QuestionnaireError as error:
        print(f"{error}\nQuestionnaires that come with the program: {', '.join(shipped)}", file=sys.stderr)
        raise typer.Exit(1) from None
    try:
        return read_questionnaire(text, str(file))
    except QuestionnaireError as error:
        wrong = len(str(error).splitlines())
        print(error, f"{file}: {wrong} mistake{'s' * (wrong != 1)}.", sep="\n", file=sys.stderr)
        raise typer.Exit(1) from None


@cli.command()
def check(file: File) -> None:
    """Say every mistake of a questionnaire, each with its line, its key and what is expected; exit code 1 where there
    is one.

    Example: huifang questionnaire check hotel.toml
    """
    found = _read(file)
    number = len(found.question)
    print(f"{file}: {found.key}, version {found.version}, {number} question{'s' * (number != 1)}. It can be used.")


@cli.command()
def preview(file: File) -> None:
    """Print the chat as a customer sees it, in every language: each question with its buttons, and the thanks.

    Example: huifang questionnaire preview hotel
    """
    from handlers.questionnaires.previewing import preview as chat
    from templates import LANGUAGES

    found = _read(file)
    for language in LANGUAGES:
        print("\n".join(chat(found, language)))


@cli.callback()
def questionnaire_commands() -> None:
    """Check and preview a questionnaire (one TOML file)."""
