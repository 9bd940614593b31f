"""The decorator ``@compiled``: machine code if Numba is installed, else the same function in plain Python.

Each feature function has one definition. The history import calls them a hundred million times and needs them compiled;
a stream whose process may not load a compiler (``NUMBA_DISABLE_JIT=1``) interprets the same lines.

To compile all of them takes some fifteen seconds of processor time. So machine code is kept on disk for the next
process, in ``cache_folder()``, also where the code itself came to a cluster as a zip archive whose path is another one
for every job.
"""

from __future__ import annotations

import builtins
import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, cached_property, update_wrapper
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

_COMPILER_IS_HERE = find_spec("numba") is not None
_NO_SOURCE = (RuntimeError, ImportError, OSError)
"""Where the text of a module cannot be read."""
CACHE_VARIABLE = "NUMBA_CACHE_DIR"
"""Environment variable, Numba's own, that names another folder for machine code."""


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function, compiled at its first call; the machine code is cached on disk for the next process."""
    return cast(Callable[P, R], _Deferred(function)) if _COMPILER_IS_HERE else function


class _Deferred:
    """A function that loads the compiler when it is called, or when a function that calls it is compiled.

    To load it takes most of a second: processes that describe no departure, such as the one that lays out the job's
    graph, do without.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        update_wrapper(self, function)
        self._function = function
        # Now: a TaskManager in thread mode keeps the modules of a job that has ended, whose files are gone.
        with suppress(*_NO_SOURCE):
            sources_hash()
            module_source(function.__module__)

    def __call__(self, *values: Any) -> Any:
        return self.machine_code(*values)

    @cached_property
    def machine_code(self) -> Callable[..., Any]:
        """Numba's dispatcher of the function; the function itself under ``NUMBA_DISABLE_JIT``."""
        numba = _load_compiler()
        locators = numba.config.CACHE_LOCATOR_CLASSES
        try:
            numba.config.CACHE_LOCATOR_CLASSES = "zielzeit.machine_code_cache.BySource"
            found: Callable[..., Any] = numba.njit(cache=True, nogil=True)(self._function)
        except _NO_SOURCE:  # or no folder can be written to
            found = numba.njit(nogil=True)(self._function)
        finally:
            numba.config.CACHE_LOCATOR_CLASSES = locators
        return found


@cache
def cache_folder() -> Path:
    """Folder that holds the machine code of all versions of the source files: the user's if none is named or beside us.

    The local stack names to its workers the one that its own commands use, so that what one process has compiled all
    others load.
    """
    named, beside = os.environ.get(CACHE_VARIABLE), Path(__file__).parent
    if named:
        return Path(named)
    if beside.is_dir() and os.access(beside, os.W_OK):
        return beside / "__pycache__"
    from platformdirs import user_cache_path  # noqa: PLC0415 - most processes have one of the folders above

    return user_cache_path("zielzeit")


@cache
def sources_hash() -> str:
    """Hash of all source files of the library that have compiled functions.

    They are compiled into each other: a caller's machine code holds its callees.
    """
    sources = (source for _, source in sorted(_sources(files(__package__))))
    compiled_together = b"".join(source for source in sources if b"@compiled" in source)
    return hashlib.sha256(compiled_together).hexdigest()[:16]


def _sources(folder: Traversable, path: str = "") -> Iterator[tuple[str, bytes]]:
    """Paths and contents of the modules in a package, which may be a folder or lie in a zip archive."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{path}{entry.name}/")
        elif entry.name.endswith(".py"):
            yield path + entry.name, entry.read_bytes()


@cache
def module_source(name: str) -> str:
    """Source text of an imported module, also of one in a zip archive. Raises RuntimeError where there is none."""
    loader: Any = getattr(getattr(sys.modules.get(name), "__spec__", None), "loader", None)
    source: str | None = loader.get_source(name) if hasattr(loader, "get_source") else None
    if source is None:
        raise RuntimeError(f"the module {name} has no source text")
    return source


@cache
def _load_compiler() -> Any:
    """Import Numba while ``print`` is Python's own, and tell it what a ``_Deferred`` stands for in other functions.

    Numba looks up the module that ``print`` comes from, and a PyFlink worker process has replaced it by a method of its
    main script.
    """
    replaced = builtins.print
    builtins.print = getattr(getattr(replaced, "__self__", None), "_print", replaced)
    try:
        import numba  # noqa: PLC0415 - a deployment may leave the compiler out
        from numba.extending import typeof_impl  # noqa: PLC0415 - as above
    finally:
        builtins.print = replaced
    typeof_impl.register(_Deferred)(lambda deferred, purpose: typeof_impl(deferred.machine_code, purpose))
    return numba
