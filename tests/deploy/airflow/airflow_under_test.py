"""An Airflow of the tests' own: its home, its database, and the states that its database tells."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from deploy.local import bootstrap
from deploy.local.system_packages import SystemPackages
from zielzeit.settings import ROOT

RUN = ROOT / "deploy" / "airflow" / "run"
_READ = Path(__file__).with_name("read_dags.py")


def installed(home: Path) -> Airflow:
    """Airflow with an empty database in a folder. The setup of the test command has installed it; else it is done."""
    bootstrap.ensure_airflow(ROOT, SystemPackages(ROOT / ".local", allowed=False))
    airflow = Airflow(home)
    airflow.make_database()
    return airflow


class Airflow(NamedTuple):
    """Airflow with the project's DAGs and a database in a folder."""

    home: Path

    def make_database(self) -> None:
        """Make an empty database."""
        assert self._run(str(RUN), "db", "migrate").returncode == 0

    def described(self, **environment: str) -> dict[str, Any]:
        """What Airflow makes of the folder of DAGs: import errors, the DAGs by name; its own options and commands."""
        python = str(bootstrap.airflow(ROOT) / "bin" / "python")
        done = self._run(python, str(_READ), str(RUN.with_name("dags")), **environment)
        assert done.returncode == 0, done.stderr[-2000:]
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def test(self, dag: str, parameters: Mapping[str, str], **environment: str) -> dict[str, str]:
        """``airflow dags test``: run a DAG to its end; returns the states of its tasks, and of the run as ``""``."""
        done = self._run(str(RUN), "dags", "test", dag, "--conf", json.dumps(parameters), **environment)
        with closing(sqlite3.connect(self.home / "airflow.db")) as database:
            run, state = database.execute(
                "SELECT run_id, state FROM dag_run WHERE dag_id = ? ORDER BY id DESC LIMIT 1", [dag]
            ).fetchone()
            tasks = database.execute(
                "SELECT task_id, state FROM task_instance WHERE dag_id = ? AND run_id = ?", [dag, run]
            ).fetchall()
        print((done.stdout + done.stderr)[-6000:])  # shown where the test fails
        return {"": state, **dict(tasks)}

    def _run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        ours = {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "OMP_WAIT_POLICY": "PASSIVE",  # the other tests need the cores that LightGBM's threads would wait on
        }
        variables = {**os.environ, **ours, **environment}
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
