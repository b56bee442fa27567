"""Who is on duty: the plan's roster, and absence."""

from datetime import datetime, timedelta

from models.plan import DAYS, Plan, Shift
from models.staff import Staff


def is_away(person: Staff, now: datetime) -> bool:
    """Whether this person has said that they are away, and are so still."""
    return person.away_since is not None and (person.away_until is None or person.away_until > now)


def on_roster(plan: Plan, now: datetime) -> list[str]:
    """The usernames (no @, lower case) whose shift it is, in the order of the plan."""
    names = [shift.agent.removeprefix("@").lower() for shift in plan.duty.roster if _runs(shift, plan, now)]
    return list(dict.fromkeys(names))


def _runs(shift: Shift, plan: Plan, now: datetime) -> bool:
    """Whether it is that shift's time: it is named by the day on which its hours begin, and may pass midnight."""
    here = now.astimezone(plan.business.timezone)
    minute = here.hour * 60 + here.minute
    for days_ago in (0, 1):
        day = DAYS[(here - timedelta(days=days_ago)).weekday()]
        if day in shift.days and shift.hours and shift.hours.start <= minute + 1440 * days_ago < shift.hours.end:
            return True
    return False
