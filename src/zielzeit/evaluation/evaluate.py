"""Decide recorded boards and compare the decisions with the truth, in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from zielzeit import berlin_time
from zielzeit.decision.decider import Decider, RejectedBoard
from zielzeit.decision.offline import RecordedBoard, decide
from zielzeit.evaluation.comparison import Comparison, Evaluation, TrueStop
from zielzeit.evaluation.read_truth import read_truth
from zielzeit.progress import SILENT, Progress, counted
from zielzeit.recordings.read import Recording
from zielzeit.stations.board_key import BoardKey, board_keys
from zielzeit.stations.table import register

MARGIN = 30
"""Minutes before a recording's end in which no decision is expected: the truth may not have been posted yet."""


def evaluate(
    recording: Recording,
    decider: Decider,
    truth: Sequence[Path],
    station: str | None = None,
    progress: Progress = SILENT,
) -> Comparison:
    """Comparison of the decisions over a recording with the truth. Raises UserError."""
    boards = counted(progress, "boards decided", recording.boards, recording.read())
    return compare(boards, read_truth(truth, station), decider)


def compare(boards: Iterable[RecordedBoard], truth: Iterable[TrueStop], decider: Decider) -> Comparison:
    """Comparison of the decisions over boards with the truth."""
    key = board_keys(register(decider.stations))
    keyed = (msgspec.structs.replace(stop, station=key(stop.station)) for stop in truth)
    return _decided(boards, decider, key).compare(keyed)


def _decided(boards: Iterable[RecordedBoard], decider: Decider, key: BoardKey) -> Evaluation:
    evaluation = Evaluation(MARGIN)

    def seen() -> Iterator[RecordedBoard]:
        for board in boards:
            evaluation.see_board(key(board.station), berlin_time.milliseconds(board.polled_at))
            yield board

    for _, _, output in decide(seen(), msgspec.structs.replace(decider, all_planned_stops=True)):
        if not isinstance(output, RejectedBoard):
            evaluation.see(output)
    return evaluation
