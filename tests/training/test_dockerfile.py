"""``mlflow models generate-dockerfile`` makes of a registered version all that an image of it needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import mlflow
import pytest
from click.testing import CliRunner
from mlflow.models.cli import commands

from tests.training.conftest import Trained
from training import model_registry
from zielzeit.model.delay_model import FILE
from zielzeit.settings import ROOT, load


@pytest.mark.slow
def test_the_folder_of_an_image_holds_the_model_its_code_and_its_pinned_packages(
    trained: Trained, examples_folder: Path, tmp_path: Path
) -> None:
    settings = load(mlflow_uri=f"sqlite:///{tmp_path}/registry.db", local_dir=tmp_path / "local", model_name="to-serve")
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


_IMPORT = """
import sys
before = set(sys.modules)  # an environment's own hooks, as of setuptools
import zielzeit.features.definition, zielzeit.model.delay_model
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)))
"""


@pytest.mark.slow
def test_what_the_models_code_imports_is_pinned_in_a_versions_own_environment() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", _IMPORT], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    distributions = packages_distributions()
    imported = {_plain(one) for module in done.stdout.split() for one in distributions.get(module, ())}
    assert "numpy" in imported, "the list of imports is empty"
    optional = {"typing-extensions"}  # msgspec reads it where it is
    assert imported - _with_all_they_need(model_registry._REQUIREMENTS) - optional == set()


def _with_all_they_need(names: Iterable[str]) -> set[str]:
    """These distributions and those that they require, and so on; extras are left out."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = _plain(waiting.pop())
        if name in found:
            continue
        found.add(name)
        with suppress(PackageNotFoundError):  # required on another platform
            waiting += [re.split(r"[^\w.-]", line)[0] for line in requires(name) or () if "extra ==" not in line]
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
