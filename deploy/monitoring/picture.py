"""Pictures of the dashboards: ``python -m deploy.monitoring.picture FOLDER --prometheus URL [--minutes 60]``.

Grafana's server is no part of Zielzeit. Its panel components are libraries of npm: the page in ``render/`` draws the
JSON of a dashboard with them, over a running Prometheus, in a browser without a window. Needs npm and chromium.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from zielzeit.errors import UserError
from zielzeit.settings import load

_FOLDER: Final = Path(__file__).parent
DASHBOARDS: Final = _FOLDER / "dashboards"
_RENDER: Final = _FOLDER / "render"
_LOCK, _INSTALLED = "package-lock.json", "installed.json"
_WIDTH: Final = 1400
_ROW, _HEAD = 38, 64
"""Pixels of a row of Grafana's grid, and above the first one."""


def build() -> Path:
    """Return the folder of the bundled page. Installs its packages, as locked: minutes, when they have changed."""
    folder = load().local_dir / "render"
    folder.mkdir(parents=True, exist_ok=True)
    locked, installed = (_RENDER / _LOCK).read_text(), folder / _INSTALLED
    for source in _RENDER.iterdir():
        shutil.copy(source, folder)
    if not installed.exists() or installed.read_text() != locked:
        if shutil.which("npm") is None:
            raise UserError("npm is not installed: apt-get install npm")
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True)
        installed.write_text(locked)
    subprocess.run(["npm", "run", "--silent", "build"], cwd=folder, check=True)
    return folder / "dist"


def dashboard(name: str) -> dict[str, Any]:
    """Return a dashboard as it ships."""
    read: dict[str, Any] = json.loads((DASHBOARDS / f"{name}.json").read_text())
    return read


def page(name: str, built: Path, prometheus: str, minutes: float | None = None) -> str:
    """Return the HTML that draws a dashboard over the last minutes, by default over the period that it says."""
    shown: dict[str, object] = {"prometheus": prometheus}
    if minutes is not None:
        shown |= {"to": time.time(), "from": time.time() - minutes * 60}
    # "</" would end the script.
    board, period = (json.dumps(value).replace("</", "<\\/") for value in (dashboard(name), shown))
    style, script = ((built / file).as_uri() for file in ("page.css", "page.js"))
    return (
        f'<!doctype html><meta charset="utf-8"><title>{name}</title><link rel="stylesheet" href="{style}">'
        f'<div id="page"></div><script>window.dashboard = {board}; window.shown = {period};</script>'
        f'<script src="{script}"></script>'
    )


def take(name: str, prometheus: str, picture: Path, minutes: float | None = None) -> str:
    """Write the picture (PNG) of a dashboard and return the drawn document."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise UserError(
            "chromium is not installed: apt-get install chromium, or `./zielzeit setup --dev` in a checkout"
        )
    built = build()
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard(name)["panels"])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        file = Path(scratch) / "page.html"
        file.write_text(page(name, built, prometheus, minutes))

        def run(*what: str) -> str:
            command = [
                *(browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
                *("--no-first-run", "--no-proxy-server", "--hide-scrollbars", f"--user-data-dir={scratch}/profile"),
                *(f"--window-size={_WIDTH},{_HEAD + rows * _ROW}", "--virtual-time-budget=20000"),
                *(*what, file.as_uri()),
            ]
            return subprocess.run(command, check=True, capture_output=True, text=True, timeout=240).stdout

        run(f"--screenshot={picture.resolve()}")
        return run("--dump-dom")


def main() -> None:
    """Take the pictures of all dashboards."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prometheus", required=True, help="URL of a running Prometheus")
    parser.add_argument("--minutes", type=float, help="period; default: as the dashboard says")
    given = parser.parse_args()
    for file in sorted(DASHBOARDS.glob("*.json")):
        picture = given.folder / f"dashboard-{file.stem}.png"
        take(file.stem, given.prometheus, picture, given.minutes)
        print(picture)


if __name__ == "__main__":
    main()
