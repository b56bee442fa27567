"""The plan is read whole: every mistake in one run, with its line, its key and what is expected."""

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from handlers.plans.checking import examine
from models.plan import Plan, PlanError, read_plan, stored_plan
from models.plan.kinds import Section
from models.plan.positions import Place, positions
from models.plan.reading import stand_in
from models.plan.wording import models_in
from templates import shipped_plans
from tests.running import command

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT.parent / "shared" / "plan.example.toml"
TODAY = date(2026, 11, 25)

TIERS = """\
[[tier]]
id = "vip"
when = { spent_12m = 5000 }
first_response = "15m"
next_response = "30m"
resolution = "8h"
visit_every = "30d"
contacts_per_30d = 4
[[tier]]
id = "regular"
first_response = "1h"
next_response = "2h"
resolution = "3d"
"""


def said(text: str) -> list[str]:
    return [str(mistake) for mistake in examine(text, TODAY)[1]]


def test_an_empty_file_is_a_valid_plan() -> None:
    assert said("") == []


def test_tiers_as_they_should_be_are_no_mistake() -> None:
    assert said(TIERS + '[[visit]]\nid = "periodic"\nwhen = "tier"\n') == []


#: A text, and how the one mistake in it is said; warnings may stand beside it.
MISTAKES: list[tuple[str, str]] = [
    # what TOML does not allow
    ("[business\n", "1: not TOML"),
    ('[business]\nlanguage = "zh"\nlanguage = "en"\n', "3: not TOML"),
    # keys and values
    ('[business]\ntimezon = "Asia/Shanghai"\n', "2: business.timezon: unknown key; did you mean timezone?"),
    ('[[visits]]\nid = "a"\n', "1: visits: unknown key; did you mean visit?"),
    ('[business]\ntimezone = "Mars/Base"\n', '2: business.timezone: expected a time zone such as "Asia/Shanghai"'),
    ('[business]\nlanguage = "fr"\n', "2: business.language: expected one of zh, en, not 'fr'"),
    ('[business]\nname = { zh = "店", fr = "x" }\n', "2: business.name: expected a text, or one per language"),
    ("[[tier]]\nid = 'a'\nresolution = '2 days'\n", "3: tier[a].resolution: expected a duration such as"),
    ("[[tier]]\nid = 'a'\nresolution = '0s'\n", "3: tier[a].resolution: expected a duration above zero"),
    ("[[tier]]\nid = 'a'\ncontacts_per_30d = -1\n", "3: tier[a].contacts_per_30d: expected a number of at least 0"),
    ("[[department]]\nid = 'a'\ngroup = 12\n", '3: department[a].group: expected "main" or the id of a group'),
    ("[[department]]\nkinds = ['praise']\n", "1: department[1]: id is missing"),
    ("[[department]]\nid = 'Service Dept'\n", "2: department[Service Dept].id: expected an id of at most 31"),
    (
        "[[department]]\nid = 'a'\nkinds = [\n  'complaint',\n  'enquirey',\n]\n",
        "5: department[a].kinds[2]: expected one of complaint, enquiry, request, suggestion, praise, "
        "not 'enquirey'; did you mean enquiry?",
    ),
    ("[duty]\nroster = [{ agent = 'so and so' }]\n", '2: duty.roster[1].agent: expected a name such as "@name"'),
    ("[[goal]]\nmetric = 'csat'\n", "1: goal[csat]: target is missing"),
    # working time
    ("[calendar]\nmon = ['25:00-26:00']\n", '2: calendar.mon[1]: expected hours from "00:00" to "24:00"'),
    ("[calendar]\nmon = ['09:00']\n", '2: calendar.mon[1]: expected hours such as "09:00-12:00"'),
    ("[calendar]\nmon = ['09:00-12:00', '11:00-18:00']\n", "2: calendar.mon[2]: overlaps mon 09:00-12:00"),
    ("[calendar]\nfri = ['18:00-02:00']\nsat = ['01:00-03:00']\n", "3: calendar.sat[1]: overlaps fri 18:00-02:00"),
    ("[calendar]\nmon = ['01:00-03:00']\nsun = ['18:00-02:00']\n", "2: calendar.mon[1]: overlaps sun 18:00-02:00"),
    ("[calendar]\nmon = []\ntue = []\n", "2: calendar.mon: no day has hours, so nobody ever works"),
    (
        "[calendar]\nfri = ['09:00-18:00']\nopen = [{ day = '2027-02-20', as = 'fryday' }]\n",
        "3: calendar.open[1].as: expected one of mon, tue, wed, thu, fri, sat, sun, not 'fryday'",
    ),
    (
        "[calendar]\nfri = ['09:00-18:00']\nopen = [{ day = '2027-02-20', as = 'sat' }]\n",
        "3: calendar.open[1].as: sat has no hours",
    ),
    ("[calendar]\nholidays = 'XX'\nfri = ['09:00-18:00']\n", "2: calendar.holidays: expected a country such as"),
    (
        "[calendar]\nholidays = 'CN'\nfri = ['09:00-18:00']\n",
        "2: warning: calendar.holidays: the make-up workdays of 2027 are not published yet",
    ),
    (
        "[calendar]\nmon = ['09:00-10:00']\n[[tier]]\nid = 'a'\nresolution = '300d'\n",
        "5: tier[a].resolution: the calendar has not enough working time in 60 years after 2026-11-24",
    ),
    # who gets what
    (
        "[[department]]\nid = 'a'\nkinds = ['complaint']\n[[department]]\nid = 'b'\n",
        "4: department[b]: no case comes here; expected kinds or keywords",
    ),
    (
        "[[department]]\nid = 'a'\nkinds = ['complaint']\n[[department]]\nid = 'b'\nkinds = ['complaint']\n",
        "6: warning: department[b].kinds: no case comes here but by /transfer: departments before it",
    ),
    (
        "[[department]]\nid = 'a'\nkinds = ['complaint']\n",
        "1: warning: department: no department takes enquiry, request, suggestion, praise",
    ),
    (TIERS + "[[tier]]\nid = 'vip'\n", "15: tier[vip].id: 'vip' is used twice in [[tier]]"),
    ("[[field]]\nid = 'a'\nkind = 'choice'\n", '1: field[a]: kind = "choice" without choices'),
    ("[[segment]]\nid = 'a'\nwhen = { trade = 'x' }\n", "3: segment[a].when.trade: 'trade' is not a [[field]]"),
    ("[[alarm]]\nid = 'a'\nkeywords = ['']\n", "3: alarm[a].keywords[1]: is empty"),
    (
        "[authority]\nagent = 500\nsupervisor = 1\nmanager = 900\n",
        "3: authority.supervisor: less than agent may grant (500)",
    ),
    # what is promised
    (
        TIERS.replace('"15m"', '"90m"'),
        "4: tier[vip].first_response: 90m is longer than the 1h of regular, a lower tier; expected 1h or less",
    ),
    (
        TIERS.replace('resolution = "8h"\n', ""),
        "1: tier[vip].resolution: promises nothing, and regular, a lower tier",
    ),
    (TIERS.replace('"30m"', '"3h"'), "5: tier[vip].next_response: 3h is longer than the 2h of regular"),
    (
        TIERS.replace('[[tier]]\nid = "regular"\n', '[[tier]]\nid = "regular"\nwhen = { spent_12m = 9000 }\n'),
        "11: tier[regular].when: never reached: whoever meets this has met that of vip",
    ),
    (
        TIERS.replace("when = { spent_12m = 5000 }\n", ""),
        "8: warning: tier[regular].when: is reached by hand only: vip stands before it",
    ),
    (
        "[[tier]]\nid = 'a'\nfirst_response = '9h'\nresolution = '8h'\n",
        "3: tier[a].first_response: the first word may take longer than the solution (8h)",
    ),
    (
        "[[severity]]\nid = 'a'\ntime = 1.0\n[[severity]]\nid = 'b'\ntime = 0.5\n",
        "3: severity[a].time: 1 is more than the 0.5 of b, which is less grave",
    ),
    (
        TIERS + "[[segment]]\nid = 'big'\nnext_response = '5h'\n",
        "16: warning: segment[big].next_response: changes nothing",
    ),
    (
        TIERS
        + "[escalation]\nsteps = [\n  { at = 1.0, tell = 'supervisor' },\n  { at = 0.5, tell = 'manager' },\n]\n",
        "17: escalation.steps[2].at: 0.5 comes after 1; expected the steps in their order",
    ),
    (
        "[closing]\nremind_pending_after = '9d'\n",
        "2: closing.remind_pending_after: the reminder would come when the case is closed (7d) or later",
    ),
    (TIERS + "[recovery]\nwithin = { gold = '4h' }\n", "15: recovery.within.gold: 'gold' is not a tier"),
    # how often we call
    (TIERS + "[[visit]]\nid = 'a'\nwhen = 'tier'\nby = { gold = 'bot' }\n", "17: visit[a].by.gold: 'gold' is not a"),
    (TIERS + "[[visit]]\nid = 'a'\nwhen = 'tier'\nsample = { gold = 1 }\n", "17: visit[a].sample.gold: 'gold' is"),
    (
        TIERS.replace('"30d"', '"5d"') + "[[visit]]\nid = 'a'\nwhen = 'tier'\n",
        "7: tier[vip].visit_every: every 5d is 6 contacts in 30 days, and contacts_per_30d = 4 allows 4",
    ),
    (
        TIERS.replace("= 4", "= 0") + "[[visit]]\nid = 'a'\nwhen = 'tier'\n",
        "7: tier[vip].visit_every: visits of vip can never happen: contacts_per_30d = 0",
    ),
    ("[[visit]]\nid = 'a'\nwhen = 'tier'\n", "3: visit[a].when: no tier has visit_every, so this visit never comes"),
    (
        "[contact]\ngap = '9d'\n[[visit]]\nid = 'a'\nwhen = 'purchase'\nwindow = '2d'\n",
        "6: visit[a].window: a visit that waits for the gap (9d) is past its window (2d)",
    ),
    (
        "[contact]\nquiet = '00:00-24:00'\n[[visit]]\nid = 'a'\nwhen = 'purchase'\n",
        "2: contact.quiet: covers the whole day, so no visit and no questionnaire is ever sent",
    ),
    (
        "[contact]\nquiet = '18:00-09:00'\ncall_quiet = '09:00-18:00'\n[[visit]]\nid = 'a'\n"
        "when = 'purchase'\nby = 'agent'\n",
        "3: contact.call_quiet: with quiet, covers the whole day, so no agent can ever call",
    ),
    ("[[survey]]\nquestionnaire = 'nps'\nwhen = 'every'\n", "1: survey[nps]: every is missing"),
    (
        "[[survey]]\nquestionnaire = 'csat'\nexpires = '1d'\nremind_after = '2d'\n",
        "4: survey[csat].remind_after: the reminder would come when the questionnaire has expired (1d)",
    ),
    ("[[goal]]\nmetric = 'csat'\ntarget = 90\n", "3: goal[csat].target: expected a figure from 0 to 1"),
    (
        "[[goal]]\nmetric = 'csat'\ntarget = 0.9\nby = '2026-11-24'\n",
        "4: warning: goal[csat].by: 2026-11-24 is past; expected a day to come",
    ),
    (
        "[duty]\nroster = [{ agent = '@wang' }, { agent = 'li' }]\n",
        '2: warning: duty.roster[2].agent: is taken for the Telegram username @li; expected "@li"',
    ),
]


@pytest.mark.parametrize(("text", "line"), MISTAKES, ids=[line[:60] for _, line in MISTAKES])
def test_a_mistake_is_said_with_its_line_its_key_and_what_is_expected(text: str, line: str) -> None:
    found = said(text)
    assert [each for each in found if each.startswith(line)], found
    wrong = [each for each in found if ": warning: " not in each]
    assert len(wrong) == (": warning: " not in line), wrong


def test_every_mistake_is_said_in_one_run_and_none_that_follows_from_another() -> None:
    """The kind that is misspelt was the only one: that nothing comes to the department is not said beside it."""
    text = """\
[business]
timezon = "Asia/Shanghai"
[[department]]
id = "a"
kinds = ["complant"]
[[department]]
id = "b"
[[tier]]
id = "vip"
when = { spent_12m = 10 }
first_response = "soon"
[[tier]]
id = "regular"
first_response = "1h"
resolution = "1d"
[[goal]]
metric = "csat"
target = 90
"""
    with pytest.raises(PlanError) as error:
        read_plan(text, "plan.toml")
    lines = [line.partition(": ") for line in str(error.value).splitlines()]
    assert [(where, words.partition(": ")[0]) for where, _, words in lines] == [
        ("plan.toml:2", "business.timezon"),
        ("plan.toml:5", "department[a].kinds[1]"),
        ("plan.toml:6", "department[b]"),
        ("plan.toml:8", "tier[vip].resolution"),
        ("plan.toml:11", "tier[vip].first_response"),
        ("plan.toml:18", "goal[csat].target"),
    ]


def test_a_table_with_one_mistake_is_looked_at_for_the_others() -> None:
    """A key that the table cannot do without is wrong or missing: that hides nothing else, in it or beside it."""
    text = (
        TIERS.replace('"8h"', '"soon"')
        + """\
[escalation]
steps = [
  { at = 0.9, tell = "assignee" },
  { at = 0.5, tell = "boss" },
]
[[visit]]
id = "v"
when = "case_reopened"
questionnaire = "nosuch"
[[visit]]
id = "v2"
when = "purchase"
by = { gold = "agent" }
[[visit]]
when = "purchase"
sample = { gold = 1 }
[[goal]]
metric = "happiness"
target = 90
[[goal]]
metric = "NPS"
target = 40
"""
    )
    wrong = [re.sub(r"^\d+: | .*", "", line) for line in said(text) if "warning" not in line]
    assert wrong == [
        "tier[vip].resolution:",
        "escalation.steps[2].at:",
        "escalation.steps[2].tell:",
        "visit[v].when:",
        "visit[v].questionnaire:",
        "visit[v2].by.gold:",
        "visit[3]:",
        "visit[3].sample.gold:",
        "goal[happiness].metric:",
        "goal[happiness].target:",
        "goal[NPS].metric:",
    ]


def test_nothing_is_concluded_from_what_was_wrong() -> None:
    """Each of these has its one mistake, and what is left out because of it is no other."""
    for text in (
        TIERS.replace("5000", "-5") + "[[visit]]\nid = 'a'\nwhen = 'tier'\n",  # everybody would be of the first tier
        TIERS.replace('"30d"', '"often"') + "[[visit]]\nid = 'a'\nwhen = 'tier'\n",  # no tier would be visited
        "[[tier]]\nid = 'V.I.P.'\n[recovery]\nwithin = { VIP = '4h' }\n",  # a tier that is there
        TIERS + "[[visit]]\nid = 'a'\nwhen = 'teir'\n",  # the visits would have no rule
    ):
        assert len(said(text)) == 1, said(text)


def test_something_can_stand_in_for_every_key_that_a_table_needs() -> None:
    tables: list[type[BaseModel]] = [
        Plan,
        *(each for field in Plan.model_fields.values() for each in models_in(field.annotation)),
    ]
    needed = [
        (field.alias or name, field)
        for table in tables
        for name, field in table.model_fields.items()
        if field.is_required() and issubclass(table, Section)
    ]
    assert {key for key, _ in needed} >= {"id", "metric", "when"}
    for key, field in needed:
        for wrong in ("Service Dept", "", None, 5, "贵宾"):
            kind: Any = TypeAdapter(Annotated[field.annotation, field, *field.metadata])
            kind.validate_python(stand_in(key, wrong))


def test_a_stored_plan_is_understood_as_far_as_it_can_be() -> None:
    """A plan that was in force under an older version may say what this one knows no more, and does without that."""
    assert stored_plan("[[visit]]\nid = 'a'\nwhen = 'case_reopened'\n").visit == ()
    plan = stored_plan(TIERS + "[gone]\nkey = 1\n[closing]\nreopen_within = 7\n")
    assert [tier.id for tier in plan.tier] == ["vip", "regular"]
    assert stored_plan("[broken").tier == ()


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the example plan is not beside this checkout")
def test_the_example_plan_has_no_mistake_but_the_year_that_is_not_published() -> None:
    assert [line for line in said(EXAMPLE.read_text("utf-8")) if "not published yet" not in line] == []


@pytest.mark.parametrize("name", shipped_plans())
def test_a_plan_that_comes_with_the_program_has_no_mistake_and_speaks_both_languages(name: str) -> None:
    text = shipped_plans()[name].read_text("utf-8")
    assert [line for line in said(text) if "not published yet" not in line] == []
    for path, value in _walk(tomllib.loads(text)):
        if path[-1] in ("name", "say"):
            assert isinstance(value, dict), path
            assert set(value) == {"zh", "en"}, path


def _walk(data: Any, path: tuple[str | int, ...] = ()) -> Any:
    yield path or ("",), data
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from _walk(value, (*path, key))


# -- where things stand


def test_every_value_of_a_file_has_its_line() -> None:
    text = (
        '# a plan\n\na = "x # y"\n"b c".d = """two\nlines"""\n[e]\nf = [1,\n  { g = 2.5 },\n]\n'
        "[[h.i]]\n[[h.i]]\nj = 1\n[h.i.k]\nl = 1\n"
    )
    lines = {
        ("a",): 3,
        ("b c", "d"): 4,
        ("e", "f", 0): 7,
        ("e", "f", 1, "g"): 8,
        ("h", "i", 0): 10,
        ("h", "i", 1, "j"): 12,
        ("h", "i", 1, "k", "l"): 14,
    }
    assert {path: positions(text).way(path)[-1].line for path in lines} == lines


KEYS = st.text("abc", min_size=1, max_size=3)
VALUES = st.recursive(
    st.sampled_from(["1", '"a = [1]"', "'}'", "0.5", "true", "2027-03-08", '"""x\n]"""', "[]", "{}"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda each: "[\n" + ", # ]\n".join(each) + "\n]"),
        st.dictionaries(KEYS, inner.filter(lambda each: "\n" not in each), max_size=3).map(
            lambda each: "{ " + ", ".join(f"{key} = {value}" for key, value in each.items()) + " }"
        ),
    ),
    max_leaves=6,
)
TABLES = st.dictionaries(KEYS, VALUES, max_size=4)


@given(
    TABLES,
    st.dictionaries(st.text("xyz", min_size=1, max_size=2), st.lists(TABLES, min_size=1, max_size=3), max_size=3),
)
def test_any_file_has_the_shape_that_its_values_have(
    top: dict[str, str], tables: dict[str, list[dict[str, str]]]
) -> None:
    lines = [f"{key} = {value}" for key, value in top.items()]
    for name, rows in tables.items():
        for row in rows:
            lines += [f"[[{name}]]", *(f"{key} = {value}" for key, value in row.items())]
    text = "\n".join(lines)
    _same_shape(tomllib.loads(text), positions(text))


def _same_shape(data: Any, place: Place) -> None:
    if isinstance(data, dict):
        assert data.keys() == place.keys.keys()
        for key, value in data.items():
            _same_shape(value, place.keys[key])
    elif isinstance(data, list):
        assert len(data) == len(place.items)
        for value, each in zip(data, place.items, strict=True):
            _same_shape(value, each)


# -- the command


async def test_the_command_ends_with_1_where_something_is_wrong_and_with_0_where_it_only_warns(
    tmp_path: Path,
) -> None:
    path = tmp_path / "plan.toml"
    path.write_text("[calendar]\nmon = ['25:00-26:00']\n", "utf-8")
    assert await command("plan", "check", path) == (
        1,
        f'{path}:2: calendar.mon[1]: expected hours from "00:00" to "24:00", not \'25:00-26:00\'\n'
        f"{path}: 1 mistake.\n",
    )
    path.write_text("[[department]]\nid = 'a'\nkinds = ['complaint']\n", "utf-8")
    code, words = await command("plan", "check", path)
    assert code == 0
    assert words.endswith("this plan can be put in force. 1 warning.\n")
    assert (await command("plan", "check", tmp_path / "none.toml"))[0] == 1
