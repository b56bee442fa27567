"""What customers write to the bot: the doors of their words and of their edits."""

from handlers import messages, reactions
from handlers.chat.commanding import says_something
from handlers.chat.content import read_reactions
from handlers.chat.doors import ORIGINAL_WAIT, Place
from handlers.chat.hearing import hear_said
from handlers.customers import known
from handlers.refusals import NotYet
from models.messages import message_at
from models.work import Work


async def message(work: Work, place: Place) -> None:
    """Anything a customer sends."""
    await messages.receive(work, await known(work, place.account), await hear_said(work, place))


async def ask_for_person(work: Work, place: Place) -> None:
    """The keyboard's button for a person."""
    await messages.call_person(work, await known(work, place.account), await hear_said(work, place))


async def edited(work: Work, place: Place) -> None:
    """A customer changed a message; one that never came is heard as new words."""
    customer = await known(work, place.account)
    found = await message_at(work, place.raw["chat"]["id"], place.raw["message_id"])
    if found is not None:
        await messages.change(work, customer, found, await hear_said(work, place))
        return
    if not says_something(work, place):
        return  # commands are not stored, and are not carried out a second time
    if work.age < ORIGINAL_WAIT:
        raise NotYet
    await messages.receive(work, customer, await hear_said(work, place))


async def reacted(work: Work, place: Place) -> None:
    """A customer reacted to a message, or took a reaction back."""
    found = await message_at(work, place.raw["chat"]["id"], place.raw["message_id"])
    if found is not None and place.customer is not None:
        await reactions.show(work, place.customer, found, read_reactions(place.raw))
