"""Every table, in one import."""

from models.cases import Case, CaseEvent
from models.customers import Customer, Topic
from models.delivery import Inbox, Outbox, Pause
from models.messages import Message, MessageLink, MessageVersion
from models.staff import Audit, Counter, GroupMember, Installation, PlanVersion, Staff, StaffGroup

TABLES = (
    Audit, Case, CaseEvent, Counter, Customer, GroupMember, Inbox, Installation, Message, MessageLink, MessageVersion,
    Outbox, Pause, PlanVersion, Staff, StaffGroup, Topic,
)  # fmt: skip
