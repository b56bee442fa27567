"""Whether everybody can use the page: axe-core's rules, in every look that it has."""

import json

import pytest
from playwright.async_api import Browser

from tests.page.demo import Demo
from tests.page.visitor import visit

SERIOUS = ("serious", "critical")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "panes"), [(1440, [""]), (390, ["customers", "staff", "engine"])])
async def test_axe_finds_nothing_serious(
    browser: Browser, demo: Demo, axe: str, scheme: str, width: int, panes: list[str]
) -> None:
    async with visit(browser, demo, width=width, color_scheme=scheme) as visitor:
        for pane in panes:
            if pane:
                await visitor.page.click(f"#go-{pane}")
            await visitor.page.evaluate(axe)
            found = await visitor.page.evaluate("axe.run()")
            serious = [each for each in found["violations"] if each["impact"] in SERIOUS]
            told = [(each["id"], [node["html"][:150] + str(node["any"])[:300] for node in each["nodes"][:4]]) for each in serious]
            assert not serious, json.dumps(told, indent=1)
