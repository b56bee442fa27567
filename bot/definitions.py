"""The files of questionnaires at a start: those that come with the program, and a folder beside the plan."""

import logging

import templates
from bot.settings import Settings
from handlers import questionnaires
from models.plan import Plan
from models.questionnaires import QuestionnaireError, questionnaire_text, read_questionnaire
from models.work import Work

log = logging.getLogger(__name__)

OURS = templates.ROOT / "questionnaires"


async def take(settings: Settings, work: Work, plan: Plan) -> None:
    """Use what the files say; a file that cannot be used is named in the log, and what was stored stays in use."""
    texts, wrong = usable(settings)
    for line in wrong:
        log.warning("a questionnaire cannot be used: %s", line)
    for each in await questionnaires.take_definitions(work, texts):
        log.warning("%s: %s", each.name, changed_words(each))
    known = {read_questionnaire(text).key for text in texts.values()}
    for key in sorted(named(plan) - known):
        log.warning("the plan names the questionnaire %r, which does not exist: it is not asked", key)


def usable(settings: Settings) -> tuple[dict[str, str], list[str]]:
    """The text of every questionnaire by its file's name, and every mistake of those that cannot be used."""
    folders = [OURS]
    if settings.plan_file is not None:
        folders.append(settings.plan_file.parent / "questionnaires")
    found: dict[str, str] = {}
    wrong: list[str] = []
    for path in (path for folder in folders for path in sorted(folder.glob("*.toml"))):
        try:
            text = questionnaire_text(path)
            read_questionnaire(text, str(path))
            found[str(path)] = text
        except QuestionnaireError as error:
            wrong += str(error).splitlines()
    return found, wrong


def changed_words(changed: questionnaires.Changed) -> str:
    """What is said of a file that changed without a new version."""
    return (
        f"version {changed.version} of {changed.key!r} was stored with other words, which stay in use. Write "
        f"version = {changed.version + 1} in the file to use the new ones"
    )


def named(plan: Plan) -> set[str]:
    """The questionnaires that surveys and visits of a plan name."""
    surveys = [each.questionnaire for each in plan.survey]
    return {key for key in (*surveys, *(each.questionnaire for each in plan.visit)) if key}
