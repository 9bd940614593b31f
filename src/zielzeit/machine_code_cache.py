"""Where Numba keeps the machine code of a function: by the text of its source, not by the path or time of its file.

Numba's own places know a function by its file's path. The code of a job lies in another temporary folder for every job,
so that nothing would ever be found again. Numba loads this class by its name (``zielzeit.compiled``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Self

from numba.core.caching import _CacheLocator

from zielzeit.compiled import cache_folder, module_source, sources_hash


class BySource(_CacheLocator):
    """A folder for each version of the library's compiled functions; in it files by module and line."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._module = function.__module__
        self._line = function.__code__.co_firstlineno
        self._stamp = hashlib.sha256(module_source(self._module).encode()).hexdigest()
        self._py_file = function.__code__.co_filename  # Numba names it in warnings

    def get_cache_path(self) -> str:
        """Folder of the machine code. Numba's own check would keep an old callee inside of an unchanged caller."""
        return str(cache_folder() / f"compiled-{sources_hash()}")

    def get_source_stamp(self) -> str:
        """What must be equal for machine code to be used: the text of the module."""
        return self._stamp

    def get_disambiguator(self) -> str:
        """What distinguishes functions of one name in files of one name."""
        return f"{self._module}-{self._line}"

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], _py_file: str) -> Self:
        """The place of a function. Raises RuntimeError or OSError where it cannot have one."""
        locator = cls(py_func)
        locator.ensure_cache_path()  # type: ignore[no-untyped-call]  # Numba is untyped
        return locator
