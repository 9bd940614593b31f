"""Recordings are read verbatim, in the order of their time, and what is broken is named."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard

from zielzeit.errors import UserError
from zielzeit.recordings.read import find_boards, parse_name, read_boards
from zielzeit.settings import ROOT

FRANKFURT = ROOT.parent / "shared/data/dbf-boards/frankfurt"


@pytest.mark.parametrize(
    ("name", "station", "utc"),
    [
        ("20241030T1630.json.gz", None, "2024-10-30T15:30:00"),
        ("20240730T163007.json", None, "2024-07-30T14:30:07"),
        ("Essen Hbf_20140103T2001.json.zst", "Essen Hbf", "2014-01-03T19:01:00"),
        ("A_B_20140103T2001.json", "A_B", "2014-01-03T19:01:00"),
        ("20241027T0230.json", None, "2024-10-27T00:30:00"),
        ("20241027T0230+0100.json", None, "2024-10-27T01:30:00"),
        ("20241027T0130Z.json.gz", None, "2024-10-27T01:30:00"),
        ("20240331T0230.json", None, "2024-03-31T01:30:00"),
    ],
)
def test_a_name_gives_station_and_time_in_utc_through_both_clock_changes(
    name: str, station: str | None, utc: str
) -> None:
    assert parse_name(name) == (station, datetime.fromisoformat(utc).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    "name", ["board.json", "2024.json", "20241330T1630.json", "20241030T1660.json.gz", "00010101T0000.json"]
)
def test_a_name_without_a_time_is_refused_with_the_form(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(UserError, match=r"does not say when.*YYYYMMDDTHHMM\.json"):
        find_boards([tmp_path])


def test_folders_of_folders_files_and_lines_are_merged_by_time(tmp_path: Path) -> None:
    for station, minute in (("B", "1203"), ("A", "1203"), ("A", "1200"), ("B", "1206")):
        (tmp_path / "net" / station).mkdir(parents=True, exist_ok=True)
        body = f'{{"departures": [], "of": "{station}{minute}"}}'.encode()
        (tmp_path / "net" / station / f"20240730T{minute}.json.gz").write_bytes(gzip.compress(body))
    lines = [
        {"station": "L", "polled_at": "2024-07-30T10:01:00+00:00", "body": '{ "kept":  "as it is" }'},
        {"station": "L", "polled_at": "2024-07-30T12:04:00+02:00", "body": {"departures": []}},
    ]
    (tmp_path / "net" / "l.jsonl.zst").write_bytes(zstandard.compress("\n".join(map(json.dumps, lines)).encode()))
    (tmp_path / "net" / "notes.txt").write_text("passed over")
    single = tmp_path / "S_20240730T1205.json"
    single.write_bytes(b"not JSON, and still verbatim")

    recording = find_boards([single, tmp_path / "net", tmp_path / "net" / "A"])
    boards = list(recording.read())

    assert recording.boards == len(boards) == 7
    assert [(board.station, f"{board.polled_at:%H%M}") for board in boards] == [
        ("A", "1000"), ("L", "1001"), ("A", "1003"), ("B", "1003"), ("L", "1004"), ("S", "1005"), ("B", "1006"),
    ]  # fmt: skip
    assert boards[0].body == b'{"departures": [], "of": "A1200"}'
    assert boards[1].body == b'{ "kept":  "as it is" }'
    assert boards[4].body == b'{"departures": []}'
    assert boards[5].body == b"not JSON, and still verbatim"
    assert boards[0].url == "A/20240730T1200.json.gz"


def test_the_station_given_names_boards_in_files_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "20240730T1200.json").write_bytes(b"{}")
    assert next(read_boards([tmp_path])).station == tmp_path.name
    assert next(read_boards([tmp_path], "Hanau Hbf")).station == "Hanau Hbf"


def test_lines_out_of_order_come_in_order(tmp_path: Path) -> None:
    file = tmp_path / "x.ndjson.gz"
    times = [datetime(2024, 7, 30, 12, minute, tzinfo=UTC) for minute in (3, 1, 2)]
    rows = [{"station": "X", "polled_at": time.isoformat(), "body": str(time.minute)} for time in times]
    file.write_bytes(gzip.compress("\n\n".join(map(json.dumps, rows)).encode()))
    assert [board.body for board in read_boards([file])] == [b"1", b"2", b"3"]


@pytest.mark.parametrize(
    "line",
    [
        '{"station": "X"',
        '{"station": "X", "polled_at": "2024-07-30T12:00:00", "body": {}}',
        '{"station": "", "polled_at": "2024-07-30T12:00:00Z", "body": {}}',
        '{"station": "X", "polled_at": "2024-07-30T12:00:00Z"}',
        '{"station": "X", "polled_at": "0001-01-01T00:00:00+02:00", "body": {}}',
        '{"station": "X", "polled_at": "9999-12-31T23:59:59-02:00", "body": {}}',
    ],
)
def test_a_bad_line_is_named_before_anything_is_read(tmp_path: Path, line: str) -> None:
    good = '{"station": "X", "polled_at": "2024-07-30T12:00:00Z", "body": {}}\n'
    (tmp_path / "x.jsonl").write_text(good + line)
    with pytest.raises(UserError, match=r"x\.jsonl, line 2: "):
        find_boards([tmp_path])


@pytest.mark.parametrize("name", ["20240730T1200.json.gz", "20240730T1200.json.zst", "20240730T1200.json"])
@pytest.mark.parametrize("keep", [0, 9, 40])
def test_a_truncated_file_is_named(tmp_path: Path, name: str, keep: int) -> None:
    body = b'{"departures": [' + bytes(range(256)) * 8
    packed = {".gz": gzip.compress(body), ".zst": zstandard.compress(body), ".json": b""}[Path(name).suffix]
    (tmp_path / name).write_bytes(packed[:keep])
    with pytest.raises(UserError, match="20240730T1200"):
        list(read_boards([tmp_path]))


def test_truncated_lines_are_named(tmp_path: Path) -> None:
    rows = '{"station": "X", "polled_at": "2024-07-30T12:00:00Z", "body": {}}\n' * 1000
    (tmp_path / "x.jsonl.zst").write_bytes(zstandard.compress(rows.encode())[:-3])
    with pytest.raises(UserError, match=r"x\.jsonl\.zst cannot be read"):
        find_boards([tmp_path])


def test_frames_of_zstd_one_after_the_other_are_one_file(tmp_path: Path) -> None:
    rows = [f'{{"station": "X", "polled_at": "2024-07-30T12:0{n}:00Z", "body": {{}}}}\n'.encode() for n in range(3)]
    (tmp_path / "x.jsonl.zst").write_bytes(b"".join(map(zstandard.compress, rows)))
    assert find_boards([tmp_path]).boards == 3


def test_missing_foreign_and_empty_paths_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    for path, complaint in ((tmp_path / "gone", "does not exist"), (tmp_path / "notes.txt", "is not a recording")):
        with pytest.raises(UserError, match=complaint):
            find_boards([path])
    with pytest.raises(UserError, match="holds no boards"):
        find_boards([tmp_path])


@pytest.mark.skipif(not FRANKFURT.is_dir(), reason="the recorded boards of ../shared/data are absent")
def test_the_recorded_boards_of_frankfurt_are_read_three_minutes_apart() -> None:
    boards = list(read_boards([FRANKFURT], "Frankfurt(Main)Hbf"))
    assert len(boards) == 41
    assert {(b.polled_at - a.polled_at).seconds for a, b in pairwise(boards)} == {180}
