"""Job graphs, each on one page (``predict``, ``store``), with their sources, sinks and types."""
