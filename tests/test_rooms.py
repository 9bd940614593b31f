"""The rooms' contracts in pyproject.toml hold: no import runs up, and the library knows no Flink."""

from __future__ import annotations

import subprocess
import sys

from zielzeit.settings import ROOT

# In a process of its own: import-linter silences the loggers of whoever calls it.
LINT = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"


def test_no_import_runs_up() -> None:
    done = subprocess.run([sys.executable, "-c", LINT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
