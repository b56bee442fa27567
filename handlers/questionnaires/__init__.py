"""Questionnaires: asked one question at a time, by the plan or by hand; what was answered, and what is drawn."""

from handlers.questionnaires.answering import answer_question, vote
from handlers.questionnaires.asking import ask_in_visit, not_sent, plan
from handlers.questionnaires.begging import begged
from handlers.questionnaires.due import ask_due, expire_due, remind_due
from handlers.questionnaires.forms import fill_in, fill_in_words, open_form
from handlers.questionnaires.hearing import hear
from handlers.questionnaires.library import Changed, differing, take_definitions
from handlers.questionnaires.opting_out import withdraw
from handlers.questionnaires.planning import begin_periods, plan_waves
from handlers.questionnaires.polls import poll_sent, post_poll
from handlers.questionnaires.surveys import kind_confirmed, not_solved, plan_surveys, say_resolved, take_back
from handlers.questionnaires.verbatims import make_case

__all__ = [
    "Changed",
    "answer_question",
    "ask_due",
    "ask_in_visit",
    "begged",
    "begin_periods",
    "differing",
    "expire_due",
    "fill_in",
    "fill_in_words",
    "hear",
    "kind_confirmed",
    "make_case",
    "not_sent",
    "not_solved",
    "open_form",
    "plan",
    "plan_surveys",
    "plan_waves",
    "poll_sent",
    "post_poll",
    "remind_due",
    "say_resolved",
    "take_back",
    "take_definitions",
    "vote",
    "withdraw",
]
