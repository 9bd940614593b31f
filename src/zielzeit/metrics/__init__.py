"""Metrics: what the main job and the poller count, each defined once; docs/metrics.md and the counting follow."""
