"""A visitor of the page: what they do and read, in the page's own words."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Locator, Page

from tests.demo.demo import Demo

LONG = 15_000  # milliseconds


async def seen(what: Locator) -> None:
    """Wait until it is visible: `expect` describes the whole page at each look at which it is not there yet."""
    await what.wait_for(state="visible", timeout=LONG)


class Visitor:
    """Somebody with a browser who plays both sides."""

    def __init__(self, page: Page, demo: Demo) -> None:
        self.page = page
        self.demo = demo
        self.troubles: list[str] = []

    def asks(self, url: str) -> None:
        """Everything comes from the demo itself."""
        if not url.startswith((self.demo.url, "blob:")):
            self.troubles.append(f"asked {url}")

    @property
    def customer_log(self) -> Locator:
        return self.page.locator("#customer-log")

    @property
    def staff_log(self) -> Locator:
        return self.page.locator("#staff-log")

    async def becomes(self, name: str) -> None:
        """Choose a customer."""
        await self.page.get_by_role("tab", name=name).click()

    async def writes(self, side: str, text: str) -> None:
        """Write on a side ("customer" or "staff") and press Enter."""
        await self.page.fill(f"#{side}-input", text)
        await self.page.press(f"#{side}-input", "Enter")

    async def reads(self, side: str, text: str) -> Locator:
        """The newest row with these words, once it is there."""
        row = self.page.locator(f"#{side}-log .row", has_text=text).last
        await seen(row)
        return row

    async def opens_topic(self, name: str) -> None:
        await self.topic(name).click()

    def topic(self, name: str) -> Locator:
        """A topic of the list, by the name of its customer."""
        return self.page.locator(".topic", has=self.page.locator(".topic-name", has_text=name))

    async def presses(self, row: Locator, label: str) -> None:
        """Press a button under a message."""
        await row.locator(".inline-keyboard button", has_text=label).click()

    async def chooses(self, row: Locator, item: str) -> None:
        """Do something with a message, by its menu."""
        await row.hover()
        await row.locator(".more").click()
        await self.page.get_by_role("menuitem", name=item, exact=True).click()


@asynccontextmanager
async def visit(
    browser: Browser, demo: Demo, *, path: str = "/?language=en", **options: Any
) -> AsyncIterator[Visitor]:
    """Open the page in a window of its own; whatever goes wrong inside the browser fails the test."""
    context = await browser.new_context(**options)
    async with sit_down(await context.new_page(), demo, path=path) as visitor:
        yield visitor
        await context.close()


@asynccontextmanager
async def sit_down(
    page: Page, demo: Demo, *, width: int = 1440, height: int = 900, path: str = "/?language=en"
) -> AsyncIterator[Visitor]:
    """Open the page in a window that is there; whatever goes wrong inside the browser fails the test."""
    await page.set_viewport_size({"width": width, "height": height})
    await page.mouse.move(0, 0)
    visitor = Visitor(page, demo)
    listening: dict[Any, Callable[[Any], None]] = {
        "pageerror": lambda error: visitor.troubles.append(str(error)),
        "console": lambda line: visitor.troubles.append(line.text) if line.type == "error" else None,
        "request": lambda each: visitor.asks(each.url),
    }
    for event, listener in listening.items():
        page.on(event, listener)
    await page.goto(f"{demo.url}{path}")
    await page.locator("body[data-ready=yes][data-story=played]").wait_for(timeout=LONG)
    yield visitor
    for event, listener in listening.items():
        page.remove_listener(event, listener)
    assert visitor.troubles == []
