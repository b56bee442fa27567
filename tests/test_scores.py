"""A score belongs to the time for which it was asked, to whose case it was then, and to whoever gave it."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.sqltypes import UTCDateTime

from handlers import open_database, questionnaires
from handlers.happenings.cases import CaseResolved
from handlers.questionnaires.answering import choose
from handlers.questionnaires.course import finish
from handlers.questionnaires.runs import Run, open_run
from models.cases import Case, CaseKind, CaseState, case_numbered
from models.contact import Consent, Contact, Purpose
from models.customers import Customer, customer_numbered
from models.database import Database
from models.migrations import configuration, migrate
from models.plan import Plan
from models.questionnaires import Answer, Invitation, InvitationState
from models.questionnaires.scores import Given, score_of, scores_of
from models.staff import Staff, StaffGroup, add_staff_group, staff_member
from models.work import Work
from tests.tables import make_tables

CSAT = Path(__file__).parents[1] / "templates" / "questionnaires" / "csat.toml"
#: Eleven in the evening of the shop's own day, in its quiet hours.
NIGHT = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
NOW = datetime.now(UTC)
JUST_NOW, LONG_AGO = NOW - timedelta(hours=1), NOW - timedelta(days=40)
STAFF = """INSERT INTO staff_groups (id, configured_id, chat_id, title, is_forum) VALUES (1, -1, -1, 'staff', true);
INSERT INTO customers (id, user_id, name, language, language_chosen, next_is_new, created_at, tier, segments, fields)
VALUES (7, 70, 'Li Wei', 'en', false, false, :at, 'vip', '[]', '{}');
INSERT INTO staff (id, user_id, name, role, language, active, started_bot, joined_at)
VALUES (3, 30, 'Chen', 'agent', 'zh', true, false, :at)"""
CASE = """INSERT INTO cases (id, customer_id, group_id, state, subject, summary, comment_open, episode,
reopened_count, chased_count, opened_at, last_customer_at, resolved_at, source, subject_confirmed, assignee_id,
score, comment, kind)
VALUES (:number, 7, 1, 'resolved', 'kettle', '', :open, 2, 1, 0, :at, :at, :at, 'telegram', false, 3, :score,
:comment, 'request')"""
STARS = """INSERT INTO invitations (id, customer_id, case_id, episode, questionnaire, version, rule, occurrence,
state, attached, due_at, asked_at, ended_at, csat)
VALUES (:key, 7, :number, 2, 'csat', 1, 'resolved', :occurrence, :state, false, :at, :at, :ended, :csat)"""
ANSWER = """INSERT INTO answers (id, invitation_id, question, value, "by", at)
VALUES (:id, :key, 'satisfaction', '[5]', :by, :at)"""


async def insert(connection: AsyncConnection, statements: str, at: datetime, **values: Any) -> None:
    """Put a row into the tables of version 0014."""
    values = {"at": at, **values}
    for statement in statements.split(";"):
        known = {key: value for key, value in values.items() if re.search(rf":{key}\b", statement)}
        moments = [bindparam(key, type_=UTCDateTime()) for key in known if key in ("at", "ended")]
        await connection.execute(text(statement).bindparams(*moments), known)


async def put_case(
    connection: AsyncConnection, number: int, *, score: int | None = None, comment: str | None = None
) -> None:
    values = {"number": number, "score": score, "comment": comment, "open": score == 5}
    await insert(connection, CASE, LONG_AGO, **values)


async def put_stars(connection: AsyncConnection, number: int, state: str, at: datetime, csat: int | None) -> None:
    values = {"occurrence": f"csat:case:{number}:2", "state": state, "ended": at if csat else None, "csat": csat}
    await insert(connection, STARS, at, key=number, number=number, **values)


async def test_scores_reasons_and_who_answered_come_through_the_migration(database_url: str) -> None:
    database = open_database(database_url, lambda: NOW)
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda found: command.upgrade(configuration(found), "0014"))
        await insert(connection, STAFF, LONG_AGO)
        await put_case(connection, 1001, score=4, comment="quick")  # before there were questionnaires
        for number, score in ((1002, None), (1003, None), (1004, 5)):
            await put_case(connection, number, score=score)
        await put_stars(connection, 1002, "asked", LONG_AGO, None)
        await put_stars(connection, 1003, "asked", JUST_NOW, None)
        await put_stars(connection, 1004, "finished", JUST_NOW, 5)  # the reason may follow
        await insert(connection, ANSWER, JUST_NOW, id=101, key=1004, by="customer:7")
        await insert(connection, ANSWER, JUST_NOW, id=102, key=1002, by="staff:3")
    await migrate(database.engine)
    async with AsyncSession(database.engine) as session:
        found = (await session.exec(select(Invitation).order_by(col(Invitation.case_id)))).all()
        rows = (await session.exec(select(Answer).order_by(col(Answer.id)))).all()
        customer = (await session.exec(select(Customer))).one()
    await database.close()

    before, old, fresh, given = found
    assert (before.case_id, before.episode, before.csat) == (1001, 2, 4)
    assert [row.text for row in rows if row.invitation_id == before.id] == ["quick"]
    assert (old.state, old.ended_at) == (InvitationState.EXPIRED, LONG_AGO + timedelta(days=3))
    assert (fresh.open, fresh.at_question, fresh.expires_at) == (True, "satisfaction", JUST_NOW + timedelta(days=3))
    assert (given.open, given.at_question, given.csat) == (True, "reason", 5)
    assert customer.open_run_id == given.id
    assert {(each.assignee_id, each.kind, each.tier) for each in found} == {(3, CaseKind.REQUEST, "vip")}
    assert [(row.customer_id, row.staff_id) for row in rows if row.value] == [(7, None), (None, 3)]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A shop with a customer, two agents, and what the program asks by itself."""
    found = open_database(database_url, lambda: NIGHT)
    await make_tables(found)
    async with found.work(lambda: NIGHT, Plan()) as work:
        await questionnaires.take_definitions(work, {"csat.toml": CSAT.read_text("utf-8")})
        add_staff_group(work, StaffGroup(id=1, configured_id=-100, chat_id=-100))
        work.add(Customer(id=7, user_id=70, name="Li Wei", language="en", tier="vip", created_at=NIGHT))
        for key in (3, 4):
            work.add(Staff(id=key, user_id=key * 10, name=f"agent {key}", joined_at=NIGHT))
    yield found
    await found.close()


async def resolve(work: Work, number: int) -> tuple[Case, Customer]:
    """The case is resolved (opened, where it is new), with what the customer then reads."""
    customer, found = await customer_numbered(work, 7), await case_numbered(work, number)
    if found is None:
        found = Case(
            id=number,
            customer_id=7,
            group_id=1,
            assignee_id=3,
            department="repair",
            opened_at=NIGHT,
            last_customer_at=NIGHT,
        )
        work.add(found)
    found.move(CaseState.RESOLVED, NIGHT)
    await questionnaires.say_resolved(work, CaseResolved(found, customer, await staff_member(work, 3)))
    return found, customer


async def give(work: Work, customer: Customer, score: int) -> Run:
    run = await open_run(work, customer)
    assert run is not None
    assert run.question is not None
    await choose(work, run, run.question, str(score))
    return run


async def test_a_score_stays_with_its_time_and_with_whom_it_was_earned_by(database: Database) -> None:
    async with database.work(lambda: NIGHT, Plan()) as work:
        case, customer = await resolve(work, 1001)
        first = (await give(work, customer, 5)).invitation
        assert await score_of(work, case) == Given(5, "")
        assert case.state is CaseState.CLOSED

        case.move(CaseState.OPEN, NIGHT)
        case.assignee_id, case.department, customer.tier = 4, "billing", "regular"
        await resolve(work, 1001)

        assert await score_of(work, case) is None, "nobody has scored this time"
        assert await scores_of(work, 7) == [5]
        second = (await give(work, customer, 3)).invitation
        assert await score_of(work, case) == Given(3, "")
        assert await scores_of(work, 7) == [3, 5]
        assert (first.assignee_id, first.department, first.tier) == (3, "repair", "vip")
        assert (second.assignee_id, second.department, second.tier) == (4, "billing", "regular")
        (answer,) = await work.all(select(Answer).where(Answer.invitation_id == first.id))
        assert (answer.customer_id, answer.staff_id) == (7, None)


async def test_stars_stand_under_what_was_done_at_any_hour_and_under_every_case(database: Database) -> None:
    async with database.work(lambda: NIGHT, Plan()) as work:
        await resolve(work, 1001)
        _, customer = await resolve(work, 1002)
        first, second = await work.all(select(Invitation).order_by(col(Invitation.id)))
        assert (first.open, second.open) == (True, True)
        assert customer.open_run_id == second.id, "typed words answer the latest"
        assert await work.all(select(Contact)) == [], "no contact of their own: what was done is told anyway"

        run = await give(work, customer, 5)
        await finish(work, run)

        assert customer.open_run_id == first.id
        assert [row.state for row in (first, second)] == [InvitationState.ASKED, InvitationState.FINISHED]


async def test_stars_that_wait_for_a_tap_hold_nothing_else_back(database: Database) -> None:
    async with database.work(lambda: NIGHT, Plan()) as work:
        _, customer = await resolve(work, 1001)
    day = NIGHT + timedelta(hours=12)
    async with database.work(lambda: day, Plan()) as work:
        customer = await customer_numbered(work, 7)
        for key in ("visit:1", "visit:2"):
            await questionnaires.plan(work, customer, "csat", key, "wave", day)

        assert await questionnaires.ask_due(work)

        states = [row.state for row in await work.all(select(Invitation).order_by(col(Invitation.id)))]
        assert states == [InvitationState.ASKED, InvitationState.ASKED, InvitationState.PLANNED], "one at a time"


async def test_who_wants_no_more_questionnaires_reads_what_was_done_without_stars(database: Database) -> None:
    async with database.work(lambda: NIGHT, Plan()) as work:
        work.add(Consent(customer_id=7, purpose=Purpose.SURVEY, given=False, at=NIGHT, wording="no", how="button"))
        _, customer = await resolve(work, 1001)
        assert customer.open_run_id is None
        (invitation,) = await work.all(select(Invitation))
        assert (invitation.state, invitation.reason) == (InvitationState.CANCELLED, "opted_out")
