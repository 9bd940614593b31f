"""``zielzeit history import``: reads files of finished history and writes examples by service day.

Every file's stop records are kept beside the examples (``_history/stops``, named by the file's contents), and the
examples are always made from all of them. So neither the order of the files nor overlaps between them matter, and
statistics go on from day to day.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import polars as pl

from training import examples
from training.history import taught_stations
from training.history.assembly import ARRIVAL, DEPARTURE, Labels, Longs, StopArrays, assemble
from training.history.chronological import chronological, describe_all
from training.history.moments import Moments
from training.history.reading import read_files, stop_records
from training.history.run_order import by_value
from zielzeit import berlin_time, service_days
from zielzeit.berlin_time import MINUTE, ServiceDay, UtcMinutes
from zielzeit.errors import UserError
from zielzeit.features.definition import FEATURES
from zielzeit.features.key_names import station_keys
from zielzeit.features.named_tables import NamedTables
from zielzeit.features.network_state import DECIMALS
from zielzeit.features.statistics import Table
from zielzeit.progress import SILENT, Progress, Step
from zielzeit.stations.register import StationRegister
from zielzeit.stations.table import packaged

KEEPING = Path("_history")
"""Folder beside the examples, for what the next import and training need."""
STATE_FILE = "state.bin"
"""The network's state at the end of the history."""
_EPOCH = date(1970, 1, 1)


class Report(msgspec.Struct, kw_only=True):
    """What an import read and wrote."""

    files: int = 0
    """Files read in this import."""
    rows: int = 0
    """Rows read in this import."""
    left_out: dict[str, int] = msgspec.field(default_factory=dict)
    """Rows that neither gave an example nor belong to a run, by reason."""
    departures: int = 0
    """Examples in the folder after the import."""
    labelled: int = 0
    """Examples whose run's end is known."""
    cancelled: int = 0
    """Examples whose run did not reach its destination."""
    days: int = 0
    """Service days in the folder after the import."""
    lacking_stations: int = 0
    """Stations in the folder's file of own stations: those that the register lacks."""


def import_history(
    files: Sequence[Path],
    out: Path,
    moments: Moments,
    progress: Progress = SILENT,
    stations: StationRegister | None = None,
    called: Mapping[Path, str] | None = None,
) -> Report:
    """Read files and write the examples of all history kept in ``out`` anew.

    ``moments`` says when what happened is known, for files that do not tell it; ``stations`` finds the boards' names of
    stations (default: the packaged register); ``called`` is what errors call a file instead of its path.
    Raises UserError where a file is missing, not a known kind of history or holds a value that cannot be read, and
    where ``out`` cannot be written to; nothing has been changed then.
    """
    check_folder(out)
    report = Report(files=len(files))
    keeping = out / KEEPING / "stops"
    with TemporaryDirectory(prefix="zielzeit-history-") as scratch:
        new = read_files(files, Path(scratch), progress, stations, called)
        report.rows, left_out = new.rows, Counter(new.left_out)
        replaced = {path.name for path in new.kept}
        kept = [path for path in sorted(keeping.glob("[!.]*.parquet")) if path.name not in replaced]
        stops = stop_records([*kept, *new.kept], stations)
        with progress.step("put runs together"):
            known = packaged() if stations is None else stations
            arrays, labels, names, dropped = assemble(stops, moments, station_keys(known))
            labels = _with_numbers(labels, known)
        del stops
        # Only now are the rows known to be usable.
        keeping.mkdir(parents=True, exist_ok=True)
        for path in new.kept:
            draft = keeping / f".{path.name}.{os.getpid()}"
            shutil.copyfile(path, draft)
            draft.replace(keeping / path.name)
    left_out.update(dropped)
    named = NamedTables(names)
    with progress.step("describe in order of time", len(arrays.kind)) as events:
        _write_examples(arrays, labels, named, out, report, events)
    state = out / KEEPING / STATE_FILE
    draft = state.with_suffix(".draft")
    end = UtcMinutes(int(named.newest()))
    named.forget(end, _service_day(end))
    draft.write_bytes(named.to_bytes())
    draft.replace(state)
    report.left_out = dict(left_out)
    report.lacking_stations = taught_stations.keep(
        out / KEEPING / taught_stations.FILE, taught_stations.lacking(known, new.taught)
    )
    (out / KEEPING / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    return report


def check_folder(out: Path) -> None:
    """Raise UserError if examples cannot be written to a folder, which need not exist. Makes nothing that stays."""
    for folder in (out, out / KEEPING / "stops"):
        nearest = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
        try:
            with TemporaryDirectory(prefix=".zielzeit-", dir=nearest):
                pass
        except OSError as error:
            raise UserError(f"{out}: examples cannot be written there, {nearest}: {error.strerror}") from None


def _with_numbers(labels: Labels, stations: StationRegister) -> Labels:
    """The texts, and with them the EVA numbers of station and destination."""
    numbers = pl.Series([stations.resolve(name).eva or "" for name in labels.values["station"]], dtype=pl.String)
    ends = ("station", "destination")
    return Labels(
        labels.codes | {f"{end}_eva": labels.codes[end] for end in ends},
        labels.values | {f"{end}_eva": numbers for end in ends},
    )


def _write_examples(
    stops: StopArrays, labels: Labels, named: NamedTables, out: Path, report: Report, events: Step
) -> None:
    """Write each service day once, with its last example: what was known late may be decided any time after the day."""
    days, counts = np.unique(stops.day[stops.kind == DEPARTURE], return_counts=True)
    missing = dict(zip(days.tolist(), counts.tolist(), strict=True))
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

        for frame in _by_day(stops, labels, named, events):
            for (value,), part in frame.group_by(["day"], maintain_order=True):
                day = int(str(value))
                waiting.setdefault(day, []).append(part)
                missing[day] -= len(part)
                if not missing[day]:
                    write(day)
            while len(writing) > 4:
                writing.pop(0).result()
        for future in writing:
            future.result()


def _service_day(minute: int) -> ServiceDay:
    """Service day of a minute since 1970 UTC."""
    return service_days.service_day_at(berlin_time.datetime_of(berlin_time.minute_begin(UtcMinutes(minute))))


def _by_day(stops: StopArrays, labels: Labels, named: NamedTables, events: Step) -> Iterator[pl.DataFrame]:
    """Yield the examples by the service day on which their departures were decided, in order."""
    order = chronological(stops)
    days = by_value(stops.known[order], _service_day).astype(np.int32)
    cuts = np.flatnonzero(np.diff(days, prepend=days[:1] - 1))
    for start, end in zip(cuts, [*cuts[1:], len(days)], strict=True):
        part = order[start:end]
        departures = part[stops.kind[part] == DEPARTURE]
        features = np.empty((len(departures), len(FEATURES)))
        describe_all(named.tables, stops, part, days[start:end], features)
        yield _frame(stops, labels, departures, features)
        events.advance(len(part))


def _frame(stops: StopArrays, labels: Labels, departures: Longs, features: Table) -> pl.DataFrame:
    last = stops.end[departures] - 1
    has_label = stops.kind[last] == ARRIVAL
    final = stops.delay[last]
    rounded = np.round(features, DECIMALS).astype(np.float32)

    def text(name: str) -> pl.Series:
        return labels.values[name].gather(pl.Series(labels.codes[name][departures]))

    def time(minutes: Table) -> pl.Series:
        return pl.Series(np.rint(minutes * MINUTE).astype(np.int64)).cast(examples.TIME)

    columns = {name: text(name) for name in labels.codes}
    columns |= {
        "scheduled": time(stops.departure[departures]),
        "decided_at": time(stops.known[departures]),
        "final_delay": pl.Series(final.astype(np.float32)).fill_nan(None).set(pl.Series(~has_label), None),
        "cancelled": pl.Series(np.isnan(final)).set(pl.Series(~has_label), None),
        "labelled_at": time(stops.known[last]),
        "day": pl.Series(stops.day[departures]),
    }
    return pl.DataFrame(columns | dict(zip(FEATURES, rounded.T, strict=True)))
