"""The demo's model: where none can be trained, the demo is told why and goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.demo import model
from training import first_model
from zielzeit import settings as configuration
from zielzeit.errors import UserError
from zielzeit.progress import SILENT


def test_a_failed_training_gives_its_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise UserError("too few examples")

    monkeypatch.setattr(first_model, "train_first_model", fail)
    settings = configuration.load(local_dir=tmp_path)
    assert model.train(settings, stations=5, seed=1, progress=SILENT) == "too few examples"
