"""The types of the simulated railway: stations, segments, lines, patterns, trips."""

from __future__ import annotations

from functools import cached_property

import msgspec


class Station(msgspec.Struct, frozen=True):
    """A station; ``index`` is its place in ``Network.stations``, the largest first."""

    index: int
    name: str
    eva: int
    ds100: str
    platforms: int


class Segment(msgspec.Struct, frozen=True):
    """A stretch of track: between two hubs, or from a hub to the end of a branch."""

    index: int
    stations: tuple[int, ...]
    minutes: tuple[int, ...]
    """Running time of an all-stops train on each hop; one fewer than stations."""
    ends_in_hub: bool


class Pattern(msgspec.Struct, frozen=True):
    """One direction of a line. Offsets are minutes after the departure from the first stop."""

    stops: tuple[int, ...]
    arrivals: tuple[int, ...]
    departures: tuple[int, ...]
    segments: tuple[int, ...]
    """The segment of the hop that ends at the stop; the first entry is unused (-1)."""
    platforms: tuple[str, ...]


class Trip(msgspec.Struct, frozen=True):
    """A train of the timetable, running every day. ``start`` is wall-clock minutes after 00:00 of its service day."""

    index: int
    """Place within the line, in order of departure."""
    pattern: int
    start: int
    number: str
    previous: int | None
    """The trip of the same vehicles before it: its delay at the terminus is handed on."""


class Line(msgspec.Struct, frozen=True):
    """A line with both its directions."""

    index: int
    category: str
    name: str
    """As on the board after the category (``7``, or ``RE7`` in the newer style); empty for long-distance trains."""
    classes: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    trips: tuple[Trip, ...]

    def label(self, trip: Trip) -> str:
        """What a board prints as ``train``."""
        return f"{self.category} {self.name or trip.number}"


class Network(msgspec.Struct, frozen=True, dict=True):
    """A whole railway. Equal seeds and station counts give equal networks."""

    seed: int
    stations: tuple[Station, ...]
    segments: tuple[Segment, ...]
    lines: tuple[Line, ...]

    @cached_property
    def lines_at(self) -> tuple[tuple[int, ...], ...]:
        """For each station the lines that call there."""
        found: list[set[int]] = [set() for _ in self.stations]
        for line in self.lines:
            for pattern in line.patterns:
                for stop in pattern.stops:
                    found[stop].add(line.index)
        return tuple(tuple(sorted(lines)) for lines in found)
