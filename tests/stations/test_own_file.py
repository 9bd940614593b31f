"""The user's file of stations: what it may say, and what an error says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from zielzeit.errors import UserError
from zielzeit.stations.own_file import read_own_file
from zielzeit.stations.station import Station


def written(folder: Path, text: str) -> Path:
    file = folder / "stations.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_all_columns_are_read(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "\ufeff# of our own\nName, EVA ,aliases,ds100,group,earlier\n\n"
        '"Kirche, Neubau",08099998,Neubau Kirche | Neubau  (Kirche),NKI|NKI 2,8000105,Neubau\nAltbau,8099997\n',
    )
    assert read_own_file(file) == [
        Station(
            "8099998", "Kirche, Neubau", ("Neubau Kirche", "Neubau (Kirche)"), ("Neubau",), ("NKI", "NKI 2"), "8000105"
        ),
        Station("8099997", "Altbau"),
    ]


def test_decomposed_names_become_composed(tmp_path: Path) -> None:
    (station,) = read_own_file(written(tmp_path, "eva,name\n8000207,Ko\u0308ln Hbf\n"))
    assert station.name == "Köln Hbf"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("eva\n8000105\n", "line 1: column name is missing"),
        ("eva,name,code\n", "line 1, column 'code': unknown"),
        ("eva,name,eva\n", "line 1, column eva: named twice"),
        ("eva,name\n8000105,Hbf\nFF,Hbf\n", "line 3, column eva: 'FF' is no EVA number"),
        ("eva,name\n0,Hbf\n", "line 2, column eva: '0' is no EVA number"),
        ("eva,name\n80001058000105,Hbf\n", "line 2, column eva: '80001058000105' is no EVA number"),
        ("eva,name\n8000105,\n", "line 2, column name: empty"),
        ("eva,name\n8000105,8000105\n", "line 2, column name: '8000105' is a number"),
        ("eva,name,group\n8000105,Hbf,FF\n", "line 2, column group: 'FF' is no EVA number"),
        ("eva,name\n8000105,Hbf,FF\n", "line 2: 3 fields for 2 columns"),
        ("eva,name\n8000105,Hbf\n8000105,Bf\n", "line 3, column eva: 8000105 stands in line 2 already"),
    ],
)
def test_an_error_names_file_line_and_column(tmp_path: Path, text: str, message: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(UserError) as error:
        read_own_file(file)
    assert str(file) in str(error.value)
    assert message in str(error.value)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "stations.csv"
    file.write_bytes(b"eva,name\n1,K\xf6ln\n")
    with pytest.raises(UserError, match="UTF-8"):
        read_own_file(file)
