"""The main job's first half alone: boards are decided, and nothing is predicted.

``./zielzeit bench`` compares it with other engines that drive the same decision.
"""

from __future__ import annotations

from pyflink.datastream import DataStream, StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from flink_jobs import board_source, event_sink, operator_names
from flink_jobs.board_source import BOARD, boards
from flink_jobs.environment import environment
from flink_jobs.event_sink import RECORDS
from flink_jobs.keyed_streams import keyed
from udfs.decide import Decide
from zielzeit import settings as configuration
from zielzeit import topics
from zielzeit.decision.decider import Decider
from zielzeit.settings import Settings


def decided(
    env: StreamExecutionEnvironment, tables: StreamTableEnvironment, settings: Settings, *, followed: bool
) -> DataStream:
    """``RECORDS`` rows of decisions and dead letters; if ``followed``, ``DECIDED`` has what runs are followed by."""
    early_minutes = settings.early_minutes if followed else 0
    return (
        keyed(boards(env, tables, settings), BOARD)
        .process(
            Decide(Decider.of(settings), settings.topic(topics.BOARDS), early_minutes, followed=followed),
            output_type=RECORDS,
        )
        .name("decide")
        .set_description("by station: when has a train left?")
        .uid("decide")
    )


def main() -> None:
    """Entry point of ``flink run``: settings come from the environment of the client."""
    settings = configuration.load()
    env = environment(settings)
    tables = StreamTableEnvironment.create(env)
    statements = tables.create_statement_set()
    event_sink.write(tables, statements, decided(env, tables, settings, followed=False), settings)
    statements.attach_as_datastream()
    operator_names.shorten(env)
    operator_names.identify(env, [board_source.TABLE, event_sink.TABLE])
    env.execute(f"{settings.job_name}-decisions")


if __name__ == "__main__":
    main()
