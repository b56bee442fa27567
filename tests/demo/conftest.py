"""One demo and one browser for all tests of the page."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.demo.demo import Demo, QuickDemo
from tests.demo.visitor import Visitor, visit

# Parts of the browser's own window that are pages too: for each page of ours it loaded its search box, some four hundred
# files, and kept a spare process. Half the work of these tests was that. Of a flag given twice the last alone counts, so
# what Playwright turns off stands here again.
UNUSED = (
    "WebUIOmniboxPopup WebUIOmniboxAimPopup SpareRendererForSitePerProcess "
    "AvoidUnnecessaryBeforeUnloadCheckSync DestroyProfileOnBrowserClose HttpsUpgrades HttpsFirstBalancedModeAutoEnable "
    "MediaRouter PaintHolding ThirdPartyStoragePartitioning OptimizationHints NetworkTimeServiceQuerying AimEnabled "
    "PreconnectToSearch"
).split()
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    f"--disable-component-update --disable-sync --disable-features={','.join(UNUSED)}"
).split()
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


def needed(there: bool, reason: str) -> None:
    """Skip visibly where something is not installed; on the build machine that is a failure."""
    if not there:
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
async def demo() -> AsyncIterator[Demo]:
    """The demo of an English shop."""
    running = await QuickDemo.start("--language", "en")
    yield running
    assert await running.stop() == 0


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium")
    needed(path is not None, "no chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        await running.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    needed(AXE.is_file(), "no axe-core: npm ci in tests/demo")
    return AXE.read_text("utf-8")


@pytest.fixture
async def visitor(browser: Browser, demo: Demo) -> AsyncIterator[Visitor]:
    """A visitor at a desktop, in English."""
    async with visit(browser, demo) as somebody:
        yield somebody
