"""What stands before a customer's words when staff read them: whose they are, and what they are about."""

from handlers.names import stranger
from handlers.said import Quote, Said
from models.work import Work
from templates import has_label, jointed, label

#: How much of what words are about is shown (characters).
LONGEST = 200


async def lines_before(work: Work, said: Said) -> list[str]:
    """Lines of ours, none where the words are the customer's own and about nothing in particular."""
    language = work.plan.business.language
    lines = [await _about(work, language, said.quote)] if said.quote else []
    if said.whose is not None:
        lines.append(label(language, "relay.forwarded_from", name=await _called(work, language, said.whose)))
    return lines


async def _about(work: Work, language: str, quote: Quote) -> str:
    if quote.whose is None:
        return label(language, "relay.about", words=in_short(quote.text))
    name = await _called(work, language, quote.whose)
    if quote.text:
        return label(language, "relay.about_other", words=in_short(quote.text), name=name)
    kind = f"content.{quote.kind}"
    what = label(language, kind if has_label(language, kind) else "relay.a_message")
    return label(language, "relay.about_message", what=what, name=name)


async def _called(work: Work, language: str, name: str) -> str:
    return await stranger(work, name) if name else label(language, "relay.somebody")


def in_short(words: str, longest: int = LONGEST) -> str:
    """Words on one line, as they may stand in quotation marks of ours: only we close those."""
    line = " ".join(words.replace("\N{RIGHT DOUBLE QUOTATION MARK}", "'").split())
    return jointed(line if len(line) <= longest else line[: longest - 1] + "\N{HORIZONTAL ELLIPSIS}")
