"""Early predictions are kept until their run has ended, until they are retracted, or until no ending can come."""

from __future__ import annotations

import msgspec
import pytest

from tests.features.railway import decision
from tests.model.test_predict import departure, ended
from tests.model.test_predict_early import early, message, predicted
from zielzeit import berlin_time, topics
from zielzeit.berlin_time import BERLIN, MINUTE, Milliseconds
from zielzeit.events import topic_record
from zielzeit.events.structs import EarlyOutcome, EarlyPrediction
from zielzeit.model.label_process import LabelProcess
from zielzeit.runs.messages import Ending

HOUR = 60 * MINUTE


def told(delay: int = 4, **more: object) -> EarlyPrediction:
    (made,) = predicted(message(early(delay=delay, **more)))
    return made


def keep(process: LabelProcess, one: EarlyPrediction) -> int | None:
    """The prediction arrives; return the timer to register."""
    return process.keep_early(berlin_time.milliseconds(one.told_at), one)


def ending(of: EarlyPrediction, delay: int = 9) -> Ending:
    left = msgspec.structs.replace(departure(delay=4), id=of.id)
    return ended(left, delay=delay)


def outcomes(process: LabelProcess, end: Ending, at: int) -> list[EarlyOutcome]:
    return list(process.on_ending(Milliseconds(at), end).early)


def test_each_record_of_a_departure_gets_the_outcome_as_it_was_published() -> None:
    state: dict[str, bytes] = {}
    first, revised = told(), told(delay=8, stage="revised", revision=1)
    at = berlin_time.milliseconds(first.told_at) + 2 * HOUR
    for one in (first, revised):
        keep(LabelProcess({}, state), one)  # with a restart between the two
    found = outcomes(LabelProcess({}, state), ending(first), at)
    assert [one.early for one in found] == [first, revised]
    assert {(one.status, one.observed_delay) for one in found} == {("arrived", 9)}
    assert all(one.early.told_at.tzinfo is BERLIN for one in found)
    record = topic_record.of_early_outcome(found[0])
    assert (record.topic, record.key, record.at) == (topics.EARLY_OUTCOMES, "RE 4711", at)
    assert msgspec.json.decode(record.value, type=EarlyOutcome).early == first
    assert not state


def test_a_retracted_departure_has_no_outcome() -> None:
    state: dict[str, bytes] = {}
    process = LabelProcess({}, state)
    first = told()
    keep(process, first)
    assert keep(process, told(stage="retracted", revision=1, reason="cancelled")) is None
    assert not state
    assert outcomes(process, ending(first), berlin_time.milliseconds(first.told_at) + HOUR) == []


def test_a_departure_that_nobody_decided_is_forgotten_after_two_days_and_no_sooner() -> None:
    state: dict[str, bytes] = {}
    process = LabelProcess({}, state)
    first = told()
    timer = keep(process, first)
    assert timer is not None
    assert keep(process, told(delay=8, stage="revised", revision=1)) == timer, "one timer serves all of half a day"
    assert 48 * HOUR < timer - berlin_time.milliseconds(first.told_at) <= 60 * HOUR
    for earlier in range(timer - 24 * HOUR, timer, HOUR):
        process.forget_early(Milliseconds(earlier))
        assert list(state) == [first.id]
    process.forget_early(Milliseconds(timer))
    assert not state


@pytest.mark.parametrize("delay", [3, 4])
def test_the_outcome_of_the_decided_prediction_is_what_it_is_without_an_early_one(delay: int) -> None:
    one, at = told(delay=delay), berlin_time.milliseconds(decision("A", 0).decided_at) + HOUR
    with_early, without = LabelProcess({}, {}), LabelProcess({}, {})
    keep(with_early, one)
    steps = [process.on_ending(Milliseconds(at), ending(one)) for process in (with_early, without)]
    assert [(step.labelled, step.missing) for step in steps] == [([], 1)] * 2
    assert [len(step.early) for step in steps] == [1, 0]
