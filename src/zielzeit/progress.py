"""Progress for a person, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_PLAIN_SECONDS = 5.0

Item = TypeVar("Item")


@contextmanager
def counting(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A function that takes how many more are done; ``total`` None: nobody knows of how many."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plain(console, what, total)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)


def passing(what: str, total: int, items: Iterable[Item]) -> Iterator[Item]:
    """Pass items on and count them."""
    with counting(what, total) as advance:
        for item in items:
            yield item
            advance(1)


def _plain(console: Console, what: str, total: int | None) -> Callable[[int], None]:
    done, said = 0, monotonic()
    of_all = "" if total is None else f" of {total}"

    def advance(count: int) -> None:
        nonlocal done, said
        done += count
        if monotonic() - said >= _PLAIN_SECONDS:
            said = monotonic()
            console.print(f"{what}: {done}{of_all}", highlight=False)

    return advance


@contextmanager
def status(every_seconds: float = 60.0) -> Iterator[Callable[[str], None]]:
    """A function that shows the newest of a line of text: in place on a terminal, every so many seconds elsewhere."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status("starting") as spinner:
            yield spinner.update
        return
    said = monotonic()

    def show(text: str) -> None:
        nonlocal said
        if monotonic() - said >= every_seconds:
            said = monotonic()
            console.print(text, highlight=False, soft_wrap=True)

    yield show
