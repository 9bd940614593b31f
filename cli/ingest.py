"""Commands that bring boards into the topic and the lake, and one that shows the records of any topic."""

from __future__ import annotations

import logging
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import KafkaBootstrap, LakeAt, NoRelated, PollIntervalSeconds, TopicPrefix, settings_of

if TYPE_CHECKING:
    from zielzeit.settings import Settings
    from zielzeit.sources.plan import Plan

Recorded = Annotated[
    list[Path],
    typer.Argument(help="Folders of YYYYMMDDTHHMM.json[.gz|.zst], folders of such folders, or files of JSON lines."),
]
StationOf = Annotated[
    str | None, typer.Option("--station", help="Station of the boards, if neither folder nor file name says it.")
]


class Clock(StrEnum):
    """Clock that gives a board its event time."""

    server = "server"
    local = "local"


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(poll)
    app.command()(replay)
    app.command()(keep)
    app.command()(tail)
    app.command()(topics)


def poll(
    context: typer.Context,
    base_url: Annotated[str, typer.Option(help="Address of a DBF instance, e.g. http://127.0.0.1:8092.")],
    station_names: Annotated[
        list[str],
        typer.Option(
            "--stations",
            help="Names, EVA numbers or DS100 codes, separated by commas, or @file with one per line; repeatable.",
        ),
    ],
    past: Annotated[bool, typer.Option(help="Ask for the departures of the last hour, too (past=1).")] = True,
    no_related: NoRelated = None,
    clock: Annotated[
        Clock,
        typer.Option(
            help="Clock that gives the boards their event time; a server more than two minutes ahead is not believed."
        ),
    ] = Clock.server,
    poll_interval_seconds: PollIntervalSeconds = None,
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Most requests per minute, retries included; without it no limit.")
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Keep the rules of the public instance, whatever the host.")
    ] = False,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Most requests at once; without it as many as the stations need.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Ask each station once, print what came, and end; 1 if a station fails.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for a request, from its begin to its end.")] = 10.0,
    kafka_bootstrap: KafkaBootstrap = None,
    topic_prefix: TopicPrefix = None,
) -> None:
    """Poll the boards of a DBF instance into the topic boards until Ctrl-C."""
    from zielzeit.sources.plan import make_plan
    from zielzeit.sources.run import poll_until_stopped
    from zielzeit.sources.station_list import once_each, parts_of_one, read_stations
    from zielzeit.stations.table import register as stations

    _log_to_stderr()
    config = settings_of(context)
    known = stations(config.stations)
    names, told = once_each(read_stations(station_names), known)
    if not config.no_related:
        told += parts_of_one(names, known)
    for sentence in told:
        print(sentence, file=sys.stderr)
    plan = make_plan(
        base_url,
        names,
        interval_seconds=config.poll_interval_seconds,
        past=past,
        no_related=config.no_related,
        public=public,
        per_minute=rate,
        timeout_seconds=timeout,
        concurrency=concurrency,
    )
    if check:
        raise typer.Exit(0 if _show_check(plan, config) else 1)
    poll_until_stopped(plan, config, clock.value)


def _show_check(plan: Plan, config: Settings) -> bool:
    """Ask each station once and print a table; return True if all are found."""
    from rich.markup import escape

    from zielzeit.progress import Shown
    from zielzeit.sources.check import check_stations
    from zielzeit.stations.table import register
    from zielzeit.terminal_table import Column, show

    checked = check_stations(plan, register(config.stations), Shown())
    rows = [(escape(one.station), "yes" if one.good else "[red]no[/]", escape(one.result)) for one in checked]
    show([Column("station", text=True), Column("found"), Column("reply", text=True)], rows)
    missing = sum(not one.good for one in checked)
    print(f"{len(checked) - missing} of {len(checked)} stations found")
    return not missing


def replay(
    context: typer.Context,
    paths: Recorded,
    station: StationOf = None,
    speed: Annotated[
        float | None, typer.Option(min=0.001, help="Multiple of real time, e.g. 60; without it as fast as possible.")
    ] = None,
    url_past: Annotated[
        bool, typer.Option("--url-past", help="Mark the boards as polled with past=1, in their header url.")
    ] = False,
    kafka_bootstrap: KafkaBootstrap = None,
    topic_prefix: TopicPrefix = None,
) -> None:
    """Send recorded boards to the topic boards, with their own times."""
    from threading import Event

    from zielzeit.kafka.producer import BoardProducer
    from zielzeit.progress import Shown
    from zielzeit.recordings.read import find_boards, with_keys
    from zielzeit.recordings.replay import replay as send
    from zielzeit.shutdown import stopping
    from zielzeit.stations.board_key import board_keys
    from zielzeit.stations.table import register as stations

    _log_to_stderr()
    config = settings_of(context)
    recording = find_boards(paths, station)
    boards = with_keys(recording.read(), board_keys(stations(config.stations)))
    stop = Event()
    with BoardProducer(config) as producer:
        with stopping(stop.set, producer.abandon):
            try:
                with Shown().step("boards read", recording.boards) as step:
                    counts = send(boards, producer, speed=speed, past=url_past, stop=stop, step=step)
            finally:
                producer.flush()
        for name, count in sorted(counts.items()):
            print(f"{name}: {count} boards")
        print(f"{producer.delivered} of {recording.boards} boards written to Kafka")
        producer.check()


def keep(context: typer.Context, paths: Recorded, station: StationOf = None, lake: LakeAt = None) -> None:
    """Put recorded boards into the lake, for a job that starts from the archive."""
    from zielzeit.lake.reading import Lake
    from zielzeit.progress import Shown, counted
    from zielzeit.recordings.read import find_boards, with_keys
    from zielzeit.recordings.to_lake import keep as put
    from zielzeit.stations.board_key import board_keys
    from zielzeit.stations.table import register as stations

    config = settings_of(context)
    recording = find_boards(paths, station)
    keyed = with_keys(recording.read(), board_keys(stations(config.stations)))
    boards = counted(Shown(), "boards kept", recording.boards, keyed)
    days = put(boards, Lake.of(config))
    print(f"{config.lake}: {recording.boards} boards of {len(days)} days, {days[0]} to {days[-1]}")


def tail(
    context: typer.Context,
    topic: Annotated[str, typer.Argument(help="Name without prefix: boards, departures, predictions, outcomes, …")],
    from_beginning: Annotated[
        bool,
        typer.Option("--from-beginning", help="Begin with the topic's first record instead of the next one."),
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Number of records after which to end.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Show the bodies of boards instead of a line about each.")] = False,
    no_follow: Annotated[bool, typer.Option("--no-follow", help="End at the topic's present end.")] = False,
    kafka_bootstrap: KafkaBootstrap = None,
    topic_prefix: TopicPrefix = None,
) -> None:
    """Show the committed records of a topic, one line each; boards are decompressed and summed up."""
    from itertools import islice
    from threading import Event

    from zielzeit.errors import UserError
    from zielzeit.kafka.consumer import read_topic
    from zielzeit.kafka.record_text import describe
    from zielzeit.shutdown import stopping
    from zielzeit.terminal_table import output_width
    from zielzeit.topics import ALL

    if topic not in ALL:
        raise UserError(f"there is no topic {topic!r}: choose one of {', '.join(ALL)}")
    stop = Event()
    records = read_topic(settings_of(context), topic, from_beginning=from_beginning, follow=not no_follow, stop=stop)
    with stopping(stop.set, sys.exit):
        for record in islice(records, limit):
            print(describe(topic, record, raw=raw, width=output_width()), flush=True)


def topics(context: typer.Context, kafka_bootstrap: KafkaBootstrap = None, topic_prefix: TopicPrefix = None) -> None:
    """Create the topics that are missing, as `submit` does: for a job that starts with its cluster."""
    from zielzeit.kafka.admin import ensure_topics
    from zielzeit.topics import ALL

    _log_to_stderr()
    config = settings_of(context)
    created = ensure_topics(config, ALL)
    print(f"{config.kafka_bootstrap}: {len(created)} topics created, {len(ALL) - len(created)} were there")


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
