"""A trained model: predicts the delay at the destination, its interval and the probability of cancellation.

A model is a folder: ``model.json`` (feature names, calibration, days of training), one LightGBM text file per train
class and head, and the state of the network at the end of its history (``zielzeit.features.initial_state``). Nothing in
it is executed or unpickled. A train class without files falls back to persistence.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np

from zielzeit import train_classes
from zielzeit.events.structs import ModelOutput
from zielzeit.features.definition import FEATURES
from zielzeit.features.known_names import KnownNames
from zielzeit.model.boosters import Boosters, Matrix

HEADS = ("growth", "p10", "p90", "cancelled")
"""A booster each: median, 10 % and 90 % quantile of the growth (final delay minus delay now, minutes); probability of
cancellation."""
FILE = "model.json"
OUTPUTS = ModelOutput.__struct_fields__
"""Names of a model's outputs, in the order of the columns of ``matrix``."""
NETWORK_FILE = "network.bin"
"""State of the network at the end of the history that the model was trained on; a model may have none."""

_CLASS, _DELAY, _HORIZON = (FEATURES.index(name) for name in ("train_class", "delay", "horizon"))


class Calibration(msgspec.Struct, frozen=True):
    """Widening of a train class's interval by split-conformal calibration, by horizon."""

    edges: tuple[float, ...] = ()
    """Horizons that separate the bins, minutes, ascending: one fewer than ``widening``."""
    widening: tuple[float, ...] = (0.0,)
    """Minutes by which either end moves out, by bin; negative: in."""

    def __post_init__(self) -> None:
        """Raises ValueError where a bin is missing: such a model would fail at the horizons of that bin alone."""
        if len(self.widening) != len(self.edges) + 1:
            raise ValueError(f"{len(self.edges)} edges make {len(self.edges) + 1} bins, not {len(self.widening)}")
        if not all(math.isfinite(value) for value in (*self.edges, *self.widening)):
            raise ValueError("an edge or a widening is not finite")
        if list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"edges are not ascending: {self.edges}")


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """Content of ``model.json``. Days are ISO dates, empty where unknown."""

    format: int = 1
    features: tuple[str, ...]
    calibration: dict[str, Calibration]
    """By name of the train class."""
    files: dict[str, str] = {}
    """SHA-256 by file name: reading a damaged booster crashes LightGBM."""
    trained_from: str = ""
    trained_until: str = ""
    calibrated_until: str = ""
    """Last service day whose labels calibrated the intervals; empty: the last one trained on."""
    examples: int = 0
    seed: int = 0
    code_version: str = ""
    archive_names: tuple[KnownNames, ...] = ()
    """Of the names in the network's state those that boards' spelling finds: ``known_names.found_by_boards``."""
    board_names: tuple[KnownNames, ...] = ()
    """Of the names on the recorded boards that training was given (``train --boards``) those that the state knows."""


class DelayModel(Protocol):
    """A model as the stream calls it."""

    def predict(self, rows: Sequence[Sequence[float]] | Matrix) -> list[ModelOutput]:
        """Predict for each row of features, which stand in the order of ``FEATURES``."""
        ...


class Persistence:
    """The baseline: the delay stays as it is."""

    def predict(self, rows: Sequence[Sequence[float]] | Matrix) -> list[ModelOutput]:
        """See ``DelayModel``."""
        return [
            ModelOutput(predicted_delay=float(row[_DELAY]), p10=None, p90=None, cancel_probability=None) for row in rows
        ]


BASELINE: DelayModel = Persistence()


class LightGBMModel:
    """Boosters by train class, and the calibration of their intervals."""

    def __init__(self, card: ModelCard, boosters: dict[int, Boosters]) -> None:
        self.card = card
        self._boosters = boosters
        self._calibration = [card.calibration.get(name, Calibration()) for name in train_classes.CLASSES]

    def predict(self, rows: Sequence[Sequence[float]] | Matrix) -> list[ModelOutput]:
        """See ``DelayModel``. Raises ValueError where a row has not one value per feature."""
        if len(rows) == 0:
            return []
        return [_output(row) for row in self.matrix(np.asarray(rows, dtype=np.float64)).tolist()]

    def covers(self, train_class: int) -> bool:
        """Whether the model has boosters for a train class; else it answers with persistence."""
        return train_class in self._boosters

    def with_calibration(self, class_name: str, calibration: Calibration | None) -> LightGBMModel:
        """A copy whose intervals of one train class have this calibration, or none."""
        calibrations = self.card.calibration | {class_name: calibration or Calibration()}
        return LightGBMModel(msgspec.structs.replace(self.card, calibration=calibrations), self._boosters)

    def calibrated_until(self, day: str) -> LightGBMModel:
        """A copy whose card names the last service day that calibrated it."""
        return LightGBMModel(msgspec.structs.replace(self.card, calibrated_until=day), self._boosters)

    def matrix(self, rows: Matrix) -> Matrix:
        """Predict for a matrix of features: a row for each row, a column for each of ``OUTPUTS``.

        A train class without boosters gets persistence; its other columns are NaN. Raises ValueError for a matrix of
        another width.
        """
        if rows.ndim != 2 or rows.shape[1] != len(FEATURES):
            raise ValueError(f"a row has {len(FEATURES)} features, the matrix has the shape {rows.shape}")
        outputs = np.full((len(rows), len(OUTPUTS)), np.nan)
        outputs[:, OUTPUTS.index("predicted_delay")] = rows[:, _DELAY]
        for train_class, boosters in self._boosters.items():
            chosen = rows[:, _CLASS] == train_class
            if chosen.any():
                outputs[chosen] = _columns(rows[chosen], boosters.predict(rows[chosen]), self._calibration[train_class])
        return outputs


def _columns(rows: Matrix, predictions: Matrix, calibration: Calibration) -> Matrix:
    """Outputs of one train class out of its boosters' predictions (a column per head); P10 ≤ median ≤ P90."""
    growth, low, high, cancelled = predictions.T
    delay = rows[:, _DELAY]
    widen = np.array(calibration.widening)[np.searchsorted(calibration.edges, rows[:, _HORIZON], side="right")]
    columns = {
        "predicted_delay": delay + growth,
        "p10": delay + np.minimum(np.minimum(np.minimum(low, high), growth) - widen, growth),
        "p90": delay + np.maximum(np.maximum(np.maximum(low, high), growth) + widen, growth),
        "cancel_probability": cancelled,
    }
    return np.column_stack([columns[name] for name in OUTPUTS])


def _output(values: Sequence[float]) -> ModelOutput:
    """A row of ``matrix`` as a struct; NaN becomes None."""
    named = zip(OUTPUTS, values, strict=True)
    return msgspec.convert({name: None if math.isnan(value) else value for name, value in named}, ModelOutput)


def load_model(folder: Path) -> LightGBMModel:
    """Load the model in a folder.

    Raises ValueError where files are missing or damaged, or the model was trained on other features than the code has.
    """
    try:
        card = msgspec.json.decode((folder / FILE).read_bytes(), type=ModelCard)
    except (OSError, msgspec.DecodeError) as error:
        raise ValueError(f"{folder}: no model: {error}") from None
    if card.features != FEATURES:
        odd = sorted(set(card.features) ^ set(FEATURES)) or ["their order"]
        raise ValueError(f"{folder}: trained on other features: {', '.join(odd)}")
    boosters = {}
    for train_class, name in enumerate(train_classes.CLASSES):
        paths = [folder / file_name(name, head) for head in HEADS]
        if all(path.is_file() for path in paths):
            for path in paths:
                if card.files.get(path.name) != checksum(path):
                    raise ValueError(f"{path}: does not match its checksum in {FILE}")
            boosters[train_class] = Boosters(paths, len(FEATURES))
    if not boosters:
        raise ValueError(f"{folder}: no train class has all of its files")
    return LightGBMModel(card, boosters)


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def file_name(class_name: str, head: str) -> str:
    """Name of a booster's file in the model's folder."""
    return f"{class_name}-{head}.txt"
