"""Where Numba keeps the machine code of a function: by the text of its source, not by the path or time of its file.

Numba's own places know a function by its file's path. The code of a job lies in another temporary folder for every job,
so that nothing would ever be found again.

This module and what it reads are loaded with the functions, before the compiler: a TaskManager in thread mode keeps the
modules of a job that has ended, whose files are gone when a later job is the first to call a function.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Self

CACHE_VARIABLE = "NUMBA_CACHE_DIR"
"""Environment variable, Numba's own, that names another folder for machine code."""


class BySource:
    """A folder for each version of the library's compiled functions; in it files by module and line.

    The methods are those of Numba's ``_CacheLocator``. To inherit from it would load the compiler.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._module = function.__module__
        self._line = function.__code__.co_firstlineno
        self._stamp = hashlib.sha256(module_source(self._module).encode()).hexdigest()
        self._py_file = function.__code__.co_filename  # Numba names it in warnings

    def ensure_cache_path(self) -> None:
        """Make the folder. Raises OSError where it cannot be made or written to."""
        folder = Path(self.get_cache_path())
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()

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
        locator.ensure_cache_path()
        return locator


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
