"""Whatever shape a run has and whichever of its boards are watched: no departure gets a label that is not true."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runs.followers import follow_all
from tests.runs.made_up_runs import Told, told, told_parts
from tests.thoroughness import thorough
from zielzeit.runs.messages import Departure, Ending


def outcomes(case: Told, *, restarting: bool = False) -> dict[str, Ending]:
    """The ending of each departure. Each has exactly one."""
    messages = follow_all(case.decisions, restarting=restarting)
    departures = Counter(one.id for _, _, one in messages if isinstance(one, Departure))
    endings = [one for _, _, one in messages if isinstance(one, Ending)]
    ended = Counter(departure.id for one in endings for departure in one.departures)
    assert departures == ended == Counter(case.truth.keys())
    return {departure.id: one for one in endings for departure in one.departures}


def assert_true(case: Told, found: dict[str, Ending]) -> None:
    """A label is what happened; where the watched boards tell it, there is one."""
    for name, truth in case.truth.items():
        ending = found[name]
        if ending.status == "unlabelled":
            assert not truth.certain, (name, truth, ending)
            assert ending.reason is not None
        else:
            assert (ending.status, ending.delay) == truth[:2], (name, truth, ending)


@settings(max_examples=thorough(300))
@given(told(), st.booleans())
def test_outcomes_of_made_up_runs_are_true_and_complete(case: Told, restarting: bool) -> None:
    assert_true(case, outcomes(case, restarting=restarting))


@settings(max_examples=thorough(100))
@given(told(kinds=["line"], apart_hours=17))
def test_two_runs_of_one_number_seventeen_hours_apart_have_their_own_outcomes(case: Told) -> None:
    assert_true(case, outcomes(case))


@settings(max_examples=thorough(100))
@given(told_parts())
def test_parts_of_a_train_under_one_number_have_their_own_outcomes(case: Told) -> None:
    assert_true(case, outcomes(case))
