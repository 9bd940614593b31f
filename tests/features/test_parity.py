"""The archive's replay and the stream's one-by-one calls must see the same features: there is one definition."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from training import examples
from training.history.importing import KEEPING, STATE_FILE, import_history
from training.history.moments import Moments
from zielzeit import berlin_time
from zielzeit.features.network_state import FEATURES, Arrival, FeatureInput, NetworkState, feature_row
from zielzeit.settings import load

MOMENTS = Moments.of(load())


def small_history(days: int = 6) -> pl.DataFrame:
    """A line of six stations, three trains each way and day, delays by a fixed rule, one run and one stop cancelled."""
    stations = [f"S{i}" for i in range(6)]
    rows = []
    for day in range(days):
        for trip in range(8):
            forward = trip % 2 == 0
            way = stations if forward else stations[::-1]
            kind = ("RE", "RB", "ICE")[trip % 3]
            start = 20 * 60 + 55 if trip == 7 else 6 * 60 + 47 * trip  # the last one runs past midnight and is late
            for stop, station in enumerate(way):
                minute = start + 40 * stop
                last, first = stop == len(way) - 1, stop == 0
                arrival = (day * 7 + trip * 5 + stop * 3) % 11 - 2 + 3 * trip
                departure = arrival + (stop + trip) % 3
                rows.append(
                    {
                        "train_type": kind,
                        "train_number": str(100 + trip),
                        "line": None if kind == "ICE" else f"{kind}{1 + trip % 2}",
                        "station": station,
                        "date": date(2026, 3, 27) + timedelta(days=day + minute // 1440),
                        "planned_minute_of_day": minute % 1440,
                        "arr_delay_min": None if first else arrival,
                        "dep_delay_min_if_differs": None if last else departure,
                        "cancelled": (trip == 3 and day == 2)
                        or (trip == 4 and stop == 2 and day % 2 == 1)
                        or (trip == 2 and last and day == 3),
                    }
                )
    return pl.DataFrame(rows)


def streamed(history: pl.DataFrame) -> dict[tuple[str, str, datetime], tuple[float, ...]]:  # noqa: PLR0912
    """Features as a stream computes them: each decision when it falls, names only, the run followed by hand."""
    runs: list[list[dict]] = []
    for row in history.sort("train_number", "date", "planned_minute_of_day").iter_rows(named=True):
        wall = (row["date"] - date(1970, 1, 1)).days * 1440 + row["planned_minute_of_day"]
        stop = row | {"wall": wall, "at": berlin_time.wall_to_utc(wall)}
        before = runs[-1][-1] if runs else None
        if before is None or before["train_number"] != row["train_number"] or wall - before["wall"] > 240:
            runs.append([])
        runs[-1].append(stop)
    events = []
    for run in runs:
        known = []
        for stop, row in enumerate(run):
            last = stop == len(run) - 1
            delay = row["arr_delay_min"] if last else row["dep_delay_min_if_differs"]
            delay = row["arr_delay_min"] if delay is None else delay
            at = row["at"] + MOMENTS.decision + (0 if row["cancelled"] else delay)
            known.append(at)
            if last:
                at = (max(known) if row["cancelled"] else at) + MOMENTS.label
            events.append((at, run, stop, None if row["cancelled"] else delay))
    by_minute = defaultdict(list)
    for at, *event in events:
        by_minute[at].append(event)
    state, out, followed = NetworkState(), {}, defaultdict(list)
    for at in sorted(by_minute):
        decided_at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=at)
        departures = []
        for run, stop, delay in by_minute[at]:
            if delay is None or stop == len(run) - 1:
                continue
            row, behind = run[stop], followed[id(run)]
            item = FeatureInput(
                category=row["train_type"],
                number=row["train_number"],
                line=(row["line"] or "").removeprefix(row["train_type"]),
                station=row["station"],
                destination=run[-1]["station"],
                scheduled=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=row["at"]),
                decided_at=decided_at,
                delay=delay,
                horizon=float(run[-1]["at"] - row["at"]),
                route_ahead=tuple(later["station"] for later in run[stop + 1 :]),
                earlier_delays=tuple(earlier.delay for earlier in behind),
                previous_station=behind[-1].station if behind else "",
                previous_minutes=(item_minutes(row, behind[-1]) if behind else float("nan")),
            )
            out[item.number, item.station, item.scheduled] = feature_row(item, state)
            departures.append((run, item))
        for run, item in departures:
            state.observe_departure(item)
            followed[id(run)].append(item)
        for run, stop, delay in reversed(by_minute[at]):
            if stop == len(run) - 1 and followed[id(run)]:
                row, behind = run[stop], tuple(followed[id(run)])
                state.observe_arrival(
                    Arrival(
                        departures=behind,
                        delay=delay,
                        decided_at=decided_at,
                        last_hop_minutes=item_minutes(row, behind[-1]),
                    )
                )
            elif delay is None and stop < len(run) - 1:
                state.observe_cancelled_stop(run[stop]["station"], decided_at)
        state.forget(decided_at)
    return out


def item_minutes(row: dict, before: FeatureInput) -> float:
    """Planned minutes from an earlier departure of the run to a stop."""
    return row["at"] - berlin_time.milliseconds(before.scheduled) / 60_000


def after_a_winter(history: pl.DataFrame) -> pl.DataFrame:
    """The history, and some of its trains again half a week before and after the rest of it is forgotten."""
    again = (
        history.filter(pl.col("train_number") == number).with_columns(pl.col("date") + pl.duration(days=days))
        for number, days in (("100", 38), ("101", 46), ("102", 38), ("102", 86))
    )
    return pl.concat((history, *again))


@pytest.mark.parametrize("history", [small_history(), after_a_winter(small_history())], ids=["days", "months"])
def test_stream_features_equal_archive_features(tmp_path, history: pl.DataFrame) -> None:
    history.write_parquet(tmp_path / "stops.parquet")
    import_history([tmp_path / "stops.parquet"], tmp_path / "out", MOMENTS)
    stored = examples.read(tmp_path / "out")
    stream = streamed(history)
    assert len(stored) == len(stream) > 200
    for row in stored.iter_rows(named=True):
        expected = stream[row["number"], row["station"], row["scheduled"]]
        np.testing.assert_allclose(
            [row[name] for name in FEATURES],
            np.array(expected, dtype=np.float32),
            atol=0.011,
            err_msg=f"{row['number']} {row['station']} {row['scheduled']}",
        )


def test_the_state_at_the_end_of_an_archive_holds_what_counts_then(tmp_path) -> None:
    after_a_winter(small_history()).write_parquet(tmp_path / "stops.parquet")
    import_history([tmp_path / "stops.parquet"], tmp_path / "out", MOMENTS)
    state = NetworkState.from_bytes((tmp_path / "out" / KEEPING / STATE_FILE).read_bytes())
    assert {name[1] for name in state.names("train")} == {"101", "102"}, "100 ran 38 days later, 48 before the end"
    assert len(state.names("station")) == 6
