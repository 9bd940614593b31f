"""Display of the demo: a live table on a terminal, a line per event elsewhere."""

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
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from deploy.demo.statistics import DemoStatistics
from zielzeit.events.structs import Decision, EarlyPrediction, Outcome, Prediction
from zielzeit.simulator.clock import BERLIN
from zielzeit.terminal_table import Cell, Column, cell_width, fitting_widths, table

_PLAIN_SECONDS = 15.0
_WAITING = "waiting for the first prediction …"
COLUMNS = [
    Column("train"),
    Column("station"),
    Column("departed", rank=2),
    Column("delay", right=True),
    Column("destination"),
    Column("predicted", right=True),
    Column("P10–P90", rank=5, right=True),
    Column("model", rank=3, right=True),
    Column("arrived", rank=4, right=True),
    Column("error", right=True),
    Column("persist.", rank=1, right=True),
]
"""Of the live table: departures with their predictions; the last three are of trains that have arrived. Departures that
are told early and not decided yet are dimmed, and turn firm."""


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """State of the demo now."""

    simulated: datetime
    speed: float
    job: str
    """Flink's name of the job's state, with the cause if it does not run."""
    restarts: Mapping[str, int]
    """Number of restarts by program."""


class View(Protocol):
    """Display of events."""

    def event(self, event: Decision | EarlyPrediction | Prediction | Outcome) -> None:
        """Take an event."""

    def refresh(self, statistics: DemoStatistics, moment: Moment) -> None:
        """Show the state of now."""


@contextmanager
def showing(console: Console, links: Mapping[str, str]) -> Iterator[View]:
    """The display for this console; ``links`` are addresses by name."""
    if not console.is_terminal:
        for name, link in links.items():
            console.print(f"{name}: {link}", highlight=False, soft_wrap=True)
        yield _Lines(console)
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        yield _Screen(live, links)


def head(statistics: DemoStatistics, moment: Moment) -> list[str]:
    """Counts, errors and what is wrong, in parts of a line."""
    parts = [
        f"{moment.simulated:%H:%M} at {moment.speed:g}×",
        f"{statistics.boards:,} boards",
        f"{statistics.decisions:,} decisions",
        f"{statistics.stages['early']:,} early, {statistics.predictions:,} predictions",
        f"{statistics.outcomes:,} outcomes",
    ]
    if statistics.errors:
        parts.append(f"MAE {statistics.errors.model:.2f} min, persistence {statistics.errors.persistence:.2f}")
    if moment.job != "RUNNING":
        parts.append(f"job {moment.job}")
    if moment.restarts:
        again = ", ".join(f"{name} {count}×" for name, count in moment.restarts.items())
        parts.append(f"restarted: {again}")
    return parts


def prediction_line(event: Prediction) -> str:
    """A prediction for a log."""
    return (
        f"{event.train} left {event.station} {_clock(event.departed_at)} ({event.delay:+d}) for {event.destination}: "
        f"{_minutes(event.predicted_delay)}{_interval(event, ' (P10–P90 ', ')')}, model {event.model_version}"
    )


def early_line(event: EarlyPrediction) -> str:
    """An early prediction for a log."""
    if event.stage == "retracted" or event.predicted_delay is None:
        return f"{event.train} has not left {event.station} after all: {event.reason}"
    told = "is said to have left" if event.stage == "early" else "is now said to have left"
    return (
        f"{event.train} {told} {event.station} {_clock(event.departed_at)} ({event.shown_delay:+d}) for "
        f"{event.destination}: {_minutes(event.predicted_delay)}{_interval(event, ' (P10–P90 ', ')')}"
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


def table_rows(
    predictions: Sequence[Prediction], arrivals: Sequence[Outcome], early: Sequence[EarlyPrediction] = ()
) -> list[tuple[Cell, ...]]:
    """Departures told early, dimmed, those decided, then arrivals with their errors beside persistence's."""
    rows: list[tuple[Cell, ...]] = []
    if early:
        rows.append(_title("early"))
        rows += [(*(f"[dim]{cell}[/]" if cell else "" for cell in _departure(one)), "", "", "") for one in early]
        rows.append(_title("decided"))
    rows += [(*_departure(prediction), "", "", "") for prediction in predictions]
    if arrivals:
        rows.append(_title("arrived"))
    for outcome in arrivals:
        observed = outcome.observed_delay or 0
        error, persistence = _errors(outcome.prediction, observed)
        style = "green" if error < persistence else "red" if error > persistence else ""
        rows.append((*_departure(outcome.prediction), f"{observed:+d}", Text(f"{error:.1f}", style), str(persistence)))
    return rows


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._said = monotonic()
        self._trouble: tuple[object, ...] = ()

    def event(self, event: Decision | EarlyPrediction | Prediction | Outcome) -> None:
        match event:
            case EarlyPrediction():
                self._print(early_line(event))
            case Prediction():
                self._print(prediction_line(event))
            case Outcome():
                self._print(outcome_line(event))

    def refresh(self, statistics: DemoStatistics, moment: Moment) -> None:
        trouble = (moment.job, *moment.restarts.items())
        if trouble != self._trouble or monotonic() - self._said >= _PLAIN_SECONDS:
            self._trouble, self._said = trouble, monotonic()
            self._print(" · ".join(head(statistics, moment)))

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class _Screen:
    def __init__(self, live: Live, links: Mapping[str, str]) -> None:
        self._live = live
        self._links = links
        self._widths = [len(column.title) for column in COLUMNS]

    def event(self, event: Decision | EarlyPrediction | Prediction | Outcome) -> None:
        """Shown with the next refresh."""

    def refresh(self, statistics: DemoStatistics, moment: Moment) -> None:
        self._live.update(self._picture(statistics, moment), refresh=True)

    def _picture(self, statistics: DemoStatistics, moment: Moment) -> RenderableType:
        size = self._live.console.size
        above = joined(head(statistics, moment), size.width)
        # The head's lines, header, two blank lines, three titles, the addresses, and the line of the cursor.
        rows = max(4, size.height - len(above) - len(self._links) - 7)
        arrivals = list(islice(reversed(statistics.arrived), rows // 2))
        early = list(islice(reversed(statistics.early.values()), rows // 4))
        predictions = list(islice(reversed(statistics.newest), rows - len(arrivals) - len(early)))
        footer = Table.grid(padding=(0, 2))
        for name, link in self._links.items():
            footer.add_row(f"[dim]{name}[/]", Text(link, overflow="fold"))
        shown = predictions or early
        body = self._table(predictions, arrivals, early, size.width) if shown else Text(_WAITING, "dim")
        return Group(*(Text(line, "bold", overflow="fold") for line in above), "", body, "", footer)

    def _table(
        self,
        predictions: Sequence[Prediction],
        arrivals: Sequence[Outcome],
        early: Sequence[EarlyPrediction],
        width: int,
    ) -> Table:
        cells = table_rows(predictions, arrivals, early)
        # The widest cell so far counts: columns must not come and go with the rows that are shown now.
        for index, seen in enumerate(self._widths):
            self._widths[index] = max(seen, *(cell_width(row[index]) for row in cells))
        return table(COLUMNS, cells, fitting_widths(COLUMNS, self._widths, width))


def joined(parts: Sequence[str], width: int) -> list[str]:
    """The parts in as few lines as hold them; a line ends between two parts."""
    lines = [parts[0]]
    for part in parts[1:]:
        longer = f"{lines[-1]} · {part}"
        if len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


def _title(of: str) -> tuple[Cell, ...]:
    return (f"[dim]{of}[/]", *[""] * (len(COLUMNS) - 1))


def _departure(event: Prediction | EarlyPrediction) -> tuple[str, ...]:
    delay = event.shown_delay if isinstance(event, EarlyPrediction) else event.delay
    return (
        escape(event.train),
        escape(event.station),
        _clock(event.departed_at),
        f"{delay:+d}",
        escape(event.destination),
        "" if event.predicted_delay is None else _minutes(event.predicted_delay),
        _interval(event, "", ""),
        event.model_version,
    )


def _clock(at: datetime) -> str:
    return f"{at.astimezone(BERLIN):%H:%M}"


def _interval(event: Prediction | EarlyPrediction, before: str, after: str) -> str:
    if event.p10 is None or event.p90 is None:
        return ""
    return f"{before}{_minutes(event.p10)} – {_minutes(event.p90)}{after}"


def _minutes(delay: float) -> str:
    return f"{round(delay, 1) + 0.0:+.1f}"  # no "-0.0"


def _errors(prediction: Prediction, observed: int) -> tuple[float, int]:
    """Absolute errors of the model and of persistence, minutes."""
    return abs(prediction.predicted_delay - observed), abs(prediction.delay - observed)
