"""A detector as a graph of ONNX gives the detector's own scores, in onnxruntime."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from metaad.attacks import ExposureDetector
from metaad.detectors import (
    AutoencoderDetector,
    DenoisingAutoencoder,
    GANDetector,
    IsolationForest,
    KMeansDetector,
    KNNDetector,
    MahalanobisDetector,
    PCADetector,
    WGANDetector,
)
from metaad.meta import FewLabelEnsemble
from metaad.practice import onnx_graphs, onnx_scores, open_onnx, to_onnx
from metaad.search import ArchitectureSearch

onnx = pytest.importorskip("onnx")
SMALL = {"epochs": 2, "hidden": (8, 6), "random_state": 0}
DETECTORS = {
    "forest": IsolationForest(30, random_state=0),
    "halved forest": IsolationForest(10, policy="halved", random_state=0),
    "forest of single rows": IsolationForest(5, max_samples=1, random_state=0),
    "k-means": KMeansDetector(4, random_state=0),
    "Mahalanobis": MahalanobisDetector(),
    "PCA": PCADetector(0.8),
    "autoencoder": AutoencoderDetector(code_size=2, **SMALL),
    "autoencoder without scale": AutoencoderDetector(code_size=2, scale=None, **SMALL),
    "denoising": DenoisingAutoencoder(n_noisy=3, **SMALL),
    "exposure": ExposureDetector(passes=10, hidden=(6,), random_state=0),
    **{
        f"kNN, {method} of {k}": KNNDetector(k, method)
        for method in ("largest", "mean", "median")
        for k in (1, 4, 5)
    },
    **{
        f"{made.__name__}, {scored_by}": made(
            scored_by=scored_by, encoder_epochs=2, **SMALL
        )
        for made in (GANDetector, WGANDetector)
        for scored_by in ("critic", "reconstruction", "features")
    },
}
SCALES = np.array([1.0, 20.0, 0.1, 1.0, 3.0])


def rows(n, seed, wide=1.0):
    return np.random.default_rng(seed).normal(2.0, wide, size=(n, 5)) * SCALES


def asked(X):
    """New rows, far rows and rows that were trained on, all of them numbers of
    float32.
    """
    found = np.concatenate([rows(60, 1), rows(30, 2, 8.0), X[:5]])
    return found.astype(np.float32).astype(np.float64)


@pytest.fixture(params=DETECTORS)
def fitted(request):
    X = rows(200, 0).astype(np.float32).astype(np.float64)
    return DETECTORS[request.param].fit(X), X


def test_the_graph_gives_the_scores_of_the_detector(fitted, tmp_path):
    detector, X = fitted
    path = to_onnx(detector, tmp_path / "model.onnx")
    found = onnx_scores(path, asked(X))
    np.testing.assert_allclose(found, detector.score_samples(asked(X)), 1e-9, 1e-9)


def test_in_float32_it_gives_the_same_to_five_digits(fitted, tmp_path):
    detector, X = fitted
    path = to_onnx(detector, tmp_path / "model.onnx", "float32")
    wanted = detector.score_samples(asked(X))
    np.testing.assert_allclose(onnx_scores(path, asked(X)), wanted, 1e-5, 1e-5)


def test_one_row_has_the_score_that_it_has_among_others(fitted, tmp_path):
    detector, X = fitted
    session = open_onnx(to_onnx(detector, tmp_path / "model.onnx"))
    together = onnx_scores(session, X[:7])
    alone = [onnx_scores(session, X[i : i + 1])[0] for i in range(7)]
    np.testing.assert_allclose(alone, together, 1e-12, 1e-12)
    assert onnx_scores(session, X[:0]).shape == (0,)
    np.testing.assert_allclose(onnx_scores(session, X[:7], batch=3), together, 1e-12)


def test_equal_detectors_give_equal_bytes(fitted, tmp_path):
    detector, _ = fitted
    a, b = (to_onnx(detector, tmp_path / name) for name in ("a", "b"))
    assert a.read_bytes() == b.read_bytes()


def test_thresholds_round_so_that_no_float32_row_changes_sides():
    rng = np.random.default_rng(0)
    x = rng.normal(size=500).astype(np.float32)
    # on a row, and a hair beside it
    wide = x.astype(np.float64)
    cut = np.concatenate([wide, np.nextafter(wide, 9), wide - 1e-12, [np.inf]])
    rounded = onnx_graphs.below(cut, np.dtype(np.float32))
    assert rounded.dtype == np.float32
    assert ((x[:, None] > rounded) == (wide[:, None] > cut)).all()
    nearest = cut.astype(np.float32)  # the control: rounding to nearest changes some
    assert ((x[:, None] > nearest) != (wide[:, None] > cut)).any()


@pytest.mark.parametrize(
    "scaler", [StandardScaler(), MinMaxScaler(clip=True), RobustScaler()], ids=str
)
def test_a_pipeline_takes_its_scaler_along(scaler, tmp_path):
    pipe = make_pipeline(scaler, KNNDetector()).fit(rows(200, 0))
    path = to_onnx(pipe, tmp_path / "pipe.onnx")
    X = rows(50, 1, 3.0)
    np.testing.assert_allclose(onnx_scores(path, X), pipe.score_samples(X), 1e-9)


def test_a_network_that_a_search_found_is_written(tmp_path):
    X = rows(80, 0)
    plain = AutoencoderDetector(epochs=1, random_state=0)
    search = ArchitectureSearch(plain, "random", budget=2, random_state=0).fit(X)
    found = search.optimize(plain, X)
    path = to_onnx(found, tmp_path / "found.onnx")
    np.testing.assert_allclose(onnx_scores(path, X), found.score_samples(X), 1e-9)
    with pytest.raises(TypeError, match="pass the detector that its optimize"):
        to_onnx(search, tmp_path / "search.onnx")


def test_torchs_own_exporter_agrees_about_the_network(tmp_path):
    import torch

    detector = AutoencoderDetector(code_size=2, dtype="float64", **SMALL)
    X = rows(50, 0)
    detector.fit(X)
    z = torch.tensor(detector._scaled(X))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            detector.module_,
            (z,),
            tmp_path / "torch.onnx",
            dynamo=True,
            verbose=False,
        )
    session = open_onnx(tmp_path / "torch.onnx")
    (copies,) = session.run(None, {session.get_inputs()[0].name: z.numpy()})
    theirs = -((z.numpy() - copies) ** 2).mean(axis=1)
    ours = onnx_scores(to_onnx(detector, tmp_path / "ours.onnx"), X)
    np.testing.assert_allclose(ours, theirs, 1e-9, 1e-12)


def test_the_file_knows_its_detector_threshold_and_columns(tmp_path):
    names = ["a", "b", "ä", "d", "e"]
    frame = pd.DataFrame(rows(100, 0), columns=names)
    detector = IsolationForest(5, random_state=0).fit(frame)
    model = onnx.load(to_onnx(detector, tmp_path / "model.onnx"))
    about = {p.key: p.value for p in model.metadata_props}
    assert about["detector"] == "IsolationForest"
    assert float(about["offset"]) == detector.offset_
    assert json.loads(about["columns"]) == names
    assert str(tmp_path) not in str(model)


def test_what_cannot_be_written_is_said_with_what_can(tmp_path):
    X = rows(60, 0)
    y = (np.arange(60) < 5).astype(int)
    path = tmp_path / "model.onnx"
    others = [
        FewLabelEnsemble().fit(X, y),
        LocalOutlierFactor(novelty=True).fit(X),
        object(),
    ]
    for other in others:
        wanted = f"{type(other).__name__} can't be written as ONNX; IsolationForest, "
        with pytest.raises(TypeError, match=wanted):
            to_onnx(other, path)
    with pytest.raises(NotFittedError):
        to_onnx(IsolationForest(), path)
    with pytest.raises(ValueError, match='"float64" or "float32"'):
        to_onnx(IsolationForest(5).fit(X), path, "float16")
    assert not path.exists()


def test_a_layer_without_a_graph_is_named(tmp_path):
    from torch import nn

    detector = AutoencoderDetector(code_size=2, **SMALL).fit(rows(50, 0))
    detector.module_.decoder[1] = nn.Softplus()
    with pytest.raises(TypeError, match="a layer Softplus has no graph"):
        to_onnx(detector, tmp_path / "model.onnx")


def test_rows_that_are_no_rows_are_refused(tmp_path):
    path = to_onnx(PCADetector().fit(rows(60, 0)), tmp_path / "model.onnx")
    with pytest.raises(ValueError, match=r"rows of 5 columns, got shape \(3, 4\)"):
        onnx_scores(path, np.zeros((3, 4)))
    X = np.zeros((3, 5))
    X[1, 2] = np.nan
    with pytest.raises(ValueError, match="row 1"):
        onnx_scores(path, X)
