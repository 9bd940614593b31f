"""What a state made of the archive knows of recorded boards (../shared/data; skipped where it is absent)."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from training.history.importing import KEEPING, STATE_FILE, import_history
from training.history.moments import Moments
from zielzeit.evaluation.compare_names import compare_names
from zielzeit.evaluation.known_network import known_network
from zielzeit.features import key_names
from zielzeit.features.network_state import NetworkState
from zielzeit.model.predict import ServedModel
from zielzeit.settings import ROOT, load
from zielzeit.stations.table import packaged

DATA = ROOT.parent / "shared" / "data"
FROM, UNTIL = "2026-06-01", "2026-06-14"


pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DATA.exists(), reason="no real data at ../shared/data")]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two weeks of the trains that call at Frankfurt."""
    file = tmp_path_factory.mktemp("archive") / "stops.parquet"
    duckdb.sql(
        f"""
        COPY (
            WITH stops AS (
                FROM read_parquet('{DATA}/history/*.parquet') WHERE date BETWEEN DATE '{FROM}' AND DATE '{UNTIL}'
            )
            FROM stops SEMI JOIN (FROM stops WHERE station = 'Frankfurt (Main) Hbf') AS here
                USING (train_type, train_number, date)
        ) TO '{file}'
        """
    )
    return file


@pytest.fixture(scope="module")
def state_file(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network's state at the end of the archive."""
    out = tmp_path_factory.mktemp("examples")
    import_history([archive], out, Moments.of(load()))
    return out / KEEPING / STATE_FILE


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Boards of 30 October 2024: train numbers and some stations have changed since."""
    folder = tmp_path_factory.mktemp("boards") / "Frankfurt(Main)Hbf"
    shutil.copytree(DATA / "dbf-boards" / "frankfurt", folder)
    return folder


def test_the_archives_trains_at_frankfurt_are_found_on_frankfurts_boards(state_file: Path, boards: Path) -> None:
    key = key_names.packaged_keys()
    state = NetworkState.from_bytes(state_file.read_bytes(), key)
    found = {one.space: one for one in known_network([boards], state, key).spaces}
    assert found["relation"].known >= 20
    assert found["relation"].share >= 0.8


def test_frankfurts_departures_have_equal_features_under_the_archives_names(
    archive: Path, state_file: Path, boards: Path
) -> None:
    served = ServedModel(network=state_file)
    found = compare_names([boards], None, [archive], served, load(), packaged())
    assert found.departures > 30
    assert found.renamed == found.departures
    assert set(found.ambiguous) <= {"Köln Messe/Deutz", "Frankfurt (Main) Stadion"}
    assert found.differ == {}
    assert found.lost["relation_weight"] > 10
