"""What is stored of a station: a snapshot now and then, the boards since, and up to where its outcomes are told.

A snapshot is the station after some board, with the trains that it remembers. Who folds the boards since has the
station as it was in memory, so that each board costs one entry and one number, however many trains the station has.
"""

from __future__ import annotations

import struct
from collections.abc import MutableMapping
from typing import Final, NamedTuple

import msgspec

from zielzeit.berlin_time import Milliseconds
from zielzeit.decision.state import NEVER, StationState
from zielzeit.stored_value import InMemory, StoredValue

_ORIGIN: Final = struct.Struct(">iq")


class ReceivedBoard(NamedTuple):
    """A record of the topic ``boards``; partition and offset are -1 for a board that comes from no topic."""

    value: bytes
    """The board's body, compressed or not."""
    partition: int = -1
    offset: int = -1


class StationStore(NamedTuple):
    """Where one station is stored: keyed state of Flink, or memory."""

    snapshot: StoredValue[bytes]
    """``encode_snapshot``, or empty."""
    boards: MutableMapping[Milliseconds, bytes]
    """``encode_board`` of the boards since the snapshot, by ``polled_at``."""
    frontier: StoredValue[Milliseconds]
    """Instant up to which all outcomes are told: a board from before it is late."""
    told: StoredValue[bytes]
    """What ``zielzeit.decision.arrival.EarlySight`` has told, or empty."""

    def clear(self) -> None:
        """Remove everything."""
        self.snapshot.clear()
        self.boards.clear()
        self.frontier.clear()
        self.told.clear()


def in_memory() -> StationStore:
    """Return an empty store in memory."""
    return StationStore(InMemory(bytes), {}, InMemory(lambda: NEVER), InMemory(bytes))


class _Snapshot(msgspec.Struct, array_like=True):
    station: bytes
    """``StationState`` as JSON, because the routes in it are raw JSON."""
    memory: dict[str, bytes]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Snapshot).decode
_encode_station = msgspec.json.Encoder().encode
_decode_station = msgspec.json.Decoder(StationState).decode


def encode_snapshot(station: StationState, memory: dict[str, bytes]) -> bytes:
    """Return a station and the trains that it remembers as they are stored."""
    return _encode(_Snapshot(_encode_station(station), memory))


def decode_snapshot(kept: bytes) -> tuple[StationState, dict[str, bytes]]:
    """Return what ``encode_snapshot`` took, as new objects; of empty bytes a new station."""
    if not kept:
        return StationState(), {}
    snapshot = _decode(kept)
    return _decode_station(snapshot.station), snapshot.memory


def encode_board(board: ReceivedBoard) -> bytes:
    """Return a board as it is stored."""
    return _ORIGIN.pack(board.partition, board.offset) + board.value


def decode_board(kept: bytes) -> ReceivedBoard:
    """Return what ``encode_board`` took."""
    return ReceivedBoard(kept[_ORIGIN.size :], *_ORIGIN.unpack_from(kept))
