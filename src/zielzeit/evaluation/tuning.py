"""Learn and check the correction for silence (``zielzeit.decision.silence_correction``); lateness of boards."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec

from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE
from zielzeit.boards.parse import parse
from zielzeit.boards.record import BoardRecord
from zielzeit.decision import event, silence_correction
from zielzeit.decision import rules as decision
from zielzeit.decision.own_station import OwnStation
from zielzeit.decision.rules import Rules
from zielzeit.decision.state import StationState
from zielzeit.evaluation.comparison import TrueStop
from zielzeit.recordings.decompress import read_lines
from zielzeit.recordings.json_lines import decode_line

PERIOD = 6 * 60 * MINUTE
"""Length of a period of the cross-validation, milliseconds."""


class SilentTrain(msgspec.Struct, frozen=True):
    """A train that silence decided and its true delay, minutes."""

    group: str
    base: float
    last: int
    true: int
    period: int


class HeldOutErrors(msgspec.Struct, frozen=True):
    """Errors (said − true, minutes) of trains that the correction was not learnt from."""

    last: list[float]
    estimated: list[float]


def silent_trains(boards: Sequence[BoardRecord], truth: dict[str, TrueStop], rules: Rules) -> list[SilentTrain]:
    """Trains that silence decided on default boards of one station and whose true delay is known."""
    station, memory = StationState(), dict[str, bytes]()
    found = []
    for record in boards:
        at = berlin_time.milliseconds(record.polled_at)
        board = parse(record.body)
        here, checksum = OwnStation(record.station), zlib.crc32(record.body)
        folded = decision.fold(here, station, memory, board, at, rules=rules, checksum=checksum)
        for transition in folded.transitions:
            entry = transition.entry
            true = truth.get(event.decision_id(record.station, entry.row, entry.planned_wall))
            if transition.rule != "silence" or true is None or true.kind != transition.kind or true.delay is None:
                continue
            found.append(
                SilentTrain(
                    silence_correction.group(entry),
                    silence_correction.base(entry),
                    entry.delay,
                    true.delay,
                    transition.at // PERIOD,
                )
            )
    return found


def learn(trains: Sequence[SilentTrain]) -> dict[str, silence_correction.Estimate]:
    """Correction per group: median of the missing delay, in half minutes, and the mean absolute error that remains."""
    missing: defaultdict[str, list[float]] = defaultdict(list)
    for train in trains:
        missing[train.group].append(train.true - train.base)
    learnt = {}
    for group, values in missing.items():
        added = 0.0 if group == "collapsed" else round(2 * median(values)) / 2
        learnt[group] = silence_correction.Estimate(added, round(sum(abs(v - added) for v in values) / len(values), 1))
    return learnt


def leave_one_period_out(trains: Sequence[SilentTrain]) -> HeldOutErrors:
    """Errors of each period, with the correction that the other periods teach (cross-validation)."""
    last, estimated = [], []
    for period in sorted({train.period for train in trains}):
        learnt = learn([train for train in trains if train.period != period])
        for train in trains:
            if train.period == period:
                added = learnt[train.group].delay if train.group in learnt else 0.0
                last.append(float(train.last - train.true))
                estimated.append(train.base + added - train.true)
    return HeldOutErrors(last, estimated)


def lateness(recording: Path) -> list[float]:
    """Lateness of each line of a recording, minutes: how much older it is than the newest line before it."""
    newest, found = 0, []
    for _, line in read_lines(recording):
        at = berlin_time.milliseconds(decode_line(line).polled_at)
        newest = max(newest, at)
        found.append((newest - at) / MINUTE)
    return found
