"""The pages are true: paths exist, tables are those of the code, the glossary has the field's terms."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from typer.main import get_command

from cli import settings_page
from cli.app import build
from zielzeit.events.structs import Kind, Outcome
from zielzeit.settings import ROOT

PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    *(str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").rglob("*.md"))),
]
FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_page_names_exists(page: str) -> None:
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(), flags=re.DOTALL)
    named = {
        name
        for name in re.findall(r"`([\w./-]+)`", text)
        if name.partition("/")[0] in FOLDERS and "/" in name and "…" not in name
    }
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)#][^)]*)\)", text) if "://" not in link}
    missing = {name for name in named if not (ROOT / name).exists()}
    missing |= {link for link in links if not ((ROOT / page).parent / link).exists()}
    assert not missing


def test_links_to_a_section_lead_to_one() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)]*#[^)]*)\)", (ROOT / page).read_text()):
            target, _, section = link.partition("#")
            file = (ROOT / page).parent / target if target else ROOT / page
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            assert section in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}, link


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_module_that_a_page_names_exists(page: str) -> None:
    text = (ROOT / page).read_text()
    commands = set(get_command(build()).commands)  # type: ignore[attr-defined]
    assert set(re.findall(r"(?:\./|`|>)zielzeit (\w+)", text)) - commands == set()
    modules = set(re.findall(r"python -m ([\w.]+)", text))
    assert {module for module in modules if find_spec(module) is None} == set()


def test_the_page_of_settings_is_what_the_settings_say() -> None:
    assert settings_page.PAGE.read_text() == settings_page.page(), "run: python -m cli.settings_page"


def test_the_glossary_has_every_kind_of_decision_and_state_of_an_outcome() -> None:
    section = (ROOT / "docs" / "glossary.md").read_text()
    terms = {term for row in re.findall(r"^\| ([\w ,-]+) \|", section, re.MULTILINE) for term in row.split(", ")}
    (statuses,) = (get_args(field.type) for field in msgspec.structs.fields(Outcome) if field.name == "status")
    assert {*get_args(Kind), *statuses} <= terms


def test_rooms_are_listed_in_the_architecture() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {path.parent.name for path in (ROOT / "src" / "zielzeit").glob("*/__init__.py")}
    assert {room for room in rooms if f"`src/zielzeit/{room}/`" not in page} == set()


def _sources() -> list[Path]:
    return [path for folder in sorted(FOLDERS) for path in sorted((ROOT / folder).rglob("*.py"))]


def test_no_comment_points_to_a_page_that_is_not_here() -> None:
    for path in _sources():
        for page in re.findall(r'(?<!["/\w])[\w/]+\.md\b', path.read_text()):
            assert (ROOT / page).exists(), f"{path.relative_to(ROOT)} names {page}"
