"""The project as its users install it: the wheel, and a fresh environment that it was installed into."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local import bootstrap
from zielzeit.settings import ROOT


def build_wheel(folder: Path) -> Path:
    """Build the wheel in a folder, of the files that git knows or would take, and return its path."""
    source = folder / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        copy = source / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, copy, follow_symlinks=False)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    outside([*pip, "--wheel-dir", str(folder / "dist"), str(source)], folder)
    shutil.rmtree(source)
    (wheel,) = (folder / "dist").glob("zielzeit-*.whl")
    return wheel


def fresh_environment(folder: Path, wheel: Path) -> Path:
    """Make an environment that shares nothing with the one of the tests, and return its folder ``bin``.

    It has the packages of requirements.txt, Flink's among them, and beside them the wheel: CONTRIBUTING.md.
    """
    uv = str(bootstrap.uv(ROOT))
    environment = folder / "environment"
    install = [uv, "pip", "install", "--quiet", "--no-deps", "--python", str(environment)]
    outside([uv, "venv", "--quiet", "--python", sys.executable, str(environment)], folder)
    outside([*install, "--requirement", str(ROOT / "requirements.txt")], folder)
    outside([*install, "--no-index", str(wheel)], folder)
    return environment / "bin"


def outside(command: list[str], folder: Path, *, code: int = 0, **environment: str) -> str:
    """Run a command in a folder, away from the checkout, and return what it wrote. It must end with this code."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=folder, env=clean | environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr
