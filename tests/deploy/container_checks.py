"""What the tests of images, compose and Kubernetes compare with the code: settings, commands, Flink's options."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from typer.main import get_command

from cli.app import build
from deploy.local import flink
from zielzeit.settings import ROOT, Settings, environment_variable, load

RELEASED: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
"""Version of the project; images have it as their tag."""

_OF_THE_MACHINE = {
    # Where a program of this machine lies, how it starts quickly, and whom the client asks.
    *("python.client.executable", "python.executable", "env.java.opts.client"),
    *("rest.address", "rest.port", "security.ssl.rest.enabled"),
}
_OF_THE_STACK = {"metrics.reporter.prometheus.port", "taskmanager.memory.process.size", "taskmanager.host"}


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings that a container with this environment reads."""
    names = {environment_variable(name): name for name in Settings.model_fields}
    unknown = {name for name in environment if name.startswith("ZIELZEIT_")} - names.keys()
    assert not unknown, f"no settings: {unknown}"
    return load(**{names[name]: value for name, value in environment.items() if name in names})


def parsed(arguments: Sequence[str]) -> str:
    """Name of the command that the arguments of ``zielzeit`` start. Raises click's UsageError for wrong ones."""
    command: Any = get_command(build())
    rest = list(arguments)
    while hasattr(command, "commands"):
        command = command.commands[rest.pop(0)]
    command.make_context(command.name, rest)
    return str(command.name)


def assert_options_of_the_stack(written: Mapping[str, Any], settings: Settings) -> None:
    """Flink's options are those with which ``submit`` sends the job, and with which the local TaskManagers run."""
    found = {name: _text(value) for name, value in written.items()}
    for name, value in flink.client_configuration(settings).items():
        assert name in _OF_THE_MACHINE or found.get(name) == _text(value), name
    # Of the local cluster only what has nothing to do with addresses.
    here = settings.model_copy(update={"flink_rest": "http://127.0.0.1:8081"})
    for name, value in flink.configuration(here).items():
        of_workers = name.startswith(("metrics.", "taskmanager.")) or name == "env.java.opts.taskmanager"
        if of_workers and name not in _OF_THE_STACK and "bind" not in name:
            assert found.get(name) == _text(value), name


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
