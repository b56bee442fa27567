"""The private chat of a member of staff: how it begins, and what every owner hears there."""

from typing import Any

from handlers.customers import Account, joining, known, welcome
from handlers.happenings.people import StandingChanged
from handlers.speaking import tell_privately
from models.staff import Staff, owners, staff_of_user
from models.work import Work


async def begin_chat(work: Work, account: Account, token: str | None) -> Staff | None:
    """Somebody begins to write to the bot in private, perhaps by a link of ours with the token that joins.

    Customers are welcomed; returns the member of staff, whom whoever calls this greets.
    """
    if token:
        await joining.join_by_token(work, account, token)
    person = await staff_of_user(work, account.user_id)
    if person is not None:
        _note_private_chat(work, person, account)
    if person is not None and person.active:
        return person
    welcome.welcome(work, await known(work, account))
    return None


def _note_private_chat(work: Work, person: Staff, account: Account) -> None:
    """From now on the bot may write to a member of staff, or to somebody who was one."""
    person.started_bot = True
    if person.name == str(person.user_id):  # an owner of the settings, who has not spoken in a group yet
        person.name = account.name or person.name
        person.username = account.username
    work.happen(StandingChanged(person))


async def tell_owners(work: Work, template: str, values: dict[str, Any]) -> None:
    """Tell every owner, in private, what stands in the way of the service."""
    for owner in await owners(work):
        tell_privately(work, owner, template, values)
