"""Batch scoring: predictions for examples, written beside them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from training import examples
from zielzeit.features.definition import FEATURES
from zielzeit.model.delay_model import OUTPUTS, LightGBMModel


def predict(model: LightGBMModel, folder: Path, first: date | None, last: date | None, out: Path) -> int:
    """Write train, times, predictions and, where known, labels to a Parquet file; returns the number of rows."""
    frame = examples.read(folder, first, last)
    scores = model.matrix(frame.select(FEATURES).to_numpy().astype(np.float64))
    about = frame.select("day", *examples.ABOUT.names(), *examples.LABEL.names(), "delay")
    examples.write_atomically(about.with_columns(pl.DataFrame(scores, schema=list(OUTPUTS))), out)
    return len(frame)
