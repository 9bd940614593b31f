"""System packages are installed by ``setup``, ``test`` and ``demo`` alone, after saying which and why."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cli.app import build
from deploy.local.bootstrap import NO_JAVA, NO_MAVEN
from deploy.local.setup_step import SetupError
from deploy.local.system_packages import INSTALLERS, SystemPackages
from tests.deploy.local.fake_programs import programs

APT_CACHE = """[ "$2" != openjdk-17-jre-headless ]"""
"""A system like Debian 13, which has Java 21 only."""


class Terminal(io.StringIO):
    """A person at a terminal, and what they answer."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system whose ``apt-get`` writes down what it is asked for; there is no other program but the shell's."""
    folder = programs(
        tmp_path / "bin",
        apt_get='echo "$@" >>"$0.calls"',
        apt_cache=APT_CACHE,
        sudo='[ "$1" = -n ] && shift; exec "$@"',
    )
    for name in ("sh", "env", "true"):
        (folder / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setenv("COLUMNS", "200")
    return folder


def calls(system: Path) -> list[str]:
    file = system / "apt-get.calls"
    return file.read_text().splitlines() if file.exists() else []


def test_without_a_terminal_it_says_what_it_installs_and_goes_on(
    system: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    SystemPackages(tmp_path, allowed=True).require([NO_JAVA, NO_MAVEN])
    assert calls(system) == ["update", "install -y --no-install-recommends openjdk-21-jre-headless maven"]
    said = capsys.readouterr().err
    assert "openjdk-17-jre-headless or openjdk-21-jre-headless: Java 17 to 21 is not installed" in said
    assert "maven: Maven is not installed, it fetches the jars" in said
    assert said.index("maven: ") < said.index("installing")
    assert "[Y/n]" not in said


@pytest.mark.parametrize(("answer", "yes"), [("", False), ("y", False), ("never read", True)])
def test_on_a_terminal_it_asks_unless_told_yes(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, yes: bool
) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stdin", Terminal(answer + "\n"))
    monkeypatch.setattr("sys.stderr", screen)
    SystemPackages(tmp_path, allowed=True, yes=yes).require([NO_MAVEN])
    assert ("Install them with apt-get? [Y/n]" in screen.getvalue()) is not yes
    assert len(calls(system)) == 2


def test_whoever_says_no_gets_nothing_installed(system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    monkeypatch.setattr("sys.stderr", Terminal())
    with pytest.raises(SetupError, match="nothing was installed"):
        SystemPackages(tmp_path, allowed=True).require([NO_MAVEN])
    assert calls(system) == []


def test_any_other_command_installs_nothing_and_names_the_one_that_does(system: Path, tmp_path: Path) -> None:
    with pytest.raises(
        SetupError, match=r"Maven is not installed.*`\./zielzeit setup` installs it, or apt-get install maven"
    ):
        SystemPackages(tmp_path, allowed=False).require([NO_MAVEN])
    assert calls(system) == []


def test_where_it_may_not_install_it_says_which_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="sudo apt-get install openjdk-17-jre-headless maven"):
        SystemPackages(tmp_path, allowed=True).require([NO_JAVA, NO_MAVEN])


def test_nothing_happens_where_nothing_is_missing(system: Path, tmp_path: Path) -> None:
    SystemPackages(tmp_path, allowed=True).require([])
    assert calls(system) == []


def test_an_installation_that_fails_shows_why(system: Path, tmp_path: Path) -> None:
    programs(system, apt_get="echo no such archive; exit 100")
    with pytest.raises(SetupError, match=r"updating the package list failed.*\n.*no such archive"):
        SystemPackages(tmp_path, allowed=True).require([NO_MAVEN])


def test_a_user_without_root_installs_by_sudo(system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    SystemPackages(tmp_path, allowed=True).require([NO_MAVEN])
    assert len(calls(system)) == 2
    (system / "sudo").unlink()
    with pytest.raises(SetupError, match="sudo apt-get install maven"):
        SystemPackages(tmp_path, allowed=True).require([NO_MAVEN])


def test_the_commands_that_install_are_those_with_the_flag_yes() -> None:
    commands: dict[str, Any] = get_command(build()).commands  # type: ignore[attr-defined]
    with_flag = {name for name, command in commands.items() for option in command.params if "--yes" in option.opts}
    assert with_flag == INSTALLERS
