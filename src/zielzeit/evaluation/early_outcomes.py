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
from zielzeit.evaluation.followed_runs import END, FollowedRuns
from zielzeit.evaluation.scored_runs import ScoredRuns
from zielzeit.events.structs import EarlyOutcome, EarlyPrediction, Outcome, Prediction
from zielzeit.features.key_names import station_keys
from zielzeit.model.predict import ServedModel
from zielzeit.runs.group_keys import group_keys
from zielzeit.stations.register import StationRegister

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
    runs, scored = FollowedRuns(group_keys(register)), ScoredRuns(station_keys(register), served)

    def pass_time(to: Milliseconds = END) -> None:
        scored.take(runs.pass_time(to))
        for labels in scored.pass_time(to):
            for outcome, _ in labels.labelled:
                if berlin_time.milliseconds(outcome.prediction.departed_at) >= begun:
                    found.decided.append(outcome)
            found.early.extend(labels.early)

    for at, output in told:
        begun = min(begun, at)
        pass_time(Milliseconds(at - 1))
        if isinstance(output, EarlyDeparture):
            scored.tell(at, runs.told(output))
        else:
            runs.decided(output)
    pass_time()
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
