"""The stack: ranks that don't depend on units, labels that don't judge their own
row, a head in closed form.
"""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from metaad.detectors import anomaly_score
from metaad.meta import Stack
from metaad.meta.stack.inputs import (
    N_INPUTS,
    average_weights,
    inputs,
    support_inputs,
)
from metaad.meta.stack.label_features import (
    FEATURES,
    LABELLED,
    THREE,
    LabelFeatures,
    self_trained,
)
from metaad.meta.stack.row_features import (
    BANK,
    Spaces,
    TableFeatures,
    distances,
    shares,
)
from metaad.meta.stack.stack import Episode, pairwise_loss
from metaad.metrics import auroc
from metaad.tasks.labels import draw_labels
from metaad.tasks.tables import LabelledTable, TableTasks


def blobs(seed, n=120, d=4, anomalies=14, shift=3.0):
    """Gaussian rows; the last ones, moved along the first two columns, are
    anomalies.
    """
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) @ rng.normal(size=(d, d))
    y = (np.arange(n) >= n - anomalies).astype(int)
    X[y == 1, :2] += shift * X.std(axis=0)[:2]
    return LabelledTable(X, y, f"blobs-{seed}", f"family-{seed}")


def few(y, a=3, b=20):
    """Labels of the first a anomalies and b normal rows; -1 for the rest."""
    labels = np.full(len(y), -1)
    labels[np.flatnonzero(y == 1)[:a]] = 1
    labels[np.flatnonzero(y == 0)[:b]] = 0
    return labels


@pytest.fixture(scope="module")
def table():
    return TableFeatures(blobs(0).X, n_trees=20)


@pytest.fixture(scope="module")
def stack():
    return Stack(draws=1, n_trees=10, counts=(1, 4), pairs=40).fit(
        TableTasks([blobs(s) for s in (1, 2, 3)])
    )


def test_shares_do_not_change_under_a_monotone_transform_of_the_scores(table):
    grown = np.exp(table.raw / table.raw.std(axis=0)) * np.arange(1, len(BANK) + 1)
    assert np.array_equal(shares(grown, grown), table.bank)


def test_features_do_not_depend_on_the_units_of_the_columns(table):
    # powers of two: exact in binary, so that only a real dependence shows
    units = np.array([2.0, 0.25, 1024.0, 1.0])
    other = TableFeatures(table.X * units, n_trees=20)
    assert np.allclose(other.bank, table.bank, atol=1e-9)
    y = blobs(0).y
    where = draw_labels(y, 3, 20, np.random.default_rng(0))
    one, two = (LabelFeatures(t, where, y[where]).shares for t in (table, other))
    assert np.allclose(one, two, atol=1e-9)


def test_neighbours_and_lof_are_those_of_scikit_learn(table):
    z = Spaces(table.X)(table.X)["z"]
    found, _ = NearestNeighbors(n_neighbors=10).fit(z).kneighbors()
    assert np.allclose(table.raw[:, BANK.index("near z")], found.mean(axis=1))
    lof = LocalOutlierFactor(n_neighbors=10).fit(z)
    assert np.allclose(
        table.raw[:, BANK.index("lof 10")], -lof.negative_outlier_factor_
    )
    assert np.allclose(
        distances(z[:3], z), np.linalg.norm(z[:3, None] - z[None], axis=2), atol=1e-6
    )


def test_principal_components_are_white_and_robust_z_has_the_quartiles_of_a_gaussian(
    table,
):
    pca = table.rows["pca"]
    assert np.allclose(pca.T @ pca / len(pca), np.eye(pca.shape[1]), atol=1e-9)
    assert np.allclose(
        np.diff(np.percentile(table.rows["z"], (25, 75), axis=0), axis=0), 1.349
    )


def test_a_table_of_equal_rows_is_refused():
    with pytest.raises(ValueError, match="all rows of the table are equal"):
        TableFeatures(np.ones((20, 3)))


def test_cross_fitting_leaks_nothing_on_pure_noise():
    """Labels drawn by lot: a row judged with its own label looks clear, judged
    without it, it is a coin toss.
    """
    leaky, fair = [], []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        y = rng.permutation(np.repeat([0, 1], [180, 20]))
        table = TableFeatures(
            rng.standard_normal((200, 5)), n_trees=15, random_state=seed
        )
        where = draw_labels(y, 10, 40, rng)
        labelled = LabelFeatures(table, where, y[where])
        crossed = labelled.cross_fitted(n_trees=15)
        for j in (
            FEATURES.index(name)
            for name in ("trees", "contrast z", "direction pca", "spread")
        ):
            leaky.append(auroc(y[where], labelled.shares[where, j]))
            fair.append(auroc(y[where], crossed[:, j]))
    assert np.mean(leaky[::4]) > 0.98  # the trees have memorised the labels
    assert abs(np.mean(fair) - 0.5) < 0.07
    assert abs(np.mean(fair[::4]) - 0.5) < 0.1


def test_a_single_anomaly_cannot_be_cross_fitted_and_moves_only_the_bank(table):
    y = blobs(0).y
    where = draw_labels(y, 1, 20, np.random.default_rng(0))
    labelled = LabelFeatures(table, where, y[where])
    assert labelled.cross_fitted() is None
    support = support_inputs(labelled, len(table.X), cross_fit=True)
    label_columns = [1 + i for i, name in enumerate(FEATURES) if name not in BANK]
    assert (support[:, [0, *label_columns]] == 0).all() and np.ptp(
        support[:, 1 : 1 + len(BANK)], axis=0
    ).all()


def test_a_student_learns_what_its_teacher_is_surest_of():
    """One labelled anomaly at 10, normal rows around 0; the teacher also suspects
    the rows at -10.
    """
    wide = np.concatenate(
        [np.full(5, 10.0), np.full(5, -10.0), np.linspace(-1, 1, 90)]
    )[:, None]
    where, y = np.array([0, 20, 40, 60, 80]), np.array([1, 0, 0, 0, 0])
    teacher = np.concatenate([np.full(5, 2.0), np.full(5, 1.0), np.zeros(90)])
    # top 5 %: half of the suspects
    narrow, wider = self_trained(wide, where, y, teacher, n_trees=40, random_state=0)
    for student in (narrow, wider):
        chance = student.predict_proba([[10.0], [-10.0], [0.5]])[:, 1]
        assert chance[0] > 0.9 and chance[2] < 0.1
    assert wider.predict_proba([[-10.0]])[0, 1] > 0.9


def test_agreement_of_the_bank_with_the_labels_by_hand(table):
    where, y = np.array([0, 1, 2, 119]), np.array([0, 0, 0, 1])
    labelled = LabelFeatures(table, where, y)
    wins = (table.bank[119] > table.bank[:3]).mean(axis=0) + 0.5 * (
        table.bank[119] == table.bank[:3]
    ).mean(axis=0)
    # one anomaly: half the way to what it says
    assert np.allclose(labelled.auc, 0.5 + (wins - 0.5) / 2)


def test_draws_are_nested_and_leave_half_of_each_class():
    y = np.repeat([0, 1], [40, 6])
    one, ten = (draw_labels(y, a, 50, np.random.default_rng(3)) for a in (1, 10))
    assert y[one].sum() == 1 and y[ten].sum() == 3 and (y[ten] == 0).sum() == 20
    assert one[0] == ten[0]


def test_inputs_by_hand():
    shares_ = np.full((1, len(FEATURES)), 0.5)
    shares_[0, THREE[0]] = 1.0
    x = inputs(shares_, n=50, a=10)
    half, top = -np.log(0.51), -np.log(0.01)
    assert x.shape == (1, N_INPUTS)
    assert x[0, 0] == pytest.approx((top + 4 * half) / 5)
    assert x[0, 1 + THREE[0]] == pytest.approx(top)
    # log10(10) - 1/2
    assert x[0, 1 + len(FEATURES) :] == pytest.approx(0.5 * x[0, 1 : 1 + len(FEATURES)])
    assert x[0] @ average_weights() == x[0, 0]


def test_pairwise_loss_by_hand():
    out = torch.tensor(
        [[[2.0], [0.0], [1.0], [9.0]], [[0.0], [0.0], [5.0], [5.0]]],
        dtype=torch.float64,
    )
    y = torch.tensor([[1, 0, 0, -1], [1, 0, -1, -1]])
    expected = [(np.log1p(np.exp(-2)) + np.log1p(np.exp(-1))) / 2, np.log(2)]
    assert pairwise_loss(out, None, y).numpy() == pytest.approx(expected)


def episodes(column, n=12, p=50, noise=0.5):
    """Episodes in which one input tells the two rows of a pair apart."""
    rng = np.random.default_rng(0)
    found = []
    for i in range(n):
        pairs = rng.normal(0, noise, (p, N_INPUTS))
        pairs[:, column] += 1.0
        x = rng.normal(0, noise, (8, N_INPUTS))
        y = np.repeat([1, 0], 4)
        x[y == 1, column] += 1.0
        found.append(Episode(pairs, x, y, f"t{i % 4}"))
    return found


def test_the_head_finds_the_input_that_ranks_and_stands_at_a_minimum():
    stack = Stack(ridge=0.05).fit_episodes(episodes(column=5))
    assert np.argmax(np.abs(stack.weights_)) == 5
    w = torch.tensor(stack.weights_, requires_grad=True)
    pairs = torch.tensor(np.concatenate([e.pairs for e in episodes(column=5)]))
    value = (
        torch.nn.functional.softplus(-pairs @ w).mean() + 0.05 * w[1:].square().sum()
    )
    (gradient,) = torch.autograd.grad(value, w)
    assert gradient.abs().max() < 1e-4 and stack.loss_ == pytest.approx(
        value.item(), rel=1e-3
    )


def test_a_large_ridge_gives_the_unlearned_average():
    weights = Stack(ridge=1e6).fit_episodes(episodes(column=0)).weights_
    assert np.abs(weights[1:]).max() < 1e-5 * weights[0]


def test_no_step_leaves_the_head_and_one_step_is_the_gradient():
    support, y = episodes(column=5)[0].support, episodes(column=5)[0].y
    still = Stack(steps=0).fit_episodes(episodes(column=5))
    assert np.array_equal(still.adapted_weights(support, y), still.weights_)
    moved = Stack(steps=1, inner_rate=0.2).fit_episodes(episodes(column=5))
    w = torch.tensor(moved.weights_, requires_grad=True)
    out = (torch.tensor(support) @ w)[None, :, None]
    (gradient,) = torch.autograd.grad(
        pairwise_loss(out, None, torch.tensor(y)[None]).sum(), w
    )
    assert np.allclose(
        moved.adapted_weights(support, y),
        moved.weights_ - moved.rate_ * gradient.numpy(),
    )
    assert moved.rate_ != 0.2  # the rate is learned along


def test_tables_count_alike_however_many_episodes_they_have():
    few_, many = (
        episodes(column=5)[:4],
        episodes(column=5)[:4] + episodes(column=5)[:1] * 3,
    )
    assert np.allclose(
        Stack().fit_episodes(few_).weights_,
        Stack().fit_episodes(many).weights_,
        atol=1e-6,
    )


def test_adapt_ranks_the_unlabelled_rows_and_new_ones(stack):
    new = blobs(7)
    y = few(new.y)
    detector = stack.adapt(new.X, y)
    rest = y == -1
    assert auroc(new.y[rest], anomaly_score(detector, new.X)[rest]) > 0.8
    far = new.X.mean(axis=0) + 4 * (new.X[new.y == 1].mean(axis=0) - new.X.mean(axis=0))
    assert anomaly_score(detector, far[None]) > np.percentile(
        anomaly_score(detector, new.X[new.y == 0]), 99
    )
    # no steps: the head as it was meta-trained
    assert np.array_equal(detector.weights_, stack.weights_)
    assert set(detector.predict(new.X)) == {-1, 1}


def test_a_row_scores_the_same_alone_and_among_others_and_in_a_second_run(stack):
    new = blobs(8)
    one, two = (stack.adapt(new.X, few(new.y)) for _ in range(2))
    scores = one.score_samples(new.X)
    assert np.array_equal(scores, two.score_samples(new.X))
    assert np.allclose(scores[5:6], one.score_samples(new.X[5:6]))
    mixed = np.concatenate([new.X[:10], new.X[:2] + 0.5])
    assert np.allclose(one.score_samples(mixed)[:10], scores[:10])


def test_a_large_table_is_described_by_its_labelled_rows_and_some_others(stack):
    small = clone(stack).set_params(max_rows=60)
    small.weights_, small.rate_ = stack.weights_, stack.rate_
    new = blobs(9)
    detector = small.adapt(new.X, few(new.y))
    assert detector.n_rows_ == 60 and detector.score_samples(new.X).shape == (
        len(new.X),
    )


def test_saved_and_loaded_scores_are_equal(stack, tmp_path):
    stack.save(tmp_path / "mine.json")
    again = Stack.load(tmp_path / "mine.json")
    assert again.get_params() == {**stack.get_params(), "counts": [1, 4]}
    assert np.allclose(again.weights_, stack.weights_, atol=1e-6)
    with pytest.raises(ValueError, match="there is no stack 'nowhere'"):
        Stack.load("nowhere")


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(120), "no labelled anomaly"),
        (np.where(np.arange(120) < 3, 1, -1), "no labelled normal row"),
        (np.full(120, 2), "one label a row"),
        (np.ones(5), r"one label a row, \(120,\)"),
    ],
)
def test_labels_that_nothing_can_be_learned_from_are_named(stack, y, message):
    with pytest.raises(ValueError, match=message):
        stack.adapt(blobs(0).X, y)


def test_nan_and_another_width_are_refused(stack):
    new = blobs(0)
    bad = new.X.copy()
    bad[3, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        stack.adapt(bad, few(new.y))
    with pytest.raises(ValueError, match="features"):
        stack.adapt(new.X, few(new.y)).score_samples(new.X[:, :3])
    with pytest.raises(ValueError, match="at least one labelled table"):
        Stack().fit([])


def test_names_of_features_are_as_many_as_their_columns(table):
    where = np.array([0, 1, 118, 119])
    assert LabelFeatures(table, where, np.array([0, 0, 1, 1])).shares.shape == (
        120,
        len(FEATURES),
    )
    assert len(FEATURES) == len(BANK) + len(LABELLED) + 4 == len(set(FEATURES))


def test_the_stack_that_comes_with_the_package_ranks_a_table_it_has_not_seen():
    new = blobs(11, n=150)
    detector = Stack.load("adbench-v1").set_params(n_trees=20).adapt(new.X, few(new.y))
    rest = few(new.y) == -1
    assert auroc(new.y[rest], anomaly_score(detector, new.X)[rest]) > 0.85
