"""The decorator ``@compiled``: machine code if Numba is installed, else the same function in plain Python.

Each feature function has one definition. The history import calls them a hundred million times and needs them compiled;
a stream whose process may not load a compiler (``NUMBA_DISABLE_JIT=1``) interprets the same lines.
"""

from __future__ import annotations

import builtins
import hashlib
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

_COMPILER_IS_HERE = find_spec("numba") is not None


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function, compiled at its first call; the machine code is cached on disk for the next process."""
    if not _COMPILER_IS_HERE:
        return function
    numba = _load_compiler()
    try:
        numba.config.CACHE_DIR = _cache()
        machine_code = numba.njit(cache=True, nogil=True)(function)
    except (RuntimeError, OSError):  # code that was sent to a cluster as a zip file has no folder for a cache
        machine_code = numba.njit(nogil=True)(function)
    return cast(Callable[P, R], machine_code)


@cache
def _cache() -> str:
    """Folder of the cached machine code, named by a hash of all source files that have compiled functions.

    Numba's own cache checks only the file of the function that is called; it would use an old callee inside a caller
    that has not changed.
    """
    folder = Path(__file__).parent
    sources = (file.read_bytes() for file in sorted(folder.rglob("*.py")))
    compiled_together = b"".join(source for source in sources if b"@compiled" in source)
    return str(folder / "__pycache__" / f"compiled-{hashlib.sha256(compiled_together).hexdigest()[:16]}")


def _load_compiler() -> Any:
    """Import Numba while ``print`` is Python's own.

    Numba looks up the module that ``print`` comes from, and a PyFlink worker process has replaced it by a method of its
    main script.
    """
    replaced = builtins.print
    builtins.print = getattr(getattr(replaced, "__self__", None), "_print", replaced)
    try:
        import numba  # noqa: PLC0415 - a deployment may leave the compiler out
    finally:
        builtins.print = replaced
    return numba
