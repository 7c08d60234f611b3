"""Tasks: who may occur where, the same seed the same tasks, and what bad input is
told.
"""

import numpy as np
import pytest
import torch

from metaad.tasks import (
    PROTOCOLS,
    OneClassTasks,
    ResampledTasks,
    SinusoidTasks,
    Task,
    protocol,
)


def labelled_rows(per_class=40, classes=10):
    """Row i of class c is (c, i): a drawn row tells where it comes from."""
    y = np.repeat(np.arange(classes), per_class)
    return np.stack([y, np.tile(np.arange(per_class), classes)], axis=1).astype(
        float
    ), y


def test_support_and_normal_query_are_of_one_class_anomalies_of_others_and_no_row_comes_twice():
    tasks = OneClassTasks(
        *labelled_rows(),
        k=5,
        n_query=6,
        n_anomalies=7,
        normal=(1, 2, 3),
        anomalous=(3, 4),
    )
    task = tasks.sample(30, 0)
    assert (
        task.support.shape == (30, 5, 2)
        and task.query.shape == (30, 13, 2)
        and task.y.shape == (30, 13)
    )
    for support, query, y, normal in zip(
        task.support, task.query, task.y, task.normal, strict=True
    ):
        assert (support[:, 0] == normal).all() and (query[y == 0][:, 0] == normal).all()
        assert set(query[y == 1][:, 0].tolist()) <= {3.0, 4.0} - {float(normal)}
        rows = torch.cat([support, query])
        assert len(torch.unique(rows, dim=0)) == len(rows)
    # every class equally often
    assert np.array_equal(np.bincount(task.normal), [0, 10, 10, 10])


def test_one_seed_gives_one_set_of_tasks_and_a_generator_goes_on():
    tasks = OneClassTasks(*labelled_rows(), k=3, n_query=4)
    a, b, c = tasks.sample(4, 7), tasks.sample(4, 7), tasks.sample(4, 8)
    assert torch.equal(a.query, b.query) and not torch.equal(a.query, c.query)
    rng = np.random.default_rng(7)
    first, second = tasks.sample(4, rng), tasks.sample(4, rng)
    assert torch.equal(first.query, a.query) and not torch.equal(second.query, a.query)


def test_images_are_flattened_and_types_follow_what_is_asked_for():
    X, y = labelled_rows()
    tasks = OneClassTasks(X.reshape(-1, 1, 2), y, k=2, n_query=2, dtype=torch.float32)
    task = tasks.sample(3, 0)
    assert tasks.n_features == 2 and task.support.dtype == task.y.dtype == torch.float32
    assert task.to(dtype=torch.float64).query.dtype == torch.float64
    assert isinstance(task.to("cpu"), Task)


@pytest.mark.parametrize("split", range(5))
def test_five_folds_keep_held_out_classes_and_rows_out_of_training(split):
    X, y = labelled_rows()
    train = np.arange(len(X)) % 2 == 0
    parts = protocol("five-folds", X, y, split, train=train, k=3, n_query=4, n_test=8)
    assert parts.held_out == (2 * split, 2 * split + 1) and parts.validation is None
    seen = parts.train.sample(50, 0)
    used = torch.cat([seen.support, seen.query], dim=1).flatten(0, 1)
    assert not set(used[:, 0].tolist()) & set(parts.held_out)
    assert (used[:, 1] % 2 == 0).all()  # training rows only
    test, near = parts.test.sample(20, 0), parts.test_held_out.sample(20, 0)
    assert set(test.normal) == set(near.normal) == set(parts.held_out)
    assert (torch.cat([test.support, test.query], dim=1)[..., 1] % 2 == 1).all()
    assert len(set(test.query[test.y == 1][:, 0].tolist())) > 5
    assert set(near.query[near.y == 1][:, 0].tolist()) <= set(parts.held_out)
    assert test.query.shape[1] == 16 and test.y.mean() == 0.5


@pytest.mark.parametrize("split", range(9))
def test_mt_mnist_trains_without_the_test_and_the_validation_digit(split):
    parts = protocol("mt-mnist", *labelled_rows(100), split, k=3, n_query=4, n_test=5)
    seen, validation, test = (
        t.sample(60, 0) for t in (parts.train, parts.validation, parts.test)
    )
    digits = set(range(10)) - {split, 9}
    assert set(seen.query[..., 0].flatten().tolist()) | set(seen.normal) == digits
    assert (
        set(validation.normal) == {9}
        and set(validation.query[validation.y == 1][:, 0].tolist()) <= digits
    )
    assert set(test.normal) == {split} and 9.0 in set(
        test.query[test.y == 1][:, 0].tolist()
    )
    assert test.y.mean() == 0.5


def test_resampled_tasks_mix_features_of_real_rows():
    X = np.arange(60.0).reshape(20, 3)
    task = ResampledTasks(X, k=5, n_query=6).sample(4, 0)
    assert task.support.shape == (4, 5, 3) and task.query.shape == (4, 12, 3)
    rows = {tuple(r) for r in X}
    assert all(tuple(r.tolist()) in rows for r in task.query[task.y == 0])
    made_up = task.query[task.y == 1]
    assert sum(tuple(r.tolist()) in rows for r in made_up) < len(made_up) / 2
    for j in range(3):
        assert set(made_up[:, j].tolist()) <= set(X[:, j])


def test_sinusoids_have_finns_ranges_and_one_wave_a_task():
    task = SinusoidTasks(k=10, n_query=20, dtype=torch.float64).sample(200, 0)
    x = torch.cat([task.support, task.query], dim=1)[..., 0]
    y = torch.cat([task.support_y, task.y], dim=1)[..., 0]
    assert x.min() >= -5 and x.max() <= 5
    # y = a cos(p) sin x - a sin(p) cos x
    basis = torch.stack([x.sin(), x.cos()], dim=2)
    c = torch.linalg.lstsq(basis, y[..., None]).solution  # (200, 2, 1)
    torch.testing.assert_close((basis @ c)[..., 0], y, rtol=1e-9, atol=1e-9)
    amplitude, phase = c.norm(dim=1)[:, 0], torch.atan2(-c[:, 1, 0], c[:, 0, 0])
    assert (
        amplitude.min() >= 0.1
        and amplitude.max() <= 5
        and phase.min() >= 0
        and phase.max() <= torch.pi
    )


def test_bad_input_is_told_what_was_expected():
    X, y = labelled_rows()
    broken = X.copy()
    broken[3, 0] = np.nan
    for call, message in [
        (lambda: OneClassTasks(broken, y), "NaN or infinity"),
        (lambda: OneClassTasks(X, y[:-1]), "one class for each of the 400 rows"),
        (lambda: OneClassTasks(X[:, 0], y), "array \\(n, ...\\)"),
        (
            lambda: OneClassTasks(X, y, k=30, n_query=15),
            "class 0 has 40 rows; .* 45 of them",
        ),
        (lambda: OneClassTasks(X, y, normal=(3,), anomalous=(3,)), "hold 0 rows"),
        (lambda: OneClassTasks(X, y, normal=(12,)), "normal must name classes"),
        (lambda: OneClassTasks(X, y, k=0), "k >= 1"),
        (lambda: ResampledTasks(X[:3]), "at least 4 rows"),
        (lambda: protocol("seven-folds", X, y), "unknown protocol"),
        (lambda: protocol("mt-mnist", X, y, 9), "splits 0 to 8"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    assert set(PROTOCOLS) == {"five-folds", "mt-mnist"}
