"""Airflow's DAGs, in a virtual environment of their own: docs/schedules.md."""
