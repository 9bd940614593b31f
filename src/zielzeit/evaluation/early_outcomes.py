"""Early predictions beside those of the decided departures, joined with what happened: without Flink, in one pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.decision.decider import Output
from zielzeit.decision.early import EarlyDeparture
from zielzeit.decision.planned_stop import PlannedStop, encode
from zielzeit.event_time_timers import EventTimeTimers
from zielzeit.events.structs import Decision, EarlyPrediction, Outcome
from zielzeit.events.topic_record import run_key
from zielzeit.features.key_names import station_keys
from zielzeit.model.label_process import LabelProcess
from zielzeit.model.predict import OneModel, ServedModel
from zielzeit.model.scoring_process import ScoringProcess, Snapshot
from zielzeit.runs.group_keys import GroupKey, group_keys
from zielzeit.runs.messages import EarlyMessage, Message
from zielzeit.runs.run_process import RunProcess
from zielzeit.runs.train_state import TrainState
from zielzeit.stations.register import StationRegister
from zielzeit.stored_value import InMemory
from zielzeit.train_classes import CLASSES, train_class

EDGES: Final = (0, 15, 30, 60, 120)
"""Horizons at which groups begin, minutes."""
_END: Final = Milliseconds(2**62)
_encode = msgspec.msgpack.Encoder().encode

Told = tuple[Milliseconds, Output | EarlyDeparture]
"""Time of a board, and what it tells or decides: ``zielzeit.evaluation.early_truth.tell`` yields these."""


class PredictedTwice(msgspec.Struct, frozen=True):
    """A departure whose train arrived: its first early prediction, and its outcome."""

    early: EarlyPrediction | None
    """None if it was not told before its decision."""
    outcome: Outcome
    arrived_at: Milliseconds | None
    """True arrival at the destination; None where its planned time is not known."""


class Quality(msgspec.Struct, frozen=True):
    """How good predictions of one group are; minutes, shares from 0 to 1."""

    count: int
    mae: float
    persistence: float
    """Mean absolute error of the delay that the prediction began with."""
    skill: float
    """1 − MAE / MAE of persistence; 0 if persistence has no error."""
    bias: float
    coverage: float | None
    """Share of arrivals inside of P10 to P90; None where the model gives no interval."""
    wait: float
    """Median of the minutes from the departure, as it was decided, to the prediction."""
    before_arrival: float | None
    """Share of all departures of the group that had this prediction before their train arrived; None: not known."""


def predicted_twice(
    told: Iterable[Told], register: StationRegister, served: ServedModel | None = None
) -> Iterator[PredictedTwice]:
    """Yield the departures that arrived, in order of their outcomes; predictions by persistence without a model.

    Departures from before the first board are left out: nobody could tell them in time.
    """
    timers = EventTimeTimers()
    scoring = ScoringProcess({}, InMemory(Snapshot), {}, OneModel(served), station_keys(register))
    labels = LabelProcess({}, {})
    first: dict[str, EarlyPrediction] = {}
    begun = _END

    def pass_time(to: Milliseconds) -> Iterator[PredictedTwice]:
        for timer, _ in timers.fire(to):
            step = scoring.on_time(timer, timer)
            if step.register is not None:
                timers.register("", step.register)
            for _, at, made in [*step.scored, *step.endings]:
                labels.on_message(at, _encode(made))
            for outcome, _ in labels.on_time(timer).labelled:
                early = first.pop(outcome.prediction.id, None)
                left = berlin_time.milliseconds(outcome.prediction.departed_at)
                if outcome.observed_delay is not None and left >= begun:
                    yield PredictedTwice(early, outcome, _arrival(outcome))

    for at, key, message in _followed(told, group_keys(register)):
        begun = min(begun, at)
        yield from pass_time(Milliseconds(at - 1))
        if isinstance(message, EarlyMessage):
            if message.stage == "early":
                made = scoring.on_early(message)
                first.setdefault(made.id, made)
        elif (timer := scoring.on_message(at, key, _encode(message))) is not None:
            timers.register("", timer)
    yield from pass_time(_END)


def _followed(told: Iterable[Told], key: GroupKey) -> Iterator[tuple[Milliseconds, str, Message | EarlyMessage]]:
    timers = EventTimeTimers()
    trains: dict[str, RunProcess] = {}

    def pass_time(to: Milliseconds) -> Iterator[tuple[Milliseconds, str, Message]]:
        for at, train in timers.fire(to):
            step = trains[train].on_time(at)
            if step.register is not None:
                timers.register(train, step.register)
            yield from ((at, train, message) for message in step.messages)

    for at, output in told:
        yield from pass_time(Milliseconds(at - 1))
        if isinstance(output, EarlyDeparture):
            train = run_key(output.shown.category, output.shown.number)
            if train not in trains:
                trains[train] = RunProcess(InMemory(TrainState), {}, key)
            yield at, train, trains[train].on_early(output)
        elif isinstance(output, PlannedStop) or (isinstance(output, Decision) and output.kind != "late"):
            train = run_key(output.category, output.number)
            if train not in trains:
                trains[train] = RunProcess(InMemory(TrainState), {}, key)
            timer = trains[train].on_decision(berlin_time.milliseconds(output.decided_at), encode(output))
            if timer is not None:
                timers.register(train, timer)
    yield from pass_time(_END)


def _arrival(outcome: Outcome) -> Milliseconds | None:
    made = outcome.prediction
    if made.horizon is None or outcome.observed_delay is None:
        return None
    ride = made.horizon + outcome.observed_delay
    return Milliseconds(berlin_time.milliseconds(made.scheduled) + round(ride * MINUTE))


def groups(departures: Iterable[PredictedTwice]) -> dict[str, list[PredictedTwice]]:
    """Return the departures by class, ``RE``, and by class and horizon, ``RE 15-30``, in the order of a table."""
    found: defaultdict[tuple[int, int], list[PredictedTwice]] = defaultdict(list)
    for one in departures:
        number = train_class(one.outcome.prediction.category)
        found[number, -1].append(one)
        if one.outcome.prediction.horizon is not None:
            found[number, sum(one.outcome.prediction.horizon >= edge for edge in EDGES)].append(one)
    names = ["", *(f" {low}-{high}" for low, high in pairwise(EDGES)), f" {EDGES[-1]}-"]
    return {f"{CLASSES[number]}{names[max(0, place)]}": found[number, place] for number, place in sorted(found)}


def early_quality(departures: Sequence[PredictedTwice]) -> Quality | None:
    """Return how good the first early predictions are; None if there are none."""
    told = [(one, one.early) for one in departures if one.early is not None]
    if not told:
        return None
    rows = [
        (one, early.predicted_delay or 0.0, early.delay, early.p10, early.p90, berlin_time.milliseconds(early.told_at))
        for one, early in told
    ]
    return _quality(rows, departures)


def decided_quality(departures: Sequence[PredictedTwice]) -> Quality:
    """Return how good the predictions of the decided departures are, of which there must be at least one."""
    rows = []
    for one in departures:
        made = one.outcome.prediction
        at = berlin_time.milliseconds(made.decided_at)
        rows.append((one, made.predicted_delay, made.delay, made.p10, made.p90, at))
    return _quality(rows, departures)


_Row = tuple[PredictedTwice, float, int, float | None, float | None, Milliseconds]
"""Departure, prediction, the delay that it began with, P10, P90, and when it was made."""


def _quality(rows: Sequence[_Row], departures: Sequence[PredictedTwice]) -> Quality:
    true = np.array([one.outcome.observed_delay for one, *_ in rows], dtype=float)
    error = np.array([predicted for _, predicted, *_ in rows]) - true
    began = np.abs(np.array([delay for _, _, delay, *_ in rows]) - true)
    inside = [
        low <= observed <= high
        for (_, _, _, low, high, _), observed in zip(rows, true, strict=True)
        if low is not None and high is not None
    ]
    left = [berlin_time.milliseconds(one.outcome.prediction.departed_at) for one, *_ in rows]
    known = sum(one.arrived_at is not None for one in departures)
    in_time = sum(one.arrived_at is not None and at < one.arrived_at for one, *_, at in rows)
    mae, persistence = float(np.abs(error).mean()), float(began.mean())
    return Quality(
        count=len(rows),
        mae=mae,
        persistence=persistence,
        skill=1 - mae / persistence if persistence else 0.0,
        bias=float(error.mean()),
        coverage=sum(inside) / len(inside) if inside else None,
        wait=float(np.median([(row[-1] - at) / MINUTE for row, at in zip(rows, left, strict=True)])),
        before_arrival=in_time / known if known else None,
    )
