"""Outcomes of early predictions and of the decided departures out of recorded boards: without Flink, in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import polars as pl

from zielzeit import berlin_time
from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.decider import Output
from zielzeit.decision.early import EarlyDeparture
from zielzeit.evaluation.early_quality import DECIDED_COLUMNS, EARLY_COLUMNS, side_by_side
from zielzeit.evaluation.followed_runs import END, FollowedRuns, RunMessage
from zielzeit.event_time_timers import EventTimeTimers
from zielzeit.events.structs import EarlyOutcome, EarlyPrediction, Outcome, Prediction
from zielzeit.features.key_names import station_keys
from zielzeit.model.label_process import LabelProcess, LabelStep
from zielzeit.model.predict import OneModel, ServedModel
from zielzeit.model.predict_early import PendingEarly
from zielzeit.model.scoring_process import ScoringProcess, Snapshot
from zielzeit.runs.group_keys import group_keys
from zielzeit.stations.register import StationRegister
from zielzeit.stored_value import InMemory

_encode = msgspec.msgpack.Encoder().encode
_TIME: Final = pl.Datetime("ms", "UTC")
_TYPES: Final[dict[str, Any]] = {
    **dict.fromkeys(("id", "category"), pl.String),
    **dict.fromkeys(("scheduled", "departed_at", "decided_at", "told_at"), _TIME),
}
"""Types of columns that are no numbers."""

Told = tuple[Milliseconds, Output | EarlyDeparture]
"""Time of a board, and what it tells or decides: ``zielzeit.evaluation.early_truth.tell`` yields these."""


class ToldOutcomes(msgspec.Struct, frozen=True):
    """What became of departures: of the predictions made when they were decided, and of the early ones."""

    decided: list[Outcome]
    early: list[EarlyOutcome]


def told_outcomes(told: Iterable[Told], register: StationRegister, served: ServedModel | None = None) -> ToldOutcomes:
    """Return the outcomes of what was told and decided, in order of time; predictions by persistence without a model.

    Departures from before the first board are left out: nobody could tell them in time. Raises ModelFault.
    """
    found, begun = ToldOutcomes([], []), END
    timers = EventTimeTimers()
    scoring = ScoringProcess({}, InMemory(Snapshot), {}, OneModel(served), station_keys(register))
    labels = LabelProcess({}, {}, {})

    def take(step: LabelStep) -> None:
        for outcome, _ in step.labelled:
            if berlin_time.milliseconds(outcome.prediction.departed_at) >= begun:
                found.decided.append(outcome)
        found.early.extend(step.early)

    def score(messages: Iterable[RunMessage], to: Milliseconds) -> None:
        for at, key, message in messages:
            timer = scoring.on_message(at, key, _encode(message))
            if timer is not None:
                timers.register("", timer)
        for timer, _ in timers.fire(to):
            step = scoring.on_time(timer)
            if step.register is not None:
                timers.register("", step.register)
            for _, at, made in [*step.scored, *step.endings]:
                labels.on_message(at, _encode(made))
            take(labels.on_time(timer))

    runs = FollowedRuns(group_keys(register))
    for at, output in told:
        begun = min(begun, at)
        before = Milliseconds(at - 1)
        score(runs.pass_time(before), before)
        if isinstance(output, EarlyDeparture):
            (early,) = scoring.on_early([runs.told(output)])
            labels.on_message(at, _encode(PendingEarly(early)))
        else:
            runs.decided(output)
    score(runs.pass_time(), END)
    return found


def compared(found: ToldOutcomes) -> pl.DataFrame:
    """Return the departures whose train arrived, as ``early_quality.by_group`` takes them."""
    observed = [outcome.observed_delay for outcome in found.decided]
    decided = _frame([outcome.prediction for outcome in found.decided], DECIDED_COLUMNS[:-1])
    early = _frame([outcome.early for outcome in found.early], EARLY_COLUMNS)
    return side_by_side(decided.with_columns(pl.Series("observed_delay", observed, pl.Int64)), early)


def _frame(made: Sequence[Prediction | EarlyPrediction], columns: Sequence[str]) -> pl.DataFrame:
    values = {name: [getattr(one, name) for one in made] for name in columns}
    return pl.DataFrame(
        {name: [_utc(one) for one in of_all] for name, of_all in values.items()},
        schema={name: _TYPES.get(name, pl.Float64) for name in columns},
    )


def _utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value
