"""For managers: who buys how lately, how often and for how much."""

from handlers.authority import require
from models.customers.rfm import Curve, curve
from models.staff import Role, Staff
from models.work import Work


async def buyers(work: Work, by: Staff) -> Curve:
    """The figures as of now."""
    require(by, Role.MANAGER)
    await work.flush()
    return await curve(work.session, work.now)
