"""What a release needs is in order: one version everywhere, a changelog to cut, a licence in the wheel."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.deploy.container_checks import RELEASED
from zielzeit.settings import ROOT

CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize(
    "file",
    [
        "deploy/images/Dockerfile",
        "deploy/compose/compose.yaml",
        "deploy/kubernetes/overlays/staging/kustomization.yaml",
        "deploy/kubernetes/overlays/production/kustomization.yaml",
        "docs/deployment.md",
    ],
)
def test_every_image_has_the_projects_version_as_its_tag(file: str) -> None:
    text = (ROOT / file).read_text()
    tags = re.findall(r"(?:zielzeit/[\w$]+:|newTag: )(\d[\w.-]*\w)", text)
    assert tags
    assert {*tags} == {RELEASED}


def test_the_changelog_begins_with_what_is_unreleased_and_its_sections_are_of_the_known_kinds() -> None:
    versions = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", CHANGELOG, re.MULTILINE)
    assert len(versions) == CHANGELOG.count("\n## ")
    assert versions[0] == ("Unreleased", "")
    assert all(date for _, date in versions[1:])
    kinds = re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)
    assert set(kinds) <= KINDS
    for section in CHANGELOG.split("\n## ")[1:]:
        named = re.findall(r"^### (.+)$", section, re.MULTILINE)
        assert len(named) == len(set(named)), "a kind has two sections"
    if len(versions) > 1:
        assert versions[1][0] == RELEASED


def test_the_licence_is_that_of_the_metadata() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    for name in project["license-files"]:
        assert (ROOT / name).is_file(), name
        assert f" {name} " in (ROOT / "deploy" / "images" / "Dockerfile").read_text(), "the image's wheel lacks it"
