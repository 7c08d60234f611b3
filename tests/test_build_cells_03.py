"""The tree that lesson 03 grows by hand is the package's: same rules, same
distribution of path lengths.
"""

import ast
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


class RoundsUp:
    """A generator whose uniform draws come out at the upper end, as rounding can
    make them.
    """

    def __init__(self, rng):
        self.choice = rng.choice

    def uniform(self, low, high):
        return high


@pytest.mark.parametrize("gap", [1.0, 6.9e-18, 5e-324])
def test_a_cut_that_rounds_up_leaves_a_row_on_either_side(by_hand, gap):
    rng = np.random.default_rng(0)
    X = np.array([[0.0], [gap], [0.0], [gap]])
    tree = by_hand["grow"](X, RoundsUp(rng))
    assert tree["left"]["size"] == tree["right"]["size"] == 2
    close = np.nextafter(0.1, 1.0) - 0.1  # two neighbouring numbers
    for _ in range(50):
        tree = by_hand["grow"](np.array([[0.1], [0.1 + close]]), rng)
        assert tree["left"]["size"] == tree["right"]["size"] == 1


@pytest.fixture(scope="module")
def lesson():
    """The functions of the lesson that its theorems are about."""
    names = {"np": np, "average_path_length": average_path_length}
    wanted = {"isolate", "expected_cuts", "nested", "leaf", "path_length"}
    for cell in json.loads(LESSON.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            for node in ast.parse("".join(cell["source"])).body:
                if isinstance(node, ast.FunctionDef) and node.name in wanted:
                    exec(ast.unparse(node), names)  # the lesson's own cell
    return names


def test_formula_1_is_the_mean_number_of_cuts_on_a_line(lesson):
    rng = np.random.default_rng(3)
    x = np.sort(np.append(rng.normal(size=7), 5.0))
    games = [
        [len(lesson["isolate"](x[:, None], i, rng)) for _ in range(2000)]
        for i in range(len(x))
    ]
    error = np.std(games, axis=1) / np.sqrt(2000)
    z = (np.mean(games, axis=1) - lesson["expected_cuts"](x)) / error
    assert np.abs(z).max() < 4.0


def test_a_far_points_path_stays_below_bound_2_however_large_the_crowd(lesson):
    rng, width, far = np.random.default_rng(4), 4.0, 5.0
    middle = []
    for n in (10, 100, 400):
        crowd = np.append(rng.uniform(0, width, n), [0.0, width, width + far])
        cuts = lesson["expected_cuts"](np.sort(crowd))
        assert cuts[-1] < 1 + np.log(1 + width / far)
        middle.append(cuts[len(cuts) // 2])
    assert middle[-1] > middle[0] + 3, "the middle's path grows"


def test_c_of_n_by_recursion_closed_form_approximation_and_games(lesson):
    c = np.zeros(301)
    for n in range(2, 301):
        c[n] = 1 + 2 / (n * (n - 1)) * (np.arange(n) * c[:n]).sum()  # (3)
    closed = 2 * (np.cumsum(1 / np.arange(1, 301)) - 1)  # (4), n = 1, 2, ...
    np.testing.assert_allclose(c[1:], closed, atol=1e-12)
    assert 0 < c[256] - average_path_length(256) < 0.005
    rng = np.random.default_rng(5)
    games = [
        len(lesson["isolate"](rng.uniform(size=(16, 1)), 0, rng)) for _ in range(4000)
    ]
    assert abs(np.mean(games) - c[16]) < 4 * np.std(games) / np.sqrt(4000)


def test_walking_the_packages_trees_by_hand_gives_its_path_lengths(lesson):
    X = np.random.default_rng(6).normal(size=(80, 3))
    forest = IsolationForest(5, max_samples=33, random_state=0).fit(X)
    for t, theirs in enumerate(forest.path_lengths(X)):
        tree = lesson["nested"](forest, t)
        ours = [lesson["path_length"](row, tree) for row in X]
        np.testing.assert_allclose(ours, theirs, atol=1e-8)
