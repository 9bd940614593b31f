"""Departures that are told early are described and scored at once, by what is known, and nothing learns from them."""

from __future__ import annotations

import jsonschema
import msgspec

from tests.features.railway import decision
from tests.model.forecasts import forecast_early
from zielzeit import berlin_time, topics
from zielzeit.decision.early import EarlyDeparture
from zielzeit.events import json_schema, topic_record
from zielzeit.events.structs import EarlyPrediction
from zielzeit.model.describing_process import DescribingProcess, Snapshot
from zielzeit.model.early_buffer import HeldEarly
from zielzeit.model.predict import OneModel
from zielzeit.runs.messages import Departure, EarlyMessage, RunMessage, decode, decode_message, encode
from zielzeit.runs.run_process import RunProcess
from zielzeit.runs.train_state import TrainState
from zielzeit.stored_value import InMemory

_encode = msgspec.msgpack.Encoder().encode


def early(station: str = "A", minute: int = 0, delay: int = 4, **more: object) -> EarlyDeparture:
    told = {"stage": "early", "revision": 0, "waited": 3.0} | more
    return EarlyDeparture(shown=decision(station, minute, delay=delay), **told)  # type: ignore[arg-type]


TRAIN = "RE 4711"


def follower() -> tuple[RunProcess, dict[str, TrainState]]:
    trains = {TRAIN: TrainState()}
    return RunProcess(trains, {}, str), trains


def message(one: EarlyDeparture) -> EarlyMessage:
    return follower()[0].on_early(TRAIN, one)


def predicted(*told: EarlyMessage) -> list[EarlyPrediction]:
    return forecast_early(told, OneModel())


def test_an_early_departure_is_predicted_like_the_decided_one_and_obeys_the_schema() -> None:
    (made,) = predicted(message(early()))
    assert (made.id, made.stage, made.revision, made.reason) == (early().shown.id, "early", 0, None)
    assert (made.shown_delay, made.delay, made.predicted_delay) == (4, 4, 4.0)
    assert (made.model_name, made.model_version) == ("persistence", "baseline")
    assert made.told_at == early().shown.decided_at
    record = topic_record.of_early_prediction(made)
    assert (record.topic, record.at) == (topics.EARLY_PREDICTIONS, berlin_time.milliseconds(made.told_at))
    jsonschema.validate(msgspec.json.decode(record.value), json_schema.schema(topics.EARLY_PREDICTIONS))


def test_a_retraction_says_the_reason_and_predicts_nothing() -> None:
    (made,) = predicted(message(early(stage="retracted", revision=1, reason="cancelled")))
    assert (made.stage, made.revision, made.reason) == ("retracted", 1, "cancelled")
    assert (made.predicted_delay, made.p10, made.p90, made.cancel_probability) == (None, None, None, None)
    value = topic_record.of_early_prediction(made).value
    jsonschema.validate(msgspec.json.decode(value), json_schema.schema(topics.EARLY_PREDICTIONS))


def test_nothing_learns_from_an_early_departure() -> None:
    following, trains = follower()
    before = _encode(trains)
    told = following.on_early(TRAIN, early())
    assert _encode(trains) == before
    snapshot, log = InMemory(Snapshot), dict[int, bytes]()
    describing = DescribingProcess({}, snapshot, log, lambda: None, str)  # type: ignore[arg-type]
    assert len(describing.on_early([HeldEarly("", berlin_time.milliseconds(early().shown.decided_at), told)])) == 1
    assert (snapshot.load().network, log) == (b"", {})


def test_a_run_that_is_known_tells_the_horizon() -> None:
    following, _ = follower()
    ends = decision("D", 40, kind="terminated")
    at = berlin_time.milliseconds(ends.decided_at)
    following.on_decision(TRAIN, at, _encode(ends))
    following.on_time(at)
    told = following.on_early(TRAIN, early())
    assert told.departure.seen.horizon == 40.0


def test_messages_of_runs_are_told_from_early_ones() -> None:
    told = message(early())
    again = decode(encode(told))
    assert isinstance(again, EarlyMessage)
    assert (again.departure.id, again.stage, again.waited) == (told.departure.id, "early", 3.0)
    at = berlin_time.milliseconds(told.departure.seen.decided_at)
    waits = decode(encode([RunMessage(at, TRAIN, told.departure)]))
    assert isinstance(waits, list)
    ((when, train, said),) = map(decode_message, waits)
    assert isinstance(said, Departure)
    assert (when, train, said.id) == (at, TRAIN, told.departure.id)


def test_the_features_of_a_run_know_what_was_told_before_and_nothing_that_is_decided_does() -> None:
    following, trains = follower()
    following.on_early(TRAIN, early("A", 0, delay=4))
    told = following.on_early(TRAIN, early("B", 10, delay=7)).departure.seen
    assert (told.earlier_delays, told.previous_station, told.previous_minutes) == ((4,), "A", 10.0)
    following.on_early(TRAIN, early("A", 0, delay=4, stage="retracted", revision=1, reason="cancelled"))
    assert following.on_early(TRAIN, early("B", 10, delay=7)).departure.seen.earlier_delays == ()
    assert following.on_early(TRAIN, early("C", 80, delay=7)).departure.seen.earlier_delays == (), (
        "an hour ago: decided by now"
    )
    decided = decision("D", 90, kind="terminated")
    at = berlin_time.milliseconds(decided.decided_at)
    following.on_decision(TRAIN, at, _encode(decided))
    following.on_time(at)
    assert all(call.delay is None for run in trains[TRAIN].runs for call in run.calls)
