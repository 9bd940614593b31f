"""Stations and the track between them: hubs, segments between hubs, branches."""

from __future__ import annotations

import math
from random import Random

from zielzeit.simulator.chance import generator
from zielzeit.simulator.names import place_names, quarter
from zielzeit.simulator.railway import Segment, SimulatedStation

_STATIONS_PER_HUB = 45
_STATIONS_PER_HUB_IN_SMALL_NETWORK = 10
_SMALL_NETWORK = 60
_QUARTERS_PER_HUB = 4
_BRANCH_LENGTH = (3, 12)
_SHARE_BETWEEN_HUBS = 0.55


def hub_count(stations: int) -> int:
    """Number of stations that are hubs (``… Hbf``); they are the first in the list of stations."""
    small = min(stations, _SMALL_NETWORK)
    return max(2, round(small / _STATIONS_PER_HUB_IN_SMALL_NETWORK + (stations - small) / _STATIONS_PER_HUB))


def lay_out(count: int, seed: int) -> tuple[tuple[SimulatedStation, ...], tuple[Segment, ...]]:
    """Stations and segments of a connected network of ``count`` stations."""
    rng = generator(seed, 201)
    hubs = hub_count(count)
    edges = _hub_edges(hubs, rng)
    chains: list[list[int]] = [[a, b] for a, b in edges]
    between = min(count - hubs - 1, round((count - hubs) * _SHARE_BETWEEN_HUBS))
    following = hubs
    for place in range(max(1, between)):
        chains[place % len(chains)].insert(-1, following)
        following += 1
    while following < count:
        length = min(rng.randint(*_BRANCH_LENGTH), count - following)
        # Large hubs (small numbers) have more branches.
        hub = int(rng.random() ** 1.3 * hubs)
        chains.append([hub, *range(following, following + length)])
        following += length
    segments = tuple(
        Segment(i, tuple(c), tuple(rng.randint(4, 8) for _ in c[1:]), ends_in_hub=c[-1] < hubs)
        for i, c in enumerate(chains)
    )
    return _stations(count, hubs, segments, seed), segments


def _hub_edges(hubs: int, rng: Random) -> list[tuple[int, int]]:
    """Edges between hubs: a spanning tree of short edges, and some more for alternative ways."""
    at = [(rng.random() * 640, rng.random() * 880) for _ in range(hubs)]
    edges = []
    nearest = {hub: (math.dist(at[0], at[hub]), 0) for hub in range(1, hubs)}
    while nearest:
        hub = min(nearest, key=lambda h: nearest[h])
        edges.append((nearest.pop(hub)[1], hub))
        nearest = {other: min(known, (math.dist(at[hub], at[other]), hub)) for other, known in nearest.items()}
    known = {frozenset(edge) for edge in edges}
    for hub in range(hubs):
        close = sorted(range(hubs), key=lambda other: math.dist(at[hub], at[other]))[1:4]
        for other in close:
            if frozenset((hub, other)) not in known and rng.random() < 0.5:
                known.add(frozenset((hub, other)))
                edges.append((hub, other))
    return edges


def _stations(count: int, hubs: int, segments: tuple[Segment, ...], seed: int) -> tuple[SimulatedStation, ...]:
    names = place_names(count, seed)
    cities = names[:hubs]
    for hub, city in enumerate(cities):
        names[hub] = f"{city} Hbf"
        # The first stations on the tracks out of a city are its own quarters.
        around = [s.stations[1] if s.stations[0] == hub else s.stations[-2] for s in segments if hub in s.stations]
        for index, station in enumerate(sorted({s for s in around if s >= hubs})[:_QUARTERS_PER_HUB]):
            if names[station].startswith(tuple(f"{c} " for c in cities)):
                continue
            names[station] = quarter(city, index) or names[station]
    calls = [0] * count
    for segment in segments:
        for station in segment.stations:
            calls[station] += 1
    return tuple(
        SimulatedStation(
            index=i,
            name=name,
            eva=8000001 + 7 * i,
            ds100=_code(i),
            platforms=min(4 + 3 * calls[i], 24) if i < hubs else min(2 + calls[i], 6),
        )
        for i, name in enumerate(names)
    )


def _code(index: int) -> str:
    """A unique code of four capital letters that looks like DS100."""
    letters = ""
    for _ in range(3):
        index, rest = divmod(index, 26)
        letters = chr(65 + rest) + letters
    return "Z" + letters
