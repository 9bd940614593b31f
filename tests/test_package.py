"""``pip install .`` gives the library, the jobs and a ``zielzeit`` command that works away from the checkout."""

from __future__ import annotations

import sys
import sysconfig
import venv
from datetime import datetime
from pathlib import Path

import pytest

from tests.installation import outside
from zielzeit.berlin_time import BERLIN
from zielzeit.simulator import recording, timetable
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.world import World

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``zielzeit`` of a virtual environment that the project's wheel was installed into.

    The dependencies are those of the environment that runs the tests, without the checkout.
    """
    folder = tmp_path_factory.mktemp("package")
    environment = folder / "venv"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    packages = _run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder).strip()
    Path(packages, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    _run([*pip, str(wheel)], folder)
    return environment / "bin" / "zielzeit"


def _run(command: list[str], folder: Path, *, code: int = 0) -> str:
    return outside(command, folder, code=code, HOME=str(folder / "home"), XDG_DATA_HOME=str(folder / "data"))


def test_the_command_helps_and_decides(installed: Path, tmp_path: Path) -> None:
    assert "decide" in _run([str(installed), "--help"], tmp_path)
    boards = tmp_path / "boards.jsonl"
    recording.record(
        World(timetable.build(5, seed=1)),
        boards,
        start=datetime(2026, 3, 10, 7, tzinfo=BERLIN),
        hours=1,
        faults=Faults.parse("none", 1),
    )
    decisions = _run([str(installed), "decide", str(boards)], tmp_path)
    assert '"kind":"departed"' in decisions


def test_every_module_can_be_imported_and_finds_its_files(installed: Path, tmp_path: Path) -> None:
    program = """
import importlib, pkgutil, sys
import bench, cli, deploy, flink_jobs, training, udfs, zielzeit
for package in (bench, cli, deploy, flink_jobs, training, udfs, zielzeit):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        # MLflow runs the one with the model, and on its own it registers a model; the others run in environments of
        # other engines.
        if module.name != "training.pyfunc" and not module.name.startswith("bench.peers."):
            importlib.import_module(module.name)
from deploy.cluster import code_archive
from deploy.local import java
from training import evaluation_report, thresholds
from zielzeit import settings
from zielzeit.stations.table import register
assert register("").find("Bonn Hbf").identity.known
assert java._POM.is_file(), java._POM
assert thresholds.load().promotion
assert evaluation_report.TEMPLATE.is_file()
assert {folder.name for folder in code_archive.packages()} == {"flink_jobs", "udfs", "zielzeit"}
assert settings.CHECKOUT is None
assert str(settings.load().local_dir) == sys.argv[1], settings.load().local_dir
"""
    python = installed.with_name("python")
    _run([str(python), "-c", program, str(tmp_path / "data" / "zielzeit")], tmp_path)


@pytest.mark.parametrize("command", ["test", "setup"])
def test_what_needs_the_checkout_says_so(installed: Path, tmp_path: Path, command: str) -> None:
    assert f"{command} works in a checkout only" in _run([str(installed), command], tmp_path, code=2)
