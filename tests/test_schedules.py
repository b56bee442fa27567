"""What falls due under kills and over the nights of the clocks; `python -m tests.schedules` is the long form."""

from pathlib import Path

import pytest

from tests.schedules import Options, schedules


@pytest.mark.timeout(240)
async def test_f47_f48_f49_what_falls_due_goes_once_under_kills_over_the_nights_of_the_clocks(
    database_url: str, tmp_path: Path
) -> None:
    db = "sqlite" if database_url.startswith("sqlite") else "postgres"
    options = Options(restarts=4, due=40, db=db, seed=2026)
    report = await schedules(options, tmp_path, database_url)
    print(options, report, sep="\n")
    assert report.violations == []
