"""The workloads by name, and their sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from bench import engines, growth, inputs, job, latency, model, restart, scoring
from bench.cluster import own_stack
from bench.inputs import Boards
from bench.measurement import Measurement
from deploy.local.stack import Stack
from zielzeit.errors import UserError
from zielzeit.progress import Progress
from zielzeit.settings import Settings


class Size(NamedTuple):
    """How much is measured."""

    repeat: int
    """Runs of which the median is taken."""
    busy: tuple[int, int, int]
    """Of the throughput's boards: stations of the railway whose busiest one is taken, boards of it, copies."""
    engines: int
    """Copies for the engines, which are faster than the whole job: a run is not to be over in three seconds."""
    base: int
    """Stations of the small railway that is copied for growth and latency."""
    growth: Mapping[int, int]
    """Boards of each station, by the number of stations. Sizes with equally many can be compared by the row: of a first
    board all rows are new. They begin in the calm hour: the job has enough of two boards of 50,000 stations then."""
    growth_repeat: int
    parallelism: tuple[int, ...]
    germany: int
    """Stations of the load for latency and restart."""
    live: timedelta
    """How long boards are published at their own time."""
    intervals: tuple[float, ...]
    """Seconds between two checkpoints, for latency."""


FULL: Final = Size(
    repeat=5,
    busy=(200, 40, 40),
    engines=80,
    base=50,
    growth={50: 100, 500: 2, 5_400: 2, 50_000: 2},
    growth_repeat=1,
    parallelism=(1, 2, 4),
    germany=5_400,
    live=timedelta(seconds=45),
    intervals=(1.0, 10.0),
)
QUICK: Final = FULL._replace(
    repeat=1,
    busy=(200, 20, 30),
    engines=40,
    growth={50: 40},
    parallelism=(),
    germany=500,
    live=timedelta(seconds=20),
    intervals=(1.0,),
)

_GERMANY_ROUNDS: Final = 3
"""Boards of each station before and during the live time."""
_SCORED_ROUNDS: Final = 60
_SCORED_COPIES: Final = 4
"""Of the small railway, for score: so many departures that loading the network once counts for little."""
SCORE: Final = "score"
"""The workload that needs no stack."""
USUAL: Final = ("job", "engines", "latency", "growth", "restart", SCORE)
"""In the order in which they run: the engines are compared when the TaskManagers have run jobs before."""
NAMES: Final = (*USUAL, "settings")


def measure(
    settings: Settings,
    size: Size,
    progress: Progress,
    only: Sequence[str] = (),
    recorded: Sequence[Path] = (),
) -> Iterator[list[Measurement]]:
    """Measure workloads, the usual ones by default, on a stack of their own; yield what each gave when it has ended.

    ``recorded`` are recorded boards of one station, for the throughput instead of simulated ones. Raises UserError for
    an unknown workload, and where one fails.
    """
    if unknown := set(only) - set(NAMES):
        raise UserError(f"there is no workload {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    chosen = [name for name in NAMES if name in (only or USUAL)]
    folder = settings.local_dir / "bench"
    made = model.trained(settings, folder, progress)
    boards = Inputs(folder / "inputs", size, recorded, progress)
    if set(chosen) != {SCORE}:
        with own_stack(settings) as stack:
            model.give(stack.settings, made / "model")
            workloads = _on_stack(stack, size, boards, folder, progress)
            for name in chosen:
                if name != SCORE:
                    yield workloads[name]()
    if SCORE in chosen:
        scored = boards.railway(size.base * _SCORED_COPIES, _SCORED_ROUNDS)
        yield scoring.measure(settings, scored, made, size.repeat, progress)


class Inputs(NamedTuple):
    """The boards of the workloads, made where they are needed."""

    folder: Path
    size: Size
    recorded: Sequence[Path]
    progress: Progress

    def busy(self, copies: int | None = None) -> Boards:
        """For throughput, under so many names; by default those of the whole job."""
        stations, rounds, usual = self.size.busy
        copies = copies or usual
        if self.recorded:
            return Boards(inputs.recorded(self.recorded), copies)
        return Boards(inputs.busy_station(self.folder, stations, rounds, self.progress), copies)

    def railway(self, stations: int, rounds: int, hour: int = inputs.BUSY_HOUR) -> Boards:
        """Of so many stations, which are copies of a small railway's."""
        made = inputs.railway(self.folder, self.size.base, rounds, self.progress, hour)
        return Boards(made, stations // self.size.base)

    def germany(self) -> Boards:
        """For latency and restart."""
        return self.railway(self.size.germany, _GERMANY_ROUNDS)


def _on_stack(
    stack: Stack, size: Size, boards: Inputs, folder: Path, progress: Progress
) -> dict[str, Callable[[], list[Measurement]]]:
    def grown() -> list[Measurement]:
        sizes = {
            count: partial(boards.railway, count, rounds, inputs.CALM_HOUR) for count, rounds in size.growth.items()
        }
        found = growth.stations(stack, sizes, size.growth_repeat, progress)
        if size.parallelism:
            found += growth.parallelism(stack, boards.busy(), size.parallelism, size.growth_repeat, progress)
        return found

    return {
        "engines": lambda: engines.measure(stack, boards.busy(size.engines), size.repeat, folder / "peers", progress),
        "job": lambda: job.measure(stack, boards.busy(), size.repeat, progress),
        "settings": lambda: job.by_setting(stack, boards.busy(), size.repeat, progress),
        "latency": lambda: latency.measure(stack, boards.germany(), size.live, size.intervals, progress),
        "growth": grown,
        "restart": lambda: restart.measure(stack, boards.germany(), size.repeat, progress),
    }
