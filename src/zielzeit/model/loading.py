"""A served model out of a folder of files: for the champion of the job, and for commands that predict without it."""

from __future__ import annotations

import logging
from pathlib import Path

from zielzeit.model.acceptance import check
from zielzeit.model.delay_model import FILE, NETWORK_FILE, ModelCard, checksum, load_model
from zielzeit.model.predict import ServedModel

log = logging.getLogger(__name__)


def load_served(folder: Path, name: str, version: str, run_id: str) -> ServedModel:
    """Load and check the model in a folder; the other arguments are what its predictions say of it.

    Raises ValueError where there is none, or it fails the check.
    """
    found = next(iter(sorted(folder.rglob(FILE))), None)
    if found is None:
        raise ValueError(f"{folder}: no {FILE}")
    model = load_model(found.parent)
    check(model)
    return ServedModel(model, name, version, run_id, network_file(found.parent, model.card))


def network_file(folder: Path, card: ModelCard) -> Path | None:
    """File with the state of the network, if the model has one and it is undamaged; the model predicts without, too."""
    file = folder / NETWORK_FILE
    if not file.is_file():
        return None
    if card.files.get(file.name) != checksum(file):
        log.warning("%s is not used: it does not match its checksum", file)
        return None
    return file
