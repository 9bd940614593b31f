"""LightGBM's trees as one table of numbers, walked by compiled code: what makes batches quick.

A booster's own ``predict`` waits at every node for a jump that the processor guesses wrong half of the time. Here eight
rows go down a tree side by side, without jumps: a node's children lie next to each other, so the next node is the left
child plus the outcome of a comparison, and a leaf leads to itself until the tree's deepest leaf is reached. Sums are
made in LightGBM's order of trees, so that they are its own to the last bit (``tests/udfs/test_treetable.py``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from udfs.compiled import compiled

Matrix = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

_LANES = 8
_LEFT = (1 << 32) - 1
"""Bits of a node's word that are its left child; above them is where its column begins in a block of rows."""
_CATEGORICAL, _DEFAULT_LEFT = 1, 2  # bits of LightGBM's decision_type; above them is the kind of missing values
_NO_MISSING, _ZERO_IS_MISSING = 0, 1
_AS_ZERO, _LEFTMOST, _UNKNOWN = 0, 1, 2
"""What a node takes an unknown value for: 0, less than anything, or for what is less than nothing (right)."""
_PLAIN = ("regression", "regression_l1", "fair", "quantile")
"""Objectives whose prediction is the sum of the leaves."""


class TreeTable(NamedTuple):
    """The trees of several boosters, one after the other."""

    features: Longs
    """By column of a block: which feature it is; column 0 is none, leaves look at it."""
    unknown: Longs
    """By column: what an unknown value is taken for."""
    words: Longs
    """By node: where its column begins, and its left child; the right one comes next."""
    thresholds: Matrix
    """By node: values up to this one go left."""
    leaves: Matrix
    """By node: what it adds, if it is a leaf."""
    roots: Longs
    """By tree."""
    depths: Longs
    """By tree: steps to the deepest leaf."""
    boosters: Longs
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
    roots, depths, owners = (np.array(values, dtype=np.int64) for values in zip(*trees, strict=True))
    return TreeTable(
        features=np.array([feature for feature, _ in columns], dtype=np.int64),
        unknown=np.array([unknown for _, unknown in columns], dtype=np.int64),
        words=(column * _LANES << 32) | left,
        thresholds=threshold,
        leaves=leaf,
        roots=roots,
        depths=depths,
        boosters=owners,
        sigmoids=np.array([_sigmoid(model) for model in models]),
    )


def scores(table: TreeTable, rows: Matrix) -> Matrix:
    """What each booster predicts (columns) of each row of features."""
    sums = np.zeros((len(rows), len(table.sigmoids)))
    _walk(table, np.ascontiguousarray(rows), sums)
    for booster in np.flatnonzero(table.sigmoids):
        sums[:, booster] = 1 / (1 + np.exp(-table.sigmoids[booster] * sums[:, booster]))
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
def _next(table: TreeTable, block: Matrix, node: int, lane: int) -> int:
    word: int = table.words[node]
    return (word & _LEFT) + (0 if block[(word >> 32) + lane] <= table.thresholds[node] else 1)


@compiled
def _walk(table: TreeTable, rows: Matrix, sums: Matrix) -> None:
    """Add every tree's leaf to its booster's sum. The eight lanes are spelt out: so they stay in registers."""
    block = np.zeros(len(table.features) * _LANES)
    for start in range(0, len(rows), _LANES):
        count = min(_LANES, len(rows) - start)
        for column in range(1, len(table.features)):
            for lane in range(count):
                value = rows[start + lane, table.features[column]]
                if math.isnan(value):
                    if table.unknown[column] == _AS_ZERO:
                        value = 0.0
                    elif table.unknown[column] == _LEFTMOST:
                        value = -np.inf
                block[column * _LANES + lane] = value
        for tree in range(len(table.roots)):
            a = b = c = d = e = f = g = h = table.roots[tree]
            for _ in range(table.depths[tree]):
                a, b = _next(table, block, a, 0), _next(table, block, b, 1)
                c, d = _next(table, block, c, 2), _next(table, block, d, 3)
                e, f = _next(table, block, e, 4), _next(table, block, f, 5)
                g, h = _next(table, block, g, 6), _next(table, block, h, 7)
            ends = (a, b, c, d, e, f, g, h)
            for lane in range(count):
                sums[start + lane, table.boosters[tree]] += table.leaves[ends[lane]]
