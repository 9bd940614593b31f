"""The first start installs, the second does nothing; a step that was cut off is done again; failures are sentences."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import bootstrap, java
from deploy.local.setup_step import SetupError, run
from deploy.local.system_packages import SystemPackages
from tests.deploy.local.fake_programs import programs
from zielzeit.errors import UserError
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
    with pytest.raises(SetupError, match=r"brewing failed") as caught:
        run(tmp_path, "brewing", [sys.executable, "-c", script])
    message = str(caught.value)
    assert "line 99" in message
    assert "line 50" not in message
    assert str(tmp_path / "setup.log") in message


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


@pytest.mark.parametrize("found", ["JAVA_HOME", "PATH"])
def test_java_is_found_where_a_command_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: str) -> None:
    # Commands are not listed anywhere: whatever starts Kafka or Flink asks this function.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").touch(mode=0o755)
    (tmp_path / "release").write_text('JAVA_VERSION="17.0.15"')
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv(found, str(tmp_path / "bin" if found == "PATH" else tmp_path))
    assert java.java() == tmp_path / "bin" / "java"


def test_a_command_without_java_names_the_one_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "find_java", lambda: None)
    with pytest.raises(UserError, match=r"Java 17 to 21 is not installed.*\./zielzeit setup"):
        java.java()


def test_jars_are_fetched_once_and_again_when_pom_xml_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mvn = 'for a; do case $a in -Djars=*) mkdir -p "${a#-Djars=}/kafka"; echo x >>"$0.calls";; esac; done'
    programs(tmp_path / "bin", mvn=mvn)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setenv("JAVA_HOME", os.environ.get("JAVA_HOME", ""))
    monkeypatch.setattr(bootstrap, "find_java", lambda: tmp_path)
    pom, jars = tmp_path / "pom.xml", tmp_path / "local" / "jars"
    for content, calls in (("one", 1), ("one", 1), ("two", 2)):
        pom.write_text(content)
        bootstrap.fetch_jars(pom, jars, SystemPackages(tmp_path, allowed=False))
        assert (tmp_path / "bin" / "mvn.calls").read_text().count("x") == calls
        assert (jars / "kafka").is_dir()


def test_jars_that_an_older_version_fetched_are_mended_and_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pom, jars, mended = tmp_path / "pom.xml", tmp_path / "jars", list[Path]()
    pom.write_text("one")
    jars.mkdir()
    (jars / "zielzeit.json").write_text(json.dumps([bootstrap._digest(pom)]))
    monkeypatch.setattr(bootstrap.kafka_connector, "mend", mended.append)
    for _ in range(2):
        bootstrap.fetch_jars(pom, jars, SystemPackages(tmp_path, allowed=False))
    assert mended == [jars / "flink"]


def test_a_folder_of_jars_that_the_settings_name_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no jars: unset ZIELZEIT_JARS_DIR"):
        java.jars(tmp_path / "kafka")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "installed"),
    [
        (["demo"], False),
        (["setup"], False),
        (["setup", "--airflow"], True),
        (["setup", "--dev"], True),
        (["test"], True),
        (["test", "--quick"], False),
        (["test", "--help"], False),
    ],
)
def test_airflow_is_installed_for_the_tests_and_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], installed: bool
) -> None:
    launcher = runpy.run_path(str(ROOT / "zielzeit"))
    asked = []
    monkeypatch.setattr(bootstrap, "ensure_python", lambda *_: Path(sys.executable))
    monkeypatch.setattr(bootstrap, "ensure_java", lambda *_: Path("/java"))
    monkeypatch.setattr(bootstrap, "ensure_airflow", lambda *_: asked.append(True))
    monkeypatch.setattr(os, "execv", lambda *_: None)
    for name in ("JAVA_HOME", "PYTHONPATH"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    launcher["main"](arguments)
    assert asked == [True] * installed
