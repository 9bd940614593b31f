"""Packing keeps every byte."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zielzeit.boards.parse import decompress
from zielzeit.boards.record import BoardRecord, compress, headers


@given(st.binary())
def test_packed_bodies_come_back_byte_for_byte(body: bytes) -> None:
    assert decompress(compress(body)) == body


def test_plain_bodies_are_taken_as_they_are() -> None:
    assert decompress(b'{"departures": []}') == b'{"departures": []}'


@pytest.mark.parametrize("keep", [4, 9, 20])
def test_a_truncated_frame_is_an_error(keep: int) -> None:
    with pytest.raises(ValueError, match="zstd"):
        decompress(compress(bytes(range(256)))[:keep])


def test_headers_are_the_published_ones_in_order() -> None:
    record = BoardRecord(
        station="Münster Hbf", body=b"{}", polled_at=datetime.now(UTC), source="poll", url="http://x/M%C3%BCnster"
    )
    assert headers(record) == [
        ("source", b"poll"),
        ("url", b"http://x/M%C3%BCnster"),
        ("status", b"200"),
        ("content-type", b"application/json"),
        ("content-encoding", b"zstd"),
    ]
