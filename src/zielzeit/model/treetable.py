"""LightGBM's trees as one table of numbers, walked by compiled code: what makes scoring quick.

A booster's own ``predict`` waits at every node for a jump that the processor guesses wrong half of the time. Here eight
rows go down a tree side by side (or one row goes down eight trees), without jumps: a node's children lie next to each
other, so the next node is the left child plus the outcome of a comparison, and a leaf leads to itself until the tree's
deepest leaf is reached. Sums are made in LightGBM's order of trees, so that they are its own to the last bit
(``tests/model/test_treetable.py``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from zielzeit.compiled import compiled

Matrix = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Indices = npt.NDArray[np.uint64]
"""Without sign: compiled code need not ask whether one counts from the end. That halves the time."""

_LANES = 8
_A, _B, _C, _D, _E, _F, _G, _H = (np.uint64(lane) for lane in range(_LANES))
_COLUMN_BITS = np.uint64(32)
_LEFT = np.uint64((1 << 32) - 1)
"""Bits of a node's word that are its left child; above them is where its column begins in a block of rows."""
_HERE, _NEXT = np.uint64(0), np.uint64(1)
_CATEGORICAL, _DEFAULT_LEFT = 1, 2  # bits of LightGBM's decision_type; above them is the kind of missing values
_NO_MISSING, _ZERO_IS_MISSING = 0, 1
_AS_ZERO, _LEFTMOST, _UNKNOWN = 0, 1, 2
"""What a node takes an unknown value for: 0, less than anything, or for what is less than nothing (right)."""
_PLAIN = ("regression", "regression_l1", "fair", "quantile")
"""Objectives whose prediction is the sum of the leaves."""


class TreeTable(NamedTuple):
    """The trees of several boosters, one after the other."""

    features: Indices
    """By column of a block: which feature it is; column 0 is none, leaves look at it."""
    unknown: Longs
    """By column: what an unknown value is taken for."""
    words: Indices
    """By node: where its column begins, and its left child; the right one comes next."""
    thresholds: Matrix
    """By node: values up to this one go left."""
    leaves: Matrix
    """By node: what it adds, if it is a leaf."""
    roots: Indices
    """By tree."""
    depths: Longs
    """By tree: steps to the deepest leaf."""
    boosters: Indices
    """By tree: whose it is."""
    sigmoids: Matrix
    """By booster: slope of the logistic function that its sum goes through; 0 where it goes through none."""


def tree_table(models: Sequence[str]) -> TreeTable:
    """The table of boosters, given as LightGBM's text.

    Raises ValueError for what Zielzeit's boosters never have: categorical or linear splits, zeros that mean "missing",
    objectives other than medians, quantiles and the logistic one.
    """
    columns: dict[tuple[int, int], int] = {(0, _AS_ZERO): 0}
    nodes: list[tuple[int, int, float, float]] = []
    trees: list[tuple[int, int, int]] = []
    for booster, model in enumerate(models):
        for tree in _trees(model):
            root = len(nodes)
            depth = _append(tree, columns, nodes)
            trees.append((root, depth, booster))
    column, left, threshold, leaf = (np.array(values) for values in zip(*nodes, strict=True))
    roots, depths, owners = (np.array(values) for values in zip(*trees, strict=True))
    return TreeTable(
        features=np.array([feature for feature, _ in columns], dtype=np.uint64),
        unknown=np.array([unknown for _, unknown in columns], dtype=np.int64),
        words=((column * _LANES << 32) | left).astype(np.uint64),
        thresholds=threshold,
        leaves=leaf,
        roots=roots.astype(np.uint64),
        depths=depths,
        boosters=owners.astype(np.uint64),
        sigmoids=np.array([_sigmoid(model) for model in models]),
    )


def scores(table: TreeTable, rows: Matrix) -> Matrix:
    """What each booster predicts (columns) of each row of features."""
    sums = np.zeros((len(rows), len(table.sigmoids)))
    _walk(table, np.ascontiguousarray(rows), sums)
    return _through_sigmoid(table, sums)


def score(table: TreeTable, row: Matrix) -> Matrix:
    """What each booster predicts of one row of features."""
    sums = np.zeros(len(table.sigmoids))
    _climb(table, row, sums)
    return _through_sigmoid(table, sums)


def _through_sigmoid(table: TreeTable, sums: Matrix) -> Matrix:
    for booster in np.flatnonzero(table.sigmoids):
        sums[..., booster] = 1 / (1 + np.exp(-table.sigmoids[booster] * sums[..., booster]))
    return sums


def _trees(model: str) -> Iterator[dict[str, str]]:
    """Each tree's lines ``name=values``."""
    for block in model.split("end of trees", maxsplit=1)[0].split("\nTree=")[1:]:
        yield dict(line.split("=", 1) for line in block.splitlines()[1:] if "=" in line)


def _sigmoid(model: str) -> float:
    head = model.split("\nTree=", 1)[0]
    objective = next((line.split("=")[1].split() for line in head.splitlines() if line.startswith("objective=")), [""])
    if objective[0] == "binary" and objective[1].startswith("sigmoid:"):
        return float(objective[1].removeprefix("sigmoid:"))
    if objective[0] not in _PLAIN or len(objective) > 1 or "average_output" in head:
        raise ValueError(f"objective {' '.join(objective)!r} is none of Zielzeit's")
    return 0.0


def _append(
    tree: dict[str, str], columns: dict[tuple[int, int], int], nodes: list[tuple[int, int, float, float]]
) -> int:
    """Add a tree's nodes level by level; returns its depth. LightGBM counts inner nodes from 0, leaves from -1 down."""

    def numbers(name: str) -> list[float]:
        return [float(text) for text in tree.get(name, "").split()]

    if tree.get("is_linear", "0") != "0":
        raise ValueError("linear trees are none of Zielzeit's")
    feature, threshold, kind = numbers("split_feature"), numbers("threshold"), numbers("decision_type")
    children = list(zip(numbers("left_child"), numbers("right_child"), strict=True))
    leaves = numbers("leaf_value")
    root = len(nodes)
    depth, level, following = 0, [0 if children else -1], root + 1
    while level:
        below: list[int] = []
        for at in level:
            if at < 0:
                nodes.append((0, len(nodes), np.inf, leaves[-1 - at]))
                continue
            column = columns.setdefault((int(feature[at]), _unknown(int(kind[at]))), len(columns))
            nodes.append((column, following, threshold[at], 0.0))
            following += 2
            below.extend(int(child) for child in children[at])
        depth, level = depth + bool(below), below
    return depth


def _unknown(decision_type: int) -> int:
    missing = decision_type >> 2
    if decision_type & _CATEGORICAL or missing == _ZERO_IS_MISSING:
        raise ValueError("categorical splits and zeros for missing values are none of Zielzeit's")
    if missing == _NO_MISSING:
        return _AS_ZERO
    return _LEFTMOST if decision_type & _DEFAULT_LEFT else _UNKNOWN


@compiled
def _next(table: TreeTable, block: Matrix, node: np.uint64, lane: np.uint64) -> np.uint64:
    word = table.words[node]
    goes_left = block[(word >> _COLUMN_BITS) + lane] <= table.thresholds[node]
    child: np.uint64 = (word & _LEFT) + (_HERE if goes_left else _NEXT)
    return child


@compiled
def _known(value: float, unknown: int) -> float:
    """What a value is taken for."""
    if math.isnan(value):
        return 0.0 if unknown == _AS_ZERO else (-np.inf if unknown == _LEFTMOST else value)
    return value


@compiled
def _walk(table: TreeTable, rows: Matrix, sums: Matrix) -> None:
    """Add every tree's leaf to its booster's sum. The eight lanes are spelt out: so they stay in registers."""
    block = np.zeros(len(table.features) * _LANES)
    for start in range(0, len(rows), _LANES):
        count = min(_LANES, len(rows) - start)
        for column in range(1, len(table.features)):
            for lane in range(count):
                value = rows[start + lane, table.features[column]]
                block[column * _LANES + lane] = _known(value, table.unknown[column])
        for tree in range(len(table.roots)):
            a = b = c = d = e = f = g = h = table.roots[tree]
            for _ in range(table.depths[tree]):
                a, b = _next(table, block, a, _A), _next(table, block, b, _B)
                c, d = _next(table, block, c, _C), _next(table, block, d, _D)
                e, f = _next(table, block, e, _E), _next(table, block, f, _F)
                g, h = _next(table, block, g, _G), _next(table, block, h, _H)
            ends = (a, b, c, d, e, f, g, h)
            for lane in range(count):
                sums[start + lane, table.boosters[tree]] += table.leaves[ends[lane]]


@compiled
def _climb(table: TreeTable, row: Matrix, sums: Matrix) -> None:
    """The same for one row: the lanes are eight trees."""
    block = np.zeros(len(table.features) * _LANES)
    for column in range(1, len(table.features)):
        block[column * _LANES] = _known(row[table.features[column]], table.unknown[column])
    for start in range(0, len(table.roots), _LANES):
        count = min(_LANES, len(table.roots) - start)
        end = start + count - 1
        a, b = table.roots[start], table.roots[min(start + 1, end)]
        c, d = table.roots[min(start + 2, end)], table.roots[min(start + 3, end)]
        e, f = table.roots[min(start + 4, end)], table.roots[min(start + 5, end)]
        g, h = table.roots[min(start + 6, end)], table.roots[end]
        for _ in range(table.depths[start : end + 1].max()):
            a, b = _next(table, block, a, _A), _next(table, block, b, _A)
            c, d = _next(table, block, c, _A), _next(table, block, d, _A)
            e, f = _next(table, block, e, _A), _next(table, block, f, _A)
            g, h = _next(table, block, g, _A), _next(table, block, h, _A)
        ends = (a, b, c, d, e, f, g, h)
        for lane in range(count):
            sums[table.boosters[start + lane]] += table.leaves[ends[lane]]
