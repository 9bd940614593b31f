"""Which jars a job brings to its cluster."""

from __future__ import annotations

from flink_jobs.environment import jars_to_send

OWN = "file:///flink/opt/flink-python-2.3.0.jar"
OTHER = "file:///somewhere/flink-connector.jar"


def test_flinks_own_jar_for_python_is_not_sent_in_thread_mode_where_the_cluster_has_it() -> None:
    assert jars_to_send([OWN, OTHER], "thread") == [OTHER]


def test_in_process_mode_all_jars_are_sent() -> None:
    assert jars_to_send([OWN, OTHER], "process") == [OWN, OTHER]
