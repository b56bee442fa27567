"""The demo's server over HTTP: what it serves, whom it serves, and its switches."""

import asyncio
import os
import re
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from bot.demo import server
from bot.demo.server import LONGEST_LEAP
from bot.demo.words import FILES, words
from tests.demo.demo import Demo
from tests.telegram import PATIENCE_SECONDS, POLL_SECONDS, Json


async def test_the_page_comes_with_its_files_and_nothing_from_elsewhere(demo: Demo) -> None:
    status, headers, body = await demo.get("/")
    files = re.findall(r'(?:src|href)="([^"#]+)"', body.decode())

    assert status == 200
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert files
    assert headers["cache-control"] == "no-cache"
    for file in files:
        assert file.startswith("/static/"), file
        status, headers, _ = await demo.get(file)
        assert status == 200
        assert "immutable" in headers["cache-control"]


async def test_a_file_that_was_changed_stands_at_another_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("index.html", "app.js"):
        (tmp_path / name).write_text((FILES / name).read_text("utf-8"), "utf-8")
    monkeypatch.setattr(server, "FILES", tmp_path)
    before = server.index()
    changed = (tmp_path / "app.js").stat().st_mtime_ns + 1
    os.utime(tmp_path / "app.js", ns=(changed, changed))
    assert server.index() != before


async def test_a_short_case_is_played_before_anybody_comes(demo: Demo) -> None:
    customer, other = demo.people["customers"]
    played = await demo.chat(customer["id"])
    stored = (await demo.json("/demo/state"))["stored"]

    assert any("photo" in message for message in played)
    assert words("en")["story"]["comment"] in [message.get("text") for message in played]
    assert stored["customers"] == 2
    assert stored["cases"]
    assert stored["inbox"].keys() == {"done"}
    assert any(message["reply_keyboard"] for message in await demo.chat(other["id"]))


async def test_only_the_page_itself_may_give_orders(demo: Demo) -> None:
    for path in ("/demo/kill", "/control/say"):
        assert (await demo.post(path, {"Origin": "https://evil.example"}))[0] == 403
    assert (await demo.get("/", headers={"Host": "evil.example"}))[0] == 400
    assert (await demo.post("/control/clock", {"Origin": demo.url}, advance=0))[0] == 200


async def test_orders_that_make_no_sense_are_refused(demo: Demo) -> None:
    assert (await demo.post("/demo/days", seconds=0))[0] == 400
    assert (await demo.post("/demo/days", seconds=LONGEST_LEAP + 1))[0] == 400
    assert (await demo.post("/demo/days", seconds="many"))[0] == 400
    assert (await demo.post("/demo/down"))[0] == 400
    assert (await demo.get("/demo/kill"))[0] == 405
    status, said = await demo.post("/control/say", from_id=1, text="hello")
    assert (status, said) == (400, {"error": "there is no user 1"})


async def test_a_file_that_somebody_sent_is_never_a_page(demo: Demo) -> None:
    customer = demo.people["customers"][1]
    page = {"document": {"file_name": "a.html", "mime_type": "text/html", "base64": "PHNjcmlwdD4="}}
    _, said = await demo.post("/control/say", from_id=customer["id"], content=page)

    status, headers, body = await demo.get(f"/control/file/{said['document']['file_id']}")

    assert (status, body) == (200, b"<script>")
    assert headers["content-type"] == "application/octet-stream"
    assert "sandbox" in headers["content-security-policy"]


async def test_what_happens_in_the_sandbox_streams_through(demo: Demo) -> None:
    customer = demo.people["customers"][1]
    async with aiohttp.ClientSession() as session, session.get(f"{demo.url}/control/events") as stream:
        await stream.content.readline()
        await demo.post("/control/say", from_id=customer["id"], text="streamed words")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while b"streamed words" not in await stream.content.readline():
                pass


async def test_a_killed_bot_comes_back_and_has_missed_nothing(demo: Demo) -> None:
    customer, group = demo.people["customers"][0]["id"], demo.people["group"]["id"]
    kills = (await demo.json("/demo/state"))["kills"]

    assert (await demo.post("/demo/kill"))[0] == 200
    await demo.until(lambda state: state["bot"] == "dead")
    assert (await demo.post("/demo/kill"))[0] == 409, "it can be killed only once at a time"
    await demo.post("/control/say", from_id=customer, text="Nobody is there to hear this")

    state = await demo.until(lambda state: state["bot"] == "running")
    assert state["kills"] == kills + 1
    await demo.sees(group, "Nobody is there to hear this")


async def test_days_pass_for_people_on_both_sides(demo: Demo) -> None:
    ahead = (await demo.json("/demo/state"))["ahead"]
    customer, group = demo.people["customers"][1]["id"], demo.people["group"]["id"]

    status, state = await demo.post("/demo/days", seconds=3 * 86_400)

    assert (status, state["ahead"]) == (200, ahead + 3 * 86_400)
    assert (await demo.json("/control/state"))["now"] > time.time() + 3 * 86_400 - 60
    _, said = await demo.post("/control/say", from_id=customer, text="/mycases")
    await demo.post("/control/say", from_id=customer, text="A matter of the day after")
    card = await demo.sees(group, "A matter of the day after")
    assert card["date"] >= said["date"]


async def test_telegram_fails_for_a_while_and_then_everything_arrives(demo: Demo) -> None:
    customer, group = demo.people["customers"][0]["id"], demo.people["group"]["id"]

    status, state = await demo.post("/demo/down", seconds=2)
    await demo.post("/control/say", from_id=customer, text="Said during the failure")

    assert status == 200
    assert 0 < state["down"] <= 2
    await demo.sees(group, "Said during the failure", 30)
    await demo.until(lambda state: state["down"] == 0)


async def test_a_limited_group_gets_429_and_then_everything(spare_demo: Demo) -> None:
    # Not everybody's demo: the bot keeps the pause that Telegram asked for, up to a minute.
    demo = spare_demo
    customer, group = demo.people["customers"][0]["id"], demo.people["group"]["id"]

    assert (await demo.post("/demo/limit", on=True))[1]["limited"] is True
    for _ in range(26):
        await demo.post("/control/say", from_id=customer, content={"sticker": True})

    deadline = time.monotonic() + 20
    while not [call for call in await _refused(demo) if call["chat_id"] == group]:
        assert time.monotonic() < deadline, "nothing was refused"
        await asyncio.sleep(POLL_SECONDS)
    assert await demo.json("/control/ledger?kind=violation") == []
    assert (await demo.post("/demo/limit", on=False))[1]["limited"] is False


async def _refused(demo: Demo) -> list[Json]:
    calls: list[Json] = await demo.json("/control/ledger?kind=call")
    return [call for call in calls if call.get("error_code") == 429]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
async def test_nothing_outlives_a_demo_that_is_killed() -> None:
    demo = await Demo.start("--language", "zh", played=False)
    assert demo.people["group"]["title"] == words("zh")["cast"]["group"]
    children = children_of(demo.process.pid)
    assert len(children) == 2, "the sandbox and the bot"

    demo.process.kill()

    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(is_alive(child) for child in children):
        assert time.monotonic() < deadline, "something lives on"
        await asyncio.sleep(POLL_SECONDS)
    await demo.stop()


def children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in found.split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_both_languages_say_the_same_things() -> None:
    zh, en = words("zh"), words("en")

    assert zh.keys() == en.keys()
    for section in ("cast", "story", "lines", "page"):
        assert zh[section].keys() == en[section].keys()
    assert [step["does"] for step in zh["tour"]] == [step["does"] for step in en["tour"]]
    inserts = re.compile(r"\{\w+\}")
    for key, text in zh["page"].items():
        assert set(inserts.findall(text)) == set(inserts.findall(en["page"][key])), key


def test_the_page_says_nothing_that_has_no_words() -> None:
    said = {key for file in FILES.glob("*.js") for key in re.findall(r"\bt\('(\w+)'", file.read_text("utf-8"))}
    said |= set(re.findall(r'data-(?:word|label)="(\w+)"', (FILES / "index.html").read_text("utf-8")))

    assert said <= words("en")["page"].keys()
