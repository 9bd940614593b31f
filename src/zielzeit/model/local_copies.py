"""Local copies of registered models, and the order in which they served: what the job uses while the registry is away.

One folder for each registry, model and alias. In it a folder for each copy: ``copy.json`` (``Copy``) and ``files/``;
beside them ``served.json``, the identities of the copies that served, the last one first.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec

from zielzeit import file_lock
from zielzeit.model.delay_model import checksum

log = logging.getLogger(__name__)

KEPT = 3
"""Number of copies that are kept: those that served last."""
_CARD, _FILES, _SERVED, _LOCK = "copy.json", "files", "served.json", ".lock"
_ABANDONED_SECONDS = 24 * 3600.0
"""Age beyond which an unfinished download is removed."""


class ModelIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a registered model. A number alone says little: a registry that begins anew counts from 1 again."""

    registry: str
    """URI of the registry, without user and password."""
    name: str
    version: str
    run_id: str
    created: int
    """When the version was registered, Unix milliseconds."""

    def __post_init__(self) -> None:
        """Raises ValueError where the version, which comes from a server and names a folder, is not a number."""
        if not (self.version.isascii() and self.version.isdigit() and len(self.version) < 20):
            raise ValueError(f"{self.version!r} is no version of a model: a version is a number")


class Copy(msgspec.Struct, frozen=True):
    """Content of ``copy.json``."""

    identity: ModelIdentity
    files: dict[str, str]
    """SHA-256 by path below ``files/``."""


class LocalCopies:
    """The copies of one registered model in a folder, which threads and processes share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While this lasts no other thread or process is in here. Without a lock where the folder cannot be written."""
        with ExitStack() as while_this_lasts:
            with suppress(OSError):
                while_this_lasts.enter_context(file_lock.held(self._folder / _LOCK))
            yield

    def find(self, identity: ModelIdentity) -> Path | None:
        """Folder with the files of a model; None where there is no copy, or it differs from what was downloaded."""
        folder = self._folder / _directory(identity)
        try:
            copy = msgspec.json.decode((folder / _CARD).read_bytes(), type=Copy)
            files = _checksums(folder / _FILES)
        except (OSError, msgspec.DecodeError):
            return None
        if (copy.identity, copy.files) != (identity, files):
            log.warning("the copy in %s is not used: it is not what was downloaded", folder)
            return None
        return folder / _FILES

    def add(self, identity: ModelIdentity, download: Callable[[Path], object]) -> Path:
        """Make a copy by ``download``, which fills a folder; returns the folder with the files.

        To be called ``alone``, after another look for one: nobody may load a copy that is replaced.
        """
        folder = self._folder / _directory(identity)
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".", dir=self._folder))
        try:
            (partial / _FILES).mkdir()
            download(partial / _FILES)
            card = Copy(identity, _checksums(partial / _FILES))
            (partial / _CARD).write_bytes(msgspec.json.encode(card))
            shutil.rmtree(folder, ignore_errors=True)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return folder / _FILES

    def served(self) -> list[ModelIdentity]:
        """What served, the last one first; empty where nothing did or the file is unreadable."""
        try:
            return msgspec.json.decode((self._folder / _SERVED).read_bytes(), type=list[ModelIdentity])
        except (OSError, msgspec.DecodeError):
            return []

    def served_since(self, at: float) -> bool:
        """Return True if a model was noted as serving after a time, Unix seconds."""
        try:
            return (self._folder / _SERVED).stat().st_mtime > at
        except OSError:
            return False

    def note_served(self, identity: ModelIdentity) -> None:
        """A model serves from now on: it is the one to use without registry. Copies beyond ``KEPT`` are removed."""
        with self.alone():
            others = [other for other in self.served() if other != identity]
            self._write([identity, *others][:KEPT])

    def drop(self, identity: ModelIdentity) -> None:
        """Remove a copy that turned out to be bad."""
        with self.alone():
            self._write([other for other in self.served() if other != identity])

    def _write(self, served: list[ModelIdentity]) -> None:
        """Replace ``served.json`` and remove what it does not name. A full disk is told and stops nothing."""
        partial = self._folder / f".{_SERVED}-{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(msgspec.json.encode(served))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._folder / _SERVED)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._folder / _SERVED, error)
            return
        kept = {_directory(identity) for identity in served}
        for folder in self._folder.iterdir():
            if folder.is_dir() and folder.name not in kept and not _in_progress(folder):
                shutil.rmtree(folder, ignore_errors=True)


def folder_name(registry: str, name: str, alias: str) -> str:
    """Name of the folder for the copies of a registered model: readable, and one for each of the three together."""
    readable = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:60]
    return f"{readable}-{_digest((registry, name, alias))}"


def _directory(identity: ModelIdentity) -> str:
    """Name of a copy's folder."""
    return f"{identity.version}-{_digest(identity)}"


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:12]


def _checksums(folder: Path) -> dict[str, str]:
    """SHA-256 by path of every file below a folder."""
    return {str(path.relative_to(folder)): checksum(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _in_progress(folder: Path) -> bool:
    """Whether another process may still be writing to a folder."""
    return folder.name.startswith(".") and time.time() - folder.stat().st_mtime < _ABANDONED_SECONDS
