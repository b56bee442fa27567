"""Every table, in one import."""

from models.approvals import Approval
from models.audit import Audit
from models.cases import Case
from models.contact import Consent, Contact
from models.customers import Customer, JoinToken, Merge, Purchase, ServiceEvent
from models.delivery import Inbox, Outbox, Pause
from models.installation import Installation, PlanVersion
from models.messages import Message, MessageLink, MessageVersion
from models.private import PrivateWords
from models.questionnaires import Answer, Invitation, Poll, QuestionnaireVersion, SurveyWave
from models.recovery import Recovery
from models.staff import GroupMember, Staff, StaffGroup
from models.standards import Clock
from models.standings import Standing
from models.timeline import CaseEvent, CaseSpan
from models.topics import Topic
from models.visits import Visit
from models.walks import Walk
from models.work import Counter

TABLES = (
    Answer,
    Approval,
    Audit,
    Case,
    CaseEvent,
    CaseSpan,
    Clock,
    Consent,
    Contact,
    Counter,
    Customer,
    GroupMember,
    Inbox,
    Installation,
    Invitation,
    JoinToken,
    Merge,
    Message,
    MessageLink,
    MessageVersion,
    Outbox,
    Pause,
    PlanVersion,
    Poll,
    PrivateWords,
    Purchase,
    QuestionnaireVersion,
    Recovery,
    ServiceEvent,
    Staff,
    StaffGroup,
    Standing,
    SurveyWave,
    Topic,
    Visit,
    Walk,
)
