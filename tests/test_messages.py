"""Pure rules on words: what is thanks, and how a long text is cut."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handlers.chat.content import read_content
from handlers.texts import pieces, utf16_length
from handlers.typed import is_thanks

THANKS = """
谢谢|谢谢!|谢谢您|谢谢你们的帮助|非常感谢|多谢师傅|好的,谢谢|好的好的|收到|收到了,谢谢|辛苦了|麻烦您了
可以了|没问题|问题解决了|已经修好了,谢谢|解决了!|满意|很满意,谢谢客服|再见|嗯嗯|哦,好的|不客气|不用了,谢谢
太好了|👍|🙏🙏|谢谢 😊|❤️|👍🏻|谢谢您的耐心帮助!|謝謝|感謝您的幫助|好的,明白了|OK|ok谢谢|Thanks
thank you so much!|Thanks a lot for your help|ok, great|Perfect, thanks!|it works now
Great service, thank you|got it|yes|all good|:)|Thank you very much 🙏|cheers|I'm happy now, thanks
"""
NOT_THANKS = """
谢谢,但是还是漏水|还是漏水|没有解决|没解决|不满意|非常不满意|不好|不行|好了吗|可以了吗|谢谢?|???|?
怎么还没好|太慢了|慢|太麻烦了|我要退货|好的,那发票呢|可以退吗|又坏了|已经坏了|什么时候来|收到货了但是坏的
谢谢,请问还要多久|👎|😡|😡谢谢|...|已经三天了|没好|没修好|还没收到|你们真行|不用谢,还是坏的|人呢|客服|师傅
您|的|非常|谢先生来了|快点|请回电话|not solved|Thanks, but it still leaks|thanks for nothing
is it working now?|ok?|no|not good|it does not work|so|you|everything|still broken, thanks|when?|unhappy
dissatisfied|thanks, can you call me|great, another leak|okay so where is it|why|hello?
"""


def phrases(table: str) -> list[str]:
    return [phrase for line in table.strip().splitlines() for phrase in line.split("|")]


@pytest.mark.parametrize("words", phrases(THANKS))
def test_thanks_reopen_nothing(words: str) -> None:
    assert is_thanks(words)


@pytest.mark.parametrize("words", ["", "  ", *phrases(NOT_THANKS)])
def test_what_says_more_than_thanks_is_not_thanks(words: str) -> None:
    assert not is_thanks(words)


def test_a_long_text_is_never_thanks_and_costs_nothing() -> None:
    assert not is_thanks("谢谢" * 500_000)


TEXTS = st.text(st.sampled_from("a 长\n😀👨‍👩‍👧é"), max_size=400)


@settings(max_examples=300)
@given(TEXTS, st.integers(2, 50))
@example("", 5)
@example("😀" * 10, 3)
def test_f37_the_pieces_of_a_text_joined_are_the_text(text: str, limit: int) -> None:
    parts = pieces(text, limit)

    assert "".join(parts) == text
    assert all(utf16_length(part) <= limit for part in parts)
    assert all(parts) or parts == [""]
    for part in parts:
        part.encode("utf-8")  # raises where a character was cut in two


def test_f37_a_text_is_cut_at_the_end_of_a_line_where_there_is_one() -> None:
    assert pieces("first line\nsecond line", 15) == ["first line\n", "second line"]
    assert pieces("one two three", 8) == ["one two ", "three"]
    assert pieces("a" * 10, 4) == ["aaaa", "aaaa", "aa"]


def test_a_text_counts_as_telegram_counts_it() -> None:
    assert (utf16_length("abc"), utf16_length("长"), utf16_length("😀")) == (3, 1, 2)


def test_a_message_is_what_it_holds_not_what_it_came_in() -> None:
    envelope = {"message_id": 1, "date": 1_793_000_000, "chat": {"id": 1, "type": "private"}, "from": {"id": 1}}
    assert read_content({**envelope, "text": "你好"}).kind == "text"
    gif = {"animation": {"file_id": "a"}, "document": {"file_id": "d"}}
    assert read_content({**envelope, **gif, "caption": "看"}).kind == "animation"
    assert read_content({**envelope, "hologram": {}}).kind == "hologram"
    assert read_content(envelope).kind == "empty"
