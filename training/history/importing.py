"""``zielzeit history import``: files in, examples by day out.

Every file's stop records are kept beside the examples (``_history/stops``, named by the file's contents), and the
examples are always made from all of them: so it does not matter in which order, how often or in how overlapping pieces
history arrives, and later days carry on the statistics of earlier ones.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from training import examples
from training.history import sources
from training.history.replay import order, replay
from training.history.runs import ARRIVAL, DEPARTURE, Labels, Longs, Runs, assemble, by_value
from training.history.stops import STOPS
from zielzeit import berlin_time
from zielzeit.berlin_time import MINUTE
from zielzeit.errors import UserError
from zielzeit.features.definition import FEATURES
from zielzeit.features.network_state import DECIMALS, moment
from zielzeit.features.statistics import Table
from zielzeit.features.table_store import Store
from zielzeit.progress import SILENT, Progress, Step

KEEPING = Path("_history")
STATE_FILE = "state.bin"
_EPOCH = date(1970, 1, 1)
_LONGEST_RUN = 3
"""Service days after which no run is still on its way."""


class Report(msgspec.Struct, kw_only=True):
    """What an import read and made."""

    files: int = 0
    rows: int = 0
    """Read in this import."""
    left_out: dict[str, int] = msgspec.field(default_factory=dict)
    """Rows that made no example and are no part of a run, by reason."""
    departures: int = 0
    """Examples in the folder after the import."""
    labelled: int = 0
    cancelled: int = 0
    days: int = 0


def import_history(files: Sequence[Path], out: Path, progress: Progress = SILENT) -> Report:
    """Read files and (re)make the examples of all history kept in ``out``.

    Raises UserError where a file is missing or no known kind of history; nothing has been changed then.
    """
    for path in files:
        if not path.is_file():
            raise UserError(f"no such file: {path}")
    report = Report(files=len(files))
    left_out: Counter[str] = Counter()
    keeping = out / KEEPING / "stops"
    keeping.mkdir(parents=True, exist_ok=True)
    with progress.step("read", sum(sources.rows(path) for path in files)) as rows:
        for path in files:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
            for number, (records, count, dropped) in enumerate(sources.batches(path)):
                examples.write_atomically(records, keeping / f"{digest}-{number}.parquet")
                left_out.update(dropped)
                report.rows += count
                rows.advance(count)
    stops = pl.concat(
        [pl.DataFrame(schema=STOPS), *(pl.read_parquet(path) for path in sorted(keeping.glob("[!.]*.parquet")))],
        how="diagonal",  # what was kept by an older version lacks a column
    )
    with progress.step("put runs together"):
        runs, labels, names, dropped = assemble(stops)
    del stops
    left_out.update(dropped)
    store = Store(names)
    with progress.step("replay", len(runs.kind)) as events:
        _write_examples((runs, labels), store, out, report, events)
    state = out / KEEPING / STATE_FILE
    draft = state.with_suffix(".draft")
    draft.write_bytes(store.to_bytes())
    draft.replace(state)
    report.left_out = dict(left_out)
    (out / KEEPING / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    return report


def _write_examples(made: tuple[Runs, Labels], store: Store, out: Path, report: Report, events: Step) -> None:
    """Write each service day as soon as all of its runs must have ended."""
    waiting: dict[int, list[pl.DataFrame]] = {}
    writing: list[Future[None]] = []
    with ThreadPoolExecutor(max_workers=1) as writer:

        def write(day: int) -> None:
            frame = pl.concat(waiting.pop(day))
            report.departures += len(frame)
            report.labelled += len(frame) - frame["cancelled"].null_count()
            report.cancelled += int(frame["cancelled"].sum())
            report.days += 1
            writing.append(writer.submit(examples.write_day, out, _EPOCH + timedelta(days=day), frame))

        for at, frame in _by_day(*made, store, events):
            for (day,), part in frame.group_by(["day"], maintain_order=True):
                waiting.setdefault(int(str(day)), []).append(part)
            for day in [day for day in waiting if day < at - _LONGEST_RUN]:
                write(day)
            while len(writing) > 4:
                writing.pop(0).result()
        for day in sorted(waiting):
            write(day)
        for future in writing:
            future.result()


def _by_day(runs: Runs, labels: Labels, store: Store, events: Step) -> Iterator[tuple[int, pl.DataFrame]]:
    """The examples decided on each service day, in order, with the service day of their run."""
    stops = order(runs)
    days = by_value(runs.known[stops], lambda minute: moment(berlin_time.instant_datetime(minute))[1]).astype(np.int32)
    cuts = np.flatnonzero(np.diff(days, prepend=days[:1] - 1))
    for start, end in zip(cuts, [*cuts[1:], len(days)], strict=True):
        part = stops[start:end]
        departures = part[runs.kind[part] == DEPARTURE]
        features = np.empty((len(departures), len(FEATURES)))
        replay(store.tables, runs, part, days[start:end], features)
        yield int(days[start]), _frame(runs, labels, departures, features)
        events.advance(len(part))


def _frame(runs: Runs, labels: Labels, stops: Longs, features: Table) -> pl.DataFrame:
    last = runs.end[stops] - 1
    has_label = runs.kind[last] == ARRIVAL
    final = runs.delay[last]
    rounded = np.round(features, DECIMALS).astype(np.float32)

    def text(name: str) -> pl.Series:
        return labels.values[name].gather(pl.Series(labels.codes[name][stops]))

    def time(minutes: Table) -> pl.Series:
        return pl.Series(np.rint(minutes * MINUTE).astype(np.int64)).cast(examples.TIME)

    columns = {name: text(name) for name in ("category", "number", "line", "station", "destination")}
    columns |= {
        "scheduled": time(runs.departure[stops]),
        "decided_at": time(runs.known[stops]),
        "final_delay": pl.Series(final.astype(np.float32)).fill_nan(None).set(pl.Series(~has_label), None),
        "cancelled": pl.Series(np.isnan(final)).set(pl.Series(~has_label), None),
        "labelled_at": time(runs.known[last]),
        "day": pl.Series(runs.day[stops]),
    }
    return pl.DataFrame(columns | dict(zip(FEATURES, rounded.T, strict=True)))
