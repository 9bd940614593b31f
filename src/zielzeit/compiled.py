"""The decorator ``@compiled``: machine code if Numba is installed, else the same function in plain Python.

Each feature function has one definition. The history import calls them a hundred million times and needs them compiled;
a stream whose process may not load a compiler (``NUMBA_DISABLE_JIT=1``) interprets the same lines.

To compile all of them takes some fifteen seconds of processor time. So machine code is kept on disk for the next
process (``zielzeit.machine_code_cache``), also where the code itself came to a cluster as a zip archive whose path is
another one for every job.
"""

from __future__ import annotations

import builtins
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import cache, cached_property, update_wrapper
from importlib.util import find_spec
from typing import Any, ParamSpec, TypeVar, cast

from zielzeit.machine_code_cache import BySource, module_source, sources_hash

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

_COMPILER_IS_HERE = find_spec("numba") is not None
_NO_SOURCE = (RuntimeError, ImportError, OSError)
"""Where the text of a module cannot be read."""


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
        # Now: later the files may be gone (zielzeit.machine_code_cache).
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
            numba.config.CACHE_LOCATOR_CLASSES = f"{BySource.__module__}.{BySource.__qualname__}"
            found: Callable[..., Any] = numba.njit(cache=True, nogil=True)(self._function)
        except _NO_SOURCE as error:  # or no folder can be written to
            _warn(str(error))
            found = numba.njit(nogil=True)(self._function)
        finally:
            numba.config.CACHE_LOCATOR_CLASSES = locators
        return found


@cache
def _warn(reason: str) -> None:
    """Say once why machine code is not kept: compiling again in each process is slow."""
    log.warning("machine code is compiled anew in each process: %s", reason)


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
