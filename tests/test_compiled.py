"""The compiler loads wherever operators run, only where it is needed, and finds what another process has compiled."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from zielzeit.settings import ROOT

LIKE_A_WORKER = """
import builtins

class CustomPrint:
    def __init__(self, _print):
        self._print = _print

    def print(self, *args, **options):
        self._print(*args, **options)

builtins.print = CustomPrint(print).print
from zielzeit.compiled import compiled

@compiled
def one() -> int:
    return 1

print(f"loaded {one()}")
"""
COMPILE = """
import sys
from zielzeit import small
print(small.doubled_and_one(20), small.doubled_and_one.machine_code.stats.cache_hits.total())
"""
SMALL = """
from zielzeit.compiled import compiled

@compiled
def doubled(value: int) -> int:
    return FACTOR * value

@compiled
def doubled_and_one(value: int) -> int:
    return doubled(value) + 1
"""
HEAVY = ("mlflow", "pandas", "numba", "lightgbm", "kafka", "polars", "pyarrow.dataset", "sklearn")


def test_features_load_where_print_was_replaced_as_in_pyflinks_worker_processes() -> None:
    command = [sys.executable, "-c", LIKE_A_WORKER]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "loaded 1\n", done.stderr[-500:]


def test_what_lays_out_a_job_and_what_runs_on_its_workers_imports_nothing_heavy_before_it_is_needed() -> None:
    program = f"import sys, udfs, flink_jobs.predict; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr[-500:]


def test_machine_code_is_kept_after_the_files_of_its_code_are_gone_as_in_a_task_manager_after_its_first_job(
    tmp_path: Path,
) -> None:
    package = tmp_path / "code" / "zielzeit"
    package.mkdir(parents=True)
    for file in ("__init__", "compiled", "machine_code_cache"):
        shutil.copy(ROOT / "src" / "zielzeit" / f"{file}.py", package)
    (package / "small.py").write_text(f"FACTOR = 2\n{SMALL}")
    program = f"""
import shutil
from zielzeit import small
shutil.rmtree({str(package.parent)!r})
print(small.doubled_and_one(20))
"""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "41\n", done.stderr[-500:]
    assert len(list(tmp_path.glob("cache/compiled-*/*.nbi"))) == 2, "also for the next process"


def test_machine_code_is_found_again_by_the_text_of_its_source_wherever_the_archive_with_the_code_lies(
    tmp_path: Path,
) -> None:
    def run(name: str, factor: int) -> str:
        package = tmp_path / name / "code" / "zielzeit"
        package.mkdir(parents=True)
        for file in ("__init__", "compiled", "machine_code_cache"):
            shutil.copy(ROOT / "src" / "zielzeit" / f"{file}.py", package)
        (package / "small.py").write_text(f"FACTOR = {factor}\n{SMALL}")
        archive = shutil.make_archive(str(tmp_path / name / "job"), "zip", package.parent)
        environment = {**os.environ, "PYTHONPATH": archive, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        command = [sys.executable, "-c", COMPILE]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        return done.stdout.strip() or done.stderr[-500:]

    assert run("first", 2) == "41 0"
    assert run("second", 2) == "41 1"
    assert run("changed", 3) == "61 0"
