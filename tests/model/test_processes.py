"""Describing, scoring and labelling in event-time order: restarts and jumps of the watermark change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.features.railway import START, decision
from tests.runs.followers import follow_all
from zielzeit.berlin_time import BERLIN, MINUTE
from zielzeit.event_time_timers import EventTimeTimers
from zielzeit.events.structs import ModelOutput
from zielzeit.model.delay_model import BASELINE
from zielzeit.model.described import DescribedDeparture, OfRun, by_bucket, decode_batch, encode_batch
from zielzeit.model.describing_process import DescribingProcess, Snapshot
from zielzeit.model.label_process import LabelProcess
from zielzeit.model.predict import OneModel, ServedModel, score
from zielzeit.model.scoring_process import ScoringProcess
from zielzeit.runs.buckets import BUCKETS
from zielzeit.runs.messages import Ending, RunMessage, waiting
from zielzeit.stored_value import InMemory

DAY = timedelta(days=1)
END = 2**62


def messages() -> list[RunMessage]:
    """Three days of a train, one in the night in which the service day changes, that is later every day."""
    starts = (START, (START + DAY).replace(hour=2, minute=30, tzinfo=BERLIN), START + 2 * DAY)
    return follow_all(
        decision(station, 20 * place, start=start, delay=delay + place, kind="terminated" if place == 3 else "departed")
        for delay, start in enumerate(starts)
        for place, station in enumerate("ABCD")
    )


def described(*, restarting: bool = False, minutes: int = 0) -> list[OfRun]:
    """All that is described. ``restarting``: with a new process over the stored state at every timer.

    ``minutes``: by how much the watermark advances at a time; 0: to each timer.
    """
    stored: dict[int, bytes] = {}
    log: dict[int, bytes] = {}
    snapshot, timers = InMemory(Snapshot), EventTimeTimers()
    process = DescribingProcess(stored, snapshot, log, lambda: None)
    found: list[OfRun] = []
    for message in messages():
        if (timer := process.on_messages(waiting([message]))) is not None:
            timers.register("", timer)
    for timer, _ in timers.fire(END):
        if restarting:
            process = DescribingProcess(stored, snapshot, log, lambda: None)
        watermark = -(-timer // (minutes * MINUTE)) * minutes * MINUTE if minutes else timer
        step = process.on_time(watermark)
        found += step.told
        if step.register is not None:
            timers.register("", step.register)
    assert not stored
    return found


def departures() -> list[DescribedDeparture]:
    """Those of ``described``."""
    return [one.told for one in described() if isinstance(one.told, DescribedDeparture)]


def test_a_restart_at_any_instant_gives_the_same_features() -> None:
    assert len({one.features for one in departures()}) == len(departures()) == 9
    assert repr(described(restarting=True)) == repr(described())  # as text, because an unknown feature is NaN


@given(st.integers(1, 5000), st.booleans())
def test_however_far_the_watermark_jumps_the_features_are_the_same(minutes: int, restarting: bool) -> None:
    assert repr(described(restarting=restarting, minutes=minutes)) == repr(described())


def test_what_comes_together_is_scored_in_one_call_of_the_model() -> None:
    sizes: list[int] = []

    class Counting(OneModel):
        def current(self) -> ServedModel:
            return ServedModel(model=self)

        def predict(self, rows: Sequence[Sequence[float]]) -> list[ModelOutput]:
            sizes.append(len(rows))
            return BASELINE.predict(rows)

    step = ScoringProcess(Counting(), LabelProcess({}, {})).on_batch([(one.at, one.told) for one in described()])
    assert len(step.predictions) == 9
    assert sizes == [9]


def test_messages_that_wait_share_a_timer() -> None:
    process = DescribingProcess({}, InMemory(Snapshot), {}, lambda: None)
    assert len({process.on_messages(waiting([message])) for message in messages()} - {None}) == 1


def test_all_of_a_run_is_in_one_bucket_in_its_order() -> None:
    told = described()
    runs = {number: [one._replace(train=f"RE {number}", at=one.at + number) for one in told] for number in range(200)}
    batches = by_bucket([run[place] for place in range(len(told)) for run in runs.values()])
    assert len(batches) == BUCKETS
    assert sum(map(len, batches.values())) == 200 * len(told)
    for run in runs.values():
        of_run = {one.at for one in run}
        (own,) = [found for batch in batches.values() if (found := [one for one in batch if one[0] in of_run])]
        assert own == [(one.at, one.told) for one in run]
    assert repr(decode_batch(encode_batch(own))) == repr(own)


def test_an_ending_in_the_batch_of_its_departures_gives_their_labels() -> None:
    pending: dict[str, bytes] = {}
    step = ScoringProcess(OneModel(), LabelProcess(pending, {})).on_batch([(one.at, one.told) for one in described()])
    labelled = [
        (outcome.prediction.id, example.final_delay) for one in step.labels for outcome, example in one.labelled
    ]
    assert {delay for _, delay in labelled} == {3, 4, 5}
    assert [id_ for id_, _ in labelled] == [one.id for one in step.predictions]
    assert not pending


@given(st.sets(st.integers(0, 2)), st.booleans())
def test_a_departure_without_prediction_is_counted_and_the_others_get_their_outcome(
    missing: set[int], twice: bool
) -> None:
    at, ending = next((one.at, one.told) for one in described() if isinstance(one.told, Ending))
    process = LabelProcess({}, {})
    predictions = score(departures()[: len(ending.departures)], OneModel())
    process.keep([one for place, one in enumerate(predictions) if place not in missing])
    labels = [process.on_ending(at, ending) for _ in range(1 + twice)]
    labelled = [happened.prediction.id for one in labels for happened, _ in one.labelled]
    assert labelled == [one.id for place, one in enumerate(ending.departures) if place not in missing]
    assert sum(one.missing for one in labels) == len(ending.departures) * (1 + twice) - len(labelled)
