"""Webhooks: order within a chat, retries, the secret, the rule of the empty body."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from tests.sandbox.bot import received, refusal, result
from tests.telegram import PATIENCE_SECONDS, Json, Telegram


class Hook:
    """A web server that takes updates, and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[Json] = []
        self.secrets: list[str | None] = []
        self.answers: list[web.Response] = []
        self.came = asyncio.Event()
        self.pause = 0.0
        self.most_at_once = 0
        self._at_once: dict[int, int] = {}

    async def take(self, request: web.Request) -> web.Response:
        update = await request.json()
        self.got.append(update)
        self.came.set()
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        chat = update["message"]["chat"]["id"]
        self._at_once[chat] = self._at_once.get(chat, 0) + 1
        self.most_at_once = max(self.most_at_once, self._at_once[chat])
        await asyncio.sleep(self.pause)
        self._at_once[chat] -= 1
        return self.answers.pop(0) if self.answers else web.Response()

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.got) < count:
                self.came.clear()
                await self.came.wait()


@pytest.fixture
async def hook(telegram: Telegram) -> AsyncIterator[Hook]:
    await received(telegram)
    taking = Hook()
    application = web.Application()
    application.router.add_post("/hook", taking.take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    [address] = runner.addresses
    url = f"http://127.0.0.1:{address[1]}/hook"
    await result(telegram, "setWebhook", url=url, secret_token="s-1", allowed_updates=["message"])
    yield taking
    await result(telegram, "deleteWebhook")
    await runner.cleanup()


async def test_updates_come_with_the_secret_and_polls_conflict(telegram: Telegram, hook: Hook) -> None:
    await telegram.say(await telegram.user("Li"), "x")
    await hook.wait(1)
    assert hook.secrets == ["s-1"]
    assert await refusal(telegram, "getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    await telegram.settled(quiet=0)
    info = await result(telegram, "getWebhookInfo")
    assert info["pending_update_count"] == 0
    assert info["allowed_updates"] == ["message"]


async def test_a_chat_is_served_one_at_a_time_and_others_beside_it(telegram: Telegram, hook: Hook) -> None:
    hook.pause = 0.02
    people = [await telegram.user(name) for name in ("Li", "Wang", "Zhao")]
    for number in range(5):
        for person in people:
            await telegram.say(person, str(number))
    await hook.wait(15)
    assert hook.most_at_once == 1
    for person in people:
        own = [update for update in hook.got if update["message"]["from"]["id"] == person["id"]]
        assert [update["message"]["text"] for update in own] == list("01234")


async def test_a_refused_update_holds_back_its_chat_and_comes_again(telegram: Telegram, hook: Hook) -> None:
    person, other = await telegram.user("Li"), await telegram.user("Wang")
    hook.answers = [web.Response(status=503, headers={"Retry-After": "30"})]
    await telegram.say(person, "first")
    await hook.wait(1)
    await telegram.say(person, "second")
    await telegram.say(other, "beside")
    await hook.wait(2)
    assert [update["message"]["text"] for update in hook.got] == ["first", "beside"]
    assert (await result(telegram, "getWebhookInfo"))["last_error_message"].startswith("Wrong response")
    await telegram.clock(31)
    await hook.wait(4)
    assert [update["message"]["text"] for update in hook.got[2:]] == ["first", "second"]


async def test_without_retry_after_the_first_retry_is_at_once(telegram: Telegram, hook: Hook) -> None:
    hook.answers = [web.Response(status=500), web.Response(status=500)]
    await telegram.say(await telegram.user("Li"), "x")
    await hook.wait(2)
    await asyncio.sleep(0.1)
    assert len(hook.got) == 2
    await telegram.clock(2)
    await hook.wait(3)
    await telegram.settled(quiet=0)
    waits = [entry["failures"] for entry in await telegram.ledger(kind="webhook")]
    assert waits[-3:] == [0, 1, 2]


async def test_a_call_in_the_answer_is_carried_out_and_is_a_violation(telegram: Telegram, hook: Hook) -> None:
    person = await telegram.user("Li")
    call = {"method": "sendMessage", "chat_id": person["id"], "text": "from the body"}
    hook.answers = [web.json_response(call)]
    await telegram.say(person, "x")
    await telegram.wait_message(person, "from the body")
    [violation] = [each for each in await telegram.violations() if each["reason"] == "webhook_answer_body"]
    assert violation["method"] == "sendMessage"


async def test_what_was_not_taken_waits_for_polls(telegram: Telegram, hook: Hook) -> None:
    hook.answers = [web.Response(status=500, headers={"Retry-After": "3600"})]
    await telegram.say(await telegram.user("Li"), "x")
    await hook.wait(1)
    await result(telegram, "deleteWebhook")
    [update] = await received(telegram)
    assert update["message"]["text"] == "x"


async def test_only_this_machine_is_called(telegram: Telegram) -> None:
    said = await refusal(telegram, "setWebhook", url="https://example.org/hook")
    assert said.startswith("Bad Request: bad webhook: Failed to resolve host")
    said = await refusal(telegram, "setWebhook", url="http://127.0.0.1:1/hook", secret_token="a b")
    assert said == "Bad Request: secret token contains unallowed characters"
