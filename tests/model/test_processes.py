"""Scoring and labelling in event-time order: restarts, and messages that overtake each other, change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.features.railway import START, decision
from tests.runs.followers import follow_all
from zielzeit.berlin_time import BERLIN, MINUTE
from zielzeit.event_time_timers import EventTimeTimers
from zielzeit.events.structs import ModelOutput
from zielzeit.model.delay_model import BASELINE
from zielzeit.model.label_process import LabelProcess
from zielzeit.model.predict import OneModel, PendingPrediction, ServedModel
from zielzeit.model.scoring_process import OfRun, ScoringProcess, Snapshot
from zielzeit.runs.messages import Ending, Message
from zielzeit.stored_value import InMemory

DAY = timedelta(days=1)
END = 2**62
encode = msgspec.msgpack.Encoder().encode


def messages() -> list[tuple[int, str, Message]]:
    """Three days of a train, one in the night in which the service day changes, that is later every day."""
    starts = (START, (START + DAY).replace(hour=2, minute=30, tzinfo=BERLIN), START + 2 * DAY)
    return follow_all(
        decision(station, 20 * place, start=start, delay=delay + place, kind="terminated" if place == 3 else "departed")
        for delay, start in enumerate(starts)
        for place, station in enumerate("ABCD")
    )


def scored(*, restarting: bool = False, minutes: int = 0) -> list[OfRun[PendingPrediction]]:
    """All predictions. ``restarting``: with a new process over the stored state at every timer.

    ``minutes``: by how much the watermark advances at a time; 0: to each timer.
    """
    waiting: dict[int, bytes] = {}
    log: dict[int, bytes] = {}
    snapshot, timers = InMemory(Snapshot), EventTimeTimers()
    process = ScoringProcess(waiting, snapshot, log, OneModel())
    found: list[OfRun[PendingPrediction]] = []
    for at, key, message in messages():
        if (timer := process.on_message(at, key, encode(message))) is not None:
            timers.register("", timer)
    for timer, _ in timers.fire(END):
        if restarting:
            process = ScoringProcess(waiting, snapshot, log, OneModel())
        watermark = -(-timer // (minutes * MINUTE)) * minutes * MINUTE if minutes else timer
        step = process.on_time(watermark)
        found += step.scored
        if step.register is not None:
            timers.register("", step.register)
    assert not waiting
    return found


def test_a_restart_at_any_instant_gives_the_same_features_and_predictions() -> None:
    whole = scored()
    assert len(whole) == 9
    assert len({one.told.features for one in whole}) == 9
    assert repr(scored(restarting=True)) == repr(whole)  # as text, because an unknown feature is NaN


@given(st.integers(1, 5000), st.booleans())
def test_however_far_the_watermark_jumps_the_features_and_predictions_are_the_same(
    minutes: int, restarting: bool
) -> None:
    assert repr(scored(restarting=restarting, minutes=minutes)) == repr(scored())


def test_what_the_watermark_has_passed_is_scored_in_one_call_of_the_model() -> None:
    sizes: list[int] = []

    class Counting(OneModel):
        def current(self) -> ServedModel:
            return ServedModel(model=self)

        def predict(self, rows: Sequence[Sequence[float]]) -> list[ModelOutput]:
            sizes.append(len(rows))
            return BASELINE.predict(rows)

    process, timers = ScoringProcess({}, InMemory(Snapshot), {}, Counting()), set()
    for at, key, message in messages():
        timers.add(process.on_message(at, key, encode(message)))
    assert len(timers - {None}) == 1, "messages share a timer"
    assert len(process.on_time(END).scored) == 9
    assert sizes == [9]


def test_an_ending_that_overtakes_its_predictions_waits_for_them() -> None:
    at, ending = next((at, message) for at, _, message in messages() if isinstance(message, Ending))
    predictions = [one.told for one in scored()][: len(ending.departures)]
    pending: dict[str, bytes] = {}
    process = LabelProcess(pending, {}, {})
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
    predictions = [one.told for one in scored()][: len(ending.departures)]
    process = LabelProcess({}, {}, {})
    for place, one in enumerate(predictions):
        if place not in missing:
            process.on_message(at, encode(one))
    timers = [process.on_message(at, encode(ending)) for _ in range(1 + twice)]
    assert timers == [at, *[None] * twice]
    step = process.on_time(at)
    labelled = [happened.prediction.id for happened, _ in step.labelled]
    assert labelled == [one.id for place, one in enumerate(ending.departures) if place not in missing]
    assert step.missing == len(ending.departures) * (1 + twice) - len(labelled)
