"""Filters learned from patches: principal components by another way, slow loops."""

import numpy as np
import pytest

from metaad.detectors import PatchFilters


def images(n=6, side=12, seed=0):
    return np.random.default_rng(seed).random((n, side, side))


def all_patches(X, size):
    """Every patch, one after another, with zeros around the image."""
    before = size // 2
    padded = np.pad(X, ((0, 0), (before, size), (before, size)))
    return np.array(
        [
            padded[k, i : i + size, j : j + size].ravel()
            for k in range(len(X))
            for i in range(X.shape[1])
            for j in range(X.shape[2])
        ]
    )


@pytest.mark.parametrize("size", [3, 4])
def test_filters_are_the_main_directions_of_patches_of_mean_0_and_length_1(size):
    X = images()
    learned = PatchFilters(size, n_filters=4, cell=4).fit(X.reshape(6, -1))
    P = all_patches(X, size)
    P = P - P.mean(axis=1, keepdims=True)
    length = np.linalg.norm(P, axis=1)
    P = (P / length[:, None])[length > 0.1 * length.max()]
    U = np.linalg.svd(P, full_matrices=False)[2][:4]
    overlap = np.abs((learned.filters_ * U).sum(axis=1))
    np.testing.assert_allclose(overlap, 1.0, atol=1e-8)
    np.testing.assert_allclose(learned.filters_.sum(axis=1), 0.0, atol=1e-9)
    assert (learned.filters_.max(axis=1) == np.abs(learned.filters_).max(axis=1)).all()


def test_features_are_what_a_slow_loop_computes():
    X = images()
    learned = PatchFilters(3, n_filters=2, cell=4, block=2)
    found = learned.fit_transform(X.reshape(6, -1))
    answers = (
        all_patches(X, 3) @ np.concatenate([learned.filters_, -learned.filters_]).T
    )
    answers = np.maximum(answers, 0).reshape(6, 12, 12, 4)
    for k in range(6):
        expected = []
        for i in range(2):
            for j in range(2):
                block = np.zeros((4, 2, 2))
                for a in range(2):
                    for b in range(2):
                        rows, columns = 4 * (i + a), 4 * (j + b)
                        cell = answers[k, rows : rows + 4, columns : columns + 4]
                        block[:, a, b] = cell.sum(axis=(0, 1))
                expected.append((block / np.sqrt((block**2).sum() + 1e-6)).ravel())
        np.testing.assert_allclose(found[k], np.concatenate(expected), rtol=1e-9)


def test_on_stripes_the_first_filter_is_a_stripe():
    """Edges of one direction only: every patch is the same down its columns."""
    at = np.arange(12)
    X = np.stack([np.tile(np.sin(at * 0.9 + shift), (12, 1)) for shift in range(8)])
    first = PatchFilters(3, n_filters=1, cell=4).fit(X.reshape(8, -1)).filters_[0]
    middle = first.reshape(3, 3)
    np.testing.assert_allclose(middle[0], middle[2], atol=0.05)
    assert np.ptp(middle[1]) > 0.3


def test_the_same_images_in_another_order_teach_the_same_filters_in_their_type():
    X = images(20).reshape(20, -1)
    a, b = PatchFilters(3, 2, 4).fit(X), PatchFilters(3, 2, 4).fit(X[::-1])
    np.testing.assert_allclose(a.filters_, b.filters_, atol=1e-9)
    single = PatchFilters(3, 2, 4).fit_transform(X.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, a.transform(X), atol=1e-4)


def test_sizes_that_mean_nothing_are_refused():
    X = images().reshape(6, -1)
    with pytest.raises(ValueError, match="size must lie between 2 and .* 12; got 13"):
        PatchFilters(13, cell=4).fit(X)
    with pytest.raises(ValueError, match="n_filters must lie between 1 and 8.*got 9"):
        PatchFilters(3, 9, 4).fit(X)
    with pytest.raises(
        ValueError, match="cell must divide the image's side, 12; got 7"
    ):
        PatchFilters().fit(X)
