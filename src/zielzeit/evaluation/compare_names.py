"""``zielzeit stations compare``: recorded boards and an archive to ``served_names.compare``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from zielzeit import berlin_time
from zielzeit.berlin_time import UtcMinutes
from zielzeit.decision.decider import Decider, Output, RejectedBoard
from zielzeit.decision.offline import decide
from zielzeit.errors import UserError
from zielzeit.evaluation import redate, served_names
from zielzeit.evaluation.outcomes import followed
from zielzeit.evaluation.served_names import ServedNames
from zielzeit.evaluation.station_names import archive_names
from zielzeit.features.initial_state import read_network
from zielzeit.features.key_names import station_keys
from zielzeit.model.predict import ServedModel
from zielzeit.progress import SILENT, Progress, counted
from zielzeit.recordings.read import find_boards
from zielzeit.runs.group_keys import group_keys
from zielzeit.settings import Settings
from zielzeit.stations.register import StationRegister


def compare_names(
    paths: Sequence[Path],
    station: str | None,
    archive: Sequence[Path],
    served: ServedModel,
    settings: Settings,
    register: StationRegister,
    progress: Progress = SILENT,
) -> ServedNames:
    """Decide recorded boards, follow their trains, and score each departure under the names of each side.

    Raises UserError where boards or archive cannot be read, or the model carries no state of the network.
    """
    if served.network is None:
        raise UserError("the model carries no state of the network: train one on a folder that `history import` made")
    key = station_keys(register)
    state = read_network(served.network, key)
    categories = frozenset(str(name[0]) for name in state.names("train"))
    known_until = berlin_time.datetime_of(berlin_time.minute_begin(UtcMinutes(int(state.newest()))))
    del state
    recording = find_boards(paths, station)
    first = next(iter(recording.read())).polled_at
    weeks = redate.weeks_until(first, known_until)
    boards = counted(progress, "boards decided", recording.boards, redate.later(recording.read(), weeks))
    decided = list(_decided(decide(boards, Decider.of(settings))))
    with progress.step("follow trains to their destinations"):
        messages = list(followed(decided, group_keys(register)))
    del decided
    names = archive_names(archive, register, progress)
    return served_names.compare(messages, served, key, names, categories, weeks, progress)


def _decided(outputs: Iterator[tuple[str, berlin_time.Milliseconds, Output]]) -> Iterator[Output]:
    return (output for _, _, output in outputs if not isinstance(output, RejectedBoard))
