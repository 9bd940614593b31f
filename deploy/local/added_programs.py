"""Programs that a command adds to the local stack for a while: the demo's simulator and poller.

They are written to a file beside the process runner's configuration, so that every process sees the same stack: the
runner restarts them when they die, ``stack status`` shows them, ``stack down`` ends them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from deploy.local.addresses import Address
from deploy.local.folders import Folders


class AddedProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A program that is added and removed. ``deploy.local.programs.Program`` describes the fields."""

    name: str
    part: str
    command: Sequence[str]
    environment: Mapping[str, str] = {}
    address: Address | None = None
    url: str = ""
    health_url: str = ""
    """URL that answers when the program works; empty: it works if it runs."""
    priority: int


def read(folders: Folders) -> list[AddedProgram]:
    """The added programs, running or not."""
    try:
        return msgspec.json.decode(folders.added_programs.read_bytes(), type=list[AddedProgram])
    except FileNotFoundError:
        return []


def write(folders: Folders, programs: Sequence[AddedProgram]) -> None:
    """Replace the added programs by these."""
    if not programs:
        folders.added_programs.unlink(missing_ok=True)
        return
    partial = folders.added_programs.with_suffix(".part")
    partial.write_bytes(msgspec.json.encode(programs))
    partial.rename(folders.added_programs)
