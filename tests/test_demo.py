"""The demo plays a whole case on any terminal, and leaves nothing behind however it ends."""

import asyncio
import io
import os
import re
import signal
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo import usual_language
from bot.demo.screen import RESET, Screen, Tone, width_of, wrapped
from templates import LANGUAGES, ROOT

CHECKOUT = Path(__file__).parents[1]
#: A setting of somebody's real bot must not reach the demo.
ELSEWHERE = {"BOT_TOKEN": "1:real", "STAFF_GROUP_ID": "-1", "DATABASE_URL": "sqlite:////nowhere/huifang.db"}


def words_of(language: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((ROOT / "demo" / f"terminal.{language}.toml").read_text("utf-8"))


async def start(folder: Path, *arguments: str, **variables: str) -> asyncio.subprocess.Process:
    environment = {**os.environ, **ELSEWHERE, "PYTHONPATH": str(CHECKOUT), "TMPDIR": str(folder), **variables}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", *arguments),
        env=environment, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


@pytest.mark.parametrize(("language", "columns"), [("zh", 80), ("en", 120)])
async def test_a_case_is_played_to_its_end(language: str, columns: int, tmp_path: Path) -> None:
    demo = await start(tmp_path, "--fast", "--lang", language, COLUMNS=str(columns))
    output = (await asyncio.wait_for(demo.communicate(), 90))[0].decode()
    assert demo.returncode == 0, output
    assert "\x1b" not in output, "a file gets no colours"
    assert max(width_of(line) for line in output.splitlines()) < columns
    words = words_of(language)
    told = words["stored"]
    for line in (
        told["customer_words"].format(written=6, arrived=6),
        told["agent_words"].format(written=2, arrived=2),
    ):
        assert line in output
    assert re.search(told["inbox"].format(done=r"\d+", sent=r"\d+"), output)
    assert "SIGKILL" in output
    assert list(tmp_path.iterdir()) == [], "the demo cleans up"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_demo_that_is_stopped_cleans_up(number: signal.Signals, tmp_path: Path) -> None:
    demo = await start(tmp_path, "--lang", "en")
    assert demo.stdout is not None
    output = ""
    async with asyncio.timeout(60):
        while "Bot:" not in output:
            output += (await demo.stdout.readline()).decode()
    children = children_of(demo.pid)
    assert len(children) == 2, "sandbox and bot"
    demo.send_signal(number)
    rest = (await asyncio.wait_for(demo.communicate(), 30))[0].decode()
    assert demo.returncode == 128 + number
    assert "nothing is left behind" in rest
    assert "Traceback" not in rest
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert list(tmp_path.iterdir()) == []


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_an_unknown_language_is_refused(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from bot.__main__ import cli

    result = CliRunner().invoke(cli, ["demo", "--lang", "fr"])
    assert result.exit_code == 1


def keys(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict):
        return {key for name, inner in value.items() for key in keys(inner, f"{path}.{name}")}
    return {path + "".join(sorted(re.findall(r"{(\w+)", value)))}


def test_the_story_is_the_same_in_every_language() -> None:
    assert {language: keys(words_of(language)) for language in LANGUAGES} == dict.fromkeys(
        LANGUAGES, keys(words_of("zh"))
    )


@pytest.mark.parametrize(
    ("lang", "language"),
    [("zh_CN.UTF-8", "zh"), ("en_GB.UTF-8", "en"), ("de_DE", "en"), ("C.UTF-8", "zh"), ("", "zh")],
)
def test_the_demo_speaks_the_terminals_language(lang: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", lang)
    assert usual_language() == language


# -- the screen

TEXTS = st.text(st.sampled_from("ab \uff0c。客服水壶()「」!é\u0301\n[]"), max_size=60)


@given(TEXTS, st.integers(4, 30))
def test_every_line_fits_and_no_word_is_lost(text: str, width: int) -> None:
    lines = list(wrapped(text, width))
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_wide_characters_count_twice_and_marks_not_at_all() -> None:
    texts = ("水壶", "ab", "e\u0301", "\uff0c", "\uff08可能重复\uff09")
    assert [width_of(text) for text in texts] == [4, 2, 1, 2, 12]


def test_a_line_begins_with_no_closing_sign_and_breaks_no_button() -> None:
    assert list(wrapped("水壶漏水。谢谢", 8)) == ["水壶漏", "水。谢谢"]
    assert list(wrapped("[认领] [处理完成]", 12)) == ["[认领]", "[处理完成]"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"COLUMNS": "80", **variables}.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    screen = Screen(terminal)
    screen.left("客户", Tone.CUSTOMER)
    screen.right("客服", Tone.AGENT)
    screen.across("killed", Tone.ALARM)
    return terminal.getvalue()


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"{Tone.CUSTOMER.value}客户{RESET}" in printed(monkeypatch)


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colours_gets_none(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b" not in printed(monkeypatch, **variables)


@pytest.mark.parametrize("columns", ["20", "80", "300"])
def test_both_sides_stand_beside_each_other_at_any_width(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    left, right, _ = printed(monkeypatch, COLUMNS=columns, NO_COLOR="1").splitlines()
    assert width_of(left.partition("│")[0]) == width_of(right.partition("│")[0])
