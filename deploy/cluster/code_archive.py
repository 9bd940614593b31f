"""The project's code that runs on a cluster, as one archive: the packages of the jobs and what they import."""

from __future__ import annotations

import ast
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

from zielzeit.settings import CHECKOUT

_JOBS = "flink_jobs"
_DATA = "*.zst"
"""Files beside the modules that they read: the table of stations."""


def pack(archive: Path) -> Path:
    """Write the code that the jobs need on a cluster, and nothing else, as a zip archive."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_suffix(".part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as bundle:
        for folder in packages():
            for file in (*_modules(folder), *sorted(folder.rglob(_DATA))):
                bundle.write(file, file.relative_to(folder.parent))
    return partial.rename(archive)


def contents(archive: Path) -> set[tuple[str, int]]:
    """Names and checksums of an archive's files; empty where there is no archive."""
    if not archive.is_file():
        return set()
    with zipfile.ZipFile(archive) as bundle:
        return {(member.filename, member.CRC) for member in bundle.infolist()}


def packages() -> list[Path]:
    """Folders of the project's packages that run on a cluster: the jobs', and all that these import from each other."""
    own, found, waiting = _own_packages(), dict[str, Path](), [_JOBS]
    while waiting:
        name = waiting.pop()
        spec = find_spec(name)
        if name in found or spec is None or spec.origin is None:
            continue
        found[name] = Path(spec.origin).parent
        waiting += own & _imported(found[name])
    return [found[name] for name in sorted(found)]


def _own_packages() -> set[str]:
    """Names of the project's top-level packages."""
    if CHECKOUT is None:
        return set((distribution("zielzeit").read_text("top_level.txt") or "").split())
    return {init.parent.name for folder in (CHECKOUT, CHECKOUT / "src") for init in folder.glob("*/__init__.py")}


def _imported(folder: Path) -> set[str]:
    """Names of the top-level packages that a package's modules import."""
    names = set[str]()
    for file in _modules(folder):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                names.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.partition(".")[0])
    return names


def _modules(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*.py"))
