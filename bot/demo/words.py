"""The demo's own words: the page's, the story's and the tour's, in each language."""

import tomllib
from functools import cache
from typing import Any

from templates import LANGUAGES, ROOT

FILES = ROOT / "web" / "demo"


@cache
def words(language: str) -> dict[str, Any]:
    """Everything in `templates/demo/<language>.toml`."""
    return tomllib.loads((ROOT / "demo" / f"{language}.toml").read_text("utf-8"))


def of_the_page() -> dict[str, Any]:
    """What the page says, by language, each with its name for itself."""
    return {language: {**words(language)["page"], "steps": words(language)["tour"]} for language in LANGUAGES}
