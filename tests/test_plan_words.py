"""The care plan in words: plain sentences, and the written policy as Markdown and as a Word file."""

import re
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn

from bot.docx_file import write_docx
from handlers.plans.describing import hours, parts, policy, summary, week
from models.plan import Plan, read_plan
from templates import LANGUAGES, shipped_plans
from tests.running import command

ROOT = Path(__file__).parents[1]
DAY = date(2026, 11, 25)
PLANS = {"empty": "", **{name: path.read_text("utf-8") for name, path in shipped_plans().items()}}
CHINESE = re.compile("[\u4e00-\u9fff]")

TWO_DAYS = """\
[business]
name = { zh = "海港|家居", en = "Harbour\\nHome" }
[calendar]
mon = ["09:00-12:00", "13:00-18:00"]
tue = ["09:00-12:00", "13:00-18:00"]
wed = ["09:00-12:00", "13:00-18:00"]
sat = ["18:00-02:00"]
[[tier]]
id = "key"
name = { zh = "重点", en = "Key" }
first_response = "30m"
resolution = "2d"
[[severity]]
id = "critical"
name = { zh = "重大", en = "Critical" }
first_response = "10m"
around_the_clock = true
"""


def sentences(text: str, language: str) -> str:
    return "\n".join(line for _, lines in summary(read_plan(text), language) for line in lines)


def test_two_days_of_working_time_are_not_taken_for_two_days() -> None:
    english, chinese = sentences(TWO_DAYS, "en"), sentences(TWO_DAYS, "zh")
    assert "solved within 48 hours of working time (6 working days of 8 hours)" in english
    assert "解决不超过48小时工作时间（6个工作日，每日8小时）" in chinese
    assert "the first answer within 10 minutes, day and night" in english
    assert "首次答复不超过10分钟（昼夜连续计算）" in chinese
    without_hours = re.sub(r"\[calendar\](.*\n){5}", "", TWO_DAYS)
    assert "solved within 2 days, day and night" in sentences(without_hours, "en")


def test_durations_days_and_hours_are_written_as_people_say_them() -> None:
    assert parts(timedelta(days=7)) == [(7, "day")]
    assert parts(timedelta(days=1, minutes=90)) == [(1, "day"), (1, "hour"), (30, "minute")]
    assert hours(timedelta(days=1, minutes=90)) == [(25, "hour"), (30, "minute")]
    assert week(read_plan(TWO_DAYS).calendar) == [
        (["mon", "tue", "wed"], ["09:00–12:00", "13:00–18:00"]),
        (["sat"], ["18:00–02:00"]),
    ]


def test_a_plan_that_promises_nothing_says_so() -> None:
    english = sentences("", "en")
    assert "No times are promised to anybody." in english
    assert "All time is working time" in english
    assert "No times are promised." in policy(Plan(), "en", DAY, "x")
    assert "本计划不对客户承诺时限。" in policy(Plan(), "zh", DAY, "x")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PLANS)
def test_a_policy_is_whole_in_either_language(name: str, language: str) -> None:
    text = policy(read_plan(PLANS[name]), language, DAY, "1a2b3c4d")
    headings = re.findall(r"^## (\d+)", text, flags=re.MULTILINE)
    assert headings == [str(number) for number in range(1, 17)]
    assert "{{" not in text
    assert "None" not in re.sub("None are planned", "", text)
    assert "1a2b3c4d" in text
    assert str(DAY) in text
    lines = text.splitlines()
    for before, line in pairwise(lines):
        if line.startswith(("#", "**")):
            assert not before, f"this runs into the line before: {line}"
    for block in text.split("\n\n"):
        widths = {line.count("|") for line in block.splitlines() if line.startswith("|")}
        assert len(widths) <= 1, f"a table whose rows differ in width:\n{block}"
    numbers = [int(each) for each in re.findall(r"^(\d+)\. ", text.split("## 9")[0], flags=re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1)), "no gap where the plan says nothing"
    assert bool(CHINESE.search(text)) == (language == "zh"), "a reader of one language meets no other"


def test_a_policy_promises_what_the_plan_says_and_no_more() -> None:
    text = policy(read_plan(TWO_DAYS), "en", DAY, "x")
    assert text.startswith("# Harbour Home: Customer care policy\n")
    assert policy(read_plan(TWO_DAYS), "zh", DAY, "x").startswith("# 海港/家居客户管理制度\n")
    harbour = read_plan('[business]\nname = "Harbour Home"\n')
    assert policy(harbour, "zh", DAY, "x").startswith("# Harbour Home 客户管理制度\n")
    table = text[text.index("## 6") : text.index("## 7")]
    assert "| Key | 30 minutes of working time | — | 48 hours of working time (6 working days of 8 hours) |" in table
    assert "| Critical matters, any customer | 10 minutes, day and night | — | — |" in table
    assert "The plan has no steps." in text
    assert "None are planned." in text
    assert "hears" not in text, "nobody promised news at an interval"


WITHOUT_GAPS = '[contact]\ngap = "0s"\ncalm_after_complaint = "0s"\n[closing]\nreopen_within = "0s"\n'


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_wanted_is_not_said_to_take_no_time(language: str) -> None:
    plan = read_plan(WITHOUT_GAPS)
    said = policy(plan, language, DAY, "x") + sentences(WITHOUT_GAPS, language)
    for words in ("no time", "0分钟", "between two contacts", "至少间隔"):
        assert words not in said
    assert {"en": "While a complaint is open, nothing", "zh": "投诉处理期间不"}[language] in said


BY_PEOPLE = """\
[authority]
agent = 100
supervisor = 500
manager = 2000
[[goal]]
metric = "csat"
target = 0.9
[[procedure]]
kind = "complaint"
steps = ["Listen."]
"""


@pytest.mark.parametrize(
    ("language", "by_people"),
    [
        ("en", "People see to this; the system does not do it by itself yet."),
        ("zh", "由相关人员执行，系统目前不自动执行。"),
    ],
)
def test_a_policy_says_what_people_see_to(language: str, by_people: str) -> None:
    text = policy(read_plan(BY_PEOPLE), language, DAY, "x")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    named = [each.split()[0].rstrip(":") for each in sections if by_people in each]
    assert named == ["8", "14", "16", {"en": "Annex", "zh": "附录"}[language]]
    assert policy(Plan(), language, DAY, "x").count(by_people) == 1, "what is kept how long"
    assert sentences(BY_PEOPLE, language).count(by_people) == 2, "goals, and what is kept how long"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_file_holds_the_whole_policy_set_for_print(language: str, tmp_path: Path) -> None:
    text = policy(read_plan(PLANS["shop"]), language, DAY, "1a2b3c4d")
    path = tmp_path / "policy.docx"
    write_docx(text, path, language)

    document = Document(str(path))
    shown = [paragraph.text for paragraph in document.paragraphs]
    shown += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    wanted = re.sub(r"^\|[ |-]*$|^#+ |^\d+\. |\*\*", "", text, flags=re.MULTILINE)
    for line in wanted.splitlines():
        for part in line.strip("| ").split("|"):
            assert any(part.strip() in each for each in shown), part
    headings = [p.text for p in document.paragraphs if p.style is not None and p.style.name == "Heading 1"]
    assert len(headings) == 17
    fonts = document.styles["Normal"].element.rPr.rFonts
    assert fonts.get(qn("w:eastAsia")) == "SimSun", "Chinese letters have a font of their own"
    footer = document.sections[0].footer._element.xml
    assert "PAGE" in footer
    assert "NUMPAGES" in footer


async def test_the_commands_show_and_write_a_plan_by_name(tmp_path: Path) -> None:
    code, words = await command("plan", "show", "hotel", "--language", "zh")
    assert code == 0
    assert "白金会员" in words
    for name in ("policy.md", "policy.docx"):
        assert await command("plan", "document", "car_dealer", "-o", tmp_path / name) == (
            0,
            f"{tmp_path / name} is written.\n",
        )
        assert (tmp_path / name).stat().st_size > 5000
    assert (await command("plan", "document", "shop", "-o", tmp_path / "policy.pdf"))[0] == 1
    assert (await command("plan", "document", "shop", "-o", tmp_path / "none" / "policy.md"))[0] == 1
    assert await command("plan", "show", "shop", "--language", "fr") == (1, "--language: zh or en\n")
    broken = tmp_path / "plan.toml"
    broken.write_text("[closing]\nreopen = 1\n", "utf-8")
    code, words = await command("plan", "show", broken)
    assert code == 1
    assert f"{broken}:2: closing.reopen: unknown key" in words
