"""A made-up cluster for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.cluster.fake_flink import FakeFlink, serving
from zielzeit.settings import Settings


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[FakeFlink, Settings]]:
    """A cluster without jobs, and settings that lead to it."""
    with serving(tmp_path) as both:
        yield both
