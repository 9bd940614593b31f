"""Whose board is it? DBF answers a mistyped name or code with the most similar station's board, silently."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import msgspec

from zielzeit.stations.register import StationRegister

_CODE = re.compile(r"\d{5,8}|[A-Z]{2}[A-Z0-9 ]{0,3}")


class Whose(msgspec.Struct, frozen=True):
    """Whether a board is the asked station's."""

    own: bool
    common: Mapping[str, str]
    """Stations at which every row's run calls: key of the group (``StationRegister.whole_of``) → name on the board."""
    name: str = ""
    """The board's name of the asked station or a part of it; empty if it shows none or cannot tell."""


def is_code(station: str) -> bool:
    """Return True for an EVA number or a DS100 code: no route of a board shows those."""
    return _CODE.fullmatch(station) is not None


def learn(known: frozenset[str], common: frozenset[str]) -> frozenset[str]:
    """Keys of the stations that a code may mean, after a board with these ``common`` ones."""
    return (known & common if known else common) or known


def whose_board(
    station: str, routes: Sequence[Collection[str]], register: StationRegister, known: frozenset[str] = frozenset()
) -> Whose:
    """Whether the board with these routes is the station's, which was asked for by name, EVA number or DS100 code.

    Every run of a board calls at its station or at a part of it. A station asked for by name is found by its group, and
    so is one asked for by a code of the register. By another DS100 code it must not be a station that has other codes;
    by another EVA number, which DBF refuses if it does not know it, the stations of earlier boards count (``known``). A
    station that the register lacks (a new name) may have any code.
    """
    calls = [{_group(register, name): name for name in route} for route in routes]
    every = frozenset.intersection(*map(frozenset, calls)) if calls else frozenset()
    names = {key: name for call in calls for key, name in call.items()}
    common = {key: names[key] for key in sorted(every)}
    if not calls:
        return Whose(True, common)
    # Boards include the rows of related stations that are no parts: such a board may have no common station.
    possible = common or names
    asked = register.resolve(station)
    key = register.whole_of(asked.key)
    own = key in possible
    name = possible[key] if own else next(iter(common.values())) if len(common) == 1 else ""
    if not own and is_code(station):
        own = any(not register.resolve(name).known for name in possible.values())
        if not asked.known:
            own = own or station.isdigit() or any(_bears(register, key, station) for key in possible)
            own = own and (not known or not common or not known.isdisjoint(common))
    return Whose(own, common, name)


def _bears(register: StationRegister, key: str, code: str) -> bool:
    """Return True if a station of the group has the DS100 code."""
    stations = map(register.station, register.group_of(key))
    return any(code in station.codes for station in stations if station is not None)


@lru_cache(maxsize=50_000)
def _group(register: StationRegister, name: str) -> str:
    """The key of the group of the station that bears the name."""
    return register.whole_of(register.resolve(name).key)
