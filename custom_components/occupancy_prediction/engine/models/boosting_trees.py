"""Boosted trees as arrays, read without the library that grew them.

Nodes lie side by side and are all asked at once, as in QuickScorer (Lucchese et al.
2015). Whatever the numbers are, an answer takes the same bounded time and memory: a
saved model is numbers to compare with, nothing to run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..types import FloatArray

# A byte has a bit for each leaf.
LEAVES = 8
_NODES = LEAVES - 1
_ALL = np.uint8(255)
# The place of the lowest bit of each byte; of none, the last.
_LOWEST_BIT = np.array(
    [(number & -number).bit_length() - 1 if number else 7 for number in range(256)],
    np.int64,
)


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees whose nodes are masks of the leaves that stay possible.

    Shapes: ``feature``, ``threshold`` and ``mask`` (nodes, trees), ``value`` (leaves,
    trees). A row that exceeds the threshold of a node cannot end in the leaves left of
    it; of those still possible in the end, it ends in the leftmost.
    """

    feature: np.ndarray
    threshold: np.ndarray
    mask: np.ndarray
    value: np.ndarray

    @classmethod
    def of(cls, model: Mapping[str, Any]) -> Self:
        """Take over the trees of a LightGBM model as it describes itself."""
        trees = [
            _nodes_and_leaves(tree["tree_structure"]) for tree in model["tree_info"]
        ]
        forest = cls.empty(len(trees))
        for tree, (nodes, leaves) in enumerate(trees):
            for place, (feature, threshold, mask) in enumerate(nodes):
                forest.feature[place, tree] = feature
                forest.threshold[place, tree] = threshold
                forest.mask[place, tree] = mask
            forest.value[: len(leaves), tree] = leaves
        return forest

    @classmethod
    def empty(cls, trees: int = 0) -> Self:
        """Return trees that always say 0: nothing exceeds their thresholds."""
        return cls(
            np.zeros((_NODES, trees), np.int16),
            np.full((_NODES, trees), np.finfo(np.float64).max),
            np.full((_NODES, trees), _ALL),
            np.zeros((LEAVES, trees)),
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Read them back."""
        return cls(
            *(arrays[name] for name in ("feature", "threshold", "mask", "value"))
        )

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the trees as arrays to save."""
        return {
            "feature": self.feature,
            "threshold": self.threshold,
            "mask": self.mask,
            "value": self.value,
        }

    def sum(self, values: np.ndarray) -> FloatArray:
        """Return the sum of all trees for rows (r, c), shape (r,)."""
        nodes, trees = self.mask.shape
        possible = np.full((len(values), trees), _ALL)
        for node in range(nodes):
            # Clipped, so that no saved number can reach beyond the columns.
            seen = values.take(self.feature[node], axis=1, mode="clip")
            exceeded = seen > self.threshold[node]
            possible &= np.where(exceeded, self.mask[node], _ALL)
        leaf = _LOWEST_BIT[possible]
        total: FloatArray = self.value[leaf, np.arange(trees)].sum(1)
        return total


def _nodes_and_leaves(
    structure: Mapping[str, Any],
) -> tuple[list[tuple[int, float, int]], list[float]]:
    """Return a tree's nodes (feature, threshold, mask) and leaves, left to right."""
    nodes: list[tuple[int, float, int]] = []
    leaves: list[float] = []

    def visit(part: Mapping[str, Any]) -> None:
        if "split_feature" not in part:
            leaves.append(float(part["leaf_value"]))
            return
        first = len(leaves)
        visit(part["left_child"])
        ruled_out = (1 << len(leaves)) - (1 << first)
        nodes.append((part["split_feature"], part["threshold"], 255 - ruled_out))
        visit(part["right_child"])

    visit(structure)
    return nodes, leaves
