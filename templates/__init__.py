"""What speaks: every word for customers and staff, by language. No rules.

Short words (buttons, answers to presses, names of things) are in `<language>/labels.toml` and, where one stem alone
says them, `<language>/<stem>/labels.toml`. A message of one sentence is there too, as plain text under [message];
any other is `<language>/<stem>/<message>.html` in Telegram's HTML.
"""

import re
import tomllib
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

ROOT = Path(__file__).parent
LANGUAGES = ("zh", "en")
#: Stands before a customer's words among staff, and nowhere in a message of ours.
SIGN = "\U0001f4ac"
#: The sign, with what says how it is drawn.
SIGNS = re.compile(f"{SIGN}[\ufe0e\ufe0f]?")

#: What Telegram would make a link, a mention, a tag or a command of: a sign before a word, a dot within one.
_LEADS = re.compile(r"(?<=[@#$/])(?=[^\s\u2060])|(?<=\w\.)(?=\w)")
#: A sign that nobody sees and that no line is broken at.
_JOINT = "\N{WORD JOINER}"

_environment = Environment(
    loader=FileSystemLoader(ROOT),
    autoescape=select_autoescape(("html",), ("md",), default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def in_line(text: object) -> str:
    """Words of somebody's on one line, without the sign of the frame."""
    return " ".join(SIGNS.sub("", str(text)).split())


def jointed(text: str) -> str:
    """Somebody else's words as they may stand in ours: they lead nowhere, call nobody, and are no command."""
    return _LEADS.sub(_JOINT, text)


def within(text: object) -> str:
    """Words of somebody's within a message of ours: one line, which looks like none of ours and leads nowhere."""
    return jointed(in_line(text))


_environment.filters["within"] = within


@cache
def labels(language: str) -> dict[str, dict[str, Any]]:
    """Every label of a language, by section and key; raises ValueError where two files say the same one."""
    found: dict[str, dict[str, Any]] = {}
    root = ROOT / language
    for path in (root / "labels.toml", *sorted(root.glob("*/labels.toml"))):
        for section, texts in tomllib.loads(path.read_text("utf-8")).items():
            known = found.setdefault(section, {})
            if twice := known.keys() & texts.keys():
                raise ValueError(f"{path.relative_to(ROOT)}: [{section}] {sorted(twice)} stand elsewhere too")
            known.update(texts)
    return found


def render(language: str, name: str, values: dict[str, Any]) -> str:
    """The message `name` ("cases/received") as Telegram HTML; raises UndefinedError or KeyError without a value."""
    if sentence := labels(language)["message"].get(name):
        return escape(str(sentence)).format(**{key: escape(str(value)) for key, value in values.items()})

    def word(key: str, **inserts: Any) -> str:
        return label(language, key, **inserts)

    def has(key: str) -> bool:
        return has_label(language, key)

    return _environment.get_template(f"{language}/{name}.html").render(values, word=word, has=has).strip()


def document(language: str, name: str, values: dict[str, Any]) -> str:
    """The document `name` ("plans/policy.md") as Markdown; raises UndefinedError for a missing value."""
    return _environment.get_template(f"{language}/{name}").render(values).strip() + "\n"


def label(language: str, key: str, **inserts: Any) -> str:
    """The short text at `key` ("button.claim"), with `{names}` filled in. Plain text, not HTML."""
    found = _find(language, key)
    return str(found).format(**inserts) if inserts else str(found)


def word_list(language: str, key: str) -> list[str]:
    """The list of texts at `key` ("thanks.words")."""
    return list(_find(language, key))


def has_label(language: str, key: str) -> bool:
    """Whether there is a text at `key`."""
    section, _, name = key.partition(".")
    return name in labels(language).get(section, {})


def _find(language: str, key: str) -> Any:
    section, _, name = key.partition(".")
    try:
        return labels(language)[section][name]
    except KeyError:
        raise KeyError(f"templates/{language}, some labels.toml: [{section}] has no {name}") from None


def questionnaire_keys() -> frozenset[str]:
    """The questionnaires that there are: each is one file, named like its key."""
    return frozenset(shipped_questionnaires())


def shipped_questionnaires() -> dict[str, Path]:
    """The questionnaires that come with the program, by name."""
    return {path.stem: path for path in sorted((ROOT / "questionnaires").glob("*.toml"))}


def questionnaire_title(language: str, key: str) -> str:
    """What a questionnaire is called, else its key."""
    path = ROOT / "questionnaires" / f"{key}.toml"
    title = tomllib.loads(path.read_text("utf-8")).get("title", key) if path.exists() else key
    return str(title.get(language, key) if isinstance(title, dict) else title)


def shipped_plans() -> dict[str, Path]:
    """The care plans that come with the program, by name."""
    return {path.stem: path for path in sorted((ROOT / "plans").glob("*.toml"))}


def message_names(language: str) -> list[str]:
    """Every message there is in that language."""
    root = ROOT / language
    files = (path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.html"))
    return sorted([*files, *labels(language)["message"]])
