"""/rfm: for managers, who buys how lately, how often and for how much."""

from handlers.chat.doors import Place, in_place
from handlers.customers.files import money
from models.customers.rfm import curve
from models.work import Work


async def rfm_command(work: Work, place: Place) -> None:
    """/rfm, in private."""
    await work.flush()
    found = await curve(work.session, work.now)
    values = {
        "buyers": found.buyers,
        "spent": money(found.spent),
        "groups": [{"group": each.group, "buyers": each.buyers, "spent": money(each.spent)} for each in found.groups],
        "shares": [{"buyers": f"{top:.0%}", "sales": f"{sales:.0%}"} for top, sales in found.shares],
        "eighty": f"{found.eighty:.1%}" if found.eighty is not None else None,
    }
    in_place(work, place, "customers/rfm", values)
