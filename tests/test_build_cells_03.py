"""The tree that lesson 03 grows by hand is the package's: same rules, same
distribution of path lengths.
"""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from metaad import data
from metaad.detectors.forest.isolation_forest import (
    IsolationForest,
    average_path_length,
)
from metaad.experiments.lessons.lesson_03 import rms_z

LESSON = (
    Path(__file__).resolve().parents[1]
    / "notebooks"
    / "03_isolation_forest_maths.ipynb"
)
WANTED = {"isolate", "grow", "path_length", "RiggedDart"}


@pytest.fixture(scope="module")
def lesson():
    """The lesson's own functions by name."""
    names = {"np": np, "average_path_length": average_path_length}
    names["rng"] = np.random.default_rng(0)
    for cell in json.loads(LESSON.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            for node in ast.parse("".join(cell["source"])).body:
                if getattr(node, "name", None) in WANTED:
                    exec(ast.unparse(node), names)  # the lesson's own cell
    assert names.keys() >= WANTED
    return names


def leaves(tree):
    return (
        [leaf for t in tree["sides"] for leaf in leaves(t)]
        if "sides" in tree
        else [tree]
    )


def test_two_rows_are_alone_after_one_cut_and_equal_rows_never(lesson):
    rng = np.random.default_rng(0)
    two = lesson["grow"](np.array([[0.0, 5.0], [1.0, 5.0]]), rng)
    # the other column does not vary
    assert two["column"] == 0 and 0.0 <= two["place"] < 1.0
    assert leaves(two) == [{"size": 1, "depth": 1}] * 2
    alike = lesson["grow"](np.ones((7, 3)), rng)
    assert alike == {"size": 7, "depth": 0}
    assert lesson["path_length"](np.ones(3), alike) == average_path_length(7)


def test_leaves_hold_every_row_once_and_none_lies_below_the_limit(lesson):
    rng = np.random.default_rng(1)
    ends = leaves(lesson["grow"](rng.normal(size=(100, 3)), rng))
    assert sum(leaf["size"] for leaf in ends) == 100
    assert max(leaf["depth"] for leaf in ends) <= 7  # ceil(log2(100))
    assert all(leaf["size"] == 1 for leaf in ends if leaf["depth"] < 7)


def test_path_lengths_have_the_packages_mean_and_spread(lesson):
    rng, n_trees = np.random.default_rng(2), 1000
    X = np.vstack([rng.normal(size=(62, 2)), [[5.0, 5.0], [-4.0, 0.0]]])
    trees = [lesson["grow"](X, rng) for _ in range(n_trees)]
    # (1000, 10)
    ours = np.array(
        [[lesson["path_length"](r, tree) for r in X[-10:]] for tree in trees]
    )
    forest = IsolationForest(n_trees, max_samples=64, random_state=0).fit(X)
    theirs = forest.path_lengths(X[-10:])
    error = np.sqrt((ours.var(0) + theirs.var(0)) / n_trees)
    assert np.abs((ours.mean(0) - theirs.mean(0)) / error).max() < 4.0
    np.testing.assert_allclose(ours.std(0), theirs.std(0), rtol=0.15)


@pytest.mark.parametrize("seed", range(4))
def test_the_lessons_check_passes_fair_trees_and_not_those_of_a_rigged_dart(
    lesson, seed
):
    rng, X = np.random.default_rng(seed), data.load("wine").X
    grow, path_length = lesson["grow"], lesson["path_length"]
    assert rms_z(grow, path_length, X, rng, rng, n_trees=150) < 1.8
    rigged = lesson["RiggedDart"]()
    assert rms_z(grow, path_length, X, rigged, rng, n_trees=150) > 3.0


class RoundsUp:
    """A generator whose uniform draws come out at the upper end, as rounding can
    make them.
    """

    def __init__(self, rng):
        self.choice = rng.choice

    def uniform(self, low, high):
        return high


@pytest.mark.parametrize("gap", [1.0, 6.9e-18, 5e-324])
def test_a_cut_that_rounds_up_leaves_a_row_on_either_side(lesson, gap):
    rng = np.random.default_rng(0)
    X = np.array([[0.0], [gap], [0.0], [gap]])
    tree = lesson["grow"](X, RoundsUp(rng))
    assert [leaf["size"] for leaf in leaves(tree)] == [2, 2]
    close = np.nextafter(0.1, 1.0) - 0.1  # two neighbouring numbers
    for _ in range(50):
        tree = lesson["grow"](np.array([[0.1], [0.1 + close]]), rng)
        assert [leaf["size"] for leaf in leaves(tree)] == [1, 1]


def nested(forest, t, i=0, depth=0):
    """Tree t of a fitted forest as nested dicts; its nodes i have the children 2i + 1
    and 2i + 2.
    """
    levels = forest.leaf_size_.shape[1].bit_length() - 1
    if i >= forest.feature_.shape[1] or np.isinf(forest.threshold_[t, i]):
        for _ in range(levels - (i + 1).bit_length() + 1):
            i = 2 * i + 1  # a leaf higher up stands at its leftmost place
        size = forest.leaf_size_[t, i - forest.feature_.shape[1]]
        return {"size": size, "depth": depth}
    sides = (nested(forest, t, 2 * i + side, depth + 1) for side in (1, 2))
    node = {"column": forest.feature_[t, i], "place": forest.threshold_[t, i]}
    return node | {"sides": tuple(sides)}


def test_walking_the_packages_trees_by_hand_gives_its_path_lengths(lesson):
    X = np.random.default_rng(6).normal(size=(80, 3))
    forest = IsolationForest(5, max_samples=33, random_state=0).fit(X)
    for t, theirs in enumerate(forest.path_lengths(X)):
        tree = nested(forest, t)
        ours = [lesson["path_length"](row, tree) for row in X]
        np.testing.assert_allclose(ours, theirs, atol=1e-8)


def test_a_game_keeps_its_row_and_ends_when_it_is_alone(lesson):
    rng = np.random.default_rng(7)
    X = rng.normal(size=(40, 3))
    for index in (0, 17, 39):
        cuts = lesson["isolate"](X, index, rng)
        left = [int(kept.sum()) for _, _, kept in cuts]
        assert left[0] == 40 and left == sorted(left, reverse=True) and left[-1] > 1
        assert all(kept[index] for _, _, kept in cuts)
        column, place, kept = cuts[-1]
        side = (X[:, column] > place) == (X[index, column] > place)
        assert np.flatnonzero(kept & side).tolist() == [index]
