"""``@compiled``: machine code where Numba is installed, the same function in plain Python where it is not.

The feature functions have one definition. The archive needs them a hundred million times a day and gets them compiled;
a stream that may not load a compiler into its process (``NUMBA_DISABLE_JIT=1``) runs the very same lines interpreted.
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
    """The function, compiled at its first call and kept on disk for the next process."""
    if not _COMPILER_IS_HERE:
        return function
    numba = _load_compiler()
    try:
        numba.config.CACHE_DIR = _cache()
        machine_code = numba.njit(cache=True, nogil=True)(function)
    except (RuntimeError, OSError):  # code sent to a cluster as a zip file has no folder to keep a cache in
        machine_code = numba.njit(nogil=True)(function)
    return cast(Callable[P, R], machine_code)


def compiles() -> bool:
    """Whether ``@compiled`` functions are machine code in this process."""
    return _COMPILER_IS_HERE and not _load_compiler().config.DISABLE_JIT


@cache
def _cache() -> str:
    """Folder of the machine code, named by the sources of all the library's compiled functions.

    Numba's own cache looks only at the file of the function it is asked for, and would serve an old ``describe`` inside
    a caller that has not changed.
    """
    folder = Path(__file__).parent
    sources = (file.read_bytes() for file in sorted(folder.rglob("*.py")))
    compiled_together = b"".join(source for source in sources if b"@compiled" in source)
    return str(folder / "__pycache__" / f"compiled-{hashlib.sha256(compiled_together).hexdigest()[:16]}")


def _load_compiler() -> Any:
    """Numba, imported while ``print`` is Python's own: it looks for the module that ``print`` comes from, and a PyFlink
    worker process has put a method of its main script there."""
    replaced = builtins.print
    builtins.print = getattr(getattr(replaced, "__self__", None), "_print", replaced)
    try:
        import numba  # noqa: PLC0415 - a deployment may leave the compiler out
    finally:
        builtins.print = replaced
    return numba
