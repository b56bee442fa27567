"""Whether everybody can use the page: axe-core's rules, in every look that it has."""

import json

import pytest
from playwright.async_api import Browser

from tests.demo.demo import Demo
from tests.demo.visitor import visit

SERIOUS = ("serious", "critical")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "panes"), [(1440, [""]), (390, ["customers", "staff", "engine"])])
async def test_axe_finds_nothing_serious(
    browser: Browser, demo: Demo, axe: str, scheme: str, width: int, panes: list[str]
) -> None:
    await say_everything(demo)
    async with visit(browser, demo, width=width, color_scheme=scheme) as visitor:
        for pane in panes:
            if pane:
                await visitor.page.click(f"#go-{pane}")
            await visitor.page.evaluate(axe)
            found = await visitor.page.evaluate("axe.run()")
            serious = [each for each in found["violations"] if each["impact"] in SERIOUS]
            told = {each["id"]: [node["html"][:200] for node in each["nodes"]] for each in serious}
            assert not serious, json.dumps(told, indent=1)


async def say_everything(demo: Demo) -> None:
    """One of each kind of thing that the page draws, newest in the customer's chat."""
    person = demo.people["customers"][0]["id"]
    _, first = await demo.post("/control/say", from_id=person, text="See https://example.org/ and /help #now")
    await demo.post("/control/say", from_id=person, text="As I said", reply_to=first["message_id"])
    for kind in ("sticker", "voice", "document", "location", "contact", "poll", "audio", "video", "dice"):
        await demo.post("/control/say", from_id=person, content={kind: True})
    await demo.sees(demo.people["group"]["id"], "As I said")
