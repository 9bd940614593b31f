"""``mlflow models generate-dockerfile`` makes of a registered version all that an image of it needs."""

from __future__ import annotations

from pathlib import Path

import mlflow
import pytest
from click.testing import CliRunner
from mlflow.models.cli import commands

from tests.training.conftest import Trained
from training import model_registry
from zielzeit.model.delay_model import FILE
from zielzeit.settings import load


@pytest.mark.slow
def test_the_folder_of_an_image_holds_the_model_its_code_and_its_pinned_packages(
    trained: Trained, examples_folder: Path, tmp_path: Path
) -> None:
    settings = load(mlflow_uri="http://127.0.0.1:21396", local_dir=tmp_path / "local", model_name="to-serve")
    model_registry.connect(settings)
    try:
        uri, _, _ = model_registry.register(
            settings, trained.folder, trained.card, examples_folder, parameters={}, alias="test"
        )
        done = CliRunner().invoke(commands, ["generate-dockerfile", "-m", uri, "-d", str(tmp_path / "image")])
    finally:
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri(None)
    assert done.exit_code == 0, done.output
    dockerfile = (tmp_path / "image" / "Dockerfile").read_text()
    assert "FROM python:3.11" in dockerfile
    assert "COPY model_dir /opt/ml/model" in dockerfile
    model = tmp_path / "image" / "model_dir"
    assert (model / "code" / "zielzeit" / "model" / "delay_model.py").is_file()
    assert len(list(model.rglob(FILE))) == 1
    pinned = (model / "requirements.txt").read_text()
    assert all(f"{name}==" in pinned for name in model_registry._REQUIREMENTS)
