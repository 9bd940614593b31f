"""The main job's beginning: boards of the topic ``boards``, and before them those of the lake, by station.

A table rather than a DataStream connector, because only a table gives Python the record's partition and offset and
assigns the watermark per partition; a timestamp assigner written in Python is ignored by ``from_source``.
"""

from __future__ import annotations

from pyflink.common import Types
from pyflink.datastream import DataStream, StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from flink_jobs import archive_source, kafka_options, sql
from flink_jobs.flink_types import stream_types
from flink_jobs.keyed_streams import pair
from udfs.station_key import KeyByStation
from zielzeit import topics
from zielzeit.boards.record import KEY, TIMESTAMP
from zielzeit.lake.board_archive import JOB_COLUMNS
from zielzeit.settings import Settings

_VALUES = [name for name in JOB_COLUMNS if name not in (KEY, TIMESTAMP)]

TABLE = "boards"
"""The source in Flink's dashboard, and its uid."""
BOARD = pair(Types.STRING(), Types.ROW_NAMED(_VALUES, stream_types(JOB_COLUMNS[name] for name in _VALUES)))
"""Type of a board under its station: body, compressed or plain, partition and offset."""


def boards(env: StreamExecutionEnvironment, tables: StreamTableEnvironment, settings: Settings) -> DataStream:
    """``BOARD`` rows of the topic ``boards``; their timestamp is ``polled_at``.

    Before them, where the settings say so, those that the lake keeps. Two spellings of one station become one key,
    whatever wrote them. The watermark is the latest ``polled_at`` of each
    partition; how late a board may be is the decision's ``grace``.
    """
    sources = [TABLE]
    start: dict[str, str] = {}
    if settings.start_from == "archive":
        start = archive_source.add(env, tables, settings)
        sources.append(archive_source.VIEW)
    options = kafka_options.scan(settings, topics.BOARDS) | start | kafka_options.RAW_BOARDS
    options["scan.watermark.idle-timeout"] = f"{settings.idle_timeout_seconds:g} s"
    time = sql.name(TIMESTAMP)
    fields = [*kafka_options.board_columns(JOB_COLUMNS), f"WATERMARK FOR {time} AS {time}"]
    tables.execute_sql(sql.create(TABLE, fields, options))
    select = f"SELECT {', '.join(map(sql.name, JOB_COLUMNS))} FROM "  # noqa: S608
    read = tables.sql_query(" UNION ALL ".join(select + source for source in sources))
    # The older conversion, because a keyed Python function cannot read the type of the newer one; the last field
    # becomes the record's timestamp.
    types = [*stream_types(kind for name, kind in JOB_COLUMNS.items() if name != TIMESTAMP), Types.INSTANT()]
    return (
        tables.to_append_stream(read, Types.ROW(types))
        .map(KeyByStation(settings.stations), output_type=BOARD)
        .name("key by station")
        .set_description("one key for every spelling of a station")
        .uid("key-by-station")
    )
