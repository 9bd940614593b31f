"""Commands: how boards get into the topic, and a look at any topic."""

from __future__ import annotations

import logging
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.options import KafkaBootstrap, LakeAt, PollIntervalSeconds


class Clock(StrEnum):
    """Whose clock gives a board its time."""

    server = "server"
    local = "local"


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(poll)
    app.command()(replay)
    app.command()(keep)
    app.command()(tail)


def poll(
    base_url: Annotated[str, typer.Option(help="of a DBF instance, e.g. http://127.0.0.1:8092")],
    station_names: Annotated[
        list[str],
        typer.Option(
            "--stations", help="names, EVA numbers or DS100 codes, by commas, or @file with one a line; repeatable"
        ),
    ],
    past: Annotated[bool, typer.Option(help="ask for the last hour as well (past=1)")] = True,
    clock: Annotated[Clock, typer.Option(help="whose clock gives the boards their time")] = Clock.server,
    poll_interval_seconds: PollIntervalSeconds = None,
    rate: Annotated[float | None, typer.Option(min=0.1, help="most requests a minute in all")] = None,
    public: Annotated[
        bool, typer.Option("--public", help="keep the public instance's rules, whatever the host")
    ] = False,
    concurrency: Annotated[int | None, typer.Option(min=1, help="most requests at once; as needed by default")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="seconds for one request")] = 10.0,
    kafka_bootstrap: KafkaBootstrap = None,
) -> None:
    """Poll the boards of a DBF instance into the topic boards until Ctrl-C."""
    from zielzeit import settings
    from zielzeit.sources.plan import make_plan
    from zielzeit.sources.run import poll_until_stopped
    from zielzeit.sources.station_list import read_stations

    _log_to_stderr()
    config = settings.load(kafka_bootstrap=kafka_bootstrap, poll_interval_seconds=poll_interval_seconds)
    plan = make_plan(
        base_url,
        read_stations(station_names),
        interval_seconds=config.poll_interval_seconds,
        past=past,
        public=public,
        per_minute=rate,
        timeout_seconds=timeout,
        concurrency=concurrency,
    )
    poll_until_stopped(plan, config, clock.value)


def replay(
    paths: Annotated[
        list[Path], typer.Argument(help="folders of YYYYMMDDTHHMM.json[.gz], folders of such folders, or JSON lines")
    ],
    station: Annotated[str | None, typer.Option(help="whose boards they are, if not the folder's name")] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.001, help="times real time, e.g. 60; without it as fast as it goes")
    ] = None,
    url_past: Annotated[bool, typer.Option("--url-past", help="note that the boards were polled with past=1")] = False,
    kafka_bootstrap: KafkaBootstrap = None,
) -> None:
    """Send recorded boards to the topic boards with their own times."""
    from threading import Event

    from zielzeit import settings
    from zielzeit.kafka.producer import BoardProducer
    from zielzeit.progress import Shown
    from zielzeit.recordings.read import find_boards
    from zielzeit.recordings.replay import replay as send
    from zielzeit.shutdown import stopping

    _log_to_stderr()
    recording = find_boards(paths, station)
    stop = Event()
    with BoardProducer(settings.load(kafka_bootstrap=kafka_bootstrap)) as producer:
        with stopping(stop.set, producer.abandon):
            try:
                with Shown().step("boards read", recording.boards) as step:
                    counts = send(
                        recording.read(),
                        producer,
                        speed=speed,
                        past=url_past,
                        stop=stop,
                        on_board=lambda _: step.advance(),
                    )
            finally:
                producer.flush()
        for name, count in sorted(counts.items()):
            print(f"{name}: {count} boards")
        print(f"{producer.delivered} of {recording.boards} boards written to Kafka")
        producer.check()


def keep(
    paths: Annotated[list[Path], typer.Argument(help="folders of boards, or JSON lines")],
    station: Annotated[str | None, typer.Option(help="of boards whose folder or name does not say it")] = None,
    lake: LakeAt = None,
) -> None:
    """Put recorded boards into the lake, for a job that starts from the archive."""
    from zielzeit import settings
    from zielzeit.lake.reading import Lake
    from zielzeit.progress import Shown
    from zielzeit.recordings.read import find_boards
    from zielzeit.recordings.to_lake import keep as put

    config = settings.load(lake=lake)
    recording = find_boards(paths, station)
    with Shown().step("boards kept", recording.boards) as step:
        days = put(recording.read(), Lake.of(config), lambda _: step.advance())
    print(f"{config.lake}: {recording.boards} boards of {len(days)} days, {days[0]} to {days[-1]}")


def tail(
    topic: Annotated[str, typer.Argument(help="boards, departures, predictions, outcomes, …")],
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="not only what comes from now on")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="end after so many records")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="the boards' bodies instead of a line each")] = False,
    no_follow: Annotated[bool, typer.Option("--no-follow", help="end at the topic's present end")] = False,
    kafka_bootstrap: KafkaBootstrap = None,
) -> None:
    """Show the records of a topic, boards unpacked, only what is committed."""
    from itertools import islice
    from threading import Event

    from zielzeit import settings
    from zielzeit.errors import UserError
    from zielzeit.kafka.consumer import describe, read_topic
    from zielzeit.shutdown import stopping
    from zielzeit.topics import ALL

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
