"""Progress of work in named steps, on stderr: a bar each on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from zielzeit.progress import counting

Begin = Callable[[str, int | None], Callable[[int], None]]


@contextmanager
def steps() -> Iterator[Begin]:
    """A function that ends the step before, begins one of so many units, and returns what is told of done ones."""
    with ExitStack() as current:

        def begin(name: str, total: int | None) -> Callable[[int], None]:
            current.close()
            return current.enter_context(counting(name, total))

        yield begin
