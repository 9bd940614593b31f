"""Keyed streams and side outputs without PyFlink's detour through Python.

``DataStream.key_by`` and ``get_side_output`` each add a Python operator that passes every element from Java to Python
and back, only to pick out a key, or nothing at all. Here elements are ``Row(key, value)`` from the start, which is
what ``key_by`` would make of them, and Java selects the key.
"""

from __future__ import annotations

from pyflink.common import TypeInformation, Types
from pyflink.common.typeinfo import RowTypeInfo
from pyflink.datastream import DataStream, KeyedStream, OutputTag
from pyflink.java_gateway import get_gateway


def pair(key: TypeInformation, value: TypeInformation) -> RowTypeInfo:
    """The type of the elements of a stream that ``keyed`` can key."""
    return Types.ROW([key, value])


def keyed(stream: DataStream, elements: RowTypeInfo) -> KeyedStream:
    """The stream of ``Row(key, value)`` (a type made by ``pair``), keyed by ``key``; functions receive the values."""
    key, value = elements.get_field_types()
    selector = get_gateway().jvm.KeyByKeySelector()
    key_type = Types.ROW([key]).get_java_type_info()
    return KeyedStream(stream._j_data_stream.keyBy(selector, key_type), value, stream)


def side_output(stream: DataStream, tag: OutputTag) -> DataStream:
    """The stream of what a function emitted with the tag."""
    return DataStream(stream._j_data_stream.getSideOutput(tag.get_java_output_tag()))
