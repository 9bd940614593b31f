"""The model in use: the registry's champion, refreshed in the background.

No model, no stop: while the registry is down the newest local copy predicts, without a copy persistence. A version that
cannot be loaded or fails its check is refused, and the model in use stays.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np

from zielzeit.features.network_state import FEATURES
from zielzeit.model.delay_model import FILE, NETWORK_FILE, ModelCard, checksum, load_model
from zielzeit.model.predict import ServedModel
from zielzeit.model.registry_address import Registry

log = logging.getLogger(__name__)

_CARD = "served.json"
_CHECK_ROWS = 8


class _Version(msgspec.Struct, frozen=True):
    """A version of the registered model; content of ``served.json`` beside the files of its copy."""

    name: str
    version: str
    run_id: str


class Champion:
    """The model in use. The constructor loads it and may block; later a thread looks for new versions."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._folder = Path(registry.folder) / registry.name
        self._refused: set[str] = set()
        self._served = self._load_at_start()
        self._looking: Future[ServedModel | None] | None = None
        self._looked_at = time.monotonic()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="champion")

    def current(self) -> ServedModel:
        """The model to use now. Never blocks; looks for a new version every ``refresh_seconds``."""
        if self._looking is not None and self._looking.done():
            self._served = self._looking.result() or self._served
            self._looking = None
        if self._looking is None and time.monotonic() - self._looked_at > self._registry.refresh_seconds:
            self._looked_at = time.monotonic()
            self._looking = self._pool.submit(self._look)
        return self._served

    def close(self) -> None:
        """Stop looking for new versions."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _load_at_start(self) -> ServedModel:
        try:
            served = self._fetch()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the registry, the stream goes on
            log.warning("no model from the registry at %s: %s", self._registry.uri, error)
            served = None
        return served or self._newest_copy() or ServedModel()

    def _look(self) -> ServedModel | None:
        try:
            return self._fetch(unless=self._served.version)
        except Exception as error:  # noqa: BLE001 - as above: the model in use stays
            log.warning("the model in use stays, version %s: %s", self._served.version, error)
            return None

    def _fetch(self, unless: str = "") -> ServedModel | None:
        """The registry's champion; None where it is the version ``unless``, was refused, or there is none."""
        import mlflow  # noqa: PLC0415 - slow to import, and the stream runs without it
        from mlflow.exceptions import MlflowException  # noqa: PLC0415

        client = mlflow.MlflowClient(self._registry.uri, self._registry.uri)
        try:
            found = client.get_model_version_by_alias(self._registry.name, self._registry.alias)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                log.warning("%s has no version with alias %s yet", self._registry.name, self._registry.alias)
                return None
            raise
        version = _Version(found.name, str(found.version), found.run_id or "")
        if version.version == unless or version.version in self._refused:
            return None
        copy = self._folder / version.version
        if not (copy / _CARD).is_file():
            partial = self._folder / f".{version.version}-{os.getpid()}"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            mlflow.set_tracking_uri(self._registry.uri)
            uri = client.get_model_version_download_uri(version.name, version.version)
            mlflow.artifacts.download_artifacts(uri, dst_path=str(partial))
            (partial / _CARD).write_bytes(msgspec.json.encode(version))
            shutil.rmtree(copy, ignore_errors=True)
            partial.rename(copy)
        try:
            return _load(copy, version)
        except ValueError as error:
            self._refused = {*getattr(self, "_refused", ()), version.version}
            log.error("version %s is refused: %s", version.version, error)
            return None

    def _newest_copy(self) -> ServedModel | None:
        copies = sorted(self._folder.glob(f"[0-9]*/{_CARD}"), key=lambda card: int(card.parent.name), reverse=True)
        for card in copies:
            try:
                return _load(card.parent, msgspec.json.decode(card.read_bytes(), type=_Version))
            except (ValueError, OSError) as error:
                log.warning("the copy in %s cannot be loaded: %s", card.parent, error)
        return None


def _load(folder: Path, version: _Version) -> ServedModel:
    """Load the model in a version's folder. Raises ValueError where there is none, or it predicts no finite delay."""
    found = next(iter(sorted(folder.rglob(FILE))), None)
    if found is None:
        raise ValueError(f"{folder}: no {FILE}")
    model = load_model(found.parent)
    for score in model.predict(np.zeros((_CHECK_ROWS, len(FEATURES)))):
        if not np.isfinite(score.predicted_delay):
            raise ValueError(f"{folder}: predicts {score.predicted_delay}")
    log.info("serving %s version %s", version.name, version.version)
    return ServedModel(model, version.name, version.version, version.run_id, _network(found.parent, model.card))


def _network(folder: Path, card: ModelCard) -> Path | None:
    """File with the state of the network, if the model has one and it is undamaged; the model predicts without, too."""
    file = folder / NETWORK_FILE
    if not file.is_file():
        return None
    if card.files.get(file.name) != checksum(file):
        log.warning("%s is not used: it does not match its checksum", file)
        return None
    return file
