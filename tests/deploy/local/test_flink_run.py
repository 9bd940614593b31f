"""A job sent by ``flink_run`` runs on the cluster with the project's Python and jars, in the mode of the settings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import pytest

from deploy.local.flink import flink_run
from deploy.local.stack import Stack
from zielzeit.settings import ROOT

pytestmark = pytest.mark.integration

_JOB = """\
import os, sys
import lightgbm
from pyflink.util.java_utils import get_j_env_configuration
from flink_jobs.environment import environment
from zielzeit.settings import load

env = environment(load())
print("sent:", get_j_env_configuration(env._j_stream_execution_environment).getString("pipeline.jars", None))
env.from_collection([1, 2]).map(lambda n: f"MODE {n} {sys.prefix} {os.environ.get('PYTHONPATH')!r}").print()
env.execute("probe")
"""


@pytest.mark.parametrize("mode", ["thread", "process"])
def test_a_job_runs_with_the_projects_python_and_sends_flinks_jar_for_it_in_process_mode_alone(
    stack: Stack, tmp_path: Path, mode: Literal["thread", "process"]
) -> None:
    job = tmp_path / "job.py"
    job.write_text(_JOB.replace("MODE", mode))
    settings = stack.settings.model_copy(update={"flink_execution_mode": mode})
    done = flink_run(settings, ["-py", str(job)], settings.as_environment())
    assert done.returncode == 0, done.stderr[-2000:]
    (sent,) = [line for line in done.stdout.splitlines() if line.startswith("sent:")]
    assert ("flink-python" in sent) == (mode == "process")
    assert f"settings: local_dir={settings.local_dir!r}" in done.stdout + done.stderr
    printed = "".join(file.read_text() for file in stack.folders.logs.glob("flink-taskmanager-*.out"))
    lines = [line for line in printed.splitlines() if f"> {mode} " in line]
    assert len(lines) == 2
    assert all(sys.prefix in line for line in lines)
    assert str(ROOT) + "'" not in printed, "the project's folder is not on the workers' path"


def test_a_job_that_fails_to_start_is_told_by_its_exit_code(stack: Stack, tmp_path: Path) -> None:
    job = tmp_path / "job.py"
    job.write_text("raise SystemExit('no such thing')\n")
    done = flink_run(stack.settings, ["-py", str(job)])
    assert done.returncode != 0
    assert "no such thing" in done.stdout + done.stderr
