"""Every table, in one import."""

from models.cases import Case, CaseEvent
from models.customers import Customer, JoinToken, Merge, Purchase, ServiceEvent, TierRequest, Topic
from models.delivery import Inbox, Outbox, Pause
from models.messages import Message, MessageLink, MessageVersion
from models.questionnaires import Answer, Invitation, Poll, QuestionnaireVersion, SurveyWave
from models.recovery import Recovery
from models.staff import Audit, Counter, GroupMember, Installation, PlanVersion, Staff, StaffGroup

TABLES = (
    Audit, Case, CaseEvent, Counter, Customer, GroupMember, Inbox, Installation, Message, MessageLink, MessageVersion,
    JoinToken, Merge, Outbox, Pause, PlanVersion, Purchase, ServiceEvent, Staff, StaffGroup, TierRequest, Topic,
    Answer, Invitation, Poll, QuestionnaireVersion, Recovery, SurveyWave,
)  # fmt: skip
