"""The connector's jar is mended once, to the byte, and another release is refused by a sentence."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from deploy.local import kafka_connector
from deploy.local.kafka_connector import CLASS, GOES_ON, RETURNS_EARLY
from deploy.local.setup_step import SetupError

NAME = "flink-sql-connector-kafka-5.0.0-2.2.jar"


def jar(folder: Path, code: bytes) -> Path:
    """A connector's jar with this code, and something else."""
    with zipfile.ZipFile(folder / NAME, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(CLASS, code)
        made.writestr("META-INF/NOTICE", "other")
    return folder / NAME


def test_only_the_early_return_is_changed(tmp_path: Path) -> None:
    file = jar(tmp_path, b"before" + RETURNS_EARLY + b"after")
    for _ in range(2):
        kafka_connector.mend(tmp_path)
    with zipfile.ZipFile(file) as mended:
        assert mended.read(CLASS) == b"before" + GOES_ON + b"after"
        assert mended.read("META-INF/NOTICE") == b"other"
        assert {entry.compress_type for entry in mended.infolist()} == {zipfile.ZIP_DEFLATED}
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("code", [b"", RETURNS_EARLY * 2, GOES_ON * 2])
def test_another_release_is_refused(tmp_path: Path, code: bytes) -> None:
    jar(tmp_path, code)
    with pytest.raises(SetupError, match=f"{NAME}.*FLINK-31006"):
        kafka_connector.mend(tmp_path)


def test_a_folder_without_connector_is_left_alone(tmp_path: Path) -> None:
    kafka_connector.mend(tmp_path)
    assert list(tmp_path.iterdir()) == []
