"""Names of Flink's own series, of those that rules and dashboards use, as its Prometheus reporter writes them."""

from __future__ import annotations

from typing import Final

RESTARTS: Final = "flink_jobmanager_job_numRestarts"
FAILED_CHECKPOINTS: Final = "flink_jobmanager_job_numberOfFailedCheckpoints"
COMPLETED_CHECKPOINTS: Final = "flink_jobmanager_job_numberOfCompletedCheckpoints"
CHECKPOINT_DURATION: Final = "flink_jobmanager_job_lastCheckpointDuration"
"""Milliseconds."""
WATERMARK: Final = "flink_taskmanager_job_task_currentInputWatermark"
"""Milliseconds since 1970; a negative number before the first one."""
PENDING: Final = "flink_taskmanager_job_task_operator_pendingRecords"
"""Records in Kafka that a source has not read yet."""
