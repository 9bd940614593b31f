"""Statistics of what the job has written so far. Pure: records in, numbers out."""

from __future__ import annotations

from collections import Counter, deque
from typing import NamedTuple

from zielzeit.events.structs import Decision, EarlyPrediction, Outcome, Prediction

_REVISIONS = ("corrected", "late")


class Errors(NamedTuple):
    """Mean absolute errors, minutes, of the trains that have arrived."""

    model: float
    persistence: float

    @property
    def skill(self) -> float:
        """1 − MAE / MAE of persistence; 0 if persistence has no error."""
        return 1 - self.model / self.persistence if self.persistence else 0.0


class DemoStatistics:
    """Counts of all records since the start, and the newest records themselves."""

    def __init__(self, keep: int = 100) -> None:
        self.boards = 0
        self.kinds: Counter[str] = Counter()
        """Decisions and their revisions by kind."""
        self.statuses: Counter[str] = Counter()
        """Outcomes by status."""
        self.versions: Counter[str] = Counter()
        """Predictions by model version."""
        self.predictions = 0
        self.stages: Counter[str] = Counter()
        """Early records by stage."""
        self.early: dict[str, EarlyPrediction] = {}
        """Departures that are told early and not decided yet: newest records by id, newest last."""
        self.newest: deque[Prediction] = deque(maxlen=keep)
        self.arrived: deque[Outcome] = deque(maxlen=keep)
        """The newest outcomes of trains that arrived."""
        self._ids: set[str] = set()
        self._error = 0.0
        self._persistence_error = 0

    def take(self, record: Decision | EarlyPrediction | Prediction | Outcome) -> None:
        """Count one record."""
        match record:
            case Decision():
                self.kinds[record.kind] += 1
            case EarlyPrediction():
                self.stages[record.stage] += 1
                self._take_early(record)
            case Prediction():
                self.predictions += 1
                self.versions[record.model_version] += 1
                self._ids.add(record.id)
                self.early.pop(record.id, None)
                self.newest.append(record)
            case Outcome():
                self.statuses[record.status] += 1
                if record.observed_delay is not None:
                    self._error += abs(record.prediction.predicted_delay - record.observed_delay)
                    self._persistence_error += abs(record.prediction.delay - record.observed_delay)
                    self.arrived.append(record)

    def _take_early(self, record: EarlyPrediction) -> None:
        """Keep an early record until its departure is decided; topics are read side by side, so that may come first."""
        self.early.pop(record.id, None)
        if record.stage != "retracted" and record.id not in self._ids:
            self.early[record.id] = record

    @property
    def decisions(self) -> int:
        """Number of decisions, without corrections and late reports."""
        return sum(count for kind, count in self.kinds.items() if kind not in _REVISIONS)

    @property
    def distinct(self) -> int:
        """Number of distinct ids of predictions; equal to ``predictions`` if each was published once."""
        return len(self._ids)

    @property
    def outcomes(self) -> int:
        """Outcomes of any status."""
        return self.statuses.total()

    @property
    def errors(self) -> Errors | None:
        """None until a train has arrived."""
        arrived = self.statuses["arrived"]
        return Errors(self._error / arrived, self._persistence_error / arrived) if arrived else None
