"""Keyed streams and side outputs without PyFlink's detour through Python.

``DataStream.key_by`` and ``get_side_output`` each put a Python operator into the stream that hands every element from
Java to Python and back, only to pick out a key or nothing at all. Here elements are ``Row(key, value)`` from the start,
which is what ``key_by`` makes of them, and Java does the rest.
"""

from __future__ import annotations

from pyflink.common import TypeInformation, Types
from pyflink.common.typeinfo import RowTypeInfo
from pyflink.datastream import DataStream, KeyedStream, OutputTag
from pyflink.java_gateway import get_gateway


def pair(key: TypeInformation, value: TypeInformation) -> RowTypeInfo:
    """Type of the elements of a stream that ``keyed`` can key."""
    return Types.ROW([key, value])


def keyed(stream: DataStream, elements: RowTypeInfo) -> KeyedStream:
    """A stream of ``Row(key, value)``, of the type ``pair`` made, by its keys; functions on it get the values."""
    key, value = elements.get_field_types()
    selector = get_gateway().jvm.KeyByKeySelector()
    key_type = Types.ROW([key]).get_java_type_info()
    return KeyedStream(stream._j_data_stream.keyBy(selector, key_type), value, stream)


def side_output(stream: DataStream, tag: OutputTag) -> DataStream:
    """What a function emitted under a tag."""
    return DataStream(stream._j_data_stream.getSideOutput(tag.get_java_output_tag()))
