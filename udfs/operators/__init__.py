"""Thin Flink adapters: state, timers and records here, rules in the plain modules beside this folder.

Importing one imports all. In thread mode a TaskManager keeps the modules that its first job imported, and when that job
ends its files are deleted: an operator that only a later job brings to this TaskManager would not be found.
"""

from udfs.operators import archive, decide, follow, score

__all__ = ["archive", "decide", "follow", "score"]
