"""A trained model: features in, the delay at the destination out, with an interval and the chance of cancellation.

A model is a folder: ``model.json`` (feature names, calibration, what it was trained on), one LightGBM text file per
class and head, and the state of the network in which its history ended (``zielzeit.features.initial_state``). Nothing
in it is executed
or unpickled. A class without files falls back to persistence.
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
from zielzeit.model.boosters import Boosters, Matrix

HEADS = ("growth", "p10", "p90", "cancelled")
"""Median, 10 % and 90 % quantile of the final delay minus the delay now; probability of cancellation."""
FILE = "model.json"
OUTPUTS = ModelOutput.__struct_fields__
"""Names of a model's outputs, in the order of the columns of ``matrix``."""
NETWORK_FILE = "network.bin"
"""The network's state at the end of the history that the model was trained on, where that has one."""

_CLASS, _DELAY, _HORIZON = (FEATURES.index(name) for name in ("train_class", "delay", "horizon"))


class Calibration(msgspec.Struct, frozen=True):
    """By how much split-conformal calibration widens (or, negative, narrows) the interval, by horizon."""

    edges: tuple[float, ...] = ()
    """Horizons, minutes, ascending, that part the bins: one less than ``widening``."""
    widening: tuple[float, ...] = (0.0,)
    """Minutes, for both ends."""


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """``model.json``."""

    format: int = 1
    features: tuple[str, ...]
    calibration: dict[str, Calibration]
    """By class."""
    files: dict[str, str] = {}
    """SHA-256 of each file: LightGBM does not survive reading a damaged booster."""
    trained_from: str = ""
    trained_until: str = ""
    calibrated_until: str = ""
    """Last service day whose labels the intervals were calibrated with; empty: the last one trained on."""
    examples: int = 0
    seed: int = 0
    code_version: str = ""


class DelayModel(Protocol):
    """What the stream, batch scoring and the REST endpoint call."""

    def predict(self, rows: Sequence[Sequence[float]] | Matrix) -> list[ModelOutput]:
        """One output per row of features in the order of ``FEATURES``."""
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
    """Boosters by class and head, and the calibration of their intervals."""

    def __init__(self, card: ModelCard, boosters: dict[int, Boosters]) -> None:
        self.card = card
        self._boosters = boosters
        self._calibration = [card.calibration.get(name, Calibration()) for name in train_classes.CLASSES]

    def predict(self, rows: Sequence[Sequence[float]] | Matrix) -> list[ModelOutput]:
        """See ``DelayModel``. Raises ValueError where a row has not one value per feature."""
        if len(rows) == 0:
            return []
        return [_output(row) for row in self.matrix(np.asarray(rows, dtype=np.float64)).tolist()]

    def with_calibration(self, class_name: str, calibration: Calibration | None) -> LightGBMModel:
        """The same boosters; one class's intervals calibrated anew, or not at all."""
        calibrations = self.card.calibration | {class_name: calibration or Calibration()}
        return LightGBMModel(msgspec.structs.replace(self.card, calibration=calibrations), self._boosters)

    def calibrated_until(self, day: str) -> LightGBMModel:
        """The same model, saying so."""
        return LightGBMModel(msgspec.structs.replace(self.card, calibrated_until=day), self._boosters)

    def matrix(self, rows: Matrix) -> Matrix:
        """A column for each of ``OUTPUTS``. A class without boosters keeps its delay; its other columns are NaN."""
        if rows.ndim != 2 or rows.shape[1] != len(FEATURES):
            raise ValueError(f"{len(FEATURES)} features a row are wanted, the matrix has the shape {rows.shape}")
        outputs = np.full((len(rows), len(OUTPUTS)), np.nan)
        outputs[:, OUTPUTS.index("predicted_delay")] = rows[:, _DELAY]
        for train_class, boosters in self._boosters.items():
            chosen = rows[:, _CLASS] == train_class
            if chosen.any():
                outputs[chosen] = _columns(rows[chosen], boosters.predict(rows[chosen]), self._calibration[train_class])
        return outputs


def _columns(rows: Matrix, predictions: Matrix, calibration: Calibration) -> Matrix:
    """The outputs of one class, out of what its boosters predict; the interval holds the median."""
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
    """The outputs as a struct, NaN as None."""
    named = zip(OUTPUTS, values, strict=True)
    return msgspec.convert({name: None if math.isnan(value) else value for name, value in named}, ModelOutput)


def load_model(folder: Path) -> LightGBMModel:
    """The model in a folder.

    Raises ValueError where files are missing or broken, or the model was trained on other features than this code has.
    """
    try:
        card = msgspec.json.decode((folder / FILE).read_bytes(), type=ModelCard)
    except (OSError, msgspec.DecodeError) as error:
        raise ValueError(f"{folder}: no model: {error}") from None
    if card.features != FEATURES:
        odd = sorted(set(card.features) ^ set(FEATURES)) or ["their order"]
        raise ValueError(f"{folder}: trained on other features: {', '.join(odd)}")
    boosters = {}
    for klass, name in enumerate(train_classes.CLASSES):
        paths = [folder / file_name(name, head) for head in HEADS]
        if all(path.is_file() for path in paths):
            for path in paths:
                if card.files.get(path.name) != checksum(path):
                    raise ValueError(f"{path}: not the file that the model was made with")
            boosters[klass] = Boosters(paths, len(FEATURES))
    if not boosters:
        raise ValueError(f"{folder}: no class has all of its files")
    return LightGBMModel(card, boosters)


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def file_name(class_name: str, head: str) -> str:
    """Where a booster lies in the model's folder."""
    return f"{class_name}-{head}.txt"
