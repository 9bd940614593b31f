"""The compiler loads wherever operators run."""

from __future__ import annotations

import subprocess
import sys

from zielzeit.settings import ROOT

LIKE_A_WORKER = """
import builtins

class CustomPrint:
    def __init__(self, _print):
        self._print = _print

    def print(self, *args, **options):
        self._print(*args, **options)

builtins.print = CustomPrint(print).print
import zielzeit.features.network_state
print("loaded")
"""


def test_features_load_where_print_was_replaced_as_in_pyflinks_worker_processes() -> None:
    command = [sys.executable, "-c", LIKE_A_WORKER]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "loaded\n", done.stderr[-500:]
