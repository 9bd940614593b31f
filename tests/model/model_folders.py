"""Folders with models for tests: every tree says the same number."""

from __future__ import annotations

from pathlib import Path

import lightgbm
import msgspec
import numpy as np

from zielzeit import train_classes
from zielzeit.features.definition import FEATURES
from zielzeit.features.network_state import NetworkState
from zielzeit.model import delay_model


def write_model(
    folder: Path,
    growth: float,
    features: tuple[str, ...] = FEATURES,
    calibration: dict[str, dict[str, list[float]]] | None = None,
) -> Path:
    """Write a model whose every tree says ``growth``, made by LightGBM itself; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = np.random.default_rng(1).normal(size=(200, len(FEATURES)))
    booster = lightgbm.train(
        {"objective": "regression", "verbosity": -1, "num_threads": 1},
        lightgbm.Dataset(rows, np.full(200, growth)),
        num_boost_round=1,
    )
    for train_class in train_classes.CLASSES:
        for head in delay_model.HEADS:
            booster.save_model(str(folder / delay_model.file_name(train_class, head)))
    files = {path.name: delay_model.checksum(path) for path in folder.glob("*.txt")}
    card = msgspec.to_builtins(delay_model.ModelCard(features=features, calibration={}, files=files))
    (folder / delay_model.FILE).write_bytes(msgspec.json.encode(card | {"calibration": calibration or {}}))
    return folder


def with_network(folder: Path, state: NetworkState) -> Path:
    """Let the model in a folder carry a state of the network; returns the folder."""
    (folder / delay_model.NETWORK_FILE).write_bytes(state.to_bytes())
    card = msgspec.json.decode((folder / delay_model.FILE).read_bytes(), type=delay_model.ModelCard)
    card.files[delay_model.NETWORK_FILE] = delay_model.checksum(folder / delay_model.NETWORK_FILE)
    (folder / delay_model.FILE).write_bytes(msgspec.json.encode(card))
    return folder
