"""One sandbox for a module's tests; each test brings its own people."""

from collections.abc import AsyncIterator

import pytest

from tests.telegram import Telegram


@pytest.fixture(scope="module")
async def telegram() -> AsyncIterator[Telegram]:
    running = await Telegram.start()
    yield running
    await running.stop()


@pytest.fixture
async def calm(telegram: Telegram) -> AsyncIterator[Telegram]:
    """The sandbox without limits and faults, before and after."""
    yield telegram
    await telegram.no_faults()
    await telegram.latency(0)
    await telegram.limits(
        group_per_minute=None,
        chat_per_second=None,
        overall_per_second=None,
        topics_per_minute=None,
        chat_burst=0,
    )
