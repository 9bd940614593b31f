"""The pages build as a site without a warning: every link and anchor leads somewhere, every page is in the menu."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from zielzeit.settings import ROOT

pytestmark = pytest.mark.slow


class _Links(HTMLParser):
    """What a page links to or shows, and its anchors."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links |= {link for link in (given.get("href"), given.get("src")) if link}
        self.anchors |= {anchor for anchor in (given.get("id"), given.get("name")) if anchor}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built with every warning as an error."""
    folder = tmp_path_factory.mktemp("site")
    ran = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return folder


def test_every_link_inside_of_the_site_leads_somewhere(site: Path) -> None:
    pages = {page: _Links(page) for page in site.rglob("*.html")}
    assert len(pages) > 20
    assert {f"{page.relative_to(site)}: {link}" for page, link in _broken(pages) if page.name != "404.html"} == set()


def _broken(pages: dict[Path, _Links]) -> Iterator[tuple[Path, str]]:
    for page, found in pages.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            if not target.exists() or (parts.fragment and unquote(parts.fragment) not in _anchors(pages, target)):
                yield page, link


def _anchors(pages: dict[Path, _Links], target: Path) -> set[str]:
    return pages[target].anchors | {"__top"} if target in pages else {unquote(urlsplit(target.name).fragment)}


@pytest.mark.parametrize(
    "page", ["index", "topics", "settings", "data", "metrics", "operations", "api", "runbooks/lag"]
)
def test_the_site_has_what_readers_look_for(site: Path, page: str) -> None:
    assert (site / ("index.html" if page == "index" else f"{page}/index.html")).is_file()


def test_the_library_is_described_from_its_docstrings(site: Path) -> None:
    text = (site / "api" / "index.html").read_text()
    assert all(
        f'id="{name}"' in text for name in ("zielzeit.lake.reading.dataset", "zielzeit.events.structs.Prediction")
    )
