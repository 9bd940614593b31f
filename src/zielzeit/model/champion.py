"""The model in use: the registry's champion, refreshed in the background.

No model, no stop: while the registry is down the local copy that served last predicts, without a copy persistence. A
version that cannot be loaded, fails its check or fails in use is refused, and the last good one serves.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from zielzeit.metrics import job
from zielzeit.metrics.recorder import Recorder
from zielzeit.model import registry_patience
from zielzeit.model.loading import load_served
from zielzeit.model.local_copies import LocalCopies, ModelIdentity, folder_name
from zielzeit.model.predict import ModelFault, ServedModel
from zielzeit.model.registry_address import Registry
from zielzeit.printable import told, without_login

log = logging.getLogger(__name__)


class _InUse(NamedTuple):
    served: ServedModel
    identity: ModelIdentity | None = None
    """None: persistence."""


_PERSISTENCE = _InUse(ServedModel())


class Champion:
    """The model in use. The constructor loads it and may block; later a thread looks for new versions.

    A job that restarts goes on with the model that it had on this machine, and the thread looks at once: to import
    MLflow alone takes seconds.

    Parameters: ``recorder`` counts refused versions and failed looks, and is told when the model was registered.
    """

    def __init__(self, registry: Registry, recorder: Recorder | None = None) -> None:
        registry_patience.limit(retries=1, seconds=5)
        self._registry = registry
        self._recorder = recorder or Recorder()
        self._address = without_login(registry.uri)
        folder = folder_name(self._address, registry.name, registry.alias)
        self._copies = LocalCopies(Path(registry.folder) / folder)
        self._refused: set[ModelIdentity] = set()
        last = self._last_copy() if self._copies.served_since(registry.submitted_at) else _PERSISTENCE
        knows = last.identity is not None
        self._use(last if knows else self._load_at_start())
        self._looking: Future[_InUse | None] | None = None
        self._looked_at = -math.inf if knows else time.monotonic()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="champion")

    def current(self) -> ServedModel:
        """The model to use now. Never blocks; looks for a new version every ``refresh_seconds``."""
        if self._looking is not None and self._looking.done():
            self._use(self._looking.result() or self._in_use)
            self._looking = None
        if self._looking is None and time.monotonic() - self._looked_at > self._registry.refresh_seconds:
            self._looked_at = time.monotonic()
            self._looking = self._pool.submit(self._look)
        return self._in_use.served

    def refuse(self, served: ServedModel, fault: ModelFault) -> None:
        """A model failed in use: from now on the last good copy serves, or persistence. Blocks while that is loaded."""
        identity = self._in_use.identity
        if identity is None or served is not self._in_use.served:
            return
        self._refuse(identity, fault)
        self._use(self._last_copy())

    def close(self) -> None:
        """Stop looking for new versions; ``current`` still returns the model in use."""
        self._looked_at = math.inf
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _use(self, in_use: _InUse) -> None:
        self._in_use = in_use
        registered = in_use.identity.created // 1000 if in_use.identity else 0
        self._recorder.set(job.MODEL_REGISTERED, registered)

    def _load_at_start(self) -> _InUse:
        try:
            found = self._fetch()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the registry, the stream goes on
            self._recorder.add(job.REGISTRY_FAILURES)
            log.warning("no model from the registry at %s: %s", self._address, told(error))
            found = None
        return found or self._last_copy()

    def _look(self) -> _InUse | None:
        in_use = self._in_use
        try:
            return self._fetch(unless=in_use.identity)
        except Exception as error:  # noqa: BLE001 - as above: the model in use stays
            self._recorder.add(job.REGISTRY_FAILURES)
            log.warning("the model in use stays, version %s: %s", in_use.served.version, told(error))
            return None

    def _fetch(self, unless: ModelIdentity | None = None) -> _InUse | None:
        """The registry's champion; None where it is the model ``unless``, was refused, or there is none."""
        import mlflow  # noqa: PLC0415 - slow to import, and the stream runs without it

        client = mlflow.MlflowClient(self._registry.uri, self._registry.uri)
        identity = self._registered(client)
        if identity is None or identity == unless or identity in self._refused:
            return None

        def download(folder: Path) -> None:
            mlflow.set_tracking_uri(self._registry.uri)
            uri = client.get_model_version_download_uri(identity.name, identity.version)
            mlflow.artifacts.download_artifacts(uri, dst_path=str(folder))

        try:
            with self._copies.alone():  # subtasks look at the same time
                files = self._copies.find(identity) or self._copies.add(identity, download)
            found = _load(files, identity)
        except ValueError as error:
            self._refuse(identity, error)
            return None
        self._copies.note_served(identity)
        return found

    def _registered(self, client: Any) -> ModelIdentity | None:
        """Identity of the version that has the alias, or None."""
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as above

        try:
            found = client.get_model_version_by_alias(self._registry.name, self._registry.alias)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                log.warning("%s has no version with alias %s yet", self._registry.name, self._registry.alias)
                return None
            raise
        return ModelIdentity(
            registry=self._address,
            name=found.name,
            version=str(found.version),
            run_id=found.run_id or "",
            created=int(found.creation_timestamp or 0),
        )

    def _refuse(self, identity: ModelIdentity, reason: Exception) -> None:
        """Never use a model again while this process lives."""
        self._refused.add(identity)
        self._recorder.add(job.REFUSED_VERSIONS)
        self._copies.drop(identity)
        log.error(
            "%s version %s of run %s is refused: %s", identity.name, identity.version, identity.run_id or "?", reason
        )

    def _last_copy(self) -> _InUse:
        """The copy that served last and is undamaged and not refused; else persistence."""
        for identity in self._copies.served():
            if identity in self._refused:
                continue
            try:
                files = self._copies.find(identity)
                if files is not None:
                    return _load(files, identity)
            except (ValueError, OSError) as error:
                log.warning("the copy of version %s cannot be used: %s", identity.version, error)
        return _PERSISTENCE


def first_network(registry: Registry) -> Path | None:
    """Return ``ServedModel.network`` of the model that would be in use now. May block."""
    champion = Champion(registry)
    champion.close()  # before it looks again
    return champion.current().network


_loading = threading.Lock()


def _load(folder: Path, identity: ModelIdentity) -> _InUse:
    """Load and check the model in a folder. Raises ValueError where there is none, or it fails the check."""
    with _loading:
        served = _loaded(folder, identity)
    log.info("serving %s version %s of run %s", identity.name, identity.version, identity.run_id or "?")
    return _InUse(served, identity)


@lru_cache(maxsize=1)  # subtasks in thread mode share a process, which also outlives their restart
def _loaded(folder: Path, identity: ModelIdentity) -> ServedModel:
    return load_served(folder, identity.name, identity.version, identity.run_id)
