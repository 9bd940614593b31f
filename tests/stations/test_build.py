"""The table is what the script makes of the pinned packages; and how the script refuses others."""

from __future__ import annotations

import shutil

import pytest
import zstandard

from zielzeit.errors import UserError
from zielzeit.stations import npm, table
from zielzeit.stations.build import PACKAGES, build, write
from zielzeit.stations.npm import Package


@pytest.mark.slow
def test_the_packaged_table_is_what_the_script_makes(tmp_path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: the table cannot be made again")
    try:
        packed = {package: npm.fetch(package) for package in PACKAGES}
    except UserError as error:
        if "is not the pinned archive" in str(error):
            raise
        pytest.skip(f"the packages cannot be fetched: {error}")
    write(build(packed), tmp_path)
    for name in (table.STATIONS, table.STOPS):
        made = zstandard.decompress((tmp_path / name).read_bytes()).decode()
        assert made == table.form(table.read(name))


def test_another_archive_than_the_pinned_one_is_refused(tmp_path) -> None:
    package = Package("db-stations", "0.0.0", "00")
    (tmp_path / package.archive).write_bytes(b"another")
    with pytest.raises(UserError, match=r"db-stations-0\.0\.0\.tgz is not the pinned archive"):
        npm.fetch(package, tmp_path)


def test_a_missing_npm_is_said_in_a_sentence(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match="npm is not installed"):
        npm.fetch(PACKAGES[0])
