"""Temporary files lie in the stack's folder, and none of a dead process stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import bootstrap, scratch
from deploy.local.folders import Folders


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "100 % local")


def test_a_program_finds_its_folder_empty_at_each_start(folders: Folders) -> None:
    folder = scratch.of_program(folders, "program")
    script = 'ls -A "$TMPDIR" && mkdir "$TMPDIR/left behind" && echo "$1"'
    for _ in range(2):
        done = subprocess.run(
            scratch.command(folder, ["sh", "-c", script, "sh", "an argument"]),
            env={**os.environ, **scratch.environment(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.stderr) == ("an argument\n", "")
    assert [left.name for left in folder.iterdir()] == ["left behind"]


def test_python_and_java_write_there(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    java_home = bootstrap.find_java()
    if java_home is None:
        pytest.skip("Java is not installed")
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-Dof.the.user=kept")
    with scratch.of_client(folders) as folder:
        environment = {**os.environ, **scratch.environment(folder)}

        def said(*command: str) -> str:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            return done.stdout + done.stderr

        assert said(sys.executable, "-c", "import tempfile; print(tempfile.gettempdir())").strip() == str(folder)
        properties = said(str(java_home / "bin" / "java"), "-XshowSettings:properties", "-version")
        assert f"java.io.tmpdir = {folder}\n" in properties
        assert "of.the.user = kept\n" in properties
    assert list(folders.scratch.iterdir()) == []


def test_folders_of_the_dead_are_removed_and_of_a_living_client_kept(folders: Folders) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    for name in ("taskmanager-1", f"client-{dead.pid}-abc"):
        (folders.scratch / name / "python-dist").mkdir(parents=True)
    with scratch.of_client(folders) as mine:
        scratch.remove(folders)
        assert list(folders.scratch.iterdir()) == [mine]
