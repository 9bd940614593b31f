"""What a state made of the archive knows of recorded boards (../shared/data; skipped where it is absent)."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from training.history.importing import KEEPING, STATE_FILE, import_history
from training.history.moments import Moments
from zielzeit.evaluation.known_network import known_network
from zielzeit.features import key_names
from zielzeit.features.network_state import NetworkState
from zielzeit.settings import ROOT, load

DATA = ROOT.parent / "shared" / "data"
FROM, UNTIL = "2026-06-01", "2026-06-14"


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="no real data at ../shared/data")
def test_the_archives_trains_at_frankfurt_are_found_on_frankfurts_boards(tmp_path: Path) -> None:
    """The boards are of October 2024, the archive of 2026: train numbers and some stations have changed."""
    duckdb.sql(
        f"""
        COPY (
            WITH stops AS (
                FROM read_parquet('{DATA}/history/*.parquet') WHERE date BETWEEN DATE '{FROM}' AND DATE '{UNTIL}'
            )
            FROM stops SEMI JOIN (FROM stops WHERE station = 'Frankfurt (Main) Hbf') AS here
                USING (train_type, train_number, date)
        ) TO '{tmp_path}/stops.parquet'
        """
    )
    import_history([tmp_path / "stops.parquet"], tmp_path / "out", Moments.of(load()))
    key = key_names.packaged_keys()
    state = NetworkState.from_bytes((tmp_path / "out" / KEEPING / STATE_FILE).read_bytes(), key)
    boards = tmp_path / "boards" / "Frankfurt(Main)Hbf"
    boards.parent.mkdir()
    shutil.copytree(DATA / "dbf-boards" / "frankfurt", boards)
    found = {one.space: one for one in known_network([boards], state, key).spaces}
    assert found["relation"].known >= 20
    assert found["relation"].share >= 0.8
