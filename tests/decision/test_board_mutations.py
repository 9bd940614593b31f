"""Whatever comes as a board: it is understood or refused with a reason, never a crash, and what follows still works."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
import zstandard

from tests.decision.handmade import THROUGH, Watched, at, body, row
from zielzeit.berlin_time import MINUTE
from zielzeit.boards import parse
from zielzeit.decision.decider import RejectedBoard
from zielzeit.decision.state import StationState

MUTATED = 10_000
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    10**9,
    -(10**30),
    1e308,
    0.5,
    "",
    " ",
    "24:00",
    "12:05",
    "١٢:٠٥",
    "\x00",
    "\ud800",
    "🚄" * 50,
    "x" * 3000,
    [],
    {},
    [[]],
    [{"name": None}],
    [{"name": "A", "isCancelled": "no"}],
    {"departures": []},
]


def original(rng: random.Random) -> list[dict[str, Any]]:
    """A good board of a dozen rows around noon."""
    return [
        row(
            str(number),
            None if number % 4 == 0 else f"12:{number * 4:02}",
            rng.choice((0, 0, 5, 60, -2)),
            arrival=f"12:{number * 4:02}" if number % 2 == 0 else None,
            cancelled=rng.random() < 0.1,
            realtime=rng.random() < 0.9,
        )
        for number in range(12)
    ]


def mutated_value(rng: random.Random, rows: list[dict[str, Any]]) -> Any:
    """The board's value with one to three things wrong in it."""
    whole: Any = {"departures": rows}
    for _ in range(rng.randint(1, 3)):
        victim = rng.choice(rows)
        key = rng.choice([*victim, "departures"])
        match rng.randrange(6):
            case 0:
                victim[key] = rng.choice(ODD)
            case 1:
                victim.pop(key, None)
            case 2:
                rows.append(dict(victim) if rng.random() < 0.5 else rng.choice(ODD))
                rows[-1] = rows[-1] if isinstance(rows[-1], dict) else {"odd": rows[-1]}
            case 3:
                victim["route"] = [{"name": rng.choice([*THROUGH, "", "é"]), "isCancelled": rng.choice(ODD)}]
            case 4:
                whole = rng.choice([rows, {"departures": rng.choice(ODD)}, {"departures": [*rows, None]}, whole])
            case _:
                victim[rng.choice(["neu", "", "train "])] = rng.choice(ODD)
    return whole


def mutated_bytes(rng: random.Random, value: bytes) -> bytes:
    """Bytes with a piece cut, doubled, overwritten or made no UTF-8, packed or not."""
    place, length = rng.randrange(len(value)), rng.randrange(1, 40)
    match rng.randrange(8):
        case 0:
            value = value[:place]
        case 1:
            value = value[:place] + value[place + length :]
        case 2:
            value = value[:place] + value[place : place + length] * 3 + value[place + length :]
        case 3:
            value = value[:place] + rng.randbytes(length) + value[place + length :]
        case 4:
            value = value[:place] + b"\xff\xc3" + value[place:]
        case 5:
            packed = zstandard.compress(value)
            place = rng.randrange(len(packed))
            value = rng.choice([packed, packed[:place], packed[:place] + b"\x00" + packed[place + 1 :]])
        case _:
            pass
    return value


@pytest.mark.slow
def test_ten_thousand_mutated_boards_are_understood_or_refused() -> None:
    rng = random.Random(42)
    station = Watched()
    start = at("12:00")
    understood = refused = 0
    for number in range(MUTATED):
        if number % 500 == 0:
            station = Watched()
        value = mutated_value(rng, original(rng))
        encoded = mutated_bytes(rng, json.dumps(value, ensure_ascii=rng.random() < 0.8).encode(errors="surrogatepass"))
        moment = start + (number % 500) * MINUTE // 3
        found = list(station.decider.take(station.name, station.station, station.memory, encoded, moment))
        for outcome in found:
            assert msgspec.json.decode(msgspec.json.encode(outcome))
            assert msgspec.msgpack.encode(outcome)
        if any(isinstance(outcome, RejectedBoard) for outcome in found):
            refused += 1
        else:
            understood += 1
        if number % 50 == 0:
            assert msgspec.json.decode(msgspec.json.encode(station.station), type=StationState) == station.station
    assert understood > MUTATED / 20
    assert refused > MUTATED / 2


@pytest.mark.parametrize(
    "value",
    [
        b" " * 50_000_000,
        b'{"departures": [' + b"null," * 10_000_000 + b"null]}",
        b'{"departures": [{"train": "' + b"R" * 50_000_000 + b'", "trainNumber": "1", "scheduledDeparture": "12:00"}]}',
        b'{"departures": ' + b"[" * 25_000_000 + b"]" * 25_000_000 + b"}",
        b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000,
        b'{"departures": [{"route": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
        b'{"departures": [{"delayDeparture": ' + b"9" * 5_000_000 + b"}]}",
        zstandard.compress(b" " * 100_000_000),
        b"\xff" * 10_000_000,
    ],
    ids=["blank", "nulls", "name", "lists", "objects", "route", "number", "bomb", "no UTF-8"],
)
def test_huge_and_deep_bodies_are_refused(value: bytes) -> None:
    station = Watched()
    assert not station.bytes("12:00", value)
    assert len(station.refused) == 1
    assert len(station.refused[0]) < 5_000


def test_a_huge_body_that_is_a_board_is_understood() -> None:
    """Fifteen megabytes of messages that nobody reads, around one train."""
    station = Watched()
    value = body(row(messages={"delay": [{"text": "Grund" * 100}] * 29_000, "qos": []}))
    assert 14_000_000 < len(value) < parse.MAX_BODY
    station.bytes("12:00", value)
    assert not station.refused
    assert len(station.station.entries) == 1


def test_a_station_goes_on_after_what_it_refused() -> None:
    station = Watched()
    for minute in range(0, 21, 3):
        station.board(f"12:{minute:02}", row())
        station.bytes(f"12:{minute + 1:02}", b'{"departures": [{"tra')
    assert station.kinds() == ["departed"]


@pytest.mark.parametrize("moment", [-1, -(2**63), 2**62, 253_402_300_800_000])
def test_times_that_cannot_be_are_refused(moment: int) -> None:
    station = Watched()
    (outcome,) = station.decider.take(station.name, station.station, station.memory, body(row()), moment)
    assert isinstance(outcome, RejectedBoard)
    assert station.station == StationState()


def test_what_a_reason_says_is_short_and_is_text() -> None:
    with pytest.raises(parse.BoardError) as error:
        parse.parse(b"\xff" * 1000)
    assert len(str(error.value)) < 300
