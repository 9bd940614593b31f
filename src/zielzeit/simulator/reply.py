"""The reply to a request for a board, with its fault, if any: what the server sends and a recording keeps."""

from __future__ import annotations

import msgspec

from zielzeit.simulator.displayed_board import Feed, board, encode
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.world import World

API_VERSION = "2.04"
OLDEST = 600
"""Greatest age, seconds, of a board with the fault ``stale``."""


_FEEDS = {"dead-board": Feed.DEAD, "dead-feed": Feed.DEAD, "half-dead-feed": Feed.HALF_DEAD}


class Reply(msgspec.Struct, frozen=True):
    """A reply: HTTP status, body, and the fault that caused it (None for a good board)."""

    status: int
    body: bytes
    fault: str | None = None
    retry_after: int | None = None


def error(status: int, text: str, **more: object) -> Reply:
    """An error reply in DBF's format."""
    return Reply(status, msgspec.json.encode({"api_version": API_VERSION, "error": text, **more}))


def answer(world: World, faults: Faults, station: int, at: float, *, past: bool) -> Reply:
    """Reply to a request for a station's board at epoch second ``at``; an empty board is a 300, as DBF's."""
    fault = faults.at(station, at)
    match fault:
        case "error500" | "outage" | "long-outage":
            text = f"GET iris plan/{world.network.stations[station].eva} returned HTTP 503"
            return msgspec.structs.replace(error(500, text), fault=fault)
        case "throttle":
            return Reply(429, b"", fault, retry_after=60)
        case "empty":
            return Reply(200, b"", fault)
        case "other-station":
            station = (station + 1 + faults.draw(fault, station, at, len(world.network.stations) - 1)) % len(
                world.network.stations
            )
        case "stale":
            at -= 180 + faults.draw(fault, station, at, OLDEST - 180)
    shown = board(world, station, at, past=past, feed=_FEEDS.get(fault or "", Feed.ALIVE))
    body = encode(shown)
    if fault == "truncated":
        return Reply(200, body[: 1 + faults.draw(fault, station, at, len(body) - 1)], fault)
    if not shown.departures:
        place = world.network.stations[station]
        candidates = [{"code": place.ds100, "name": place.name}]
        empty = error(300, "ambiguous station code/name", candidates=candidates)
        return msgspec.structs.replace(empty, fault=fault)
    return Reply(200, body, fault)
