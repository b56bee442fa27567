"""The page in a real browser: both sides of a case, as a visitor plays it."""

import asyncio
import re

from playwright.async_api import Browser, Page, Route, expect

from tests.demo.demo import Demo
from tests.demo.visitor import LONG, Visitor, seen, sit_down, visit


async def test_a_complaint_its_answer_a_kill_in_between_and_a_low_score(visitor: Visitor) -> None:
    await visitor.becomes("Anna")
    await visitor.page.locator(".reply-keyboard button", has_text="Make a complaint").click()
    await visitor.reads("customer", "what happened, when")
    await visitor.writes("customer", "The toaster burns on one side")
    await visitor.reads("staff", "The toaster burns on one side")
    card = await visitor.reads("staff", "Assignee: nobody yet")

    await visitor.presses(card, "Claim")
    await seen(visitor.page.locator(".toast", has_text="is yours"))
    # Looked for from before on: it may stand there for a moment only.
    killed = asyncio.create_task(seen(visitor.page.locator("#bot-state", has_text="killed, coming back")))
    await visitor.page.get_by_role("button", name="Kill the bot", exact=True).click()
    await killed
    await visitor.writes("staff", "Please send us a photo of the label")
    await expect(visitor.page.locator("#bot-state")).to_have_text("running", timeout=LONG)
    await visitor.reads("customer", "a photo of the label")

    await visitor.writes("staff", "/resolve A new toaster is on its way")
    question = await visitor.reads("customer", "A new toaster is on its way")
    await visitor.presses(question, "2 Dissatisfied")
    await visitor.presses(await visitor.reads("customer", "Would you tell us why?"), "Skip")
    await visitor.reads("staff", "it is open again")
    await visitor.reads("customer", "We are sorry that we did not get it right")
    await expect(visitor.page.locator("#stored")).to_contain_text(re.compile(r"open \d"), timeout=LONG)
    assert await visitor.customer_log.locator(".row.mine", has_text="The toaster burns").count() == 1


async def test_the_three_things_to_try_fit_each_other(visitor: Visitor) -> None:
    page = visitor.page
    await expect(page.locator("#try-note")).to_contain_text("王芳 writes Chinese")
    await page.click("#try-write")
    await page.press("#customer-input", "Enter")
    await visitor.reads("staff", "杯子碎了一个")
    await page.click("#try-answer")
    await expect(page.locator("#staff-input")).to_have_value(re.compile("sorry about the broken cup"))
    await page.press("#staff-input", "Enter")
    await visitor.reads("customer", "sorry about the broken cup")
    await expect(page.locator("#staff-input")).to_have_value(re.compile("^/resolve A new cup"))
    await page.press("#staff-input", "Enter")
    await visitor.presses(await visitor.reads("customer", "A new cup was sent today"), "2 不满意")
    await visitor.presses(await visitor.reads("customer", "方便说说原因吗"), "跳过")
    await visitor.reads("staff", "it is open again")
    await visitor.becomes("Anna")
    await page.click("#try-kill")
    await page.press("#customer-input", "Enter")
    await visitor.reads("staff", "箱子也压坏了一角")
    await expect(page.locator("[role=tab][aria-selected=true]")).to_contain_text("王芳")


async def test_everything_below_is_in_view_at_any_desk(visitor: Visitor) -> None:
    page = visitor.page
    await page.get_by_role("button", name="1 day").click()
    await expect(page.locator("#ahead")).to_contain_text("from now", timeout=LONG)  # so it is a line of its own
    tries = ("#try-write", "#try-answer", "#try-kill")
    for width in (1440, 1280, 1000, 961):
        await page.set_viewport_size({"width": width, "height": 800})
        for shown in (*tries, "#stored div:last-child", "#kill", "#ahead", "#calls"):
            await expect(page.locator(shown), f"at {width}").to_be_in_viewport(ratio=0.9)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width


async def test_what_a_customer_says_is_opened_whatever_the_bot_tells_the_group_meanwhile(
    visitor: Visitor, demo: Demo
) -> None:
    page, group, agent = visitor.page, demo.people["group"]["id"], demo.people["agents"][0]["id"]
    await visitor.becomes("王芳")
    await visitor.writes("customer", "请问几点关门")
    await visitor.reads("staff", "请问几点关门")
    on_its_way, free = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        on_its_way.set()
        await free.wait()
        await route.continue_()

    await visitor.becomes("Anna")
    await page.route("**/control/say", hold, times=1)
    await visitor.writes("customer", "Is there a smaller toaster")
    await on_its_way.wait()
    await demo.post("/control/say", from_id=agent, chat_id=group, text="/help")
    await seen(page.locator(".topic", has_text="What you write in a customer's topic"))
    free.set()
    await visitor.reads("staff", "Is there a smaller toaster")


async def test_edits_replies_and_deletions_are_seen_on_the_other_side(visitor: Visitor) -> None:
    await visitor.becomes("Anna")
    await visitor.writes("customer", "My order nubmer is 7745")
    mine = await visitor.reads("customer", "My order nubmer is 7745")
    await visitor.reads("staff", "My order nubmer is 7745")
    words = visitor.staff_log.locator(".row:not(:has(.inline-keyboard))")  # the card says them too
    relayed = words.filter(has_text="My order nubmer is 7745").last

    await visitor.chooses(mine, "Edit")
    await visitor.writes("customer", "My order number is 7754")
    await expect(await visitor.reads("customer", "My order number is 7754")).to_contain_text("edited")
    await visitor.reads("staff", "My order number is 7754")

    await visitor.chooses(relayed, "Reply")
    await visitor.writes("staff", "Found it, thank you")
    answer = await visitor.reads("customer", "Found it, thank you")
    await expect(answer.locator(".quoted")).to_contain_text("My order number is 7754")

    await visitor.chooses(visitor.customer_log.locator(".row.mine", has_text="My order number").last, "Delete")
    await expect(visitor.customer_log.locator(".row.mine", has_text="My order number")).to_have_count(0)


async def test_pictures_albums_and_files_go_across(visitor: Visitor) -> None:
    await visitor.becomes("Anna")
    for item in ("Picture", "Three pictures", "Voice message", "File", "Sticker", "Location", "Poll"):
        await visitor.page.click("#customer-composer [aria-haspopup=menu]")
        await visitor.page.get_by_role("menuitem", name=item, exact=True).click()
    await expect(visitor.staff_log.locator(".album .tile")).to_have_count(3, timeout=LONG)
    await seen(visitor.staff_log.locator(".picture.photo img").last)
    for drawn in (".voice", ".attached a", ".sticker", ".map", ".poll"):
        await expect(visitor.customer_log.locator(drawn).last).to_be_visible()
        await seen(visitor.staff_log.locator(drawn).last)
    poll = visitor.customer_log.locator(".poll").last
    await poll.locator(".option").first.click()
    await expect(poll).to_contain_text("1 votes", timeout=LONG)


async def test_blocking_leaving_and_a_deleted_topic(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.becomes("王芳")
    await visitor.writes("customer", "你们几点关门")
    await visitor.reads("staff", "你们几点关门")

    await page.click("#customer-menu")
    await page.get_by_role("menuitem", name="Stop and block the bot").click()
    await visitor.reads("staff", "has stopped the bot")
    await page.get_by_role("button", name="Unblock the bot").click()
    await visitor.reads("staff", "is back")

    deleted = await visitor.topic("王芳").get_attribute("data-topic")
    await page.click("#topic-menu")
    await page.get_by_role("menuitem", name="Delete the topic").click()
    await expect(page.locator(f'.topic[data-topic="{deleted}"]')).to_have_count(0)
    await visitor.writes("customer", "还在吗")
    await expect(visitor.topic("王芳")).to_have_count(1, timeout=LONG)
    await visitor.opens_topic("王芳")
    await visitor.reads("staff", "还在吗")

    await page.locator("#agent").select_option(label="小陈")
    await page.click("#topic-menu")
    await page.get_by_role("menuitem", name="Leave the group").click()
    await page.get_by_role("button", name="Let 小陈 join again").click()
    await visitor.writes("staff", "我回来了")
    await visitor.reads("staff", "is on the staff now")
    await visitor.writes("staff", "我们九点关门")
    await visitor.reads("customer", "我们九点关门")


async def test_markup_that_somebody_types_stays_text_everywhere(visitor: Visitor, demo: Demo) -> None:
    evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> <b onclick=hacked>end'
    person = {"id": demo.people["customers"][0]["id"], "first_name": "<b onclick=hacked>Anna</b>"}
    await demo.post("/control/user", **person)
    await visitor.becomes("Anna")
    try:
        await visitor.writes("customer", evil)
        relayed = await visitor.reads("staff", evil)
        await visitor.chooses(relayed, "Reply")
        await expect(visitor.page.locator("#staff-composer .about")).to_contain_text(evil[:30])
        await visitor.writes("staff", f"{evil} back")
        await expect((await visitor.reads("customer", f"{evil} back")).locator(".quoted")).to_contain_text(evil[:30])
        await expect(visitor.page.locator("#calls")).to_contain_text("back")
        await visitor.page.reload()
        await visitor.reads("customer", f"{evil} back")
        smuggled = visitor.page.locator("body script, img[src=x], .log b, [onclick], [onerror]")
        assert await smuggled.count() == 0
        assert await visitor.page.evaluate("window.hacked") is None
    finally:
        await demo.post("/control/user", id=person["id"], first_name="Anna")


async def test_formatting_is_shown_and_dangerous_links_lead_nowhere(visitor: Visitor, demo: Demo) -> None:
    customer = demo.people["customers"][0]["id"]
    entities = [
        {"type": "bold", "offset": 0, "length": 9},
        {"type": "italic", "offset": 5, "length": 4},
        {"type": "text_link", "offset": 10, "length": 4, "url": "javascript:alert(1)"},
        {"type": "text_link", "offset": 15, "length": 4, "url": "https://example.org/"},
        {"type": "spoiler", "offset": 20, "length": 6},
    ]
    await visitor.becomes("Anna")
    await demo.post("/control/say", from_id=customer, text="bold both evil good hidden", entities=entities)
    row = await visitor.reads("customer", "bold both evil good hidden")

    await expect(row.locator("strong em")).to_have_text("both")
    await expect(row.locator("a")).to_have_count(1)
    await expect(row.locator("a")).to_have_attribute("href", "https://example.org/")
    await row.locator(".spoiler").click()
    await expect(row.locator(".spoiler")).to_have_attribute("aria-expanded", "true")


async def test_on_a_phone_one_side_is_shown_at_a_time(desk: Page, demo: Demo) -> None:
    async with sit_down(desk, demo, width=390, height=844) as visitor:
        page = visitor.page
        await expect(page.locator("#staff")).to_be_hidden()
        await visitor.becomes("Anna")
        await visitor.writes("customer", "Written on a phone")
        await expect(page.locator("#unread-staff")).not_to_be_empty(timeout=LONG)
        await page.click("#go-staff")
        await expect(page.locator("#customers")).to_be_hidden()
        await visitor.opens_topic("Anna")
        await visitor.reads("staff", "Written on a phone")
        await page.click("#topic-back")
        await expect(page.locator("#topics")).to_be_visible()
        await page.click("#go-engine")
        await expect(page.get_by_role("button", name="Kill the bot", exact=True)).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_chinese_and_dark_at_a_press(browser: Browser, demo: Demo) -> None:
    async with visit(browser, demo, path="/", locale="zh-CN", color_scheme="dark") as visitor:
        page = visitor.page
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        await expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
        await expect(page.locator("#kill")).to_have_text("终止机器人")
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("#kill")).to_have_text("Kill the bot")
        await page.get_by_role("button", name="Dark").click()
        await expect(page.locator("html")).to_have_attribute("data-theme", "light")


async def test_everything_is_in_reach_of_a_keyboard(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.becomes("Anna")
    await visitor.writes("customer", "Typed without a mouse")
    await visitor.reads("customer", "Typed without a mouse")
    await page.locator("#customer-log").focus()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menu")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menu")).to_have_count(0)
    await page.locator("[role=tab][aria-selected=true]").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("[role=tab][aria-selected=true]")).to_contain_text("王芳")


async def test_the_switches_tell_how_things_stand(visitor: Visitor) -> None:
    page = visitor.page
    await page.click("#limit")
    await expect(page.locator("#limit")).to_have_attribute("aria-pressed", "true")
    await page.click("#limit")
    await expect(page.locator("#limit")).to_have_attribute("aria-pressed", "false")
    await page.get_by_role("button", name="1 day").click()
    await expect(page.locator("#ahead")).to_contain_text("from now", timeout=LONG)
    await page.click("#down")
    await expect(page.locator("#down")).to_contain_text("s left")
    await seen(page.locator("#calls .bad").first)
    await expect(page.locator("#down")).to_have_text("Telegram fails for 10 s", timeout=LONG)


async def test_the_tour_can_be_started_and_stopped(visitor: Visitor) -> None:
    page = visitor.page
    await page.get_by_role("button", name="Tour (60 s)").click()
    await expect(page.locator("#tour-progress")).to_have_text("1 / 8")
    await visitor.reads("customer", "the base is missing")
    await page.locator("#tour-stop").click()
    await expect(page.locator("#tour-card")).to_be_hidden()
    await expect(page.locator("#tour")).to_have_text("Tour (60 s)")
