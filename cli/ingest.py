"""Commands: how boards get into the topic, and a look at any topic."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

Bootstrap = Annotated[
    str | None, typer.Option("--kafka-bootstrap", help="Kafka broker, host:port; also ZIELZEIT_KAFKA_BOOTSTRAP")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(replay)
    app.command()(tail)


def replay(
    paths: Annotated[
        list[Path], typer.Argument(help="folders of YYYYMMDDTHHMM.json[.gz], folders of such folders, or JSON lines")
    ],
    station: Annotated[str | None, typer.Option(help="whose boards they are, if not the folder's name")] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.001, help="times real time, e.g. 60; without it as fast as it goes")
    ] = None,
    url_past: Annotated[bool, typer.Option("--url-past", help="note that the boards were polled with past=1")] = False,
    kafka_bootstrap: Bootstrap = None,
) -> None:
    """Send recorded boards to the topic boards with their own times."""
    from threading import Event

    import settings
    from errors import UserError
    from ingest.producer import Abandoned, BoardProducer
    from ingest.progress import counting
    from ingest.recorded import find_boards
    from ingest.replay import replay as send
    from ingest.signals import stopping

    _log_to_stderr()
    recording = find_boards(paths, station)
    stop = Event()
    with BoardProducer(settings.load(kafka_bootstrap=kafka_bootstrap)) as producer:
        with stopping(stop.set, producer.abandon):
            try:
                with counting("boards read", recording.boards) as advance:
                    counts = send(
                        recording.read(), producer, speed=speed, past=url_past, stop=stop, on_board=lambda _: advance(1)
                    )
            except Abandoned:
                raise UserError(f"stopped while Kafka was away: {producer.pending} boards were not written") from None
            finally:
                producer.flush()
        for name, count in sorted(counts.items()):
            print(f"{name}: {count} boards")
        print(f"{producer.delivered} of {recording.boards} boards written to Kafka")
        if lost := producer.pending + producer.refused.total():
            reasons = ", ".join(producer.refused) or "stopped before Kafka confirmed them"
            raise UserError(f"{lost} boards were not written: {reasons}")


def tail(
    topic: Annotated[str, typer.Argument(help="boards, departures, predictions, outcomes, …")],
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="not only what comes from now on")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="end after so many records")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="the boards' bodies instead of a line each")] = False,
    no_follow: Annotated[bool, typer.Option("--no-follow", help="end at the topic's present end")] = False,
    kafka_bootstrap: Bootstrap = None,
) -> None:
    """Show the records of a topic, boards unpacked, only what is committed."""
    from itertools import islice
    from threading import Event

    import settings
    from errors import UserError
    from ingest.signals import stopping
    from ingest.tail import describe, read_topic
    from udfs.topics import ALL

    if topic not in ALL:
        raise UserError(f"there is no topic {topic!r}: choose one of {', '.join(ALL)}")
    stop = Event()
    records = read_topic(
        settings.load(kafka_bootstrap=kafka_bootstrap),
        topic,
        from_beginning=from_beginning,
        follow=not no_follow,
        stop=stop,
    )
    with stopping(stop.set, sys.exit):
        for record in islice(records, limit):
            print(describe(topic, record, raw=raw), flush=True)


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
