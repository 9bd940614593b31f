"""Virtual environments of the peers, each with its pinned packages, made by uv at the first use."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import zielzeit
from zielzeit.errors import UserError
from zielzeit.progress import Progress
from zielzeit.settings import ROOT

_HERE: Final = Path(__file__).parent
_UV: Final = ROOT / ".local" / "tools" / "bin" / "uv"
"""The one that ``./zielzeit`` installs packages with."""


def python_of(peer: str, folder: Path, progress: Progress) -> Path:
    """Interpreter of a peer's environment below a folder. Raises UserError where it cannot be made."""
    requirements = _HERE / f"requirements-{peer}.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    environment = folder / f"{peer}-{digest}"
    python = environment / "bin" / "python"
    if not environment.exists():
        partial = environment.with_name(f"part-{environment.name}")
        shutil.rmtree(partial, ignore_errors=True)
        with progress.step(f"install the packages of {peer}"):
            # A relocatable environment may be renamed when it is whole.
            _uv("venv", "--relocatable", "--python", sys.executable, str(partial))
            _uv("pip", "install", "--python", str(partial / "bin" / "python"), "-r", str(requirements))
        partial.rename(environment)
    return python


def library_path(folder: Path) -> str:
    """``PYTHONPATH`` of a peer: the installed library and its programs by path, and none of the other packages here."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in (Path(zielzeit.__file__).parent, _HERE.parent):
        link = folder / package.name
        if not link.is_symlink() or link.resolve() != package.resolve():
            link.unlink(missing_ok=True)
            link.symlink_to(package)
    return str(folder)


def _uv(*arguments: str) -> None:
    uv = str(_UV) if _UV.exists() else shutil.which("uv")
    if uv is None:
        raise UserError("uv is not installed, it makes the environments of the engines to compare with: pip install uv")
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(  # noqa: S603 - a fixed program
        [uv, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UserError(f"uv {' '.join(arguments[:2])} failed: {done.stderr.strip().splitlines()[-1:]}")
