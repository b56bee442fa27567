"""Ten thousand cases as the version before had them come through the migration: what their timelines and spans tell
then is held against how every case was at every moment, which the shop of `old_history.py` knows."""

import gc
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import orjson
import pytest
from alembic import command
from sqlalchemy import DateTime, Table, column, select, table, type_coerce
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.sql.sqltypes import UTCDateTime

from handlers import open_database
from models.base import Base, metadata
from models.database import Database
from models.migrations import _references_unchecked, configuration, migrate
from models.timeline import CaseEvent, CaseSpan, EventKind
from tests.old_history import NOW, CaseThen, History

CASES = 10_000
VALUES = ("state", "assignee_id", "department", "kind", "severity", "tier")
EVENT = ("case_id", "at", "kind", "staff_id", "customer_id", "details")
SPAN = ("case_id", "since", "until", "waits_for", *VALUES)
#: The kinds of event that there were at version 0015; no old case has had one of a later kind.
KINDS = """
    opened kind severity subject claimed assigned unassigned handed_over transferred pending answered resolved
    closed reopened scored commented chased paged page_unanswered alarm acknowledged escalated warned reminded
    promised recovery recovery_missed praised begged visited from_answer
""".split()


@cache
def shop() -> History:
    """The same for both databases: it takes a few seconds."""
    return History(seed=9, count=CASES)


@cache
def held() -> dict[int, list[dict[str, Any]]]:
    """The spans of cases of `shop` that were found to be true."""
    return {}


def to_version(connection: Connection, version: str) -> None:
    command.upgrade(configuration(connection), version)


def as_json(value: Any) -> str:
    return orjson.dumps(value).decode()


async def put(connection: AsyncConnection, rows: dict[str, list[dict[str, Any]]]) -> None:
    """The rows as the driver takes them: to have each value converted took longer than all else."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    on_sqlite = connection.dialect.name == "sqlite"
    taken: dict[type, Callable[[Any], str]] = {dict: as_json, list: as_json}
    if on_sqlite:
        taken[datetime] = lambda at: at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    for name, found in rows.items():
        if not found:
            continue
        names = list(found[0])
        assert all(row.keys() == found[0].keys() for row in found)
        records = [
            tuple([change(value) if (change := taken.get(type(value))) else value for value in row.values()])
            for row in found
        ]
        if on_sqlite:
            into = table(name, *map(column, names)).insert().compile(dialect=connection.dialect)
            await connection.exec_driver_sql(str(into), records)
        else:
            await driver.copy_records_to_table(name, records=records, columns=names)


@pytest.fixture
def _nothing_counted() -> Iterator[None]:
    """Looking for rubbish among ten thousand cases, which all stay, took a third of the time."""
    shop()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("_nothing_counted")
async def test_every_event_and_span_of_old_cases_tells_how_it_was(database_url: str) -> None:
    history = shop()
    database = open_database(database_url, lambda: datetime.now(UTC))
    async with database.engine.begin() as connection:
        await connection.run_sync(to_version, "0014")
        await put(connection, history.rows())
    await migrate(database.engine)
    events = await rows_of(database, CaseEvent)
    spans = await rows_of(database, CaseSpan)
    await database.close()
    assert {case.number for case in history.cases} == set(spans)
    for case in history.cases:
        assert events[case.number] == case.new_events
        told = spans[case.number]
        # What was held against the truth for one database is true for the other, where it tells the very same.
        if held().get(case.number) != told:
            held_against_the_truth(case, told)
            held()[case.number] = told


async def test_the_way_back_and_forward_again_tells_the_same(database_url: str) -> None:
    history = History(seed=4, count=200)
    database = open_database(database_url, lambda: datetime.now(UTC))
    async with database.engine.begin() as connection:
        await connection.run_sync(to_version, "0014")
        await put(connection, history.rows())
    await migrate(database.engine)
    async with database.engine.connect() as connection, _references_unchecked(connection), connection.begin():
        await connection.run_sync(lambda found: command.downgrade(configuration(found), "0014"))
        old = table("case_events", column("what"), column("actor"), column("id"))
        back = [(row.what, row.actor) for row in await connection.execute(select(old).order_by(old.c.id))]
    await migrate(database.engine)
    events = await rows_of(database, CaseEvent)
    await database.close()
    assert back == [(event["what"], event["actor"]) for case in history.cases for event in case.events]
    for case in history.cases:
        assert events[case.number] == case.new_events


async def rows_of(database: Database, kept: type[Base]) -> dict[int, list[dict[str, Any]]]:
    of: Table = metadata.tables[str(kept.__tablename__)]
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    names, order = (EVENT, of.c.id) if "details" in of.c else (SPAN, of.c.since)
    # Moments as the driver gives them, for the same reason as in `put`: naive ones of UTC on SQLite.
    columns = [type_coerce(of.c[n], DateTime()) if isinstance(of.c[n].type, UTCDateTime) else of.c[n] for n in names]
    moments = [n for n in names if isinstance(of.c[n].type, UTCDateTime)]
    async with database.engine.connect() as connection:
        for values in await connection.execute(select(*columns).order_by(order)):
            row = dict(zip(names, values, strict=True))
            if database.is_sqlite:
                row.update({name: at.replace(tzinfo=UTC) for name in moments if (at := row[name])})
            found[row["case_id"]].append(row)
    return found


def held_against_the_truth(case: CaseThen, spans: list[dict[str, Any]]) -> None:
    ends = [span["until"] for span in spans]
    begins = [span["since"] for span in spans]
    assert [case.opened_at, *ends[:-1]] == begins, "a gap or an overlap"
    assert ends[-1] is None
    assert all(span["since"] < span["until"] for span in spans[:-1])
    told = [{key: span[key] for key in VALUES} for span in spans]
    counted = [(span["waits_for"], values) for span, values in zip(spans, told, strict=True)]
    assert all(one != other for one, other in pairwise(counted)), "cut for nothing"
    moments = {at for at, _ in case.facts} | set(begins)
    moments |= {at - timedelta(microseconds=1) for at in moments if at > case.opened_at}
    moments |= {case.opened_at + (NOW - case.opened_at) * part / 7 for part in range(1, 8)}
    changed, before = case.opened_at, case.was(case.opened_at)
    for at in sorted(moments):
        was = case.was(at)
        # The only one: there is neither gap nor overlap.
        assert told[bisect_right(begins, at) - 1] == was, (case.number, at)
        changed, before = changed if was == before else at, was
    for span in spans:
        turn = {"new": "us", "pending": "customer", "resolved": "customer"}.get(span["state"])
        if span["state"] == "open" and span["until"] is None:
            ours = case.last_agent_at is None or case.last_agent_at < case.last_customer_at
            spoken = case.last_customer_at if ours and case.last_agent_at else case.last_agent_at or changed
            assert span["since"] == max(spoken, changed)
            turn = "us" if ours else "customer"
        assert span["waits_for"] == turn


def test_the_history_has_every_kind_of_event_with_the_details_of_today() -> None:
    kinds: dict[str, set[frozenset[str]]] = defaultdict(set)
    for case in shop().cases:
        for event in case.new_events:
            kinds[event["kind"]].add(frozenset(event["details"]))
    assert {kind: {frozenset(EventKind(kind).keys)} for kind in KINDS} == dict(kinds)
