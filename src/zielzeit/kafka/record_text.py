"""Records of a topic as text for a person: one line per record, boards decompressed and summed up."""

from __future__ import annotations

from zielzeit.berlin_time import BERLIN
from zielzeit.boards.parse import BoardError, count_rows, decompress
from zielzeit.kafka.topic_record import TopicRecord
from zielzeit.printable import printable, printable_lines
from zielzeit.terminal_table import fitting_line
from zielzeit.topics import BOARDS


def describe(name: str, record: TopicRecord, *, raw: bool, width: int | None = None) -> str:
    """The line for a record of a topic; with ``raw`` its value alone, the body of a board decompressed.

    Where the line about a board has more than ``width`` characters, its last parts are left out.
    """
    if name != BOARDS:
        return printable(record.value.decode(errors="replace"))
    key = printable(record.key)
    try:
        body = decompress(record.value)
    except ValueError as error:
        return f"{_time(record)}  {key}  {error}"
    if raw:
        return printable_lines(body.decode(errors="replace"))
    try:
        rows = f"{count_rows(body)} rows"
    except BoardError:
        rows = "no board"
    sizes = [f"{len(body) / 1000:.1f} kB"]
    if len(record.value) != len(body):
        sizes.append(f"{len(record.value) / 1000:.1f} kB compressed")
    source = printable(" ".join(record.headers.get(header, "") for header in ("source", "url")))
    return fitting_line([_time(record), key, rows, *sizes, source], width)


def _time(record: TopicRecord) -> str:
    """Event time in Berlin."""
    return f"{record.at.astimezone(BERLIN):%Y-%m-%d %H:%M:%S%z}"
