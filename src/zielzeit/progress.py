"""Progress of work that takes time: the protocol that the work reports to, and the one renderer that shows it.

A function that takes long has a parameter ``progress: Progress = SILENT`` and does its work in steps; the command that
calls it passes ``Shown()``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from typing import Protocol, TypeVar

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

_LONG_SECONDS = 2.0
"""A step that took longer leaves a line behind."""

Item = TypeVar("Item")


class Step(Protocol):
    """A piece of work under way."""

    def advance(self, count: int = 1) -> None:
        """So many more units are done."""

    def say(self, detail: str) -> None:
        """What the step does now, in a few words."""


class Progress(Protocol):
    """Where work reports how far it is."""

    def step(self, title: str, total: int | None = None) -> AbstractContextManager[Step]:
        """A step of the work, of ``total`` units where that is known; it ends with the ``with`` block."""


class Silent:
    """Shows nothing: a ``Progress`` and a ``Step`` in one."""

    @contextmanager
    def step(self, title: str, total: int | None = None) -> Iterator[Step]:
        """A step of which nothing is shown."""
        yield self

    def advance(self, count: int = 1) -> None:
        """Do nothing."""

    def say(self, detail: str) -> None:
        """Do nothing."""


SILENT = Silent()


def counted(progress: Progress, title: str, total: int | None, items: Iterable[Item]) -> Iterator[Item]:
    """Pass items on, and count them as the units of a step."""
    with progress.step(title, total) as step:
        for item in items:
            yield item
            step.advance()


class Shown:
    """Shows steps to a person: a bar or spinner each on a terminal, lines of text elsewhere.

    Parameters
    ----------
    console:
        Where to show them; standard error by default.
    every_seconds:
        Without a terminal: the least time between two lines of a step, so that a short step prints none. With 0 each
        step prints when it begins, each new detail, and how long it took.
    """

    def __init__(self, console: Console | None = None, *, every_seconds: float = 5.0) -> None:
        self._console = console or Console(stderr=True)
        self._every_seconds = every_seconds
        self._bars: Bars | None = None

    @contextmanager
    def step(self, title: str, total: int | None = None) -> Iterator[Step]:
        """Show a step until the ``with`` block ends. Steps may lie inside each other."""
        begin = monotonic()
        if self._console.is_terminal:
            with self._drawn(title, total) as bar:
                yield bar
            told = self._every_seconds == 0 or monotonic() - begin >= _LONG_SECONDS
        else:
            lines = _Lines(self._console, title, total, self._every_seconds)
            yield lines
            told = lines.printed
        if told:
            self._console.print(f"[green]✓[/] {escape(title)}: {monotonic() - begin:.0f} s", highlight=False)

    @contextmanager
    def _drawn(self, title: str, total: int | None) -> Iterator[Step]:
        outermost = self._bars is None
        if self._bars is None:
            # A long detail is wrapped between words, so that count and time stay in sight.
            text = TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=False, overflow="fold"))
            columns = (SpinnerColumn(), text, _Bar(), _Count(), TimeElapsedColumn())
            self._bars = Bars(*columns, console=self._console, transient=True, expand=True)
            self._bars.start()
        bar = _Drawn(self._bars, title, total)
        try:
            yield bar
        finally:
            bar.remove()
            if outermost:
                self._bars.stop()
                self._bars = None


class _Drawn:
    """A step on a terminal."""

    def __init__(self, bars: Bars, title: str, total: int | None) -> None:
        self._bars = bars
        self._title = escape(title)
        self._task = bars.add_task(self._title, total=total)

    def advance(self, count: int = 1) -> None:
        self._bars.advance(self._task, count)

    def say(self, detail: str) -> None:
        self._bars.update(self._task, description=f"{self._title} [dim]{escape(detail)}[/]")

    def remove(self) -> None:
        self._bars.refresh()
        self._bars.remove_task(self._task)


class _Lines:
    """A step without a terminal."""

    def __init__(self, console: Console, title: str, total: int | None, every_seconds: float) -> None:
        self._console = console
        self._title = title
        self._of_all = "" if total is None else f" of {total:,}"
        self._every_seconds = every_seconds
        self._done = 0
        self._detail = ""
        self._said = monotonic()
        self.printed = False
        if not every_seconds:
            self._print(f"{title} …")

    def advance(self, count: int = 1) -> None:
        self._done += count
        if self._every_seconds and self._is_due():
            self._print(f"{self._title}: {self._done:,}{self._of_all}")

    def say(self, detail: str) -> None:
        if detail != self._detail and self._is_due():
            self._detail = detail
            self._print(f"  {detail}" if not self._every_seconds else f"{self._title}: {detail}")

    def _is_due(self) -> bool:
        return monotonic() - self._said >= self._every_seconds

    def _print(self, line: str) -> None:
        self._said, self.printed = monotonic(), True
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class _Bar(ProgressColumn):
    """A bar, where the total is known."""

    _bar = BarColumn(bar_width=20)

    def render(self, task: Task) -> RenderableType:
        return Text() if task.total is None else self._bar.render(task)


class _Count(ProgressColumn):
    """Units done, and of how many, where any have been counted."""

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text(f"{task.completed:,.0f}" if task.completed else "", style="progress.download")
        return Text(f"{task.completed:,.0f}/{task.total:,.0f}", style="progress.download")
