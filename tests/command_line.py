"""Whether the command line takes arguments, without running the command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typer.main import get_command

from cli.app import build


def parse(arguments: Sequence[str]) -> None:
    """Parse the arguments of ``./zielzeit``. Raises click's UsageError for what it does not know."""
    command: Any = get_command(build())
    while hasattr(command, "commands"):
        name, *arguments = arguments
        command = command.commands[name]
    command.make_context(name, list(arguments))
