"""In process mode nothing is lost that is counted where Beam does not listen; Beam and PyFlink's groups are real."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from apache_beam.metrics.execution import MetricsContainer
from apache_beam.runners.worker.statesampler import StateSampler
from apache_beam.utils.counters import CounterFactory
from pyflink.fn_execution.metrics.process.metric_impl import GenericMetricGroup

from udfs.flink_metrics import FlinkMetrics
from zielzeit.metrics.job import PREDICTIONS, REFUSED_VERSIONS


class Context:
    """The part of Flink's runtime context that has the metrics."""

    def get_metrics_group(self) -> GenericMetricGroup:
        return GenericMetricGroup(None, None)


@pytest.fixture
def sampler() -> Iterator[StateSampler]:
    """Beam's record of what this thread does: at first nothing that it counts for."""
    made = StateSampler("test", CounterFactory())
    made.start()
    yield made
    made.stop()


def told(container: MetricsContainer) -> dict[str, int]:
    """What Beam sends to Java, by the name of the counter."""
    return {key.metric.name: number for key, number in container.get_cumulative().counters.items()}


def test_what_is_counted_on_a_timer_is_told_with_the_next_element(sampler: StateSampler) -> None:
    container = MetricsContainer("score")
    processing = sampler.scoped_state("score", "process", metrics_container=container)
    metrics = FlinkMetrics(Context(), "score")  # type: ignore[arg-type]
    metrics.recorder.add(PREDICTIONS, "delay", "7", by=3)
    metrics.publish()
    assert told(container) == {}
    with processing:
        metrics.recorder.add(REFUSED_VERSIONS)
        metrics.close()
        metrics.close()
    assert told(container) == {"predictions_total": 3, "refused_versions_total": 1}


def test_each_count_has_its_labels_in_the_name_space(sampler: StateSampler) -> None:
    container = MetricsContainer("score")
    metrics = FlinkMetrics(Context(), "score")  # type: ignore[arg-type]
    metrics.recorder.add(PREDICTIONS, "delay", "7")
    with sampler.scoped_state("score", "process", metrics_container=container):
        metrics.publish()
    (key,) = container.get_cumulative().counters
    assert key.metric.namespace.startswith('["zielzeit", "model", "delay", "version", "7"')
