"""The model that is measured: trained once on a simulated month, and given to the job as the copy that served last.

The job takes that copy where no registry answers, as after the registry's death: MLflow need not run.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Final

from zielzeit.model.local_copies import LocalCopies, ModelIdentity, folder_name
from zielzeit.model.registry_address import Registry
from zielzeit.printable import without_login
from zielzeit.progress import Progress
from zielzeit.settings import Settings

LAST: Final = date(2026, 3, 9)
"""Last service day of the month: the day before that of the boards."""
_STATIONS, _SEED = 12, 5


def trained(settings: Settings, folder: Path, progress: Progress) -> Path:
    """Folder with ``model``, and with the ``examples`` that it was trained on; made where there is none."""
    made = folder / "model-1"
    if not made.exists():
        from training import model_training  # noqa: PLC0415 - LightGBM and polars take seconds to import
        from training.first_model import ROUNDS, simulated_month  # noqa: PLC0415
        from training.history.moments import Moments  # noqa: PLC0415
        from zielzeit.stations.table import register  # noqa: PLC0415

        partial = made.with_name("part-model")
        shutil.rmtree(partial, ignore_errors=True)
        moments = Moments.of(settings)
        simulated_month(partial, _STATIONS, _SEED, LAST, moments=moments, progress=progress)
        model_training.train(
            partial / "examples",
            LAST,
            partial / "model",
            seed=_SEED,
            progress=progress,
            rounds=ROUNDS,
            threads=1,
            stations=register(settings.stations),
        )
        partial.rename(made)
    return made


def give(settings: Settings, model: Path) -> None:
    """Make a job with these settings serve the model."""
    registry = Registry.of(settings)
    address = without_login(registry.uri)
    copies = LocalCopies(Path(registry.folder) / folder_name(address, registry.name, registry.alias))
    identity = ModelIdentity(registry=address, name=registry.name, version="1", run_id="bench", created=1)

    def copy(folder: Path) -> None:
        shutil.copytree(model, folder, dirs_exist_ok=True)

    if copies.find(identity) is None:
        copies.add(identity, copy)
    copies.note_served(identity)
