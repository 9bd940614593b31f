"""A sight makes boards cheaper and changes nothing: outputs and stored state equal the full fold's, to the byte."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.decision.handmade import HERE, THROUGH, at, row
from tests.decision.scenarios import recordings
from tests.decision.stream import Arrival
from tests.thoroughness import thorough
from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE, Milliseconds
from zielzeit.boards.record import compress
from zielzeit.decision import delta
from zielzeit.decision.decider import Decider
from zielzeit.decision.rules import Rules
from zielzeit.decision.state import StationState
from zielzeit.recordings.read import read_boards
from zielzeit.settings import ROOT
from zielzeit.simulator.faults import Faults
from zielzeit.simulator.recording import record
from zielzeit.simulator.timetable import build
from zielzeit.simulator.world import World

BOARDS = ROOT.parent / "shared" / "data" / "dbf-boards"
FRANKFURT = "Frankfurt(Main)Hbf"
encode = msgspec.json.Encoder().encode


class Twins:
    """One station twice: decided in full, and with a sight."""

    def __init__(self, name: str = HERE, rules: Rules | None = None) -> None:
        self.name = name
        self.decider = Decider(rules or Rules(), 5, all_planned_stops=True)
        self.full, self.full_memory = StationState(), dict[str, bytes]()
        self.fast, self.fast_memory = StationState(), dict[str, bytes]()
        self.sight = self.decider.new_sight()
        self.boards = 0

    def board(self, value: bytes, polled_at: int) -> None:
        """Both take a board."""
        moment = Milliseconds(polled_at)
        if moment <= self.full.frontier:
            return
        self.boards += 1
        self._are_same(
            self.decider.take(self.name, self.full, self.full_memory, value, moment),
            self.decider.take(self.name, self.fast, self.fast_memory, value, moment, sight=self.sight),
        )

    def until(self, to: int) -> None:
        """Time passes for both."""
        moment = max(Milliseconds(to), self.full.frontier)
        self._are_same(
            self.decider.pass_time(self.name, self.full, self.full_memory, moment),
            self.decider.pass_time(self.name, self.fast, self.fast_memory, moment),
        )

    def restart(self, *, keep_sight: bool) -> None:
        """The fast one comes back from what is stored; its sight is lost, or knows the state that was replaced."""
        self.fast = msgspec.json.decode(encode(self.fast), type=StationState)
        if not keep_sight:
            self.sight = self.decider.new_sight()

    def _are_same(self, full: Iterable[object], fast: Iterable[object]) -> None:
        assert [encode(output) for output in fast] == [encode(output) for output in full]
        assert encode(self.fast) == encode(self.full)
        assert self.fast_memory == self.full_memory


@pytest.fixture
def taken_fast(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each board that could be compared, True if it did not take the full path."""
    taken: list[bool] = []
    fold = delta.fold

    def noted(*arguments: Any, **more: Any) -> Any:
        folded = fold(*arguments, **more)
        taken.append(folded is not None)
        return folded

    monkeypatch.setattr(delta, "fold", noted)
    return taken


class Station:
    """A busy station whose boards change as real ones do, and now and then as they should not."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.past = self.rng.choice((0, 60))
        self.wild = self.rng.choice((0.0, 0.01, 0.1))
        self.trains = {number: self._train(number) for number in range(self.rng.choice((12, 60)))}
        self.indent = self.rng.choice((None, None, 1))

    def _train(self, number: int) -> dict[str, Any]:
        minute = self.rng.randrange(11 * 60, 16 * 60)
        time, through = f"{minute // 60:02}:{minute % 60:02}", self.rng.random() < 0.4
        departure = None if self.rng.random() < 0.2 else time
        arrival = time if through or departure is None else None
        return row(str(number), departure, 0, arrival=arrival) | {"minute": minute}

    def value(self, minute: int) -> bytes:
        """The board of a minute of the day."""
        shown = []
        for number, train in self.trains.items():
            self._change(number, train)
            leaves = train["minute"] + (train["delayDeparture"] or train["delayArrival"] or 0)
            if minute - self.past <= leaves and train["minute"] < minute + 180:
                shown.append((leaves, number, {key: train[key] for key in train if key != "minute"}))
        rows = [row for *_, row in sorted(shown, key=lambda one: one[:2])]
        if self.rng.random() < self.wild:
            rows = self._spoilt(rows)
        text = json.dumps({"departures": rows}, ensure_ascii=False, indent=self.indent)
        return compress(text.encode()) if self.rng.random() < 0.5 else text.encode()

    def _change(self, number: int, train: dict[str, Any]) -> None:
        rng = self.rng
        if rng.random() < 0.02:
            delay = rng.choice((0, 1, 2, 5, 5, 30, 90, -3))
            train["delayDeparture"] = None if train["scheduledDeparture"] is None else delay
            train["delayArrival"] = None if train["scheduledArrival"] is None else delay
        if rng.random() < self.wild / 10:
            wrong: list[dict[str, Any]] = [
                {"isCancelled": 1 - train["isCancelled"]},
                {"missingRealtime": True, "delayDeparture": 0},
                {"missingRealtime": False},
                {"platform": "7"},
                {"trainNumber": str(number + 1000)},
                {"trainNumber": str(rng.randrange(60))},
                {"destination": "Nebenan"},
                {"scheduledDeparture": f"{rng.randrange(24):02}:07"},
                {"scheduledDeparture": None, "scheduledArrival": "14:00", "delayArrival": 3},
                {"route": [{"name": stop, "isCancelled": stop in ("Nachher", "Ende")} for stop in THROUGH]},
                {"route": [{"name": stop} for stop in (HERE, "Ring", HERE)]},
                {"route": [{"name": "Anderswo"}]},
                {"x": [{"delayArrival": 1}, {"delayArrival": 2}]},
                {"scheduledArrival": "25:00"},
                {"trainNumber": 4},
            ]
            train.update(rng.choice(wrong))

    def _spoilt(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rng = self.rng
        match rng.randrange(8):
            case 0:
                rng.shuffle(rows)
            case 1:
                rows = rows[len(rows) // 2 :]
            case 2:
                rows = [one | {"delayDeparture": one["delayDeparture"] and 0, "isCancelled": 0} for one in rows]
            case 3:
                rows = [one | {"trainNumber": f"9{one['trainNumber']}"} for one in rows]
            case 4:
                rows = rows + rows[:1]
            case 5:
                rows = [*rows, {"odd": 1}]
            case 6:
                rows = [one | {"missingRealtime": True, "delayDeparture": one["delayDeparture"] and 0} for one in rows]
            case _:
                rows = []
        return rows


def run(twins: Twins, seed: int, boards: int, *, day: str = "2026-03-10", restarts: float = 0.0) -> None:
    """Decide boards of a made-up station, one every few minutes; some come twice, after a gap, or broken."""
    station, rng = Station(seed), random.Random(seed)
    minute, midnight, value = 11 * 60, at(f"{day}T00:00"), b""
    for _ in range(boards):
        minute += rng.choice((1, 3, 3, 3, 5, 70 if rng.random() < 0.02 else 3))
        fresh = station.value(minute)
        value = value if value and rng.random() < 0.05 else fresh
        moment = midnight + minute * MINUTE + rng.choice((0, 0, 17_000))
        if rng.random() < 0.05:
            twins.until(moment - rng.randrange(1, 200_000))
        twins.board(value[: len(value) // 2] if rng.random() < station.wild / 5 else value, moment)
        if rng.random() < restarts:
            twins.restart(keep_sight=rng.random() < 0.5)
    twins.until(midnight + (minute + 24 * 60) * MINUTE)


@settings(max_examples=thorough(60))
@given(st.integers(0, 2**32), st.sampled_from([Rules(), Rules(gap=1, settle=1, max_silence=21)]))
def test_boards_that_change_well_or_badly_are_decided_alike(seed: int, rules: Rules) -> None:
    run(Twins(rules=rules), seed, 40)


@settings(max_examples=thorough(30))
@given(st.integers(0, 2**32))
def test_a_station_that_comes_back_from_its_stored_state_goes_on_alike(seed: int) -> None:
    run(Twins(), seed, 30, restarts=0.2)


@settings(max_examples=thorough(60))
@given(recordings())
def test_a_few_trains_with_parts_and_unreadable_rows_are_decided_alike(boards: list[Arrival]) -> None:
    twins = Twins("A")
    for board in boards:
        twins.board(board.value, board.polled_at)
    twins.until(twins.full.frontier + 24 * 60 * MINUTE)


@pytest.mark.parametrize("day", ["2026-10-24", "2026-03-28"], ids=["autumn", "spring"])
def test_a_clock_change_is_decided_alike(day: str) -> None:
    twins = Twins()
    rows = [row(str(hour), f"{hour:02}:{minute:02}") for hour in range(24) for minute in (5, 35)]
    for minute in range(19 * 60, 32 * 60, 7):
        late = [one | {"delayDeparture": minute // 60 % 5} for one in rows]
        value = json.dumps({"departures": late}).encode()
        twins.board(value, at(f"{day}T00:00") + minute * MINUTE)


def test_most_boards_of_a_living_station_do_not_take_the_full_path(taken_fast: list[bool]) -> None:
    station, twins = Station(3), Twins()
    station.wild = 0.0
    for minute in range(11 * 60, 15 * 60, 3):
        twins.board(station.value(minute), at("00:00") + minute * MINUTE)
    assert sum(taken_fast) > 0.9 * twins.boards


@pytest.mark.skipif(not BOARDS.exists(), reason="no recorded boards at ../shared/data")
@pytest.mark.parametrize("folder", ["frankfurt", "frankfurt-past", "frankfurt-night", "frankfurt-night-past"])
def test_recorded_boards_are_decided_alike_and_mostly_fast(folder: str, taken_fast: list[bool]) -> None:
    twins = Twins(FRANKFURT)
    for board in read_boards([BOARDS / folder], FRANKFURT):
        twins.board(board.body, berlin_time.milliseconds(board.polled_at))
    assert sum(taken_fast) > 0.9 * twins.boards


@pytest.mark.parametrize(
    ("start", "past", "share"),
    [
        ("2026-03-10T05:00", True, 0.7),
        pytest.param("2026-03-10T05:00", False, 0.7, marks=pytest.mark.slow),
        # Less than a day from a clock change each board takes the full path.
        pytest.param("2026-10-24T22:30", True, 0.0, marks=pytest.mark.slow),
    ],
    ids=["with the past", "default boards", "autumn"],
)
def test_a_simulated_railway_with_every_fault_is_decided_alike(
    tmp_path: Path, start: str, past: bool, share: float, taken_fast: list[bool]
) -> None:
    recording = tmp_path / "boards.jsonl"
    begin = datetime.fromisoformat(start).replace(tzinfo=berlin_time.BERLIN)
    record(World(build(5, seed=5)), recording, start=begin, hours=8, past=past, faults=Faults.parse("all", 5))
    stations: dict[str, Twins] = {}
    for board in read_boards([recording]):
        twins = stations.setdefault(board.station, Twins(board.station))
        twins.board(board.body, berlin_time.milliseconds(board.polled_at))
    assert sum(taken_fast) >= share * sum(twins.boards for twins in stations.values())


@pytest.mark.parametrize("time", ["24:00", "9:05", "09:05:00", " 09:05"])
def test_a_time_that_is_read_in_another_form_is_decided_alike(time: str) -> None:
    twins = Twins()
    for minute in range(0, 60, 3):
        rows = [row("1", "08:10", minute // 20), row("2", "10:00") | {"scheduledDeparture": time}]
        twins.board(json.dumps({"departures": rows}).encode(), at(f"08:{minute:02}"))
    assert twins.full.entries
