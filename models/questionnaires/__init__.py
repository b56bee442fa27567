"""Questionnaires: definitions, the way through them, invitations and answers, and who is drawn for a survey."""

from models.questionnaires.definition import Question, Questionnaire
from models.questionnaires.kinds import KINDS, Traits
from models.questionnaires.reading import (
    QuestionnaireError,
    known_questionnaire,
    questionnaire_text,
    read_questionnaire,
)
from models.questionnaires.rows import (
    ALIVE,
    OPEN,
    Answer,
    Invitation,
    InvitationState,
    Poll,
    QuestionnaireVersion,
    SurveyWave,
    WaveState,
)

__all__ = [
    "ALIVE",
    "KINDS",
    "OPEN",
    "Answer",
    "Invitation",
    "InvitationState",
    "Poll",
    "Question",
    "Questionnaire",
    "QuestionnaireError",
    "QuestionnaireVersion",
    "SurveyWave",
    "Traits",
    "WaveState",
    "known_questionnaire",
    "questionnaire_text",
    "read_questionnaire",
]
