"""Short names and descriptions for the operators that Flink's planner makes of tables and SQL.

The dashboard, the logs and the metrics' label ``operator_name`` show them. Names are no part of an operator's identity:
state is found by uid, or by the place in the graph where there is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from pyflink.datastream import StreamExecutionEnvironment

TOPIC_TABLE: Final = "topic_"
"""Begin of the names of tables that stand for topics, where a table of the lake has the topic's name."""


class _Name(NamedTuple):
    name: str
    description: str


_SOURCE = re.compile(r"KafkaSource-.*\.(?P<table>[^.]+)$")
_PLANNED = re.compile(r"(?P<kind>\w+)\[\d+\]$")
_KINDS: Final = {
    "Correlate": _Name("records", "the records of each row, one by one"),
    "Calc": _Name("columns", "the columns of each record, computed"),
    "SinkConversion": _Name("to Python", "table rows as elements of a stream"),
    "DataStreamToTable": _Name("from Python", "elements of a stream as table rows"),
    "WatermarkAssigner": _Name("watermark", "event time of the archived boards"),
    "ConstraintEnforcer": _Name("not null", "every record has a topic"),
    "StreamingFileWriter": _Name("Parquet", "Parquet files by day, visible with each checkpoint"),
    "end": _Name("end", "nothing: the files are written"),
}


def shorten(env: StreamExecutionEnvironment) -> None:
    """Rename the planner's operators of all that was added to the environment; other operators keep their names."""
    for transformation in _transformations(env):
        short = _short(str(transformation.getName()))
        if short is not None:
            transformation.setName(short.name)
            transformation.setDescription(short.description)


def identify(env: StreamExecutionEnvironment, names: Iterable[str]) -> None:
    """Give the planner's sources and sinks of these short names the names as uids.

    Without uid the place in the graph identifies them: a savepoint would not fit a graph with one operator more.
    """
    uids = set(names)
    for transformation in _transformations(env):
        if (name := str(transformation.getName())) in uids and not transformation.getUid():
            transformation.setUid(name)


def _transformations(env: StreamExecutionEnvironment) -> Iterator[Any]:
    """Yield the Java transformations of all that was added to the environment, sinks first, some of them repeatedly."""
    waiting = list(env._j_stream_execution_environment.getTransformations())
    while waiting:
        transformation = waiting.pop()
        yield transformation
        waiting.extend(transformation.getInputs())


def _short(name: str) -> _Name | None:
    """Return the short name of a planner's operator; None if it is none."""
    source = _SOURCE.match(name)
    if source:
        topic = source["table"].removeprefix(TOPIC_TABLE)
        return _Name(topic, f"records of Kafka: {topic}")
    planned = _PLANNED.match(name)
    kind = planned["kind"] if planned else name
    if kind in _KINDS:
        return _KINDS[kind]
    return _Name(kind, f"records into Kafka: {kind}") if planned else None
