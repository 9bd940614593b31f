"""Shows what takes time: a spinner with its seconds on a terminal, lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Say = Callable[[str], None]


@contextmanager
def step(console: Console, title: str) -> Iterator[Say]:
    """Show that this step is on, what the returned function is told of it, and how long it took."""
    begin = monotonic()
    if console.is_terminal:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(title)
            yield lambda detail: progress.update(task, description=f"{title} [dim]{escape(detail)}[/]")
    else:
        yield _plain(console, title)
    console.print(f"[green]✓[/] {title}: {monotonic() - begin:.0f} s", highlight=False)


def _plain(console: Console, title: str) -> Say:
    console.print(f"{title} …", highlight=False)
    last = ""

    def say(detail: str) -> None:
        nonlocal last
        if detail != last:
            last = detail
            console.print(f"  {escape(detail)}", highlight=False, soft_wrap=True)

    return say
