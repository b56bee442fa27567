"""The care plan (one TOML file): whom we serve, how fast, how often we call on them, what we aim for."""

from models.plan.aftercare import Closing, ContactRules, RecoveryRules, Survey, VisitRule
from models.plan.kinds import DAYS, Section, Span, text_of
from models.plan.reading import Mistake, PlanError, examine_plan, load_plan, plan_text, read_plan, stored_plan
from models.plan.sections import (
    Alarm,
    Business,
    Calendar,
    Department,
    Escalation,
    FileField,
    OpenDay,
    Plan,
    Segment,
    Severity,
    Shift,
    Step,
    Tier,
)

__all__ = [
    "DAYS",
    "Alarm",
    "Business",
    "Calendar",
    "Closing",
    "ContactRules",
    "Department",
    "Escalation",
    "FileField",
    "Mistake",
    "OpenDay",
    "Plan",
    "PlanError",
    "RecoveryRules",
    "Section",
    "Segment",
    "Severity",
    "Shift",
    "Span",
    "Step",
    "Survey",
    "Tier",
    "VisitRule",
    "examine_plan",
    "load_plan",
    "plan_text",
    "read_plan",
    "stored_plan",
    "text_of",
]
