"""Reactions of customers to what we said: staff see them, and nothing else follows from them."""

import html
import re
from collections.abc import Sequence

from handlers.attribution import in_short
from handlers.customers import bans
from handlers.names import called
from handlers.speaking import tell_staff
from models.cases import case_numbered
from models.customers import Customer, customer_numbered
from models.messages import Author, Message, links_of
from models.staff import StaffGroup, main_group, staff_group
from models.topics import topic_of
from models.work import Work
from templates import has_label, label

#: Of these staff hear; others are shown without a sound.
LOUD = frozenset(
    (
        "\N{THUMBS DOWN SIGN}",
        "\N{POUTING FACE}",
        "\N{PILE OF POO}",
        "\N{SERIOUS FACE WITH SYMBOLS COVERING MOUTH}",
    )
)


async def show(work: Work, customer: Customer, message: Message, signs: Sequence[str]) -> None:
    """The customer has reacted to a message with these signs, emoji or names of other kinds ("custom_emoji", "paid").

    Only reactions to words of ours are shown, and not those of whoever is banned or muted.
    """
    if not signs or message.author not in (Author.AGENT, Author.BOT):
        return
    if (await customer_numbered(work, message.customer_id)).id != customer.id:
        return
    if await bans.is_banned(work, customer, "") or await bans.is_muted(work, customer, ""):
        return
    case = await case_numbered(work, message.case_id) if message.case_id else None
    group = await staff_group(work, case.group_id) if case else await main_group(work)
    if group.is_forum and await topic_of(work, customer.id, group.id or 0) is None:
        return  # a reaction makes no topic
    await _tell(work, group, customer, message, signs)


async def _tell(work: Work, group: StaffGroup, customer: Customer, message: Message, signs: Sequence[str]) -> None:
    """In answer to our words where they stand in the group; else with some of them."""
    language = work.plan.business.language
    values = {
        "name": await called(work, customer),
        "signs": " ".join(_named(language, sign) for sign in signs),
    }
    stands = await links_of(work, [message.id], group.chat_id)
    template = "messages/reacted" if stands else "messages/reacted_to"
    if not stands:
        values["words"] = _words(language, message)
    quiet, reply_to = LOUD.isdisjoint(signs), message.id if stands else None
    tell_staff(work, group, customer, template, values, quiet=quiet, reply_to_id=reply_to)


def _named(language: str, sign: str) -> str:
    key = f"reaction.{sign}"
    return label(language, key) if has_label(language, key) else sign


def _words(language: str, message: Message) -> str:
    """What we said, in short; else what it was."""
    bare = html.unescape(re.sub(r"<[^>]+>", "", message.text)) if message.author is Author.BOT else message.text
    kind = f"content.{message.kind}"
    return in_short(bare, 60) or label(language, kind if has_label(language, kind) else "relay.a_message")
