"""Isolation Forest against scikit-learn's: the same distribution of paths, and
scikit-learn's own tests run on ours.

scikit-learn ships the tests of its IsolationForest. Here they run with our class in its
place. Each one is either collected below, adapted below, or named in LEFT_OUT with the
reason; a new one in a later version fails until it is."""

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.ensemble import IsolationForest as ScikitForest
from sklearn.ensemble._iforest import _average_path_length
from sklearn.ensemble.tests import test_iforest as theirs
from sklearn.metrics import roc_auc_score

from metaad.detectors import IsolationForest, anomaly_score, average_path_length


def scikit_path_lengths(forest, X):
    """(n_trees, n), from scikit-learn's own trees."""
    X = X.astype(np.float32)
    paths = []
    for tree in (e.tree_ for e in forest.estimators_):
        leaf = tree.apply(X)
        paths.append(
            tree.compute_node_depths()[leaf]
            - 1
            + _average_path_length(tree.n_node_samples)[leaf]
        )
    return np.array(paths)


@pytest.mark.parametrize(
    "load", [load_breast_cancer, load_digits, load_iris], ids=lambda f: f.__name__[5:]
)
def test_path_lengths_have_scikit_learns_distribution(load):
    # digits: duplicates, constant features
    X = np.round(load().data.astype(np.float32)[:300], 3).astype(np.float64)
    # scikit-learn rounds to float32; so that both see the same
    X = X.astype(np.float32).astype(np.float64)
    ours = (
        IsolationForest(n_estimators=600, max_samples=64, random_state=0)
        .fit(X)
        .path_lengths(X)
    )
    theirs = scikit_path_lengths(
        ScikitForest(n_estimators=600, max_samples=64, random_state=0).fit(X), X
    )
    # (n,), one per row
    z = (ours.mean(0) - theirs.mean(0)) / np.sqrt((ours.var(0) + theirs.var(0)) / 600)
    # rows share trees, so their z are not independent
    assert np.abs(z).max() < 4.5 and np.abs(z.mean()) < 1.5
    spread = ours.std(0).mean() / theirs.std(0).mean()
    assert 0.95 < spread < 1.05


def test_auroc_and_scores_agree_with_scikit_learns_over_seeds():
    X, benign = load_breast_cancer(return_X_y=True)
    pairs = [
        [
            anomaly_score(f(random_state=s).fit(X), X)
            for f in (IsolationForest, ScikitForest)
        ]
        for s in range(12)
    ]
    ours, theirs = np.moveaxis(np.array(pairs), 1, 0)  # (12, n) each
    # (12, 2)
    auroc = np.array(
        [[roc_auc_score(1 - benign, scores) for scores in pair] for pair in pairs]
    )
    # seeds scatter by about 0.02, so a mean of 12 by about 0.006 and a difference of
    # means by about 0.009
    assert abs(np.diff(auroc.mean(axis=0))[0]) < 0.025
    assert np.corrcoef(ours.mean(0), theirs.mean(0))[0, 1] > 0.995
    assert abs(stats.ttest_rel(ours.mean(axis=1), theirs.mean(axis=1)).statistic) < 3.5


# --- scikit-learn's own test module ---

RUN = (  # as they stand
    "test_iforest_error",
    "test_max_samples_attribute",
    "test_iforest_parallel_regression",
    "test_iforest_performance",
    "test_iforest_works",
    "test_iforest_average_path_length",
    "test_score_samples",
    "test_iforest_preserve_feature_names",
    "test_iforest_predict_parallel",
)
ADAPTED = {  # run below, short of what is named here
    "test_iforest": "without its `bootstrap` axis: the paper draws without "
    "replacement, and so does ours",
    "test_iforest_with_uniform_data": "up to its last part, which fits on one row: "
    "ours asks for two or more",
}
SPARSE = (
    "sparse matrices: every table of the course is dense; "
    "ours refuses them in one sentence (test_estimators.py)"
)
CHUNKS = (
    "counts calls of a private helper of scikit-learn; "
    "ours: test_the_same_bytes_for_any_number_of_threads_..."
)
LEFT_OUT = {
    "test_iforest_sparse": SPARSE,
    "test_iforest_sparse_input_float_contamination": SPARSE,
    "test_iforest_with_n_jobs_does_not_segfault": SPARSE,
    "test_recalculate_max_depth": "reads `estimators_`, tree objects; our trees are "
    "rows of arrays. "
    "test_leaves_hold_one_row_unless_... tests the depth limit",
    "test_max_samples_consistency": "compares with `_max_samples`, private to "
    "scikit-learn's bagging",
    "test_iforest_subsampled_features": "`max_features`: not in the paper, not in ours",
    "test_iforest_warm_start": "`warm_start`: fitting takes so little time that "
    "adding trees saves none",
    "test_iforest_chunks_works1": CHUNKS,
    "test_iforest_chunks_works2": CHUNKS,
}


@pytest.fixture(autouse=True)
def ours_in_place_of_theirs(monkeypatch):
    monkeypatch.setattr(theirs, "IsolationForest", IsolationForest)
    monkeypatch.setattr(theirs, "_average_path_length", average_path_length)


@pytest.fixture(params=range(5))
def global_random_seed(request):
    return request.param


# pytest collects them from here
globals().update({name: getattr(theirs, name) for name in RUN})


def test_iforest(monkeypatch, global_random_seed):
    grid = theirs.ParameterGrid
    dropped = []

    def without_bootstrap(axes):
        dropped.append(axes["bootstrap"])
        return grid(
            {name: values for name, values in axes.items() if name != "bootstrap"}
        )

    monkeypatch.setattr(theirs, "ParameterGrid", without_bootstrap)
    theirs.test_iforest(global_random_seed)
    assert dropped == [[True, False]]


def test_iforest_with_uniform_data():
    with pytest.raises(
        ValueError, match=r"1 sample\(s\) \(shape=\(1, 10\)\) while a minimum of 2"
    ):
        theirs.test_iforest_with_uniform_data()


def test_no_test_of_scikit_learns_slips_by():
    there = {name for name in vars(theirs) if name.startswith("test_")}
    assert sorted([*RUN, *ADAPTED, *LEFT_OUT]) == sorted(there)
    assert all(len(reason) > 20 for reason in [*ADAPTED.values(), *LEFT_OUT.values()])
