"""The length of texts as Telegram counts it, and how a long one is cut."""


def utf16_length(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def pieces(text: str, limit: int) -> list[str]:
    """The text cut into pieces of at most `limit` UTF-16 units, at line ends or spaces where there are any.

    Nothing is lost: the pieces joined are the text. No character is cut in two.
    """
    found = []
    while utf16_length(text) > limit:
        head = text.encode("utf-16-le", "surrogatepass")[: limit * 2].decode("utf-16-le", "ignore")
        at = max(head.rfind("\n"), head.rfind(" "))
        cut = at + 1 if at > len(head) // 2 else len(head)
        found.append(text[:cut])
        text = text[cut:]
    return [*found, text] if text or not found else found
