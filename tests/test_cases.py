"""A case's states: what may follow what, and what each step leaves behind."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.cases import SUBJECT_LIMIT, in_short
from models.cases import TRANSITIONS, UNFINISHED, Case, CaseState

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def a_case(state: CaseState = CaseState.NEW) -> Case:
    return Case(id=1001, customer_id=1, group_id=1, state=state, opened_at=NOON, last_customer_at=NOON)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(CaseState, CaseState)))
def test_a_case_moves_as_the_table_says_and_no_other_way(before: CaseState, after: CaseState) -> None:
    case = a_case(before)
    if after in TRANSITIONS[before]:
        case.move(after, LATER)
        assert case.state is after
    else:
        with pytest.raises(ValueError, match="not a transition"):
            case.move(after, LATER)
        assert case.state is before


def test_every_state_leads_on_and_none_leads_back_to_new() -> None:
    assert TRANSITIONS.keys() == set(CaseState)
    assert all(TRANSITIONS.values())
    assert not [state for state, after in TRANSITIONS.items() if CaseState.NEW in after or state in after]


def test_resolving_begins_an_episode_and_says_when() -> None:
    case = a_case(CaseState.OPEN)
    case.move(CaseState.RESOLVED, LATER)
    assert (case.episode, case.resolved_at, case.unfinished) == (1, LATER, False)


def test_reopening_is_counted_and_an_answer_of_the_customer_is_not() -> None:
    case = a_case(CaseState.RESOLVED)
    case.move(CaseState.OPEN, LATER)
    case.move(CaseState.PENDING, LATER)
    case.move(CaseState.OPEN, LATER)
    assert case.reopened_count == 1


@given(st.lists(st.sampled_from(CaseState), max_size=30))
def test_whatever_is_tried_the_record_of_a_case_makes_sense(steps: list[CaseState]) -> None:
    case, now, resolved, reopened = a_case(), NOON, 0, 0
    for step in steps:
        now += timedelta(minutes=1)
        finished = not case.unfinished
        try:
            case.move(step, now)
        except ValueError:
            continue
        resolved += step is CaseState.RESOLVED
        reopened += finished and step is CaseState.OPEN
        assert case.unfinished == (case.state in UNFINISHED)
        assert (case.episode, case.reopened_count) == (resolved, reopened)
        assert case.state is not CaseState.CLOSED or case.closed_at == now


@pytest.mark.parametrize(
    ("words", "subject"),
    [
        ("The boiler\n is cold", "The boiler is cold"),
        (
            "My grandmother's boiler in the second bathroom makes terrible noises",
            "My grandmother's boiler in the second bathroom makes\N{HORIZONTAL ELLIPSIS}",
        ),
        (
            "My grandmother's boiler is in the second small bathroom, didn't start",
            "My grandmother's boiler is in the second small bathroom\N{HORIZONTAL ELLIPSIS}",
        ),
        ("漏水" * 40, "漏水" * 29 + "漏\N{HORIZONTAL ELLIPSIS}"),
        ("x" * 80, "x" * 59 + "\N{HORIZONTAL ELLIPSIS}"),
        ("x" * 60, "x" * 60),
    ],
)
def test_a_subject_that_is_cut_tears_no_word_and_shows_that_there_was_more(words: str, subject: str) -> None:
    assert in_short(words) == subject
    assert len(subject) <= SUBJECT_LIMIT
