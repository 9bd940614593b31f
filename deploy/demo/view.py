"""The demo for the eye: a live table on a terminal, a line for each event elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from time import monotonic
from typing import Protocol

import msgspec
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from deploy.demo.score import Score
from zielzeit.events.structs import Decision, Outcome, Prediction
from zielzeit.simulator.clock import BERLIN

_PLAIN_SECONDS = 15.0
_WIDE = 110
"""Columns of a terminal from which the interval is shown too."""


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """How the demo does now."""

    simulated: datetime
    speed: float
    job: str
    """Flink's word for the state of the job, and why where it does not run."""
    restarts: Mapping[str, int]
    """Programs that ended and were started again, and how often."""


class View(Protocol):
    """Where events are shown."""

    def event(self, event: Decision | Prediction | Outcome) -> None:
        """One event came."""

    def refresh(self, score: Score, moment: Moment) -> None:
        """Time went on."""


@contextmanager
def showing(console: Console, links: Mapping[str, str]) -> Iterator[View]:
    """The view that fits the console; ``links`` are addresses by name."""
    if not console.is_terminal:
        for name, link in links.items():
            console.print(f"{name}: {link}", highlight=False, soft_wrap=True)
        yield _Lines(console)
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        yield _Screen(live, links)


def head(score: Score, moment: Moment) -> str:
    """Counts and errors in a line."""
    parts = [
        f"{moment.simulated:%H:%M} at {moment.speed:g}×",
        f"{score.boards:,} boards",
        f"{score.decisions:,} decisions",
        f"{score.predictions:,} predictions",
        f"{score.outcomes:,} outcomes",
    ]
    if score.errors:
        parts.append(f"MAE {score.errors.model:.2f} min, persistence {score.errors.persistence:.2f}")
    if moment.job != "RUNNING":
        parts.append(f"job {moment.job}")
    if moment.restarts:
        again = ", ".join(f"{name} {count}×" for name, count in moment.restarts.items())
        parts.append(f"started again: {again}")
    return " · ".join(parts)


def prediction_line(event: Prediction) -> str:
    """A prediction for a log."""
    return (
        f"{event.train} left {event.station} {_clock(event.departed_at)} ({event.delay:+d}) for {event.destination}: "
        f"{event.predicted_delay:+.1f}{_interval(event, ' (P10–P90 ', ')')}, model {event.model_version}"
    )


def outcome_line(event: Outcome) -> str:
    """An outcome for a log."""
    made = event.prediction
    if event.observed_delay is None:
        return f"{made.train} from {made.station} to {made.destination}: {event.status}"
    error, persistence = _errors(made, event.observed_delay)
    return (
        f"{made.train} from {made.station} arrived at {made.destination} ({event.observed_delay:+d}): "
        f"error {error:.1f}, persistence {persistence}"
    )


def table(predictions: Sequence[Prediction], arrivals: Sequence[Outcome], *, wide: bool) -> Table:
    """Departures with their predictions, then arrivals with their errors beside persistence's."""
    grid = Table(box=None, pad_edge=False, expand=True, header_style="bold")
    for title in ("train", "station"):
        grid.add_column(title, no_wrap=True, ratio=2 if title == "station" else None)
    grid.add_column("departed", no_wrap=True)
    grid.add_column("delay", justify="right", no_wrap=True)
    grid.add_column("destination", no_wrap=True, ratio=2)
    grid.add_column("predicted", justify="right", no_wrap=True)
    if wide:
        grid.add_column("P10–P90", justify="right", no_wrap=True)
    grid.add_column("model", no_wrap=True)
    for title in ("arrived", "error", "persist."):
        grid.add_column(title, justify="right", no_wrap=True)
    for event in predictions:
        grid.add_row(*_left(event, wide=wide), "", "", "")
    if arrivals:
        grid.add_section()
        grid.add_row("[dim]arrived[/]")
    for outcome in arrivals:
        observed = outcome.observed_delay or 0
        error, persistence = _errors(outcome.prediction, observed)
        style = "green" if error < persistence else "red" if error > persistence else ""
        grid.add_row(
            *_left(outcome.prediction, wide=wide),
            f"{observed:+d}",
            Text(f"{error:.1f}", style),
            str(persistence),
        )
    return grid


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._said = monotonic()
        self._trouble: tuple[object, ...] = ()

    def event(self, event: Decision | Prediction | Outcome) -> None:
        match event:
            case Prediction():
                self._print(prediction_line(event))
            case Outcome():
                self._print(outcome_line(event))

    def refresh(self, score: Score, moment: Moment) -> None:
        trouble = (moment.job, *moment.restarts.items())
        if trouble != self._trouble or monotonic() - self._said >= _PLAIN_SECONDS:
            self._trouble, self._said = trouble, monotonic()
            self._print(head(score, moment))

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class _Screen:
    def __init__(self, live: Live, links: Mapping[str, str]) -> None:
        self._live = live
        self._links = links

    def event(self, event: Decision | Prediction | Outcome) -> None:
        """Shown with the next refresh."""

    def refresh(self, score: Score, moment: Moment) -> None:
        self._live.update(self._picture(score, moment), refresh=True)

    def _picture(self, score: Score, moment: Moment) -> RenderableType:
        size = self._live.console.size
        # Head, header, two blank lines, the arrivals' title, the addresses, and the line of the cursor.
        rows = max(4, size.height - len(self._links) - 6)
        arrivals = list(islice(reversed(score.arrived), rows // 2))
        predictions = list(islice(reversed(score.newest), rows - len(arrivals)))
        footer = Table.grid(padding=(0, 2))
        for name, link in self._links.items():
            footer.add_row(f"[dim]{name}[/]", Text(link, no_wrap=True))
        wide = size.width >= _WIDE
        waiting = Text("waiting for the first prediction …", "dim")
        body = table(predictions, arrivals, wide=wide) if predictions else waiting
        return Group(Text(head(score, moment), "bold", no_wrap=True, overflow="ellipsis"), "", body, "", footer)


def _left(event: Prediction, *, wide: bool) -> list[str]:
    return [
        event.train,
        event.station,
        _clock(event.departed_at),
        f"{event.delay:+d}",
        event.destination,
        f"{event.predicted_delay:+.1f}",
        *([_interval(event, "", "")] if wide else []),
        event.model_version,
    ]


def _clock(at: datetime) -> str:
    return f"{at.astimezone(BERLIN):%H:%M}"


def _interval(event: Prediction, before: str, after: str) -> str:
    if event.p10 is None or event.p90 is None:
        return ""
    return f"{before}{event.p10:+.1f} – {event.p90:+.1f}{after}"


def _errors(prediction: Prediction, observed: int) -> tuple[float, int]:
    """Absolute errors of the model and of persistence, minutes."""
    return abs(prediction.predicted_delay - observed), abs(prediction.delay - observed)
