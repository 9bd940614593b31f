"""Every reply of DBF is told apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zielzeit.sources.dbf_reply import classify
from zielzeit.sources.reply_kind import ReplyKind
from zielzeit.stations.table import packaged


@pytest.mark.parametrize(
    ("status", "body", "kind", "retry"),
    [
        (300, b'{"api_version":"2.04","error":"Ambiguous station name"}', ReplyKind.AMBIGUOUS, False),
        (300, b'{"error":"ambiguous station code/name","candidates":[{"code":"K"}]}', ReplyKind.EMPTY_BOARD, False),
        (300, b'{"error":"Got no results for \'KK\'"}', ReplyKind.EMPTY_BOARD, False),
        (300, b"<html>", ReplyKind.AMBIGUOUS, False),
        (500, b'{"error":"GET https://iris... returned HTTP 503"}', ReplyKind.SERVER_ERROR, True),
        (500, b'{"error":"GET https://iris... returned HTTP 404 Not Found"}', ReplyKind.UNKNOWN_STATION, False),
        (500, b'{"error":"Unknown station name"}', ReplyKind.UNKNOWN_STATION, False),
        (502, b"<html>", ReplyKind.OTHER_STATUS, True),
        (429, b"", ReplyKind.THROTTLED, False),
        (408, b"", ReplyKind.OTHER_STATUS, True),
        (404, b"", ReplyKind.CLIENT_ERROR, False),
        (302, b"", ReplyKind.OTHER_STATUS, False),
        (200, b"", ReplyKind.EMPTY_BODY, True),
        (200, b" \n", ReplyKind.EMPTY_BODY, True),
        (200, b"<html>", ReplyKind.NOT_JSON, False),
        (200, b'{"departures": [{"rou', ReplyKind.NOT_JSON, False),
        (200, b'{"departures": [\xff]}', ReplyKind.NOT_JSON, False),
        (
            200,
            b'{"departures": [{"route": [{"name": "Hanau Hbf"}, null, {"name": 3}]}, {"delay": NaN}]}',
            ReplyKind.OK,
            False,
        ),
        (200, b'{"departures": [{"route": [{"name": "Hanau Hbf"}]}, {"route": null}, 7]}', ReplyKind.OK, False),
        (200, b'{"error": "x"}', ReplyKind.NOT_A_BOARD, False),
        (200, b'{"departures": null}', ReplyKind.NOT_A_BOARD, False),
        (200, b"[]", ReplyKind.NOT_A_BOARD, False),
        (200, b'{"departures": []}', ReplyKind.OK, False),
    ],
)
def test_replies_are_told_apart(status: int, body: bytes, kind: ReplyKind, retry: bool) -> None:
    reply = classify(status, body, "Hanau Hbf", packaged())
    assert (reply.kind, reply.retry) == (kind, retry)


@given(st.integers(100, 599), st.binary(), st.sampled_from(["Hanau Hbf", "8000150"]))
def test_no_reply_breaks_the_poller(status: int, body: bytes, station: str) -> None:
    assert classify(status, body, station, packaged()).kind in ReplyKind


def test_another_stations_board_is_named_and_not_published() -> None:
    body = b'{"departures": [{"route": [{"name": "Essen Hbf"}, {"name": "Dortmund\\u001b Hbf"}]}]}'
    reply = classify(200, body, "Bochum Hbf", packaged())
    assert reply.kind is ReplyKind.OTHER_STATION
    assert reply.detail == "the board of: Dortmund\ufffd Hbf, Essen Hbf"
    assert not reply.kind.published
