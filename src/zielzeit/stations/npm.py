"""Packages of the npm registry, fetched by the npm that is installed, and checked."""

from __future__ import annotations

import io
import subprocess
import tarfile
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from zielzeit.errors import UserError


class Package(NamedTuple):
    """A pinned package, with the SHA-256 of its archive."""

    name: str
    version: str
    sha256: str

    @property
    def archive(self) -> str:
        """The file that ``npm pack`` writes."""
        return f"{self.name}-{self.version}.tgz"


def fetch(package: Package, cache: Path | None = None) -> bytes:
    """The package's archive, out of ``cache`` where it is there.

    Raises UserError where npm is missing or fails, and where the archive is not the pinned one.
    """
    if cache is not None and (cache / package.archive).exists():
        packed = (cache / package.archive).read_bytes()
    else:
        with TemporaryDirectory(prefix="zielzeit-npm-") as folder:
            packed = _pack(package, Path(folder))
            if cache is not None:
                cache.mkdir(parents=True, exist_ok=True)
                (cache / package.archive).write_bytes(packed)
    if sha256(packed).hexdigest() != package.sha256:
        raise UserError(f"{package.archive} is not the pinned archive: its SHA-256 is {sha256(packed).hexdigest()}")
    return packed


def member(packed: bytes, name: str) -> bytes:
    """One file of a package's archive."""
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        file = archive.extractfile(f"package/{name}")
        if file is None:
            raise UserError(f"package/{name} is not a file")
        return file.read()


def _pack(package: Package, folder: Path) -> bytes:
    command = ["npm", "pack", f"{package.name}@{package.version}", "--silent"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise UserError("npm is not installed: it fetches the packages that the table is made of") from None
    if done.returncode:
        raise UserError(f"`{' '.join(command)}` failed: {done.stderr.strip() or done.stdout.strip()}")
    return (folder / package.archive).read_bytes()
