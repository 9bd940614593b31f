"""The page that draws the dashboards has what it needs. Drawing wants npm: tests/integration, ``--pictures``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from deploy.monitoring import picture

RENDER = Path(picture.__file__).parent / "render"
NAMES = sorted(file.stem for file in picture.DASHBOARDS.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_the_page_holds_the_dashboard_as_it_ships(name: str, tmp_path: Path) -> None:
    page = picture.page(name, tmp_path, "http://127.0.0.1:9090", minutes=5)
    (board,) = re.findall(r"window\.dashboard = (.*?); window\.shown = ", page)
    (shown,) = re.findall(r"window\.shown = (\{.*?\});</script>", page)
    assert json.loads(board) == json.loads((picture.DASHBOARDS / f"{name}.json").read_text())
    period = json.loads(shown)
    assert period["prometheus"] == "http://127.0.0.1:9090"
    assert period["to"] - period["from"] == pytest.approx(300)


def test_a_text_of_a_dashboard_cannot_end_the_script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(picture, "dashboard", lambda _: {"title": "</script>"})
    page = picture.page("operations", tmp_path, "http://127.0.0.1:9090")
    assert page.count("</script>") == 2
    assert "<\\/script>" in page


def test_every_type_of_panel_has_a_component() -> None:
    (known,) = re.findall(r"const Kind = \{(.*?)\}", (RENDER / "panels.jsx").read_text())
    drawn = {"row", *re.findall(r"(\w+):", known)}
    used = {panel["type"] for name in NAMES for panel in picture.dashboard(name)["panels"]}
    assert used <= drawn


def test_the_packages_of_the_page_are_pinned_and_locked() -> None:
    package = json.loads((RENDER / "package.json").read_text())
    wanted = package["dependencies"] | package["devDependencies"]
    assert all(re.fullmatch(r"[\d.]+", version) for version in wanted.values())
    locked = json.loads((RENDER / "package-lock.json").read_text())["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    # Of this machine's registry the lock file says nothing.
    assert not any("resolved" in entry for entry in locked.values())
