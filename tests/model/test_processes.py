"""Scoring and labelling in event-time order: restarts, and messages that overtake each other, change nothing."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.features.railway import START, decision
from tests.runs.followers import follow_all
from zielzeit.berlin_time import BERLIN
from zielzeit.model.label_process import LabelProcess
from zielzeit.model.predict import OneModel, PendingPrediction
from zielzeit.model.scoring_process import ScoringProcess, Snapshot
from zielzeit.runs.messages import Ending, Message
from zielzeit.stored_value import InMemory

DAY = timedelta(days=1)
encode = msgspec.msgpack.Encoder().encode


def messages() -> list[tuple[int, str, Message]]:
    """Three days of a train, one in the night in which the service day changes, that is later every day."""
    starts = (START, (START + DAY).replace(hour=2, minute=30, tzinfo=BERLIN), START + 2 * DAY)
    return follow_all(
        decision(station, 20 * place, start=start, delay=delay + place, kind="terminated" if place == 3 else "departed")
        for delay, start in enumerate(starts)
        for place, station in enumerate("ABCD")
    )


def scored(*, restarting: bool) -> list[tuple[int, str, PendingPrediction]]:
    """All predictions; ``restarting``: with a new process over the stored state at every instant."""
    waiting: dict[int, bytes] = {}
    log: dict[int, bytes] = {}
    snapshot = InMemory(Snapshot)
    process = ScoringProcess(waiting, snapshot, log, OneModel())
    found = []
    timers = [process.on_message(at, key, encode(message)) for at, key, message in messages()]
    for at in sorted(timer for timer in timers if timer is not None):
        if restarting:
            process = ScoringProcess(waiting, snapshot, log, OneModel())
        found += [(at, key, one) for key, one in process.on_time(at).scored]
    assert not waiting
    return found


def test_a_restart_at_any_instant_gives_the_same_features_and_predictions() -> None:
    whole = scored(restarting=False)
    assert len(whole) == 9
    assert len({one.features for _, _, one in whole}) == 9
    assert repr(scored(restarting=True)) == repr(whole)  # as text, because an unknown feature is NaN


def test_an_ending_that_overtakes_its_predictions_waits_for_them() -> None:
    at, ending = next((at, message) for at, _, message in messages() if isinstance(message, Ending))
    predictions = [one for _, _, one in scored(restarting=False)][: len(ending.departures)]
    pending: dict[str, bytes] = {}
    process = LabelProcess(pending, {})
    assert process.on_message(at, encode(ending)) == at
    assert [process.on_message(at, encode(one)) for one in predictions] == [None] * 3
    step = process.on_time(at)
    labelled = [(happened.prediction.id, example.final_delay) for happened, example in step.labelled]
    assert labelled == [(departure.id, 3) for departure in ending.departures]
    assert not pending
    assert step.missing == 0


@given(st.sets(st.integers(0, 2)), st.booleans())
def test_a_departure_without_prediction_is_counted_and_the_others_get_their_outcome(
    missing: set[int], twice: bool
) -> None:
    at, ending = next((at, message) for at, _, message in messages() if isinstance(message, Ending))
    predictions = [one for _, _, one in scored(restarting=False)][: len(ending.departures)]
    process = LabelProcess({}, {})
    for place, one in enumerate(predictions):
        if place not in missing:
            process.on_message(at, encode(one))
    timers = [process.on_message(at, encode(ending)) for _ in range(1 + twice)]
    assert timers == [at, *[None] * twice]
    step = process.on_time(at)
    labelled = [happened.prediction.id for happened, _ in step.labelled]
    assert labelled == [one.id for place, one in enumerate(ending.departures) if place not in missing]
    assert step.missing == len(ending.departures) * (1 + twice) - len(labelled)
