"""From the TOML file to the plan."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from models.plan.sections import Plan


class PlanError(Exception):
    """The plan file cannot be used; the text says every reason, one a line."""


def read_plan(text: str, name: str = "plan") -> Plan:
    """The plan that a TOML text says; raises PlanError with every mistake, each behind `name`."""
    try:
        return Plan.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{name}: {error}") from error
    except ValidationError as error:
        lines = (f"{name}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise PlanError("\n".join(lines)) from error


def plan_text(path: Path) -> str:
    """The text of a plan file; raises PlanError where it cannot be read."""
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"{path}: {error}") from error


def load_plan(path: Path | None) -> Plan:
    """The plan in `path`, or the default one; raises PlanError with what is wrong and what is expected."""
    return Plan() if path is None else read_plan(plan_text(path), str(path))
