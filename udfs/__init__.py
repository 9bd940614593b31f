"""The keyed process functions and what they need of Flink: read state, call the library, emit.

Importing one imports all. In thread mode a TaskManager keeps the modules that its first job imported, and deletes the
job's files when that job ends: an operator that only a later job brings to this TaskManager would not be found.
"""

from udfs import archive, decide, describe, follow, score, station_key

__all__ = ["archive", "decide", "describe", "follow", "score", "station_key"]
