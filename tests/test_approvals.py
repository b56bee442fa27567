"""What wants a yes: who may decide, what is too late, and that a decision takes effect whole and once."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import MetaData, event
from sqlalchemy import select as core_select
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel, col, select

from handlers import AFTER_DECISION, open_database, staff
from handlers.approvals import ask, decide, run_out
from handlers.chat import approvals as chat_approvals
from handlers.chat.doors import Place, Where
from handlers.customers import Account, tiers
from handlers.refusals import Refusal
from models.approvals import RULES, Approval, ApprovalKind, Decision, approval_of_wave
from models.audit import Audit
from models.base import metadata
from models.customers import Customer, Merge
from models.database import Database
from models.delivery import Outbox
from models.migrations import configuration, migrate
from models.plan import read_plan
from models.questionnaires import SurveyWave, WaveState
from models.staff import GroupMember, Role, Staff, StaffGroup
from models.standings import Standing
from models.work import Work
from templates import LANGUAGES, has_label
from tests.tables import make_tables

TIER, CANDIDATE, WAVE, MERGE = ApprovalKind
AGENT, SUPERVISOR, MANAGER, OWNER = Role
SQLITE_ALONE = "who may decide, and what becomes of it; what holds rows against others, and old rows, run on both"

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TIERS = '[[tier]]\nid = "vip"\n[[tier]]\nid = "regular"\n[[segment]]\nid = "business"\nwhen = { tag = "business" }\n'
PLAN = read_plan('[business]\nenrolment = "approve"\n' + TIERS)
BARE = read_plan('[[tier]]\nid = "regular"')

#: Who may decide, by the lowest role that may; and whether whoever asked is among them.
WHO = {TIER: (SUPERVISOR, False), CANDIDATE: (SUPERVISOR, False), WAVE: (MANAGER, True), MERGE: (AGENT, True)}


def person(number: int, role: Role = AGENT, **columns: Any) -> Staff:
    return Staff(id=number, user_id=number, name=f"staff {number}", role=role, joined_at=NOW, **columns)


def asked(kind: ApprovalKind, **columns: Any) -> Approval:
    return Approval(kind=kind, asked_by_id=1, asked_at=NOW, expires_at=NOW + DAY, **columns)


# -- the rules, on unsaved rows


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", ApprovalKind)
def test_who_may_decide_is_a_matter_of_kind_role_and_who_asked(kind: ApprovalKind, role: Role) -> None:
    lowest, asker_may = WHO[kind]
    for number, is_asker in ((1, True), (2, False)):
        for yes in (True, False):
            why = asked(kind).why_not(person(number, role), yes, NOW)
            if role.rank < lowest.rank:
                assert why is not None
                assert (why.key, why.values) == ("role", {"role": lowest.value})
            elif is_asker and not asker_may:
                assert why is not None
                assert why.key == "approval_own"
            else:
                assert why is None


@pytest.mark.parametrize("kind", ApprovalKind)
def test_whoever_has_left_decides_nothing(kind: ApprovalKind) -> None:
    why = asked(kind).why_not(person(2, OWNER, active=False), True, NOW)
    assert why is not None
    assert why.key == "role"


@pytest.mark.parametrize("kind", ApprovalKind)
def test_it_stands_until_it_is_decided_or_its_time_is_over(kind: ApprovalKind) -> None:
    boss, approval = person(2, OWNER), asked(kind)
    assert approval.stands(NOW + DAY - MINUTE)
    assert not approval.stands(NOW + DAY)
    late = approval.why_not(boss, True, NOW + DAY)
    assert late is not None
    assert late.key == "approval_ran_out"
    for decision, key in ((Decision.YES, "approval_decided"), (Decision.RAN_OUT, "approval_ran_out")):
        approval.decision = decision
        assert not approval.stands(NOW)
        for yes in (True, False):
            why = approval.why_not(boss, yes, NOW)
            assert why is not None
            assert why.key == key


@pytest.mark.parametrize("kind", ApprovalKind)
def test_only_a_candidate_who_was_refused_may_still_be_admitted(kind: ApprovalKind) -> None:
    refused, boss = asked(kind, decision=Decision.NO), person(2, OWNER)
    assert (refused.why_not(boss, True, NOW) is None) is (kind is CANDIDATE)
    again = refused.why_not(boss, False, NOW)
    assert again is not None
    assert again.key == "approval_decided"
    late = refused.why_not(boss, True, NOW + DAY)
    assert late is not None


def test_every_kind_has_a_rule_what_follows_and_its_buttons() -> None:
    assert set(RULES) == set(AFTER_DECISION) == set(ApprovalKind)
    for kind in ApprovalKind:
        for language in LANGUAGES:
            for answer in ("yes", "no"):
                assert has_label(language, f"approval.{kind}_{answer}")


# -- with rows, on both databases


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Two groups, customers 17 and 23, an agent (1), a supervisor (2), a manager (3) and somebody new (4)."""
    found = open_database(database_url, lambda: NOW)
    await make_tables(found)
    async with found.work(lambda: NOW, PLAN) as work:
        for number in (1, 2):
            work.add(StaffGroup(id=number, configured_id=-number, chat_id=-number))
        for row in (person(1), person(2, SUPERVISOR), person(3, MANAGER), person(4, active=False)):
            work.add(row)
        work.add(Customer(id=17, user_id=170, name="Wang Fang", language="en", tier="regular", created_at=NOW))
        work.add(Customer(id=23, name="Ms Wang", ref="C23", language="en", tier="regular", created_at=NOW))
        await work.flush()
        work.add(GroupMember(group_id=1, staff_id=4))
        await sits(work, 4)
        work.add(
            SurveyWave(
                id=5,
                key="hand",
                questionnaire="nps",
                version=1,
                rule="wave",
                audience="business",
                strata=["regular"],
                staff_id=3,
                made_at=NOW,
            )
        )
    yield found
    await found.close()


async def sits(work: Work, number: int) -> None:
    """Telegram says of somebody that they are in group 1, whenever it is asked."""
    user_id = (await staff_of(work, number)).user_id
    work.add(Standing(group_id=1, user_id=user_id, present=True, said_at=NOW + 1000 * DAY))


async def staff_of(work: Work, number: int) -> Staff:
    found: Staff = await work.first(select(Staff).where(Staff.id == number))
    return found


async def ask_about(work: Work, kind: ApprovalKind) -> Approval:
    """Ask as the product does, in group 1."""
    by = await staff_of(work, {TIER: 1, CANDIDATE: 4, WAVE: 3, MERGE: 1}[kind])
    if kind is TIER:
        customer = await work.first(select(Customer).where(Customer.id == 17))
        wish = tiers.Wish("vip", NOW + 90 * DAY, "large orders")
        return await tiers.ask_for(work, customer, wish, by, {"group_id": 1, "topic_of_id": 17})
    about: dict[str, Any] = {
        CANDIDATE: {"staff_id": 4},
        WAVE: {"wave_id": 5},
        MERGE: {"customer_id": 17, "merged_id": 23},
    }[kind]
    return await ask(work, kind, by, {"group_id": 1}, **about)


async def begin(database: Database, kind: ApprovalKind) -> int:
    async with database.work(lambda: NOW, PLAN) as work:
        return (await ask_about(work, kind)).id or 0


async def say(
    database: Database, number: int, by: int, yes: bool, at: datetime = NOW + MINUTE, plan: Any = PLAN
) -> str | None:
    """Decide; the key of the refusal, if it was refused."""
    try:
        async with database.work(lambda: at, plan) as work:
            approval = await work.first(select(Approval).where(Approval.id == number))
            await decide(work, approval, await staff_of(work, by), yes)
    except Refusal as refusal:
        return refusal.key
    return None


async def tick(database: Database, at: datetime) -> bool:
    async with database.work(lambda: at, PLAN) as work:
        did = await run_out(work)
        return did


async def rows(database: Database, table: type[SQLModel]) -> list[Any]:
    async with database.work(lambda: NOW, PLAN) as work:
        found = list(await work.all(select(table)))
        work.session.expunge_all()
        return found


async def numbered(database: Database, number: int) -> Approval:
    found: Approval = next(row for row in await rows(database, Approval) if row.id == number)
    return found


async def everything(database: Database) -> dict[str, list[str]]:
    """The rows as they come, in one look: objects of them, table by table, took longer."""
    found: dict[str, list[str]] = {}
    async with database.work(lambda: NOW, PLAN) as work:
        for each in (Approval, Audit, Customer, Merge, Outbox, Staff, SurveyWave, GroupMember):
            name = str(each.__tablename__)
            columns = [column for column in metadata.tables[name].c if column.name != "created_at"]
            found[name] = sorted(map(str, await work.all(core_select(*columns))))
    return found


async def outcome(database: Database, kind: ApprovalKind) -> Any:
    """What a yes would have changed."""
    async with database.work(lambda: NOW, PLAN) as work:
        match kind:
            case ApprovalKind.TIER:
                return await work.first(select(Customer.tier).where(Customer.id == 17))
            case ApprovalKind.CANDIDATE:
                return await work.first(select(Staff.active).where(Staff.id == 4))
            case ApprovalKind.WAVE:
                return await work.first(select(SurveyWave.state).where(SurveyWave.id == 5))
            case ApprovalKind.MERGE:
                return await work.first(select(Customer.merged_into_id).where(Customer.id == 23))


BEFORE = {TIER: "regular", CANDIDATE: False, WAVE: WaveState.PREVIEW, MERGE: None}
AFTER_YES = {TIER: "vip", CANDIDATE: True, WAVE: WaveState.PLANNING, MERGE: 17}
AFTER_NO = {**BEFORE, WAVE: WaveState.CANCELLED}


@pytest.mark.postgres_too
@pytest.mark.parametrize("yes", [True, False])
async def test_a_decision_takes_effect_once_and_a_second_press_changes_nothing(database: Database, yes: bool) -> None:
    for kind in ApprovalKind:
        number = await begin(database, kind)
        assert await outcome(database, kind) == BEFORE[kind]

        assert await say(database, number, 3, yes) is None

        assert await outcome(database, kind) == (AFTER_YES if yes else AFTER_NO)[kind]
        approval = await numbered(database, number)
        expected = (Decision.YES if yes else Decision.NO, 3, NOW + MINUTE)
        assert (approval.decision, approval.decided_by_id, approval.decided_at) == expected
        before = await everything(database)
        assert await say(database, number, 3, yes) == "approval_decided"
        assert await everything(database) == before
    assert not await tick(database, NOW + 99 * DAY), "they have not run out, too"


async def test_a_refused_decision_changes_nothing(database: Database) -> None:
    for kind in ApprovalKind:
        number = await begin(database, kind)
        before = await everything(database)
        assert await say(database, number, 3, True, at=NOW + 99 * DAY) == "approval_ran_out"
        if kind is not MERGE:
            assert await say(database, number, 1, True) == "role"
        assert await everything(database) == before


async def test_whoever_asks_as_an_agent_and_is_promoted_does_not_decide_it(database: Database) -> None:
    number = await begin(database, TIER)
    async with database.work(lambda: NOW, PLAN) as work:
        (await staff_of(work, 1)).role = MANAGER
    assert await say(database, number, 1, True) == "approval_own"
    assert await say(database, number, 2, True) is None


@pytest.mark.postgres_too
async def test_what_nobody_decides_runs_out_once(database: Database) -> None:
    for kind in sorted(ApprovalKind, key=lambda kind: RULES[kind].lasts):
        number = await begin(database, kind)
        told = len(await rows(database, Outbox))
        assert not await tick(database, NOW + RULES[kind].lasts - MINUTE)
        assert (await numbered(database, number)).decision is None

        assert await tick(database, NOW + RULES[kind].lasts)

        approval = await numbered(database, number)
        assert (approval.decision, approval.decided_by_id) == (Decision.RAN_OUT, None)
        assert await outcome(database, kind) == BEFORE[kind]
        assert len(await rows(database, Outbox)) - told == (1 if kind is TIER else 0), "an agent waits for an answer"
        assert not await tick(database, NOW + RULES[kind].lasts)


async def test_a_tier_that_would_end_sooner_is_not_waited_for_longer(database: Database) -> None:
    async with database.work(lambda: NOW, PLAN) as work:
        customer = await work.first(select(Customer).where(Customer.id == 17))
        wish = tiers.Wish("vip", NOW + DAY, "a weekend")
        approval = await tiers.ask_for(work, customer, wish, await staff_of(work, 1), {"group_id": 1})
        assert approval.expires_at == NOW + DAY


async def test_what_an_agent_may_not_even_ask_for(database: Database) -> None:
    for wish, key in ((tiers.Wish("vip", NOW, "x"), "tier_past"), (tiers.Wish(None, None, "x"), "role")):
        async with database.work(lambda: NOW, PLAN) as work:
            customer = await work.first(select(Customer).where(Customer.id == 17))
            with pytest.raises(Refusal) as refused:
                await tiers.ask_for(work, customer, wish, await staff_of(work, 1), {"group_id": 1})
        assert refused.value.key == key
    assert await rows(database, Approval) == []


# -- the matter is gone meanwhile


async def test_a_customer_who_was_merged_meanwhile_is_not_decided_about(database: Database) -> None:
    merge = await begin(database, MERGE)
    async with database.work(lambda: NOW, PLAN) as work:
        customer = await work.first(select(Customer).where(Customer.id == 23))
        wish = tiers.Wish("vip", NOW + 90 * DAY, "x")
        tier = (await tiers.ask_for(work, customer, wish, await staff_of(work, 1), {"group_id": 1})).id or 0
    second = await begin(database, MERGE)
    assert await say(database, merge, 1, True) is None
    before = await everything(database)
    assert await say(database, tier, 2, True) == "approval_merged"
    assert await say(database, second, 1, True) == "approval_merged"
    assert await everything(database) == before
    assert {row.id: (row.customer_id, row.merged_id) for row in await rows(database, Approval)} == {
        merge: (17, 23),
        tier: (23, None),
        second: (17, 23),
    }, "what was asked stays with the numbers that were asked about"


async def test_two_who_both_came_to_telegram_meanwhile_are_not_merged(database: Database) -> None:
    number = await begin(database, MERGE)
    async with database.work(lambda: NOW, PLAN) as work:
        (await work.first(select(Customer).where(Customer.id == 23))).user_id = 230
    assert await say(database, number, 1, True) == "merge_two_accounts"


async def test_what_the_plan_has_no_more_is_not_decided(database: Database) -> None:
    tier, wave = await begin(database, TIER), await begin(database, WAVE)
    assert await say(database, tier, 2, True, plan=BARE) == "approval_no_tier"
    assert await say(database, wave, 3, True, plan=BARE) == "no_audience", "it would go to everybody"
    assert await outcome(database, WAVE) is WaveState.PREVIEW


async def test_a_candidate_who_has_left_the_group_or_is_on_the_staff_already(database: Database) -> None:
    number = await begin(database, CANDIDATE)
    async with database.work(lambda: NOW, PLAN) as work:
        (await staff_of(work, 4)).active = True
    assert await say(database, number, 2, True) == "approval_admitted"
    async with database.work(lambda: NOW, PLAN) as work:
        (await staff_of(work, 4)).active = False
        await work.session.delete(await work.first(select(GroupMember).where(GroupMember.staff_id == 4)))
    assert await say(database, number, 2, True) == "approval_left"


async def speaks(database: Database, at: datetime) -> int:
    """Somebody new says a word in group 1; how many questions about them there are."""
    async with database.work(lambda: at, PLAN) as work:
        group = await work.first(select(StaffGroup).where(StaffGroup.id == 1))
        await staff.enrol(work, group, Account((await staff_of(work, 4)).user_id, "Lei"))
    return len(await rows(database, Approval))


async def test_about_a_newcomer_it_is_asked_again_when_nobody_decided_never_when_somebody_did(
    database: Database,
) -> None:
    assert await speaks(database, NOW) == 1
    assert await speaks(database, NOW + DAY) == 1
    over = NOW + RULES[CANDIDATE].lasts
    assert await speaks(database, over) == 2
    latest = max(row.id for row in await rows(database, Approval))
    assert await say(database, latest, 2, False, at=over) is None
    assert await speaks(database, over + 99 * DAY) == 2


# -- kills


class Killed(Exception):
    """The process ends here."""


@pytest.mark.postgres_too
async def test_a_kill_at_any_statement_leaves_it_undecided_and_the_next_press_decides_it_whole(
    database: Database,
) -> None:
    done = {TIER: "tier", CANDIDATE: "enrolled", WAVE: "survey_go", MERGE: "merged"}
    for kind in ApprovalKind:
        number = await begin(database, kind)
        before, killed = await everything(database), 0
        while await killed_after(database, killed, number):
            killed += 1
            assert await everything(database) == before
        assert killed > 3
        assert await outcome(database, kind) == AFTER_YES[kind]
        assert [row.action for row in await rows(database, Audit)].count(done[kind]) == 1


async def killed_after(database: Database, statements: int, number: int) -> bool:
    """Say yes, and die after so many statements; whether it came to that."""
    left = statements

    def count_down(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    event.listen(database.engine.sync_engine, "before_cursor_execute", count_down)
    try:
        assert await say(database, number, 3, True) is None
    except Killed:
        return True
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", count_down)
    return False


# -- presses


async def presses(
    database: Database, data: str, by: int = 3, group: int | None = 1, customer: int | None = None
) -> str | None:
    """Press a button with this data, in that group (None: in private); the key of the refusal, if any."""
    try:
        async with database.work(lambda: NOW + MINUTE, PLAN) as work:
            here = await work.first(select(StaffGroup).where(StaffGroup.id == group))
            whose = await work.first(select(Customer).where(Customer.id == customer))
            raw = {"id": "1", "data": data, "message": {"message_id": 77, "chat": {"id": -1}}}
            where = Where.PRIVATE if group is None else Where.TOPIC if customer else Where.GENERAL
            who = await staff_of(work, by)
            await chat_approvals.press(work, Place(where, "callback_query", raw, {"id": by}, here, None, whose, who))
    except Refusal as refusal:
        return refusal.key
    return None


async def test_forged_presses_decide_nothing(database: Database) -> None:
    number = await begin(database, WAVE)
    before = await everything(database)
    for data in (
        "approval:",
        "approval:x:yes",
        f"approval:{number}:go",
        f"approval:{number}",
        f"approval:{10**17}:yes",
    ):
        assert await presses(database, data) == "stale", data
    assert await presses(database, f"approval:{number}:yes", group=2) == "stale", "it stands in the other group"
    assert await presses(database, f"approval:{number}:yes", group=None) == "stale"
    assert await presses(database, f"approval:{number}:yes", by=2) == "role"
    assert await everything(database) == before
    assert await presses(database, f"approval:{number}:yes") is None


async def test_what_became_of_it_is_said_where_it_was_asked_in_reply_to_the_question(database: Database) -> None:
    number = await begin(database, TIER)
    assert await presses(database, f"approval:{number}:yes", customer=17) is None
    (row,) = [row for row in await rows(database, Outbox) if row.body.get("template") == "customers/tier_set"]
    assert (row.group_id, row.customer_id, row.body["answers"]) == (1, 17, 77)


# -- from before there were approvals


def at(day: str, hour: int = 9) -> datetime:
    return datetime.fromisoformat(f"2026-{day}T{hour:02}:00:00+00:00")


def old_rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of the version before: table and values."""
    yield "staff_groups", {"id": 1, "configured_id": -1, "chat_id": -1, "title": "staff", "is_forum": True}
    shared: dict[str, Any] = {"language": "en", "started_bot": False, "joined_at": at("11-20")}
    for number, role, active, left_at in (
        (1, "agent", True, None),
        (3, "manager", True, None),
        (4, "agent", False, None),  # waits for a yes
        (5, "agent", False, None),  # was refused
        (6, "agent", False, at("11-21")),
    ):
        own = {"id": number, "user_id": number, "name": f"staff {number}", "role": role, "active": active}
        yield "staff", {**shared, **own, "left_at": left_at}
    for number in (4, 5, 6):
        yield "group_members", {"group_id": 1, "staff_id": number, "turn": 0}
    said = {"actor": "staff:3", "action": "refused", "subject": "staff:5", "details": {}}
    yield "audit", {"at": at("11-20"), **said}
    customer: dict[str, Any] = {
        "id": 17,
        "user_id": 170,
        "name": "Li Wei",
        "language": "en",
        "created_at": at("11-21"),
    }
    empty: dict[str, Any] = {"language_chosen": False, "next_is_new": False, "segments": [], "tags": [], "fields": {}}
    yield "customers", {**customer, **empty, "tier_by": "rule"}
    wish = {"customer_id": 17, "tier": "vip", "until": NOW + 99 * DAY, "reason": "large orders", "asked_by": 1}
    for number, asked_at, decided_at in ((7, "11-24", None), (8, "11-24", at("11-24", 10)), (9, "10-01", None)):
        yield "tier_requests", {**wish, "id": number, "asked_at": at(asked_at), "decided_at": decided_at}
    wave: dict[str, Any] = {"questionnaire": "nps", "version": 1, "rule": "wave", "share": 10_000, "staff_id": 3}
    zero: dict[str, Any] = dict.fromkeys(("salt", "apart_seconds", "after", "seen", "planned", "lasts_seconds"), 0)
    for number, state in ((5, "preview"), (6, "done")):
        own = {"id": number, "key": f"hand:{number}", "state": state, "made_at": at("11-25", 3), "strata": []}
        yield "survey_waves", {**wave, **zero, **own}


def begin_before(connection: Connection) -> None:
    """The tables of the version before, with its rows."""
    command.upgrade(configuration(connection), "0014")
    rows, tables = list(old_rows()), MetaData()
    tables.reflect(connection, only=list({name for name, _ in rows}), resolve_fks=False)
    for name, values in rows:
        connection.execute(tables.tables[name].insert().values(values))


@pytest.fixture
async def upgraded(database_url: str) -> AsyncIterator[Database]:
    """A database of the version before, with open questions of each kind, after its migration."""
    found = open_database(database_url, lambda: NOW)
    async with found.engine.begin() as connection:
        await connection.run_sync(begin_before)
    await migrate(found.engine)
    async with found.work(lambda: NOW, PLAN) as work:
        for number in (4, 5):
            await sits(work, number)
    yield found
    await found.close()


@pytest.mark.postgres_too
async def test_what_was_open_before_is_open_still_and_its_old_buttons_decide(upgraded: Database) -> None:
    open_now = [row for row in await rows(upgraded, Approval) if row.stands(NOW)]
    assert {(row.kind, row.customer_id or row.staff_id or row.wave_id) for row in open_now} == {
        (TIER, 17),
        (CANDIDATE, 4),
        (WAVE, 5),
    }
    assert await presses(upgraded, "tier_yes:7", customer=17) is None
    assert await presses(upgraded, "wave:5:go") is None
    assert await presses(upgraded, "approve:4") is None
    assert await presses(upgraded, "tier_no:7", customer=17) == "approval_decided"
    assert await presses(upgraded, "tier_yes:8", customer=17) == "stale"
    assert await presses(upgraded, "tier_yes:9", customer=17) == "approval_ran_out"
    assert await presses(upgraded, "wave:6:go") == "stale"
    assert await presses(upgraded, "approve:6") == "stale"
    assert await presses(upgraded, "refuse:5") == "stale"
    assert [await outcome(upgraded, kind) for kind in (TIER, CANDIDATE, WAVE)] == ["vip", True, WaveState.PLANNING]
    (told,) = [row for row in await rows(upgraded, Outbox) if row.body.get("template") == "customers/tier_set"]
    assert (told.group_id, told.customer_id, told.body["answers"]) == (1, 17, 77)


@pytest.mark.postgres_too
async def test_new_questions_get_keys_of_their_own_and_whoever_was_refused_is_not_asked_about(
    upgraded: Database,
) -> None:
    old = {row.id for row in await rows(upgraded, Approval)}
    async with upgraded.work(lambda: NOW, PLAN) as work:
        wave = await approval_of_wave(work, 5)
        new = await ask(work, WAVE, await staff_of(work, 3), {}, wave_id=6)
        assert wave is not None
        assert new.id not in old
        group = await work.first(select(StaffGroup).where(StaffGroup.id == 1))
        await staff.enrol(work, group, Account((await staff_of(work, 5)).user_id, "Lei"))
        asked_again = select(Approval).where(Approval.staff_id == 5, col(Approval.decision).is_(None))
        assert list(await work.all(asked_again)) == []
