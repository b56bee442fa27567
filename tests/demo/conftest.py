"""One demo and one browser for all tests of the page."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.demo.demo import Demo, QuickDemo
from tests.demo.visitor import Visitor, sit_down

# Parts of the browser's own window are pages too: for each page of ours it loaded its search box, some four hundred
# files, and kept a spare process, which was half the work of these tests. Of a flag given twice only the last counts,
# so what Playwright turns off stands here again.
UNUSED = (
    "WebUIOmniboxPopup WebUIOmniboxAimPopup SpareRendererForSitePerProcess "
    "AvoidUnnecessaryBeforeUnloadCheckSync DestroyProfileOnBrowserClose HttpsUpgrades MediaRouter PaintHolding "
    "HttpsFirstBalancedModeAutoEnable ThirdPartyStoragePartitioning OptimizationHints NetworkTimeServiceQuerying "
    "AimEnabled PreconnectToSearch"
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
async def spare_demo() -> AsyncIterator[Demo]:
    """Another, whose bot need not serve anybody afterwards: first it is held up, then the page alone is measured."""
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


@pytest.fixture(scope="session")
async def window(browser: Browser) -> AsyncIterator[Page]:
    """A window for one visitor after another: opening one costs as much as the page, which keeps nothing in it."""
    context = await browser.new_context(reduced_motion="reduce")  # what moves is drawn sixty times a second
    yield await context.new_page()
    await context.close()


@pytest.fixture(scope="module")
async def desk(window: Page) -> AsyncIterator[Page]:
    """That window, while a file's visitors come: the next one's page loads into the process of the last."""
    yield window
    await window.goto("about:blank")  # what happens next is nobody's to draw


@pytest.fixture
async def visitor(desk: Page, demo: Demo) -> AsyncIterator[Visitor]:
    """A visitor at a desktop, in English."""
    async with sit_down(desk, demo) as somebody:
        yield somebody
