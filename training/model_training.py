"""Training: fit every train class and write the model's folder."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import lightgbm as lgb
import msgspec
import numpy as np

from training import boosting, calibration, dataset, evaluation
from training.dataset import Examples
from training.history.importing import KEEPING, STATE_FILE
from zielzeit import train_classes
from zielzeit.errors import UserError
from zielzeit.evaluation.known_network import known_network
from zielzeit.features.definition import FEATURES
from zielzeit.features.initial_state import read_network
from zielzeit.features.key_names import station_keys
from zielzeit.features.known_names import KnownNames, found_by_boards
from zielzeit.model.delay_model import (
    FILE,
    HEADS,
    NETWORK_FILE,
    Calibration,
    ModelCard,
    checksum,
    file_name,
    load_model,
)
from zielzeit.progress import SILENT, Progress
from zielzeit.stations.register import StationRegister
from zielzeit.stations.table import packaged


def train(
    folder: Path,
    until: date,
    out: Path,
    *,
    seed: int,
    progress: Progress = SILENT,
    rounds: Mapping[str, int] | None = None,
    threads: int = boosting.THREADS,
    stations: StationRegister | None = None,
    boards: Sequence[Path] = (),
) -> ModelCard:
    """Fit every train class on the examples up to the service day ``until`` and write the model to ``out``.

    The card says which names of the network's state ``stations`` (default: the packaged register) finds, and of the
    names on recorded ``boards`` those that the state knows. Raises UserError where no class has enough examples.
    """
    out.mkdir(parents=True, exist_ok=True)
    first = dataset.first_training_day(folder, until)
    calibrations: dict[str, Calibration] = {}
    total = 0
    wanted = rounds or boosting.ROUNDS
    for train_class, name in enumerate(train_classes.CLASSES):
        data = dataset.load(folder, train_class, first, until, most=boosting.MOST_EXAMPLES[train_class], seed=seed)
        if (~data.cancelled).sum() < calibration.FEWEST:
            continue
        with progress.step(f"train {name} on {len(data):,} examples", sum(wanted.values())) as trees:
            boosters = boosting.fit(data, seed, wanted, trees, threads)
        for head in HEADS:
            (out / file_name(name, head)).write_text(boosters[head].model_to_string())
        calibrations[name] = _first_calibration(data, boosters)
        total += len(data)
    if not calibrations:
        raise UserError(f"{folder} has too few labelled examples until {until} to train on")
    in_archive, on_boards = _keep_network(folder, out, stations or packaged(), boards, progress)
    card = ModelCard(
        features=FEATURES,
        calibration=calibrations,
        trained_from=str(first),
        trained_until=str(until),
        examples=total,
        files={path.name: checksum(path) for path in [*sorted(out.glob("*.txt")), *out.glob(NETWORK_FILE)]},
        seed=seed,
        code_version=code_version(),
        archive_names=in_archive,
        board_names=on_boards,
    )
    _write_card(card, out)
    return card


def recalibrate(model: Path, folder: Path, last: date) -> ModelCard:
    """Calibrate the intervals of the model in a folder with the labels of examples up to the service day ``last``."""
    card = evaluation.recalibrated(load_model(model), folder, last + timedelta(days=1)).card
    _write_card(card, model)
    return card


def _write_card(card: ModelCard, out: Path) -> None:
    (out / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(card)))


def _keep_network(
    folder: Path, out: Path, stations: StationRegister, boards: Sequence[Path], progress: Progress
) -> tuple[tuple[KnownNames, ...], tuple[KnownNames, ...]]:
    """Copy the network's state at the end of the history to the model, for a job to begin with.

    Returns what is known of its names, and of those on boards; nothing where there is no state.
    """
    state, copy = folder / KEEPING / STATE_FILE, out / NETWORK_FILE
    copy.unlink(missing_ok=True)
    if not state.is_file():
        return (), ()
    shutil.copyfile(state, copy)
    key = station_keys(stations)
    with progress.step("look for the stations of the network's state"):
        network = read_network(state, key)
        in_archive = found_by_boards(network, lambda name: stations.resolve(name).known)
    on_boards = known_network(boards, network, key, progress=progress).spaces if boards else []
    return tuple(in_archive), tuple(on_boards)


def _first_calibration(data: Examples, boosters: dict[str, lgb.Booster]) -> Calibration:
    """The calibration out of the last training days, which P10 and P90 were not fitted on."""
    held = data.where((data.day > data.day.max() - boosting.CONFORMAL_DAYS) & ~np.isnan(data.final))
    delay = held.column("delay")
    ends = np.sort(np.column_stack([boosters[head].predict(held.features) for head in HEADS[:3]]), axis=1)
    age = (held.day.max() + 1 - held.day).astype(float)
    horizon = held.column("horizon").astype(np.float64)
    return calibration.conformal_calibration(held.final, delay + ends[:, 0], delay + ends[:, -1], horizon, age)


def code_version() -> str:
    """Commit of this code; empty outside a git work tree, and where there is no git, as in a container."""
    root = Path(__file__).resolve().parent.parent
    if shutil.which("git") is None:
        return ""
    found = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return found.stdout.strip()
