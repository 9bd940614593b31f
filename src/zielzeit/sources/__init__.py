"""Sources of boards: the poll plan and its schedule, the poller, and what DBF's replies mean."""
