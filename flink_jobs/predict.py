"""The main job: boards are decided, runs followed, departures described and scored, predictions labelled."""

from __future__ import annotations

from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from flink_jobs import board_source, decisions, event_sink, operator_names
from flink_jobs.environment import environment
from flink_jobs.event_sink import RECORDS
from flink_jobs.keyed_streams import keyed, side_output
from udfs.decide import DECIDED
from udfs.describe import Describe
from udfs.follow import Follow
from udfs.keyed_state import KEYED
from udfs.score import Score
from zielzeit import settings as configuration
from zielzeit.model.registry_address import Registry
from zielzeit.settings import Settings


def build(env: StreamExecutionEnvironment, settings: Settings) -> None:
    """Lay out the job's graph; ``env.execute`` runs it. Its picture is in docs/architecture.md."""
    table_env = StreamTableEnvironment.create(env)
    decided = decisions.decided(env, table_env, settings, followed=True)
    followed = (
        keyed(side_output(decided, DECIDED), KEYED)
        .process(Follow(settings.stations), output_type=KEYED)
        .name("follow")
        .set_description("by bucket of trains: runs from station to station, and their ends")
        .uid("follow")
    )
    described = (
        keyed(followed, KEYED)
        .process(Describe(Registry.of(settings), settings.stations), output_type=KEYED)
        .name("describe")
        .set_description("the whole network: features of departures")
        .uid("describe")
        .force_non_parallel()
    )
    scored = (
        keyed(described, KEYED)
        .process(Score(Registry.of(settings)), output_type=RECORDS)
        .name("score")
        .set_description("by bucket of trains: predictions, joined with what happened")
        .uid("score")
    )
    statements = table_env.create_statement_set()
    event_sink.write(table_env, statements, decided.union(scored), settings)
    statements.attach_as_datastream()
    operator_names.shorten(env)
    operator_names.identify(env, [board_source.TABLE, event_sink.TABLE])


def main() -> None:
    """Entry point of ``flink run``: settings come from the environment of the client."""
    settings = configuration.load()
    env = environment(settings)
    build(env, settings)
    env.execute(settings.job_name)


if __name__ == "__main__":
    main()
