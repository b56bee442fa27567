"""Questionnaires: asked one question at a time, by the plan or by hand; what was answered, and what is drawn."""

from handlers.questionnaires.asking import ask_due, ask_in_visit, expire_due, not_sent, plan, remind_due
from handlers.questionnaires.forms import answers_form, open_form
from handlers.questionnaires.forms import press as press_form
from handlers.questionnaires.forms import words as form_words
from handlers.questionnaires.library import Changed, differing, take_definitions
from handlers.questionnaires.polls import poll_sent
from handlers.questionnaires.presses import make_case, may_answer, press, vote, words
from handlers.questionnaires.surveys import kind_confirmed, not_solved, plan_surveys, say_resolved, take_back
from handlers.questionnaires.waves import begin_periods, plan_waves, poll, survey
from handlers.questionnaires.wishes import begged, withdraw

__all__ = [
    "Changed",
    "answers_form",
    "ask_due",
    "ask_in_visit",
    "begged",
    "begin_periods",
    "differing",
    "expire_due",
    "form_words",
    "kind_confirmed",
    "make_case",
    "may_answer",
    "not_sent",
    "not_solved",
    "open_form",
    "plan",
    "plan_surveys",
    "plan_waves",
    "poll",
    "poll_sent",
    "press",
    "press_form",
    "remind_due",
    "say_resolved",
    "survey",
    "take_back",
    "take_definitions",
    "vote",
    "withdraw",
    "words",
]
