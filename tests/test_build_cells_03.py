"""The tree that lesson 03 grows by hand is the package's: same rules, same
distribution of path lengths.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from metaad.detectors.forest.isolation_forest import (
    IsolationForest,
    average_path_length,
)

LESSON = (
    Path(__file__).resolve().parents[1]
    / "notebooks"
    / "03_isolation_forest_maths.ipynb"
)


@pytest.fixture(scope="module")
def by_hand():
    """The names that the lesson's slower build cell and the cell after it define."""
    cells = [
        c
        for c in json.loads(LESSON.read_text(encoding="utf-8"))["cells"]
        if c["cell_type"] == "code"
    ]
    at = next(
        i for i, c in enumerate(cells) if "slower" in c["metadata"].get("tags", [])
    )
    walking = "".join(cells[at + 1]["source"]).split("\n\n\ntree = ")[0]
    names = {"np": np, "average_path_length": average_path_length}
    exec(
        compile("".join(cells[at]["source"]) + "\n\n" + walking, LESSON.name, "exec"),
        names,
    )
    return names


def leaves(tree):
    return [*leaves(tree["left"]), *leaves(tree["right"])] if "left" in tree else [tree]


def test_two_rows_are_alone_after_one_cut_and_equal_rows_never(by_hand):
    rng = np.random.default_rng(0)
    two = by_hand["grow"](np.array([[0.0, 5.0], [1.0, 5.0]]), rng)
    # the other feature does not vary
    assert two["feature"] == 0 and 0.0 <= two["threshold"] < 1.0
    assert [(leaf["size"], leaf["depth"]) for leaf in leaves(two)] == [(1, 1), (1, 1)]
    assert by_hand["grow"](np.ones((7, 3)), rng) == {"size": 7, "depth": 0}
    assert by_hand["path_length"](
        np.ones(3), {"size": 7, "depth": 0}
    ) == average_path_length(7)


def test_leaves_hold_every_row_once_and_none_lies_below_the_limit(by_hand):
    rng = np.random.default_rng(1)
    ends = leaves(by_hand["grow"](rng.normal(size=(100, 3)), rng))
    assert sum(leaf["size"] for leaf in ends) == 100
    assert max(leaf["depth"] for leaf in ends) <= 7  # ceil(log2(100))
    assert all(leaf["size"] == 1 for leaf in ends if leaf["depth"] < 7)


def test_path_lengths_have_the_packages_mean_and_spread(by_hand):
    rng = np.random.default_rng(2)
    X = np.vstack([rng.normal(size=(62, 2)), [[5.0, 5.0], [-4.0, 0.0]]])
    trees, n_trees = [by_hand["grow"](X, rng) for _ in range(1000)], 1000
    # (1000, 10)
    ours = np.array(
        [[by_hand["path_length"](row, tree) for row in X[-10:]] for tree in trees]
    )
    theirs = (
        IsolationForest(n_trees, max_samples=64, random_state=0)
        .fit(X)
        .path_lengths(X[-10:])
    )
    z = (ours.mean(0) - theirs.mean(0)) / np.sqrt(
        (ours.var(0) + theirs.var(0)) / n_trees
    )
    assert np.abs(z).max() < 4.0
    np.testing.assert_allclose(ours.std(0), theirs.std(0), rtol=0.15)
