"""Many autoencoders trained as one: each is what it would be alone."""

import numpy as np
import pytest
import torch

from metaad.detectors import (
    AutoencoderDetector,
    DenoisingAutoencoder,
    anomaly_score,
    fit_many,
)

SMALL = {
    "epochs": 4,
    "batch_size": 16,
    "learning_rate": 1e-2,
    "dtype": "float64",
    "device": "cpu",
}
SHAPES = {
    "no hidden layer": (AutoencoderDetector, {"hidden": (), "code_size": 2}),
    "two hidden layers": (AutoencoderDetector, {"hidden": (8, 4), "code_size": 2}),
    "denoising": (DenoisingAutoencoder, {"hidden": (9,), "n_noisy": 3}),
}


def tables(sizes=(50, 33, 7, 64), d=6):
    rng = np.random.default_rng(0)
    return [rng.normal(i, 1.0 + i, size=(n, d)) for i, n in enumerate(sizes)]


@pytest.fixture(params=SHAPES.values(), ids=SHAPES)
def shape(request):
    kind, sizes = request.param
    return kind, {**SMALL, **sizes}


def test_each_is_the_detector_fitted_alone_whatever_the_sizes_of_the_others(shape):
    kind, settings = shape
    rows, queries = tables(), tables((20,))[0]
    seeds = [5, 6, 7, 8]
    together = fit_many(rows, kind, random_state=seeds, **settings)
    for one, X, seed in zip(together, rows, seeds, strict=True):
        alone = kind(random_state=seed, **settings).fit(X)
        expected = anomaly_score(alone, queries)
        np.testing.assert_allclose(anomaly_score(one, queries), expected, rtol=1e-9)
        np.testing.assert_allclose(one.history_, alone.history_, rtol=1e-9)
        assert one.offset_ == pytest.approx(alone.offset_, rel=1e-9)
        assert one.get_params() == alone.get_params()
        assert vars(one).keys() == vars(alone).keys()


def test_rows_of_one_do_not_touch_another_and_the_global_generator_is_left_alone(shape):
    kind, settings = shape
    rows = tables()
    changed = [rows[0], *(X * 0.1 for X in rows[1:])]
    state = torch.random.get_rng_state()
    a, b = (fit_many(r, kind, random_state=0, **settings) for r in (rows, changed))
    assert torch.equal(state, torch.random.get_rng_state())
    assert np.array_equal(a[0].score_samples(rows[0]), b[0].score_samples(rows[0]))
    assert not np.allclose(a[1].score_samples(rows[1]), b[1].score_samples(rows[1]))


def test_one_seed_serves_all_and_a_random_state_is_drawn_from_in_turn():
    rows = tables((30, 30))
    alike = fit_many([rows[0]] * 2, random_state=3, **SMALL)
    assert np.array_equal(*(d.score_samples(rows[0]) for d in alike))
    drawn = fit_many([rows[0]] * 2, random_state=np.random.RandomState(3), **SMALL)
    source = np.random.RandomState(3)
    for one in drawn:
        alone = AutoencoderDetector(random_state=source, **SMALL).fit(rows[0])
        np.testing.assert_allclose(
            one.score_samples(rows[0]), alone.score_samples(rows[0]), rtol=1e-9
        )
    assert not np.allclose(*(d.score_samples(rows[0]) for d in drawn))


def test_float32_networks_reach_what_they_reach_alone():
    rows = tables((200, 150))
    settings = {**SMALL, "dtype": "float32"}
    together = fit_many(rows, random_state=0, **settings)
    for one, X in zip(together, rows, strict=True):
        alone = AutoencoderDetector(random_state=0, **settings).fit(X)
        np.testing.assert_allclose(one.history_, alone.history_, rtol=1e-3)
        assert next(one.module_.parameters()).dtype == torch.float32


def test_what_can_not_be_trained_together_is_refused_with_a_remedy():
    rows = tables()
    with pytest.raises(ValueError, match="at least one array"):
        fit_many([])
    with pytest.raises(ValueError, match=r"number of columns, got \[5, 6\]"):
        fit_many([rows[0], rows[1][:, :5]], **SMALL)
    with pytest.raises(ValueError, match="one for each of the 4 arrays; got 2"):
        fit_many(rows, random_state=[0, 1], **SMALL)
    with pytest.raises(ValueError, match="keeps no checkpoint"):
        fit_many(rows, checkpoint="here", **SMALL)
    with pytest.raises(ValueError, match="epochs must be a whole number"):
        fit_many(rows, epochs=0)
    with pytest.raises(FloatingPointError, match="of network 0. Lower the learning"):
        fit_many(rows, **{**SMALL, "learning_rate": 1e300})


def test_without_thresholds_they_score_and_do_not_predict():
    rows = tables((30, 20))
    with_, without = (
        fit_many(rows, random_state=0, thresholds=t, **SMALL) for t in (True, False)
    )
    for a, b, X in zip(with_, without, rows, strict=True):
        assert np.array_equal(a.score_samples(X), b.score_samples(X))
        with pytest.raises(AttributeError, match="offset_"):
            b.predict(X)
