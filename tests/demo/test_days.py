"""What happens by itself when hours and days pass, as a visitor of the page lets them."""

import re

from playwright.async_api import expect

from tests.demo.visitor import LONG, Visitor


async def test_hours_pass_what_is_late_is_told_and_days_later_somebody_asks(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.becomes("Anna")
    # The case at the beginning goes on, if it does not already: nothing is asked about it meanwhile.
    await visitor.writes("customer", "It leaks again")
    await visitor.opens_topic("Anna")
    await visitor.reads("staff", "It leaks again")
    await page.locator(".reply-keyboard button", has_text="Make a complaint").click()
    await visitor.reads("customer", "what happened, when")
    await visitor.writes("customer", "The drawer of the new cupboard is stuck")
    await visitor.reads("customer", "A person will answer you here by")
    card = await visitor.reads("staff", "Due: first response")
    # Today, or shortly before midnight another day, which the card names.
    await expect(card).to_contain_text(re.compile(r"first response, .+ at \d\d:\d\d"))

    await page.get_by_role("button", name="1 hour").click()
    await visitor.reads("staff", "the first response is late")
    await visitor.reads("customer", "We are sorry")

    await visitor.writes("staff", "A fitter comes on Friday")
    await visitor.reads("customer", "A fitter comes on Friday")
    await visitor.writes("staff", "/resolve The drawer runs again")
    question = await visitor.reads("customer", "The drawer runs again")
    await visitor.presses(question, "4 Satisfied")
    await visitor.presses(await visitor.reads("customer", "Would you tell us why?"), "Skip")
    await visitor.reads("staff", "4 Satisfied")

    await visitor.demo.post("/demo/days", seconds=3 * 86_400)
    await page.get_by_role("button", name="1 day").click()
    visit = await visitor.reads("customer", "is everything all right now?")
    await visitor.presses(visit, "All is well")
    await visitor.reads("staff", "all is well")

    await page.get_by_role("button", name="7 days").click()
    recommends = await visitor.reads("customer", "recommend")
    await visitor.presses(recommends, "9")
    await visitor.presses(await visitor.reads("customer", "Question 2 of 2"), "Skip")
    await expect(visitor.staff_log).to_contain_text("How likely are you to recommend", timeout=LONG)


async def test_the_plan_in_force_is_a_page(visitor: Visitor) -> None:
    page = visitor.page
    await page.get_by_role("button", name="The care plan").click()
    await expect(page.locator("#plan-page")).to_contain_text("What is promised to whom")
    await expect(page.locator("#plan-page")).to_contain_text("the first answer within 40 minutes")
    await page.locator("#plan-page").get_by_role("button", name="OK").click()
    await expect(page.locator("#plan-page")).to_be_hidden()
