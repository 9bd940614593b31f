"""A setting has one name in the environment, on the command line and in error messages, and one description."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cli.app import build
from zielzeit.errors import UserError
from zielzeit.settings import ROOT, Settings, environment_variable, flag, load


def commands(group: Any) -> Iterator[Any]:
    """The group, its commands and those of its groups."""
    yield group
    for command in getattr(group, "commands", {}).values():
        yield from commands(command)


SETTINGS = [
    pytest.param(command, option, id=f"{command.name} {option.name}")
    for command in commands(get_command(build()))
    for option in command.params
    if option.name in Settings.model_fields
]


def run(*arguments: str, **environment: str) -> Any:
    return CliRunner().invoke(build(), arguments, env={"COLUMNS": "200", **environment})


def test_commands_take_settings() -> None:
    assert len(SETTINGS) > 30


@pytest.mark.parametrize(("command", "option"), SETTINGS)
def test_a_setting_has_its_own_flag_variable_and_description_on_every_command(command: Any, option: Any) -> None:
    assert option.opts == [flag(option.name)]
    assert option.envvar == environment_variable(option.name)
    assert option.help == Settings.model_fields[option.name].description


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described_by_a_sentence(name: str) -> None:
    description = Settings.model_fields[name].description or ""
    assert re.fullmatch(r"[A-Z].*\.", description), name
    unit = {"_seconds": "Seconds", "_minutes": "Minutes"}.get(name[name.rfind("_") :])
    assert unit is None or description.startswith(unit)


def test_an_error_names_the_flag_that_was_given() -> None:
    outside = run("decide", ".", "--gap", "0")
    assert outside.exit_code == 2
    assert "--gap'" in outside.output
    assert isinstance((error := run("decide", ".", "--gap", "60").exception), UserError)
    assert str(error) == "ZIELZEIT_MAX_SILENCE: must be larger than the gap, 60 minutes, and is 60"
    assert isinstance((error := run("decide", ".", "--gap", "9", "--max-silence", "8").exception), UserError)
    assert str(error) == "--max-silence: must be larger than the gap, 9 minutes, and is 8"


def test_an_error_names_the_variable_that_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZIELZEIT_SETTLE", "soon")
    with pytest.raises(UserError, match=r"^ZIELZEIT_SETTLE: "):
        load()


def test_a_flag_wins_over_the_environment(tmp_path: Path) -> None:
    (tmp_path / "flag").mkdir()
    variable = {"ZIELZEIT_LAKE": str(tmp_path / "variable")}
    for arguments in (
        ["lake", "--lake", str(tmp_path / "flag")],
        ["lake", "--lake", str(tmp_path / "flag"), "compact"],
    ):
        done = run(*arguments, **variable)
        assert str(tmp_path / "variable") not in done.output + str(done.exception)
    assert str(tmp_path / "variable") in str(run("lake", **variable).exception)


@pytest.mark.parametrize("page", ["README.md", *(str(page.relative_to(ROOT)) for page in ROOT.glob("docs/*.md"))])
def test_every_variable_in_the_documentation_is_a_settings(page: str) -> None:
    named = set(re.findall(r"ZIELZEIT_[A-Z0-9_]*[A-Z0-9]", (ROOT / page).read_text()))
    assert named <= {environment_variable(name) for name in Settings.model_fields}


def test_folders_are_absolute_whatever_way_they_are_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert load(local_dir="here").local_dir == tmp_path / "here"
    assert load(local_dir="~/there").lake == str(tmp_path / "home" / "there" / "lake")


def test_a_login_does_not_show_with_the_settings() -> None:
    shown = repr(load(mlflow_uri="http://user:secret@registry:5000", kafka_sasl_password="hidden"))
    assert "http://registry:5000" in shown
    assert "secret@" not in shown
    assert "hidden" not in shown


def test_an_unknown_mechanism_is_refused() -> None:
    with pytest.raises(UserError, match=r"ZIELZEIT_KAFKA_SASL_MECHANISM: .*SCRAM-SHA-512"):
        load(kafka_sasl_mechanism="OAUTHBEARER")


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--early", "--truth", "log", "--json", "figures.json"], "without --early"),
        (["--outcomes", "--json", "figures.json"], "figures of --truth"),
        (["--truth", "log", "--model", "models:/m/1"], "needs --outcomes or --early"),
    ],
)
def test_a_flag_that_would_be_ignored_is_refused(flags: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        CliRunner().invoke(build(), ["decide", ".", *flags], catch_exceptions=False)
