"""The first start installs, the second does nothing; a step that was cut off is done again; failures are sentences."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import bootstrap
from zielzeit.settings import ROOT


def _zielzeit(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / "zielzeit", *arguments], capture_output=True, text=True, check=False)


def test_a_start_after_the_first_installs_nothing() -> None:
    _zielzeit("--help")
    second = _zielzeit("--help")
    assert (second.returncode, second.stderr) == (0, "")


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["decide", "--nonsense"], ["decide", "/no/such/folder"], ["stack", "logs", "nonsense"]]
)
def test_a_wrong_flag_or_file_gives_a_sentence_and_exit_code_2(arguments: list[str]) -> None:
    done = _zielzeit(*arguments)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stdout + done.stderr


def test_a_step_that_failed_shows_the_end_of_its_output_and_the_log(tmp_path: Path) -> None:
    script = "print('\\n'.join(f'line {n}' for n in range(100))); raise SystemExit(3)"
    with pytest.raises(bootstrap.SetupError, match=r"brewing failed") as caught:
        bootstrap._run(tmp_path, "brewing", [sys.executable, "-c", script])
    message = str(caught.value)
    assert "line 99" in message
    assert "line 50" not in message
    assert str(tmp_path / ".local" / "setup.log") in message


def test_what_was_installed_for_tests_serves_a_plain_start_too(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp.json"
    assert not bootstrap._is_done(stamp, ["a"])
    stamp.write_text(json.dumps(["a", "b"]))
    assert bootstrap._is_done(stamp, ["a"])
    assert bootstrap._is_done(stamp, ["a", "b"])
    assert not bootstrap._is_done(stamp, ["new"])


@pytest.mark.parametrize("content", ["", "[", '["a"'])
def test_a_stamp_that_was_cut_off_counts_as_none(tmp_path: Path, content: str) -> None:
    stamp = tmp_path / "stamp.json"
    stamp.write_text(content)
    assert not bootstrap._is_done(stamp, ["a"])


def test_an_environment_that_was_cut_off_is_not_used(tmp_path: Path) -> None:
    assert not bootstrap._runs(tmp_path / "bin" / "python")
    assert bootstrap._runs(Path(sys.executable))


@pytest.mark.parametrize(
    ("release", "version"),
    [('JAVA_VERSION="17.0.15"\n', 17), ('IMPLEMENTOR="X"\nJAVA_VERSION="21"\n', 21), ('JAVA_VERSION="1.8.0_392"', 1)],
)
def test_a_javas_version_is_read_without_starting_it(tmp_path: Path, release: str, version: int) -> None:
    assert bootstrap._java_version(tmp_path) == 0
    (tmp_path / "release").write_text(release)
    assert bootstrap._java_version(tmp_path) == 0, "a release file without a java is none"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").touch()
    assert bootstrap._java_version(tmp_path) == version


def test_without_packages_to_install_it_says_which_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(bootstrap.SetupError, match="apt-get install maven"):
        bootstrap._apt(tmp_path, ["maven"], "Maven is not installed")


def test_a_machine_without_openmp_is_told_what_lightgbm_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'OSError: libgomp.so.1: cannot open shared object file' >&2; exit 1\n")
    python.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(bootstrap.SetupError, match=r"libgomp\.so\.1.*apt-get install libgomp1"):
        bootstrap._ensure_openmp(tmp_path, python)
