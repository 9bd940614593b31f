"""Every reply of DBF is told apart."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zielzeit.sources.dbf_reply import classify, is_code, learn
from zielzeit.sources.reply_kind import ReplyKind


def board(*routes: str) -> bytes:
    return json.dumps({"departures": [{"route": [{"name": n} for n in route.split("|")]} for route in routes]}).encode()


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
        (200, b'{"error": "x"}', ReplyKind.NOT_A_BOARD, False),
        (200, b'{"departures": null}', ReplyKind.NOT_A_BOARD, False),
        (200, b"[]", ReplyKind.NOT_A_BOARD, False),
        (200, b'{"departures": []}', ReplyKind.OK, False),
    ],
)
def test_replies_are_told_apart(status: int, body: bytes, kind: ReplyKind, retry: bool) -> None:
    reply = classify(status, body, "Hanau Hbf")
    assert (reply.kind, reply.retry) == (kind, retry)


@pytest.mark.parametrize("asked", ["Hanau Hbf", "hanau hbf", "HANAU-HBF"])
def test_a_board_whose_every_route_has_the_station_is_its_own(asked: str) -> None:
    assert classify(200, board("Hanau Hbf|Fulda", "Frankfurt(Main)Hbf|Hanau Hbf"), asked).kind is ReplyKind.OK


def test_another_stations_board_is_found_even_if_most_of_its_trains_call_here() -> None:
    reply = classify(200, board("Essen Hbf|Bochum Hbf", "Bochum Hbf|Essen Hbf|Köln Hbf", "Essen Hbf"), "Bochum Hbf")
    assert reply.kind is ReplyKind.OTHER_STATION
    assert "Essen Hbf" in reply.detail
    assert not reply.kind.published


def test_rows_of_related_stations_are_no_other_station() -> None:
    both = board("Frankfurt(Main)Hbf|Mainz Hbf", "Frankfurt Hbf (tief)|Hanau Hbf")
    assert classify(200, both, "Frankfurt(Main)Hbf").kind is ReplyKind.OK
    assert classify(200, board("Berlin Hbf (tief)|Halle"), "Berlin Hbf").kind is ReplyKind.OK
    assert classify(200, both, "Kiel Hbf").kind is ReplyKind.OTHER_STATION


@pytest.mark.parametrize(
    ("station", "code"), [("8000105", True), ("FF", True), ("AH S", True), ("Hanau Hbf", False), ("Au", False)]
)
def test_codes_are_told_from_names(station: str, code: bool) -> None:
    assert is_code(station) is code


def test_the_name_behind_a_code_is_learnt_and_then_another_board_found() -> None:
    known: frozenset[str] = frozenset()
    for routes in (["Hanau Hbf|Fulda"], ["Hanau Hbf|Mainz Hbf", "Fulda|Hanau Hbf"]):
        reply = classify(200, board(*routes), "8000150", known)
        assert reply.kind is ReplyKind.OK
        known = learn(known, reply.common)
    assert known == {"Hanau Hbf"}
    assert classify(200, board("Mainz Hbf|Worms"), "8000150", known).kind is ReplyKind.OTHER_STATION
    assert classify(200, board("Mainz Hbf|Hanau Hbf"), "8000150", known).kind is ReplyKind.OK


@given(st.integers(100, 599), st.binary(), st.sampled_from(["Hanau Hbf", "8000150"]))
def test_no_reply_breaks_the_poller(status: int, body: bytes, station: str) -> None:
    assert classify(status, body, station).kind in ReplyKind
