"""A recorder keeps changes until they are taken, from several threads, and makes histograms of counters."""

from __future__ import annotations

import threading

import pytest

from zielzeit.metrics.definition import Label, Metric
from zielzeit.metrics.recorder import Count, Recorder

PLAIN = Metric(name="plain_total", unit="events", meaning="Events.", operator="decide")
LABELLED = Metric(
    name="by_kind_total",
    unit="events",
    meaning="Events.",
    operator="decide",
    labels=(Label("kind", "Kind.", ("a", "b")), Label("rule", "Rule.", ("x",))),
)
OPEN = Metric(name="open_total", unit="events", meaning="Events.", operator="decide", labels=(Label("name", "Any."),))
LATEST = Metric(name="latest_seconds", unit="seconds", meaning="A time.", type="value", operator="decide")
TIMES = Metric(name="wait_seconds", unit="seconds", meaning="W.", type="histogram", bounds=(1, 5), operator="decide")


def test_changes_are_taken_once() -> None:
    recorder = Recorder()
    recorder.add(PLAIN)
    recorder.add(PLAIN, by=4)
    recorder.add(LABELLED, "a", "x")
    assert recorder.take() == {Count("plain_total"): 5, Count("by_kind_total", (("kind", "a"), ("rule", "x"))): 1}
    assert recorder.take() == {}


def test_known_series_exist_from_the_start_and_open_ones_do_not() -> None:
    began = Recorder([PLAIN, LABELLED, OPEN, LATEST]).take()
    assert set(began.values()) == {0}
    kinds = [(("kind", kind), ("rule", "x")) for kind in "ab"]
    assert set(began) == {Count("plain_total"), Count("latest_seconds"), *(Count("by_kind_total", k) for k in kinds)}


def test_a_latest_value_is_told_as_the_way_from_the_one_before() -> None:
    recorder, told = Recorder(), 0
    for value in (7, 7, 3, 0, 10):
        recorder.set(LATEST, value)
        told += recorder.take()[Count("latest_seconds")]
        assert told == value


def test_a_histogram_counts_events_in_every_bucket_that_holds_them() -> None:
    recorder = Recorder([TIMES])
    for value, times in ((0.4, 1), (1.0, 1), (3.0, 2), (60.0, 1)):
        recorder.observe(TIMES, value, times=times)
    counts = {(count.name, *(value for _, value in count.labels)): change for count, change in recorder.take().items()}
    assert counts == {
        ("wait_seconds_bucket", "1"): 2,
        ("wait_seconds_bucket", "5"): 4,
        ("wait_seconds_bucket", "+Inf"): 5,
        ("wait_seconds_count",): 5,
        ("wait_seconds_sum",): 67,
    }


def test_a_value_for_each_label_is_required() -> None:
    with pytest.raises(ValueError, match="zip"):
        Recorder().add(LABELLED, "a")


def test_nothing_is_lost_between_threads() -> None:
    recorder, taken = Recorder(), 0
    threads = [threading.Thread(target=lambda: [recorder.add(PLAIN) for _ in range(5_000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken += recorder.take().get(Count("plain_total"), 0)
    taken += recorder.take().get(Count("plain_total"), 0)
    assert taken == 20_000
