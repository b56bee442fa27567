"""Who is drawn for a survey, and the versions of what is asked: rules without a bot, statements on both databases."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from handlers import approvals, open_database, questionnaires
from handlers.happenings.cases import CaseResolved, KindConfirmed
from handlers.questionnaires import due
from handlers.questionnaires.begging import begs
from handlers.questionnaires.library import current
from handlers.questionnaires.opting_out import without_stop
from models.approvals import ApprovalKind
from models.cases import Case, CaseKind, CaseState, case_numbered
from models.contact import Consent, Purpose
from models.customers import Customer, customer_numbered, customer_of
from models.database import Database
from models.delivery import Outbox
from models.plan import Plan, read_plan
from models.questionnaires import Invitation, InvitationState, QuestionnaireVersion, SurveyWave, WaveState
from models.questionnaires.sampling import SHARES, drawn, drawn_case, salt_of
from models.questionnaires.waves import count_asked
from models.staff import Role, Staff, StaffGroup, add_staff_group
from models.walks import period_of
from models.work import Work
from tests.tables import make_tables

SQLITE_ALONE = "whom to ask and when; samples, waves and what runs out in sets run on both"

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
PLAN = read_plan(
    """
[[tier]]
id = "vip"
[[tier]]
id = "regular"
[[segment]]
id = "business"
when = { tag = "business" }
[[survey]]
questionnaire = "nps"
when = "every"
every = "90d"
sample = 0.5
"""
)
#: The same, and no hour of the day is quiet.
DAYLIGHT = read_plan('[contact]\nquiet = ""\n[[tier]]\nid = "vip"\n[[tier]]\nid = "regular"')
NPS = 'key = "nps"\nversion = 1\ntitle = "NPS"\n[[question]]\nid = "recommend"\nkind = "nps"\ntext = "How likely?"\n'


@given(st.integers(0, SHARES), st.integers(0, SHARES - 1), st.integers(0, 500), st.integers(0, 500))
def test_of_customers_in_a_row_the_share_is_drawn_give_or_take_one(
    share: int, salt: int, start: int, number: int
) -> None:
    found = sum(drawn(position, share, salt) for position in range(start, start + number))
    assert abs(found - number * share / SHARES) < 1


def test_the_whole_share_draws_everybody_and_none_nobody() -> None:
    assert all(drawn(position, SHARES, salt) for position in range(1, 50) for salt in (0, 1, SHARES - 1))
    assert not any(drawn(position, 0, salt) for position in range(1, 50) for salt in (0, 1, SHARES - 1))


def test_the_same_period_draws_the_same_and_another_others() -> None:
    def of(period: int) -> list[int]:
        return [position for position in range(1, 101) if drawn(position, SHARES // 4, salt_of("nps", period))]

    assert of(7) == of(7)
    assert len({tuple(of(period)) for period in range(12)}) > 1


def test_cases_are_drawn_by_their_number_and_episode() -> None:
    found = sum(drawn_case(1000 + number, 1, SHARES // 5) for number in range(5000))
    assert 800 < found < 1200
    assert any(drawn_case(1001, episode, SHARES // 2) != drawn_case(1001, 1, SHARES // 2) for episode in range(20))


def test_a_period_is_as_long_as_the_interval() -> None:
    every = timedelta(days=90)
    assert period_of(NOW + every, every) == period_of(NOW, every) + 1


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("后面不想填了", ""),
        ("算了，不填了。", ""),
        ("不想填了，发票还没开", "发票还没开"),
        ("Sorry, I don\u2019t want to answer any more", ""),
        ("还可以，就是有点吵", None),
        ("不满意", None),
        ("The rest was fine", None),
    ],
)
def test_words_that_say_stop_and_what_is_said_beside(said: str, rest: str | None) -> None:
    assert without_stop(said) == rest


@pytest.mark.parametrize(
    "said", ["麻烦给个五星好评", "满意的话请打 5 分", "Could you give us 5 stars?", "5 STARS PLEASE"]
)
def test_begging_is_recognised(said: str) -> None:
    assert begs(said)


@pytest.mark.parametrize("said", ["这是一家五星酒店", "已收到您的评分，谢谢", "We have five stars in the logo", ""])
def test_ordinary_words_are_no_begging(said: str) -> None:
    assert not begs(said)


# -- on a database


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = open_database(database_url, lambda: NOW)
    await make_tables(found)
    async with found.work(lambda: NOW, PLAN) as work:
        for number in range(1, 101):
            tier = "vip" if number % 10 == 0 else "regular"
            segments = ["business"] if number % 20 == 0 else []
            work.add(
                Customer(
                    id=number,
                    user_id=5_000_000_000 + number,
                    name=str(number),
                    language="zh",
                    tier=tier,
                    segments=segments,
                    created_at=NOW,
                )
            )
        await questionnaires.take_definitions(work, {"nps.toml": NPS})
    yield found
    await found.close()


async def until_nothing(database: Database, now: datetime = NOW, plan: Plan = PLAN) -> None:
    did_work = True
    while did_work:
        async with database.work(lambda: now, plan) as work:
            did_work = await questionnaires.plan_waves(work)


async def invited(database: Database) -> list[Invitation]:
    async with database.work(lambda: NOW, PLAN) as work:
        return list(await work.all(select(Invitation)))


async def tiers_of(database: Database, rows: list[Invitation]) -> Counter[str | None]:
    async with database.work(lambda: NOW, PLAN) as work:
        tiers = dict(await work.all(select(Customer.id, Customer.tier)))
    return Counter(tiers[row.customer_id] for row in rows)


def by_hand(audience: str | None, strata: list[str | None]) -> SurveyWave:
    return SurveyWave(
        key=f"hand:{audience}",
        questionnaire="nps",
        version=1,
        rule="wave",
        audience=audience,
        strata=strata,
        state=WaveState.PLANNING,
        made_at=NOW,
    )


async def begin(database: Database, now: datetime = NOW) -> bool:
    async with database.work(lambda: now, PLAN) as work:
        return await questionnaires.begin_periods(work)


@pytest.mark.postgres_too
async def test_an_interval_draws_its_share_of_every_tier_once_and_nobody_again_within_it(database: Database) -> None:
    assert await begin(database)
    assert not await begin(database), "the period has its wave"
    await until_nothing(database)
    first = await invited(database)
    assert await tiers_of(database, first) == {"vip": 5, "regular": 45}

    later = NOW + timedelta(days=60)  # another period of 90 days, but not yet 90 days after the first
    assert await begin(database, later)
    await until_nothing(database, later)
    both = await invited(database)
    assert len({row.customer_id for row in both}) == len(both), "nobody twice within the interval"
    assert len(both) > len(first)


async def test_a_wave_by_hand_asks_the_whole_audience_but_not_who_cannot_or_will_not_be_asked(
    database: Database,
) -> None:
    async with database.work(lambda: NOW, PLAN) as work:
        refused = Consent(customer_id=10, purpose=Purpose.SURVEY, given=False, at=NOW, wording="no", how="words")
        again = [
            Consent(customer_id=20, purpose=Purpose.SURVEY, given=given, at=NOW, wording="", how="button")
            for given in (False, True)
        ]
        for row in (refused, *again):
            work.add(row)
        (await customer_numbered(work, 30)).unreachable_since = NOW
        work.add(by_hand("vip", ["vip"]))
        await work.flush()
        assert await count_asked(work, by_hand("vip", ["vip"])) == 8
    await until_nothing(database)
    rows = await invited(database)
    assert {row.customer_id for row in rows} == {20, 40, 50, 60, 70, 80, 90, 100}


async def test_a_segment_is_an_audience_of_several_tiers(database: Database) -> None:
    async with database.work(lambda: NOW, PLAN) as work:
        work.add(by_hand("business", ["vip", "regular", None]))
    await until_nothing(database)
    assert {row.customer_id for row in await invited(database)} == {20, 40, 60, 80, 100}


@pytest.mark.postgres_too
async def test_what_a_cancelled_wave_had_planned_is_not_asked(database: Database) -> None:
    async with database.work(lambda: NOW, PLAN) as work:
        work.add(by_hand("vip", ["vip"]))
    await until_nothing(database)
    async with database.work(lambda: NOW, PLAN) as work:
        wave: SurveyWave = await work.first(select(SurveyWave))
        assert wave.state is WaveState.RUNNING
        wave.state = WaveState.CANCELLED
    await until_nothing(database)
    assert {row.state.value for row in await invited(database)} == {"cancelled"}


async def asked(database: Database) -> bool:
    async with database.work(lambda: NOW, DAYLIGHT) as work:
        return await questionnaires.ask_due(work)


@pytest.mark.postgres_too
async def test_a_wave_waits_while_it_is_paused_and_fills_no_more_of_the_outbox_than_it_may(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "MOST_WAITING", 60)
    async with database.work(lambda: NOW, DAYLIGHT) as work:
        add_staff_group(work, StaffGroup(configured_id=-100, chat_id=-100))
        work.add(by_hand(None, ["vip", "regular", None]))
    await until_nothing(database, plan=DAYLIGHT)
    for state in (WaveState.PAUSED, WaveState.RUNNING):
        async with database.work(lambda: NOW, DAYLIGHT) as work:
            wave: SurveyWave = await work.first(select(SurveyWave))
            wave.state = state
        assert await asked(database) is (state is WaveState.RUNNING)
    while await asked(database):
        pass
    states = Counter(row.state.value for row in await invited(database))
    assert states == {"asked": 60, "planned": 40}


async def wave_of_business(database: Database) -> None:
    """A manager confirms a wave to a segment, as the plan has it at this moment."""
    async with database.work(lambda: NOW, PLAN) as work:
        add_staff_group(work, StaffGroup(id=1, configured_id=-100, chat_id=-100))
        manager = Staff(id=3, user_id=30, name="Zhou", role=Role.MANAGER, started_bot=True, joined_at=NOW)
        work.add(manager)
        await work.flush()
        wave = by_hand("business", ["vip", "regular", None])
        wave.state, wave.staff_id = WaveState.PREVIEW, manager.id
        work.add(wave)
        await work.flush()
        asked = await approvals.ask(work, ApprovalKind.WAVE, manager, {}, wave_id=wave.id)
        await approvals.decide(work, asked, manager, True)


async def told_manager(database: Database) -> list[str]:
    async with database.work(lambda: NOW, PLAN) as work:
        found = await work.all(select(Outbox).where(Outbox.chat_id == 30))
    return [row.body["text"] for row in found]


async def test_a_wave_whose_segment_is_gone_before_it_is_planned_asks_nobody_and_says_so(database: Database) -> None:
    await wave_of_business(database)

    await until_nothing(database, plan=DAYLIGHT)

    assert await invited(database) == [], "not everybody, and nobody of whom the manager did not think"
    (said,) = await told_manager(database)
    assert "business" in said


async def test_a_wave_whose_segment_goes_while_it_is_under_way_stops_there(database: Database) -> None:
    await wave_of_business(database)
    await until_nothing(database)
    assert len(await invited(database)) == 5

    assert not await asked(database), "not even before the planning has looked again"
    await until_nothing(database, plan=DAYLIGHT)

    assert {row.state.value for row in await invited(database)} == {"cancelled"}
    assert len(await told_manager(database)) == 1


@pytest.mark.postgres_too
async def test_i14_whoever_has_a_questionnaire_open_is_asked_nothing_else(database: Database) -> None:
    async with database.work(lambda: NOW, DAYLIGHT) as work:
        half = Invitation(
            customer_id=10,
            questionnaire="nps",
            version=1,
            rule="wave",
            occurrence="half-way",
            state=InvitationState.STARTED,
            due_at=NOW - timedelta(hours=1),
        )
        work.add(half)
        await work.flush()
        (await customer_numbered(work, 10)).open_run_id = half.id
        work.add(by_hand("vip", ["vip"]))
    await until_nothing(database, plan=DAYLIGHT)
    while await asked(database):
        pass
    waiting = [row.customer_id for row in await invited(database) if row.state.value == "planned"]
    assert waiting == [10]


@pytest.mark.postgres_too
async def test_f47_after_three_days_down_what_lapsed_is_not_asked_any_more_and_the_rest_is_asked_once(
    database: Database,
) -> None:
    async with database.work(lambda: NOW, DAYLIGHT) as work:
        add_staff_group(work, StaffGroup(configured_id=-100, chat_id=-100))
        for number, days in ((10, 1), (20, 5)):
            lasts = timedelta(days=days)
            customer = await customer_numbered(work, number)
            key = f"nps:{number}"
            assert await questionnaires.plan(work, customer, "nps", key, "wave", NOW, lasts=lasts) is not None
            assert await questionnaires.plan(work, customer, "nps", key, "wave", NOW, lasts=lasts) is None
    later = NOW + timedelta(days=3)
    did_work = True
    while did_work:
        async with database.work(lambda: later, DAYLIGHT) as work:
            did_work = await questionnaires.ask_due(work)
    found = {row.customer_id: (row.state.value, row.reason) for row in await invited(database)}
    assert found == {10: ("expired", "lapsed"), 20: ("asked", None)}
    (row,) = [row for row in await invited(database) if row.customer_id == 20]
    assert row.expires_at == later + timedelta(days=5), "the time to answer counts from the asking"


async def until_still(database: Database, now: datetime, *ticks: Callable[[Work], Awaitable[bool]]) -> None:
    for tick in ticks:
        did_work = True
        while did_work:
            async with database.work(lambda: now, DAYLIGHT) as work:
                did_work = await tick(work)


@pytest.mark.postgres_too
async def test_f47_what_ran_out_during_an_outage_is_not_reminded_of_as_well(database: Database) -> None:
    async with database.work(lambda: NOW, DAYLIGHT) as work:
        add_staff_group(work, StaffGroup(configured_id=-100, chat_id=-100))
        await questionnaires.plan(
            work,
            await customer_numbered(work, 10),
            "nps",
            "nps:10",
            "wave",
            NOW,
            lasts=timedelta(days=3),
            remind_after=timedelta(days=1),
        )
    await until_still(database, NOW, questionnaires.ask_due)

    await until_still(database, NOW + timedelta(days=4), questionnaires.remind_due, questionnaires.expire_due)

    (row,) = await invited(database)
    assert (row.state.value, row.reminded_at) == ("expired", None)


async def test_whoever_wants_no_questionnaires_is_asked_about_no_case_either(database: Database) -> None:
    async with database.work(lambda: NOW, DAYLIGHT) as work:
        add_staff_group(work, StaffGroup(id=1, configured_id=-100, chat_id=-100))
        await work.flush()
        case = Case(id=1001, customer_id=10, group_id=1, opened_at=NOW, last_customer_at=NOW)
        work.add(case)
        work.add(Consent(customer_id=10, purpose=Purpose.SURVEY, given=False, at=NOW, wording="no more", how="words"))
        await work.flush()
        await questionnaires.plan(
            work, await customer_numbered(work, 10), "nps", "nps:case:1001:1", "survey:nps", NOW, case=case
        )
    await until_still(database, NOW, questionnaires.ask_due)
    (row,) = await invited(database)
    assert (row.state.value, row.reason) == ("cancelled", "opted_out")


VISITED = """
[[visit]]
id = "after"
when = "case_resolved"
kinds = ["complaint"]
questionnaire = "recovery"
[[survey]]
questionnaire = "csat"
"""


async def test_a_complaint_is_asked_in_its_visit_even_where_the_survey_names_no_kinds(database: Database) -> None:
    plan = read_plan(VISITED)
    async with database.work(lambda: NOW, plan) as work:
        await questionnaires.take_definitions(work, {"csat.toml": NPS.replace('"nps"', '"csat"', 1)})
        add_staff_group(work, StaffGroup(id=1, configured_id=-100, chat_id=-100))
        await work.flush()
        for number, kind in ((1001, CaseKind.COMPLAINT), (1002, CaseKind.ENQUIRY)):
            case = Case(id=number, customer_id=10, group_id=1, kind=kind, opened_at=NOW, last_customer_at=NOW)
            work.add(case)
            await work.flush()
            await questionnaires.plan_surveys(work, CaseResolved(case, await customer_numbered(work, 10), agent()))
    assert [row.case_id for row in await invited(database)] == [1002]

    async with database.work(lambda: NOW, plan) as work:
        found = await case_numbered(work, 1002)
        assert found is not None
        found.kind, found.state = CaseKind.COMPLAINT, CaseState.RESOLVED
        await questionnaires.kind_confirmed(
            work, KindConfirmed(found, await customer_of(work, found), CaseKind.ENQUIRY, found.kind)
        )
    assert [(row.state.value, row.reason) for row in await invited(database)] == [("cancelled", "kind")]


def agent() -> Staff:
    return Staff(id=1, user_id=9, name="Chen", joined_at=NOW)


# -- versions


async def texts_of(work: Work) -> list[tuple[int, bool]]:
    rows = await work.all(select(QuestionnaireVersion).order_by(QuestionnaireVersion.version))  # type: ignore[arg-type]
    return [(row.version, row.current) for row in rows]


async def test_a_changed_file_without_a_new_version_is_refused_and_the_stored_one_stays(database: Database) -> None:
    changed = NPS.replace("How likely?", "Really?")
    async with database.work(lambda: NOW, PLAN) as work:
        found = await questionnaires.take_definitions(work, {"nps.toml": changed})
        assert [(each.name, each.key, each.version) for each in found] == [("nps.toml", "nps", 1)]
        stored = await current(work, "nps")
        assert stored is not None
        assert stored.question[0].text["en"] == "How likely?"
        assert await questionnaires.differing(work.session, {"nps.toml": changed}) == found


async def test_a_new_version_is_used_from_now_on_and_the_old_one_is_kept(database: Database) -> None:
    new = NPS.replace("version = 1", "version = 2").replace("How likely?", "Really?")
    async with database.work(lambda: NOW, PLAN) as work:
        assert await questionnaires.take_definitions(work, {"nps.toml": new}) == []
    async with database.work(lambda: NOW, PLAN) as work:
        assert await texts_of(work) == [(1, False), (2, True)]
        stored = await current(work, "nps")
        assert stored is not None
        assert stored.question[0].text["en"] == "Really?"
