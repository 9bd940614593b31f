"""Flink's dashboard in a real browser shows the jobs under short names."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from deploy.cluster.submit import submit
from deploy.local.stack import Stack
from tests.browser import Page
from tests.integration import job
from tests.waiting import wait_until
from zielzeit.boards.record import BoardRecord

pytestmark = pytest.mark.integration

NAMES = ("Source: boards -> columns -> to Python -> key by station", "decide", "follow", "describe", "score")


@pytest.fixture
def picture(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Where the picture goes: ``--pictures docs/images`` renews the README's."""
    folder = request.config.getoption("--pictures")
    return Path(folder or tmp_path).resolve() / "flink-dashboard.png"


def test_the_dashboard_shows_the_main_job_under_short_names(
    stack: Stack, evening: Sequence[BoardRecord], picture: Path
) -> None:
    settings = job.settings_for(stack, bounded=False, start_from="earliest-offset")
    job.publish(settings, evening)
    running = submit(settings)
    try:
        job.wait_for_checkpoint(settings, running)
        page = Page(f"{settings.flink_rest}/#/job/running/{running}/overview", picture)

        def shown() -> str:
            text = html.unescape(re.sub(r"<[^>]+>", " ", page.document()))
            return text if all(name in text for name in NAMES) else ""

        text = wait_until("the dashboard shows the job", shown, every_seconds=1.0)
        assert not re.search(r"Calc\[|DataStreamToTable|SinkConversion|default_catalog", text)
        page.take_picture()
    finally:
        job.cancel(settings, running)
    image = matplotlib.image.imread(picture)
    assert image.shape[:2] == (800, 1400)
    assert len(np.unique(image.reshape(-1, image.shape[2]), axis=0)) > 50, "the picture is empty"
