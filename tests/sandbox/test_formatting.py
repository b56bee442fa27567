"""Text as Telegram reads it."""

from html import escape

import pytest
from hypothesis import given
from hypothesis.strategies import text

from bot.sandbox.entities import check_given, detect, from_html, tidy, units
from bot.sandbox.errors import ApiError
from tests.sandbox.bot import refusal, result
from tests.telegram import Json, Telegram


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain", "plain", []),
        ("<b>好</b>", "好", [{"offset": 0, "length": 1, "type": "bold"}]),
        ("\N{GRINNING FACE}<i>x</i>", "\N{GRINNING FACE}x", [{"offset": 2, "length": 1, "type": "italic"}]),
        ("&lt;3 &amp; &#52; &copy;", "<3 & 4 &copy;", []),
        (
            "<b>a<i>b</i></b>",
            "ab",
            [{"offset": 0, "length": 2, "type": "bold"}, {"offset": 1, "length": 1, "type": "italic"}],
        ),
        (
            '<a href="https://a.bc/?x=1&amp;y=2">l</a>',
            "l",
            [{"offset": 0, "length": 1, "type": "text_link", "url": "https://a.bc/?x=1&y=2"}],
        ),
        (
            '<pre><code class="language-python">x</code></pre>',
            "x",
            [{"offset": 0, "length": 1, "type": "pre", "language": "python"}],
        ),
        ("<blockquote expandable>q</blockquote>", "q", [{"offset": 0, "length": 1, "type": "expandable_blockquote"}]),
        ('<span class="tg-spoiler">s</span>', "s", [{"offset": 0, "length": 1, "type": "spoiler"}]),
        ("<b></b>x", "x", []),
    ],
)
def test_html_becomes_text_and_entities(source: str, text: str, entities: list[Json]) -> None:
    assert from_html(source) == (text, entities)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("a <3 b", 'Unsupported start tag "3" at byte offset 2'),
        ("好<x>", 'Unsupported start tag "x" at byte offset 3'),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b", "Unclosed start tag at byte offset 0"),
        (
            "<a href>x</a>",
            'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0',
        ),
        ("<{x}>", 'Unsupported start tag "{x}" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_html_that_telegram_refuses_is_refused(source: str, complaint: str) -> None:
    with pytest.raises(ApiError) as refused:
        from_html(source)
    assert refused.value.description == f"Bad Request: can't parse entities: {complaint}"


@given(text())
def test_escaped_text_comes_back_as_it_was(said: str) -> None:
    assert from_html(escape(said, quote=False)) == (said, [])
    assert from_html(f"<b>{escape(said)}</b>".replace("&#x27;", "'"))[0] == said


def test_entities_may_not_cut_a_character_or_leave_the_text() -> None:
    text = "\N{GRINNING FACE}x"
    assert units(text) == 3
    with pytest.raises(ApiError, match="in a middle of a UTF-16 symbol"):
        check_given(text, [{"type": "bold", "offset": 1, "length": 2}])
    with pytest.raises(ApiError, match="after the end of the text"):
        check_given(text, [{"type": "bold", "offset": 0, "length": 4}])


def test_edges_are_trimmed_and_entities_move_along() -> None:
    assert tidy("  \n x \n", []) == ("x", [])
    bold = {"type": "bold", "offset": 2, "length": 3}
    assert tidy("  x  ", [bold]) == ("x", [{"type": "bold", "offset": 0, "length": 1}])
    assert tidy("a\x00b\tc", []) == ("a b c", [])


def test_commands_links_and_mentions_are_found() -> None:
    found = detect("好 /start@abc_bot https://a.bc @name #tag a@b.cd 1/2", [])
    assert [each["type"] for each in found] == ["bot_command", "url", "mention", "hashtag", "email"]
    assert found[0] == {"offset": 2, "length": 14, "type": "bot_command"}
    code = [{"type": "code", "offset": 0, "length": 6}]
    assert detect("/start", code) == code


async def test_lengths_count_in_utf16_after_parsing(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    chat = person["id"]
    fits = "<b>" + "\N{GRINNING FACE}" * 2048 + "</b>"
    await result(telegram, "sendMessage", chat_id=chat, text=fits, parse_mode="HTML")
    said = await refusal(telegram, "sendMessage", chat_id=chat, text="x" + "\N{GRINNING FACE}" * 2048)
    assert said == "Bad Request: message is too long"
    photo = (await telegram.say(person, photo=True))["photo"][-1]["file_id"]
    said = await refusal(telegram, "sendPhoto", chat_id=chat, photo=photo, caption="x" * 1025)
    assert said == "Bad Request: message caption is too long"
    said = await refusal(telegram, "sendMessage", chat_id=chat, text=" \n ")
    assert said == "Bad Request: message text is empty"
    said = await refusal(telegram, "sendMessage", chat_id=chat, text="<b> </b>", parse_mode="HTML")
    assert said == "Bad Request: message text is empty"


async def test_a_link_to_a_known_person_is_a_mention(telegram: Telegram) -> None:
    person = await telegram.user("Li")
    link = f'<a href="tg://user?id={person["id"]}">Li</a> <a href="tg://user?id=77">Who</a>'
    sent = await result(telegram, "sendMessage", chat_id=person["id"], text=link, parse_mode="HTML")
    assert [entity["type"] for entity in sent["entities"]] == ["text_mention"]
    assert sent["entities"][0]["user"]["id"] == person["id"]
