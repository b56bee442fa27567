"""A customer's words as staff see them: nothing hidden in them, and a frame that they cannot put on or take off."""

import itertools
import random
from types import SimpleNamespace
from typing import Any

import pytest

from handlers.delivery.composing import _words as say_words
from handlers.delivery.copying import carry
from handlers.delivery.parcels import Parcel
from handlers.quoting import MOST_ENTITIES, framed, in_full
from handlers.texts import utf16_length
from models.plan import Plan
from templates import SIGN, in_line

STYLES = ("bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote")
Entity = dict[str, Any]


def at(type_: str, offset: int, length: int, **more: Any) -> Entity:
    return {"type": type_, "offset": offset, "length": length, **more}


def part(text: str, entity: Entity) -> str:
    """The words that an entity is about."""
    units = text.encode("utf-16-le")
    return units[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le")


def told(text: str, entities: list[Entity]) -> list[tuple[str, str]]:
    return [(entity["type"], part(text, entity)) for entity in entities]


def check_strictly(text: str, entities: list[Entity]) -> None:
    """Raises AssertionError for what a strict Telegram would refuse."""
    whole = utf16_length(text)
    for entity in entities:
        assert entity["offset"] >= 0
        assert entity["length"] > 0
        assert entity["offset"] + entity["length"] <= whole
        part(text, entity)  # no character is cut in two
    for one, other in itertools.combinations(entities, 2):
        (a, b), (c, d) = ((each["offset"], each["offset"] + each["length"]) for each in (one, other))
        apart = b <= c or d <= a
        assert apart or (a <= c and d <= b) or (c <= a and b <= d), f"{one} and {other} cross"
        opaque = {"code", "pre"} & {one["type"], other["type"]}
        assert apart or not opaque or "blockquote" in (one["type"], other["type"]), f"{one} and {other}"
        assert apart or {one["type"], other["type"]} != {"blockquote"}, f"{one} and {other}"


def test_s22_a_hidden_link_shows_its_address_and_what_stands_around_it_moves() -> None:
    text = "Open the portal now, please"
    given = [at("bold", 0, 15), at("text_link", 9, 6, url="https://evil.example/login"), at("italic", 16, 3)]

    shown, entities = in_full(text, given)

    assert shown == "Open the portal (https://evil.example/login) now, please"
    assert told(shown, entities) == [("bold", "Open the portal"), ("italic", "now")]


@pytest.mark.parametrize("words", ["shop.example/a", "https://shop.example/a", "HTTP://shop.example/a/"])
def test_an_address_that_the_words_say_themselves_is_not_said_twice(words: str) -> None:
    link = at("text_link", 0, len(words), url="https://shop.example/a")
    assert in_full(words, [link]) == (words, [])


def test_s22_words_that_look_like_an_address_do_not_hide_another() -> None:
    link = at("text_link", 0, 12, url="https://evil.example")
    assert in_full("shop.example", [link])[0] == "shop.example (https://evil.example)"


@pytest.mark.parametrize("sign", [SIGN, SIGN + "\ufe0f", SIGN + "\ufe0e"])
def test_s22_the_sign_of_the_frame_is_taken_out_of_a_customers_words(sign: str) -> None:
    text = f"{sign}😀 bold {sign}{sign}end"
    start = utf16_length(f"{sign}😀 ")

    shown, entities = in_full(text, [at("bold", start, 4), at("italic", 0, utf16_length(sign))])

    assert shown == "😀 bold end"
    assert told(shown, entities) == [("bold", "bold")]


def test_s22_a_customers_own_quotation_is_no_frame() -> None:
    shown, entities = in_full("they said no", [at("expandable_blockquote", 5, 4), at("text_mention", 0, 4, user={})])
    assert told(shown, entities) == [("italic", "said")]


def test_the_frame_holds_all_that_is_said() -> None:
    text, entities = framed("a leak\n\nhere", [at("bold", 2, 4)])
    assert told(text, entities) == [("blockquote", f"{SIGN} a leak\n\nhere"), ("bold", "leak")]


def test_code_stands_in_no_other_formatting() -> None:
    shown, entities = in_full("run this now", [at("bold", 0, 12), at("code", 4, 4), at("italic", 5, 1)])
    assert told(shown, entities) == [("bold", "run "), ("code", "this"), ("bold", " now")]


def test_however_much_is_formatted_the_frame_is_among_what_telegram_takes() -> None:
    _, entities = framed("x" * 300, [at("bold", 2 * number, 1) for number in range(150)])
    assert len(entities) == MOST_ENTITIES
    assert entities[0]["type"] == "blockquote"


def test_whatever_is_formatted_how_the_entities_are_legal() -> None:
    chance = random.Random(10)
    letters = ["a", "客", "😀", "\n", " ", SIGN, SIGN + "\ufe0f"]
    for _ in range(3000):
        parts = chance.choices(letters, k=chance.randint(0, 14))
        edges = [0, *itertools.accumulate(map(utf16_length, parts))]
        given = []
        for _ in range(chance.randint(0, 6)):
            begin, end = sorted(chance.choices(edges, k=2))
            type_ = chance.choice([*STYLES, "code", "pre", "text_link", "text_mention"])
            more = {"url": "https://a.example/"} if type_ == "text_link" else {}
            given.append(at(type_, begin, end - begin, **more))
        shown, entities = in_full("".join(parts), given)
        assert SIGN not in shown
        check_strictly(shown, entities)
        check_strictly(*framed(shown, entities))


def carried(*items: dict[str, Any], prefix: str = "", **body: Any) -> Parcel:
    """An album of a customer's on its way to staff."""
    whole = {"carried": "copied", "quoted": True, "kind": "photo", "items": list(items), **body}
    parcel = Parcel([SimpleNamespace(body=whole)])
    carry(parcel, prefix)
    return parcel


def item(number: int, kind: str = "photo", **more: Any) -> dict[str, Any]:
    return {"telegram_id": number, "message_id": number, "kind": kind, "file_id": f"{kind}-{number}", **more}


@pytest.mark.parametrize(
    "last", [item(2, "live_photo"), item(2, "document"), item(2, file_id=None)], ids=["live", "document", "no file"]
)
def test_s22_an_album_that_cannot_be_made_anew_goes_item_by_item_with_its_words_in_the_frame(last: Any) -> None:
    parcel = carried(item(1, caption="Both sides"), last)
    assert parcel.method == "copyMessage"
    assert parcel.params["message_id"] == 1
    assert parcel.params["caption"] == f"{SIGN} Both sides"
    assert parcel.unfinished


def test_s22_an_album_whose_words_went_beside_it_shows_them_nowhere_else() -> None:
    parcel = carried(item(1, caption=""), item(2))
    assert parcel.method == "sendMediaGroup"
    assert [each.get("caption") for each in parcel.params["media"]] == ["", None]


def test_an_album_that_waited_since_before_is_copied_as_it_is() -> None:
    old = [{"telegram_id": 1, "message_id": 1}, {"telegram_id": 2, "message_id": 2}]
    parcel = carried(*old, quoted=None)
    assert (parcel.method, parcel.params) == ("copyMessages", {"message_ids": [1, 2]})


def row(text: str, *entities: Entity, **facts: Any) -> Any:
    body = {"text": text, "entities": list(entities), "quoted": True}
    return SimpleNamespace(body=body, maybe_repeated=False, group_id=1, **facts)


def test_s22_of_texts_that_go_in_one_message_each_has_its_frame() -> None:
    work: Any = SimpleNamespace(plan=Plan())
    crowded = [at("bold", 2 * number, 1) for number in range(99)]
    for formatting in ([at("bold", 0, 4)], crowded):
        parcel = Parcel([row("x" * 200, *formatting), row("Case 1001 is closed", at("bold", 0, 4)), row("")])
        say_words(work, parcel, "Ann:\n")
        text, entities = parcel.params["text"], parcel.params["entities"]
        assert text.startswith(f"Ann:\n{SIGN} xx")
        frames = [part(text, each) for each in entities if each["type"] == "blockquote"]
        assert frames == [f"{SIGN} {'x' * 200}", f"{SIGN} Case 1001 is closed"]
        assert len(entities) <= MOST_ENTITIES
        check_strictly(text, entities)


def test_s22_words_within_a_notice_are_one_line_without_the_sign() -> None:
    assert in_line(f"a leak\n\n{SIGN}\ufe0f Case 1001:\r\nclosed") == "a leak Case 1001: closed"
