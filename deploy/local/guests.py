"""Programs that a command adds to the local stack for a while: the demo's simulator and poller.

They are written beside the runner's configuration, so that every process sees the same stack: the runner starts them
again when they die, ``stack status`` shows them, ``stack down`` ends them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from deploy.local.layout import Address, Layout


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """A program that comes and goes. ``deploy.local.programs.Program`` says what the fields mean."""

    name: str
    part: str
    command: Sequence[str]
    environment: Mapping[str, str] = {}
    address: Address | None = None
    url: str = ""
    health_url: str = ""
    """Answers when the program is well; empty where running is all that can be asked of it."""
    priority: int


def read(layout: Layout) -> list[Guest]:
    """Those that are there now, running or not."""
    try:
        return msgspec.json.decode(layout.guests.read_bytes(), type=list[Guest])
    except FileNotFoundError:
        return []


def write(layout: Layout, guests: Sequence[Guest]) -> None:
    """Put these in the place of all others."""
    if not guests:
        layout.guests.unlink(missing_ok=True)
        return
    partial = layout.guests.with_suffix(".part")
    partial.write_bytes(msgspec.json.encode(guests))
    partial.rename(layout.guests)
