"""What is told of a station's trains when a board arrives, before its turn: the hook of ``StationProcess``.

Decisions wait for the grace, so that they depend on the set of boards alone. What a hook tells here does not wait, and
never influences a decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.decider import Output
from zielzeit.decision.own_station import OwnStation
from zielzeit.decision.state import Memory, StationState

Told = TypeVar("Told")


class Arrival(NamedTuple):
    """A station after a board has arrived and was folded; for reading only."""

    here: OwnStation
    station: StationState
    """The station's state with all boards that have arrived."""
    memory: Memory
    polled_at: Milliseconds
    """Time of the newest board. It was believed if ``station.last_board`` is the same."""
    outputs: Sequence[Output]
    """What the board leads to. It is held until ``polled_at + grace``, and changes if an earlier board comes."""


class EarlyStep(NamedTuple):
    """What is told at once."""

    outputs: Sequence[object] = ()
    changed: bool = False
    """True if ``told`` was changed, so that it has to be stored."""


class EarlySight(Protocol[Told]):
    """Tells of trains when a board arrives. ``told`` is what it has told of one station's trains so far.

    It is stored with the station, and stays as it is when boards are folded again: what was emitted, was emitted.
    """

    def new(self) -> Told:
        """Return what was told of a station's trains before the first board: nothing."""

    def encode(self, told: Told) -> bytes:
        """Return ``told`` as it is stored; empty if there is nothing to store."""

    def decode(self, kept: bytes) -> Told:
        """Return what was stored."""

    def on_arrival(self, seen: Arrival, told: Told) -> EarlyStep:
        """A board has arrived."""

    def on_turn(self, outputs: Sequence[Output], told: Told) -> EarlyStep:
        """Outcomes have had their turn: they are final."""
