"""How much of what recorded boards show a model's network state knows: stations, hops, relations, services, trains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import msgspec

from zielzeit import train_classes
from zielzeit.boards.parse import BoardError, Row, category, decompress, line, parse, route
from zielzeit.features import key_names
from zielzeit.features.key_names import Name, StationKey
from zielzeit.features.known_names import KnownNames, among
from zielzeit.features.named_tables import SPACES
from zielzeit.features.network_state import NetworkState
from zielzeit.progress import SILENT, Progress
from zielzeit.recordings.read import find_boards


class KnownNetwork(msgspec.Struct, frozen=True):
    """What a state knows of the trains on boards."""

    spaces: list[KnownNames]
    left_out: Counter[str]
    """Number of trains of each category of which the state knows no train: S-Bahn trains, buses …"""


def known_network(
    paths: Sequence[Path],
    state: NetworkState,
    station_key: StationKey,
    station: str | None = None,
    progress: Progress = SILENT,
) -> KnownNetwork:
    """Return what the state knows of the trains on recorded boards that have a category that it knows.

    Names are formed from the departures of the boards' stations, as the job forms them: a relation leads from the
    polled station to the destination, a hop is one of those ahead of a train. ``station`` names the station of files
    whose names and folder do not.

    Raises UserError where the paths hold no boards or one cannot be opened; rows that cannot be read are passed over.
    """
    shown: dict[str, set[Name]] = {space: set() for space in SPACES}
    recording = find_boards(paths, station)
    seen: set[tuple[str, ...]] = set()
    categories = {name[0] for name in state.names("train")}
    left_out: Counter[str] = Counter()
    with progress.step("comparing boards with the state", recording.boards) as step:
        for board in recording.read():
            step.advance()
            try:
                rows = parse(decompress(board.body)).rows
            except BoardError:
                continue
            for row in rows:
                what = (board.station, row.train, row.train_number, row.destination, bytes(row.route).decode())
                if row.scheduled_departure is None or not row.destination or what in seen:
                    continue
                seen.add(what)
                if category(row.train) in categories:
                    _add(shown, board.station, row, station_key)
                else:
                    left_out[category(row.train)] += 1
    return KnownNetwork([among(space, shown[space], state) for space in SPACES], left_out)


def _add(shown: dict[str, set[Name]], polled: str, row: Row, key: StationKey) -> None:
    kind = category(row.train)
    here, there = key(polled), key(row.destination)
    stops = [key(stop.name) for stop in route(row.route)]
    ahead = stops[stops.index(here) :] if here in stops else []
    train_class = train_classes.train_class(kind)
    shown["station"].update((here, there, *ahead))
    shown["hop"].update(key_names.hop(*way) for way in pairwise(ahead))
    shown["train"].add(key_names.train(kind, row.train_number, here, there))
    shown["service"].add(key_names.service(train_class, line(row.train) or kind, here, there))
    shown["relation"].add(key_names.relation(train_class, here, there))
