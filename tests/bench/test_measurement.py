"""Measurements as JSON, as tables and in the documentation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import measurement, report
from bench.measurement import Measurement, summary
from zielzeit.errors import UserError

FOUND = [
    summary("engines", "bare loop", "rows/s", [200_000, 150_123, 180_000], guarantee="at least once", note="10 rows"),
    summary("engines", "Quix Streams", "rows/s", [170_000, 160_000, 150_000], guarantee="exactly once", note="10 rows"),
    summary("latency: predictions, p99", "checkpoint every 1 s", "s", [1.23456, 1.5], guarantee="exactly once"),
]


def test_the_file_is_a_list_of_objects_with_the_median_and_extremes_of_all_runs(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "found.json"
    measurement.write(FOUND, file)
    decoded = json.loads(file.read_text())
    wanted = {"workload", "system", "guarantee", "unit", "median", "min", "max"}
    assert all(wanted <= one.keys() for one in decoded)
    assert [decoded[0][name] for name in ("median", "min", "max", "runs")] == [180_000, 150_100, 200_000, 3]
    assert measurement.read(file) == FOUND


def test_a_file_that_holds_no_measurements_is_refused_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    file.write_text('[{"workload": "engines"}]')
    with pytest.raises(UserError, match=r"found\.json holds no measurements .*missing required field"):
        measurement.read(file)


def test_the_machine_is_described_without_its_name() -> None:
    import platform

    told = measurement.machine()
    assert "cores" in told
    assert "GiB" in told
    assert platform.node() not in told


def test_the_page_is_renewed_between_its_two_lines_and_a_second_time_does_not_change_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{report.BEGIN}\nold\n{report.END}\n\nafter\n")
    report.renew(page, FOUND, "found.png")
    once = page.read_text()
    assert once.startswith("before\n\n")
    assert once.endswith("\n\nafter\n")
    assert "| bare loop | at least once | 180,000 | 150,100 | 200,000 | 3 |" in once
    assert "old" not in once
    report.renew(page, FOUND, "found.png")
    assert page.read_text() == once


def test_a_page_without_a_place_for_the_tables_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    with pytest.raises(UserError, match="has no lines"):
        report.renew(page, FOUND, "found.png")


def test_the_plot_is_a_picture(tmp_path: Path) -> None:
    report.draw(FOUND, tmp_path / "found.png")
    assert (tmp_path / "found.png").read_bytes().startswith(b"\x89PNG")


def test_the_table_shows_every_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    report.print_table(FOUND)
    shown = capsys.readouterr().out
    assert all(one.system in shown for one in FOUND)


def test_a_value_has_three_digits_at_least() -> None:
    assert list(map(report.figure, (1_234_567.0, 123.4, 12.345, 0.1234))) == ["1,234,567", "123", "12.3", "0.123"]


def test_a_measurement_of_one_run_is_its_own_extremes() -> None:
    one: Measurement = summary("restart", "until all of the job runs", "s", [4.5])
    assert (one.median, one.min, one.max, one.runs) == (4.5, 4.5, 4.5, 1)
