"""Names that customers choose: which of them speak for somebody else, or lead somewhere."""

import re
import unicodedata
from collections.abc import Iterable

#: Letters that look like Latin ones: Cyrillic and Greek, capital and small, and three phonetic signs.
_LOOKALIKES = str.maketrans(
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425"
    "\u0430\u0432\u0435\u0455\u0456\u0458\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445"
    "\u0501\u051b\u051d\u04bb\u04cf"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u03b1\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03c9\u03b7"
    "\u0131\u0251\u0261",
    "ABESIJKMHOPCTYXabesijkmhopctyxdqwhlABEZHIKMNOPTYXaeikvoptuxwniag",
)
_NUMBER = re.compile(r"\bno\s?[.:]?\s?\d|#\s?\d|\bn[o\u00ba\u00b0]\.?\s?\d")
_LINK = re.compile(r"://|\bwww\.|\w\.[a-z]{2,}(?![a-z])|\w\.xn--")
_MENTION = re.compile(r"@\w")
_QUOTE = re.compile('["\u201c-\u201f\u00ab\u00bb\u300c-\u300f]')
#: Categories of signs that nobody sees, and of marks on letters.
_UNSEEN = ("C", "Mn", "Me")


def folded(text: str) -> str:
    """The text as the eye takes it: without invisible signs and accents, Latin letters for those that look alike."""
    bare = unicodedata.normalize("NFKD", text)
    seen = "".join(sign for sign in bare if not unicodedata.category(sign).startswith(_UNSEEN))
    return " ".join(seen.translate(_LOOKALIKES).casefold().split())


def speaks_for_others(name: str, words: Iterable[str], people: Iterable[str]) -> bool:
    """Whether a name claims what it need not be: a role (one of `words`) or the name of one of `people`, a number of
    ours, a link, an @name, or the end of a quotation."""
    seen = folded(name)
    if any(pattern.search(seen) for pattern in (_NUMBER, _LINK, _MENTION, _QUOTE)):
        return True
    return any(_holds(seen, folded(each)) for each in (*words, *people))


def _holds(seen: str, word: str) -> bool:
    """Whether a name is the word, or contains it; Latin letters and digits beside it make it another word."""
    if seen == word or len(word) < 2:
        return bool(word) and seen == word
    before = "(?<![a-z0-9])" if word[0].isascii() else ""
    after = "(?![a-z0-9])" if word[-1].isascii() else ""
    return re.search(f"{before}{re.escape(word)}{after}", seen) is not None


def without_quotes(name: str) -> str:
    """The name as it may stand in quotation marks: its own ones are apostrophes."""
    return _QUOTE.sub("'", name)
