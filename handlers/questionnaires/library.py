"""The definitions in use: taken from files at the start, frozen in the database by version."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.questionnaires import (
    Invitation,
    Questionnaire,
    QuestionnaireVersion,
    known_questionnaire,
    read_questionnaire,
)
from models.work import Work


@dataclass(frozen=True)
class Changed:
    """A file says something else than what is stored under its key and version, which stays in use."""

    name: str
    key: str
    version: int


async def take_definitions(work: Work, texts: Mapping[str, str]) -> list[Changed]:
    """Store what is new in these files (name -> text) and use the highest version of each key among them.

    Raises QuestionnaireError for a file that is none. Returns the files that changed without a new version.
    """
    await work.alone("questionnaires")
    stored = {(row.key, row.version): row for row in await work.all(select(QuestionnaireVersion))}
    changed: list[Changed] = []
    latest: dict[str, int] = {}
    for name, text in texts.items():
        found = read_questionnaire(text, name)
        row = stored.get((found.key, found.version))
        if row is None:
            row = QuestionnaireVersion(
                key=found.key, version=found.version, digest=found.digest, text=text, taken_at=work.now
            )
            work.add(row)
            stored[found.key, found.version] = row
        elif row.digest != found.digest:
            changed.append(Changed(name, found.key, found.version))
        latest[found.key] = max(found.version, latest.get(found.key, 0))
    for (key, version), row in stored.items():
        row.current = version == latest.get(key)
    return changed


async def differing(session: AsyncSession, texts: Mapping[str, str]) -> list[Changed]:
    """Those of these files that say something else than what is stored; changes nothing."""
    rows = (await session.exec(select(QuestionnaireVersion))).all()
    stored = {(row.key, row.version): row.digest for row in rows}
    read = [(name, read_questionnaire(text, name)) for name, text in texts.items()]
    return [
        Changed(name, found.key, found.version)
        for name, found in read
        if stored.get((found.key, found.version), found.digest) != found.digest
    ]


async def current(work: Work, key: str) -> Questionnaire | None:
    """The questionnaire of that key that is sent now."""
    query = select(QuestionnaireVersion.text).where(
        QuestionnaireVersion.key == key, col(QuestionnaireVersion.current)
    )
    text: str | None = await work.first(query)
    return known_questionnaire(text) if text is not None else None


async def definition_of(work: Work, invitation: Invitation) -> Questionnaire:
    """The questionnaire of an invitation, in the version that was asked."""
    query = select(QuestionnaireVersion.text).where(
        QuestionnaireVersion.key == invitation.questionnaire, QuestionnaireVersion.version == invitation.version
    )
    text: str = await work.first(query)
    return known_questionnaire(text)
