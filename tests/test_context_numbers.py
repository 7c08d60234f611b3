"""What a row is described by in a context: every number against an oracle."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.neighbors import NearestNeighbors

from metaad.meta.context import columns, kernel, neighbours
from metaad.meta.context.rows import BASE, NUMBERS, Context
from metaad.meta.context.spaces import Spaces

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)) @ RNG.normal(size=(4, 4))
X[:, 3] = RNG.integers(0, 3, 60)
Q = RNG.normal(size=(25, 4)) @ RNG.normal(size=(4, 4))
Q[:, 3] = RNG.integers(0, 4, 25)


def test_normal_scores_are_the_inverse_normal_of_mid_ranks():
    column = np.array([[1.0], [2.0], [2.0], [5.0]])
    rank = Spaces(column)(np.array([[2.0], [9.0]]))["rank"][:, 0]
    assert rank == pytest.approx(norm.ppf([2.5 / 5, 4.5 / 5]))


def test_whitened_rows_have_almost_no_correlation_left():
    rows = RNG.normal(size=(3000, 3)) @ np.triu(np.ones((3, 3)))
    white = Spaces(rows)(rows)["white"]
    assert np.cov(white.T) == pytest.approx(np.eye(3), abs=0.02)


def test_a_residual_is_what_the_gaussian_says_of_a_column_given_the_others():
    spaces = Spaces(X)
    covariance, rank = np.linalg.inv(spaces.precision), spaces(Q)["rank"]
    j, rest = 1, [0, 2, 3]
    weights = np.linalg.solve(covariance[np.ix_(rest, rest)], covariance[rest, j])
    variance = covariance[j, j] - covariance[j, rest] @ weights
    expected = (rank[:, j] - rank[:, rest] @ weights) / np.sqrt(variance)
    assert spaces.residuals(rank)[:, j] == pytest.approx(expected)


def test_neighbours_are_those_of_a_search_and_never_the_row_itself():
    near = neighbours.Neighbours(X)
    search = NearestNeighbors(n_neighbors=31).fit(X)
    own = search.kneighbors(X)[0][:, 1:]
    new = search.kneighbors(Q)[0][:, :30]
    mine, _, _ = near.of(Q)
    for k in neighbours.NEAREST:
        assert near.own()[f"near {k}"] == pytest.approx(own[:, k - 1])
        assert mine[f"near {k}"] == pytest.approx(new[:, k - 1])


def test_equal_rows_lie_at_distance_zero():
    rows = RNG.normal(size=(20, 5)) * 1e3 + 1e4
    twice = np.concatenate([rows, rows])
    assert (neighbours.squares(rows, rows).diagonal() == 0).all()
    assert (neighbours.Neighbours(twice).own()["near 1"] == 0).all()


def test_the_ratio_of_a_regular_grid_is_one():
    line = np.arange(200.0)[:, None]
    ratio = neighbours.Neighbours(line).own()["ratio 5"]
    assert ratio[50:150] == pytest.approx(1.0)


def test_variance_without_a_row_is_that_of_a_process_that_never_saw_it():
    D = neighbours.squares(X, X)
    np.fill_diagonal(D, np.inf)
    whole = kernel.Leverage(D)
    for i in (0, 17):
        rest = np.arange(len(X)) != i
        K = np.exp(-D[np.ix_(rest, rest)] / (2 * 0.7**2 * whole.typical))
        np.fill_diagonal(K, 1 + kernel.NOISE)
        k = np.exp(-D[i, rest] / (2 * 0.7**2 * whole.typical))
        expected = 1 - k @ np.linalg.solve(K, k)
        assert whole.own()[i, 1] == pytest.approx(expected)


def test_variance_is_one_far_away_and_small_at_a_row_seen():
    D = neighbours.squares(X, X)
    np.fill_diagonal(D, np.inf)
    variance = kernel.Leverage(D)
    far = variance.of(neighbours.squares(X[:1] + 1e3, X))
    seen = variance.of(neighbours.squares(X[:1], X))
    assert far == pytest.approx(1.0) and (seen < 0.05).all()


def test_tails_and_rarity_of_a_hand_made_column():
    column = np.array([[1.0], [2.0], [2.0], [5.0]])
    spaces = Spaces(column)
    ranks = spaces(column)["rank"]
    new = np.array([[2.0], [7.0]])
    nearest = np.zeros((2, 1), int)
    found = columns.tokens(spaces, new, spaces(new), nearest, ranks, own=False)
    of = dict(zip(columns.TOKENS, found[:, 0].T, strict=True))
    assert of["left"] == pytest.approx(-np.log([4 / 5, 1.0]))
    assert of["right"] == pytest.approx(-np.log([4 / 5, 1 / 5]))
    assert of["rare"] == pytest.approx(-np.log([3 / 5, 1 / 5]))
    assert of["tail"] == pytest.approx(-np.log([1.0, 2 / 5]))
    assert of["gap"] == pytest.approx(np.log1p(np.array([0, 2]) / column.std()))


def test_a_row_counted_out_of_its_own_counts_is_a_new_row_to_the_others():
    """What the context says of its row is what a context without that row says."""
    i = 7
    rest = np.arange(len(X)) != i
    whole, without = Spaces(X), Spaces(X[rest])
    nearest = np.zeros((len(X), 1), int)
    ranks = whole(X)["rank"]
    own = columns.tokens(whole, X, whole(X), nearest, ranks, own=True)[i]
    row = X[[i]]
    laid, others = without(row), ranks[rest]
    new = columns.tokens(without, row, laid, nearest[:1], others, own=False)
    counted = [columns.TOKENS.index(t) for t in ("tail", "left", "right", "rare")]
    assert own[:, counted] == pytest.approx(new[0][:, counted])


def test_pairs_count_what_stands_in_a_cell():
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [1.0, 1.0]])
    pairs = columns.Pairs(X, np.random.default_rng(0))
    mean, largest, odd, _, unseen = pairs.numbers(np.array([[0.0, 0.0], [1.0, 1.0]])).T
    assert mean == pytest.approx(-np.log(np.array([1.5, 2.5]) / 6))
    assert np.array_equal(mean, largest) and (unseen == 0).all()
    expected = np.array([2.5 * 2.5, 3.5 * 3.5]) / 5 + 0.5
    assert odd == pytest.approx(np.log(expected / np.array([1.5, 2.5])))
    own = pairs.numbers()
    assert own[0, 0] == pytest.approx(-np.log(0.5 / 5)) and own[0, 4] == 1.0


def test_columns_are_pooled_to_mean_largest_and_top_three():
    values = np.array([[[1.0], [5.0], [2.0], [4.0]]])
    assert columns.pooled(values)[0] == pytest.approx([3.0, 5.0, 11 / 3])


def test_numbers_do_not_depend_on_the_order_of_rows_or_columns():
    rows, cols = RNG.permutation(len(X)), RNG.permutation(X.shape[1])
    expected = Context(X)(Q)
    found = Context(X[rows][:, cols])(Q[:, cols])
    assert np.array_equal(found, expected)


def test_numbers_do_not_depend_on_a_columns_unit():
    """The forest's cuts fall by chance, in the order of the columns."""
    unit = np.array([2.0, 0.25, 1024.0, 1.0])
    alike = [i for i, name in enumerate(NUMBERS) if "forest" not in name]
    found, expected = Context(X * unit)(Q * unit), Context(X)(Q)
    assert found[:, alike] == pytest.approx(expected[:, alike], abs=1e-4)


def test_one_row_gets_what_it_gets_among_others():
    context = Context(X)
    alone = np.concatenate([context(Q[[i]]) for i in range(5)])
    assert np.array_equal(alone, context(Q)[:5])


def test_a_row_that_was_read_is_judged_without_itself():
    context = Context(X)
    found = context(X)[:, : len(BASE)]
    own = context.compared(context.own)[:, : len(BASE)]
    assert np.array_equal(np.sort(found, axis=0), np.sort(own, axis=0))


def test_a_row_with_a_twin_keeps_its_twin():
    twice = np.concatenate([X, X[:1]])
    context = Context(twice)
    near = NUMBERS.index("p rank near 1")
    assert context(X[:1])[0, near] == 0.0  # all rows lie as far from their neighbour


@pytest.mark.parametrize("shape", [(8, 1), (8, 3), (20, 60), (200, 2)])
def test_any_number_of_rows_and_columns_gives_finite_numbers(shape):
    rows = np.random.default_rng(1).normal(size=shape)
    numbers = Context(rows)(rows[:5] + 1)
    assert numbers.shape == (5, len(NUMBERS)) and np.isfinite(numbers).all()


def test_columns_that_do_not_vary_are_kept_and_tell_a_row_that_differs():
    rows = np.column_stack([X, np.ones(len(X))])
    odd = np.column_stack([X[:5], np.full(5, 2.0)])
    as_usual = np.column_stack([X[:5], np.ones(5)])
    context, near = Context(rows), NUMBERS.index("z rank near 1")
    assert (context(odd)[:, near] > context(as_usual)[:, near]).all()


def test_a_table_of_equal_rows_is_read_too():
    assert np.isfinite(Context(np.ones((10, 3)))(np.zeros((2, 3)))).all()
