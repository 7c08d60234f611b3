"""What lesson 02 takes for granted: theorems and identities, by the lesson's own
functions.
"""

import ast
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from metaad import data, metrics
from metaad.detectors import IsolationForest, KMeansDetector, anomaly_score

LESSON = (
    Path(__file__).resolve().parents[1] / "notebooks" / "02_classical_detectors.ipynb"
)


def defined(name):
    """A function of the lesson."""
    for cell in json.loads(LESSON.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            for node in ast.parse("".join(cell["source"])).body:
                if isinstance(node, ast.FunctionDef) and node.name == name:
                    scope = {"np": np}
                    exec(ast.unparse(node), scope)  # the lesson's own cell
                    return scope[name]
    raise AssertionError(f"lesson 02 defines no {name}")


@pytest.fixture(scope="module")
def blobs():
    rng = np.random.default_rng(0)
    two = [rng.normal(-2.5, 0.15, (80, 2)), rng.normal(2.5, 1.2, (80, 2))]
    return np.concatenate(two)


@pytest.mark.parametrize("k", [5, 20])
def test_lof_by_hand_is_scikit_learns(blobs, k):
    by_hand = defined("local_outlier_factor")
    for table in (blobs, data.load("breast-cancer").X):
        theirs = LocalOutlierFactor(n_neighbors=k).fit(table).negative_outlier_factor_
        np.testing.assert_allclose(by_hand(table, k)[0], -theirs, atol=1e-6)


@pytest.mark.parametrize("nu", [0.05, 0.3, 0.5, 0.95])
def test_nu_lies_between_the_share_outside_and_the_share_of_support_vectors(blobs, nu):
    svm = OneClassSVM(nu=nu, gamma="scale", tol=1e-6).fit(blobs)
    outside = (svm.decision_function(blobs) < -1e-5).mean()
    assert outside <= nu + 1e-9 and len(svm.support_) / len(blobs) >= nu - 1e-9


def test_near_nu_1_a_one_class_svm_ranks_as_a_kernel_density_estimate(blobs):
    svm = OneClassSVM(nu=0.99, gamma="scale").fit(blobs)
    distance = ((blobs[:, None] - blobs) ** 2).sum(axis=2)
    density = np.exp(-distance / (2 * blobs.var())).mean(axis=1)
    assert metrics.spearman(-anomaly_score(svm, blobs), density) > 0.99


def test_with_a_centre_for_each_row_every_training_row_scores_0(blobs):
    detector = KMeansDetector(len(blobs), n_init=1, random_state=0).fit(blobs)
    assert anomaly_score(detector, blobs).max() < 1e-12


def test_units_change_no_score_of_a_forest(blobs):
    units = np.array([2.0**-15, 2.0**9])
    plain, scaled = (
        anomaly_score(IsolationForest(random_state=0).fit(X), X)
        for X in (blobs, blobs * units)
    )
    np.testing.assert_array_equal(plain, scaled)


def test_a_wrong_sign_turns_auroc_round(blobs):
    scores = anomaly_score(IsolationForest(random_state=0).fit(blobs), blobs)
    y = np.arange(len(blobs)) % 7 == 0
    assert metrics.auroc(y, scores) == pytest.approx(1 - metrics.auroc(y, -scores))
