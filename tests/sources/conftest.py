"""The odd server, and its address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving import serving
from tests.sources.odd_dbf import OddDbf, application


@pytest.fixture
def odd() -> OddDbf:
    return OddDbf()


@pytest.fixture
def base_url(odd: OddDbf) -> Iterator[str]:
    with serving(application(odd)) as url:
        yield url
