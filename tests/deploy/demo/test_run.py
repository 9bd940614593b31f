"""The demo stays apart from what runs beside it."""

from __future__ import annotations

import pytest

from deploy.demo.run import demo_settings
from zielzeit.settings import load


@pytest.mark.parametrize("name", [None, "my-model"])
def test_the_demo_shares_neither_model_nor_topics_nor_job_with_real_boards(
    name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name is not None:
        monkeypatch.setenv("ZIELZEIT_MODEL_NAME", name)
    real, demo = load(), demo_settings()
    assert demo.model_name == f"{name or 'zielzeit-delay'}-demo"
    assert demo.topic("predictions") != real.topic("predictions")
    assert demo.job_name != real.job_name
