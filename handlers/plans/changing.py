"""A care plan is put in force, or cannot be: what follows, and who hears of it."""

import hashlib

from sqlmodel import col, select

from handlers.speaking import tell_privately
from models.installation import Installation, PlanVersion
from models.staff import managers
from models.work import Work

#: How many mistakes a manager reads in private, and how long one is; the command says all of them.
SHOWN, LONGEST = 8, 250


async def latest(work: Work) -> PlanVersion | None:
    """The plan that was put in force last."""
    found: PlanVersion | None = await work.first(select(PlanVersion).order_by(col(PlanVersion.id).desc()))
    return found


async def put_in_force(work: Work, text: str) -> int:
    """Put `work.plan` in force, whose text this is; the one that is already keeps its key. Returns its key.

    Each case keeps the plan that it was promised under.
    """
    await work.alone("plan")
    before = await latest(work)
    version = before
    if version is None or version.text != text:
        version = PlanVersion(text=text, taken_at=work.now)
        work.add(version)
        await work.flush()
    assert version.id is not None  # noqa: S101 - the flush gave it one
    work.plan_version = version.id
    if version is not before:
        key = before.id if before else None
        work.audit(None, "plan_changed", f"plan:{version.id}", before=key, sha256=_digest(text))
    await _note_trouble(work, None, [])
    return version.id


async def refuse(work: Work, text: str, mistakes: list[str]) -> None:
    """The plan file says a text that cannot be put in force: managers hear why, once for each such text."""
    await work.alone("plan")
    await _note_trouble(work, _digest(text + "\n".join(mistakes)), mistakes)


async def _note_trouble(work: Work, trouble: str | None, mistakes: list[str]) -> None:
    installation: Installation | None = await work.first(select(Installation))
    assert installation is not None  # noqa: S101 - installed before any plan is looked at
    if installation.plan_trouble == trouble:
        return
    installation.plan_trouble = trouble
    work.audit(None, "plan_refused" if trouble else "plan_mended", "plan", mistakes=mistakes[:SHOWN])
    shown = [each[:LONGEST] for each in mistakes[:SHOWN]]
    for person in await managers(work):
        if trouble:
            values = {"mistakes": shown, "more": len(mistakes) - len(shown)}
            tell_privately(work, person, "plans/refused", values)
        else:
            tell_privately(work, person, "plans/mended")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
