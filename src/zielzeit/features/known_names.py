"""Which names of the network's tables are found: by the station register, and among those of other data."""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from zielzeit.features.key_names import Name
from zielzeit.features.named_tables import SPACES
from zielzeit.features.network_state import NetworkState


class KnownNames(msgspec.Struct, frozen=True):
    """Number of different names of one space: stations, hops, relations …"""

    space: str
    """One of ``named_tables.SPACES``."""
    shown: int
    """Number of names in some data."""
    known: int
    """Number of those that are found."""
    near: int
    """Number of those all of whose stations are found. Others cannot be known."""

    @property
    def share(self) -> float:
        """Share of those between stations that are found; 1 of none."""
        return self.known / self.near if self.near else 1.0


def among(space: str, names: Collection[Name], state: NetworkState) -> KnownNames:
    """Return how many names of a space, as ``key_names`` forms them, a state knows."""
    stations = set(state.names("station"))
    known = state.names(space)
    near = names if space == "station" else [name for name in names if stations.issuperset(name[-2:])]
    return KnownNames(space, len(names), sum(name in known for name in names), len(near))


def found_by_boards(state: NetworkState, is_known: Callable[[str], bool]) -> list[KnownNames]:
    """Return how many names of a state are made of stations of the register alone, so that boards' spelling finds them.

    ``is_known`` says whether the register has the station of a key. Others are found if they are spelled as the archive
    spelled them.
    """

    def found(name: Name) -> bool:
        return is_known(name) if isinstance(name, str) else all(is_known(str(key)) for key in name[-2:])

    counts = ((space, state.names(space)) for space in SPACES)
    return [KnownNames(space, len(names), sum(map(found, names)), len(names)) for space, names in counts]
