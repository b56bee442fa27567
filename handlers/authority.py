"""Who may do a deed: checked in the deed itself, so that no door can forget it."""

from handlers.refusals import Refusal
from models.customers import Customer
from models.staff import Role, Staff


def require(by: Staff | Customer | None, role: Role = Role.AGENT) -> Staff:
    """The member of staff who does it, with that role or a higher one; raises Refusal for anybody else."""
    if not isinstance(by, Staff) or not by.active:
        raise no_authority(by)
    if not by.may(role):
        raise Refusal("role", role=role.value)
    return by


def no_authority(by: Staff | Customer | None) -> Refusal:
    """What somebody is told who is not on the staff: not yet, not any more, or not at all."""
    if not isinstance(by, Staff):
        return Refusal("not_staff")
    if by.dismissed_at is not None:
        return Refusal("dismissed")
    return Refusal("awaits_approval" if by.left_at is None else "not_staff")


def require_own(by: Staff | Customer | None, customer_id: int) -> Customer:
    """The customer who does something with what is theirs; raises Refusal for anybody else, alike for another's and
    for nothing."""
    if not isinstance(by, Customer) or by.id != customer_id:
        raise Refusal("stale")
    return by
