"""The soak in short: kills in the midst of a flood. The long form is `python -m tests.soak`."""

from pathlib import Path

import pytest

from tests.soak import Options, soak
from tests.tables import make_tables_at


@pytest.mark.timeout(240)
async def test_killed_again_and_again_nothing_is_lost_and_order_stays(database_url: str, tmp_path: Path) -> None:
    db, mode, processes = (
        ("sqlite", "polling", 1) if database_url.startswith("sqlite") else ("postgres", "webhook", 2)
    )
    options = Options(kills=3, messages=150, mode=mode, db=db, processes=processes, seed=2026, forked=True)
    await make_tables_at(database_url)
    report = await soak(options, tmp_path, database_url)
    print(options, report, sep="\n")
    assert report.violations == []
