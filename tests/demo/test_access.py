"""Whether everybody can use the page: axe-core's rules, in every look that it has."""

import json

import pytest
from playwright.async_api import Page, expect

from tests.demo.demo import Demo
from tests.demo.visitor import sit_down

SERIOUS = ("serious", "critical")
# Of what is in order axe would write down where each element stands, which is most of its work and read by nobody.
FAULTS = """(rules) => axe.run({resultTypes: ['violations'], ...(rules && {runOnly: rules})})"""


@pytest.fixture(scope="module")
async def full(demo: Demo) -> Demo:
    """The demo, with one of each kind of thing that the page draws, newest in the customer's chat."""
    person = demo.people["customers"][0]["id"]
    _, first = await demo.post("/control/say", from_id=person, text="See https://example.org/ and /help #now")
    await demo.post("/control/say", from_id=person, text="As I said", reply_to=first["message_id"])
    for kind in ("sticker", "voice", "document", "location", "contact", "poll", "audio", "video", "dice"):
        await demo.post("/control/say", from_id=person, content={kind: True})
    await demo.sees(demo.people["group"]["id"], "As I said")
    return demo


@pytest.mark.parametrize(("width", "panes"), [(1440, [""]), (390, ["customers", "staff", "engine"])])
async def test_axe_finds_nothing_serious(desk: Page, full: Demo, axe: str, width: int, panes: list[str]) -> None:
    async with sit_down(desk, full, width=width) as visitor:
        await visitor.page.evaluate(axe)
        # In the dark the page has other colours and nothing else: a theme changes no element.
        for theme, rules in (("light", None), ("dark", ["color-contrast"])):
            if theme == "dark":
                await visitor.page.click("#theme")
            await expect(visitor.page.locator("html")).to_have_attribute("data-theme", theme)
            for pane in panes:
                if pane:
                    await visitor.page.click(f"#go-{pane}")
                found = await visitor.page.evaluate(FAULTS, rules)
                serious = [each for each in found["violations"] if each["impact"] in SERIOUS]
                told = {each["id"]: [node["html"][:200] for node in each["nodes"]] for each in serious}
                assert not serious, f"{theme} {pane}: {json.dumps(told, indent=1)}"
