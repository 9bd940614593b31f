"""Decisions of the job and of ``decide`` are told apart one by one."""

from __future__ import annotations

import msgspec

from zielzeit.evaluation.job_agreement import Agreement, compare


def decision(id_: str, delay: int = 0) -> bytes:
    """As much of a decision as a comparison looks at."""
    return msgspec.json.encode({"id": id_, "kind": "departed", "revision": 0, "delay": delay})


def test_order_means_nothing() -> None:
    one, other = decision("A"), decision("B")
    assert compare([one, other], [other, one]) == Agreement(2, (), ())


def test_what_is_missing_doubled_or_different_is_named() -> None:
    found = compare([decision("A"), decision("B"), decision("C")], [decision("A"), decision("A"), decision("C", 1)])
    assert found.same == 1
    assert found.only_offline == ("B departed, revision 0", "C departed, revision 0")
    assert found.only_job == ("A departed, revision 0", "C departed, revision 0")
