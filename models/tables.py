"""Every table, in one import."""

from models.cases import Case, CaseEvent
from models.customers import Customer, Topic
from models.delivery import Inbox, Outbox, Pause
from models.messages import Message, MessageLink, MessageVersion
from models.staff import Audit, Counter, Installation, Staff, StaffGroup

TABLES = (
    Audit, Case, CaseEvent, Counter, Customer, Inbox, Installation, Message, MessageLink, MessageVersion, Outbox,
    Pause, Staff, StaffGroup, Topic,
)  # fmt: skip
