"""The job's archive holds what runs on the cluster: found by the jobs' imports, and enough to import them."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from deploy.cluster import code_archive

_IMPORT = """
import sys
sys.path.insert(0, sys.argv[1])
import flink_jobs.predict, flink_jobs.store
from zielzeit.stations.table import packaged
assert packaged().resolve("FF").eva == "8000105"
print(*{module.__file__ for name, module in sys.modules.items() if name.partition('.')[0] in ('zielzeit', 'udfs')})
"""


def test_the_archive_holds_the_packages_of_the_jobs_and_nothing_else(tmp_path: Path) -> None:
    names = zipfile.ZipFile(code_archive.pack(tmp_path / "job.zip")).namelist()
    assert {"zielzeit/settings.py", "flink_jobs/predict.py", "zielzeit/decision/rules.py", "udfs/decide.py"} <= {*names}
    assert {Path(name).parts[0] for name in names} == {"zielzeit", "flink_jobs", "udfs"}


def test_the_jobs_can_be_imported_from_the_archive_alone(tmp_path: Path) -> None:
    archive = code_archive.pack(tmp_path / "job.zip")
    # -I: neither the checkout nor PYTHONPATH.
    command = [sys.executable, "-I", "-c", _IMPORT, str(archive)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert all(file.startswith(str(archive)) for file in done.stdout.split())
