"""A page as people see it: a real browser without a window, Debian's chromium."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

_AGAIN: Final = 3
"""Chromium without a window hangs now and then while its clock runs ahead, on a busy machine more often."""
_SECONDS: Final = 45
"""For one attempt; alone on a machine it takes six to eight."""


class Page:
    """A page that was loaded: its text, and its picture."""

    def __init__(self, url: str, picture: Path, *, width: int = 1400, height: int = 800) -> None:
        self.picture = picture
        self._width, self._height = width, height
        self._url = url

    def document(self) -> str:
        """The page's document after its programs have run, as HTML."""
        return self._run("--dump-dom")

    def take_picture(self) -> None:
        """Write the picture (PNG)."""
        self._run(f"--screenshot={self.picture}")

    def _run(self, *what: str) -> str:
        for _ in range(_AGAIN):
            with suppress(subprocess.TimeoutExpired):
                return self._once(*what)
        return self._once(*what)

    def _once(self, *what: str) -> str:
        browser = shutil.which("chromium") or shutil.which("google-chrome")
        assert browser, "no chromium: ./zielzeit setup --dev installs it"
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            ran = subprocess.run(
                [
                    browser,
                    "--headless=new",
                    "--no-sandbox",  # tests may run as root, and the page is our own
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--no-first-run",
                    "--no-proxy-server",
                    "--hide-scrollbars",
                    f"--user-data-dir={profile}",
                    f"--window-size={self._width},{self._height}",
                    # The page's clock runs ahead while nothing loads: no wait depends on how fast the machine is.
                    "--virtual-time-budget=20000",
                    *what,
                    self._url,
                ],
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=True,
            )
            return ran.stdout
