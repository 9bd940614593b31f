"""An Airflow of the tests' own: its home, its database, and the states that its database tells."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from deploy.local import bootstrap
from deploy.local.system_packages import SystemPackages
from zielzeit.settings import ROOT

RUN = ROOT / "deploy" / "airflow" / "run"
_SCRIPTS = Path(__file__).parent


@contextmanager
def installed(home: Path) -> Iterator[Airflow]:
    """Airflow with an empty database in a folder. The setup of the test command has installed it; else it is done."""
    bootstrap.ensure_airflow(ROOT, SystemPackages(ROOT / ".local", allowed=False))
    home.mkdir(parents=True, exist_ok=True)
    with (
        (home / "commands.log").open("wb") as log,
        subprocess.Popen(
            _in_its_environment("run_commands.py"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=_environment(home),
        ) as process,
    ):
        airflow = Airflow(home, process)
        assert airflow.command("db", "migrate") == 0
        yield airflow


class Airflow(NamedTuple):
    """Airflow with the project's DAGs and a database in a folder, and a process that runs its commands."""

    home: Path
    process: subprocess.Popen[bytes]

    def command(self, *arguments: str, **environment: str) -> int:
        """Run a command of Airflow's command line in the process and return its exit status."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"arguments": arguments, "environment": environment}).encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        print((self.home / "commands.log").read_text()[-6000:])  # shown where the test fails
        return int(answer)

    def run(self, *arguments: str) -> int:
        """Run a command as people do, by ``deploy/airflow/run``, and return its exit status."""
        done = subprocess.run(
            [str(RUN), *arguments], env=_environment(self.home), capture_output=True, text=True, check=False
        )
        print((done.stdout + done.stderr)[-6000:])  # shown where the test fails
        return done.returncode

    def described(self, **environment: str) -> dict[str, Any]:
        """What Airflow makes of the folder of DAGs: import errors, the DAGs by name; its own options and commands."""
        done = subprocess.run(
            [*_in_its_environment("read_dags.py"), str(RUN.with_name("dags"))],
            env=_environment(self.home) | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def test(self, dag: str, parameters: Mapping[str, str], **environment: str) -> dict[str, str]:
        """``airflow dags test``: run a DAG to its end; returns the states of its tasks, and of the run as ``""``."""
        self.command("dags", "test", dag, "--conf", json.dumps(parameters), **environment)
        return self.states(dag)

    def states(self, dag: str) -> dict[str, str]:
        """Return the states of the tasks of a DAG's last run, and of the run as ``""``."""
        with closing(sqlite3.connect(self.home / "airflow.db")) as database:
            run, state = database.execute(
                "SELECT run_id, state FROM dag_run WHERE dag_id = ? ORDER BY id DESC LIMIT 1", [dag]
            ).fetchone()
            tasks = database.execute(
                "SELECT task_id, state FROM task_instance WHERE dag_id = ? AND run_id = ?", [dag, run]
            ).fetchall()
        return {"": state, **dict(tasks)}


def _in_its_environment(script: str) -> list[str]:
    """Command that runs a script of this folder by Airflow's own Python."""
    return [str(bootstrap.airflow(ROOT) / "bin" / "python"), str(_SCRIPTS / script)]


def _environment(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(RUN.with_name("dags")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "OMP_WAIT_POLICY": "PASSIVE",  # the other tests need the cores that LightGBM's threads would wait on
    }
