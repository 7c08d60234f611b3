"""What a reader builds in lesson 04 gives the package's numbers, bit for bit."""

import json
from pathlib import Path

import numpy as np
import pytest

from metaad import scores
from metaad.scores import transport

LESSON = (
    Path(__file__).resolve().parents[1] / "notebooks" / "04_scores_and_distances.ipynb"
)


@pytest.fixture(scope="module")
def built():
    names = {"np": np}
    for cell in json.loads(LESSON.read_text(encoding="utf-8"))["cells"]:
        if "build" in cell["metadata"].get("tags", []):
            exec("".join(cell["source"]), names)
    return names


@pytest.mark.parametrize("seed", range(4))
def test_built_equals_package(built, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=(15, 3)) + 0.5
    for bandwidth in (None, 0.7):
        ours = scores.mmd_unbiased(x, y, bandwidth)
        assert built["mmd_unbiased"](x, y, bandwidth) == ours
    assert built["sinkhorn"](x, y, 2.0) == scores.sinkhorn(x, y, 2.0)
    values = rng.normal(size=(4, 5)) * 1000
    for axis in (0, 1):
        np.testing.assert_array_equal(
            built["log_mean_exp"](values, axis), transport.log_mean_exp(values, axis)
        )


def test_by_hand(built):
    # two equal rows against two equal rows at distance 1, bandwidth 1: 1 + 1 - 2 e^(-1/2)
    x, y = np.zeros((2, 1)), np.ones((2, 1))
    assert built["mmd_unbiased"](x, y, 1.0) == pytest.approx(2 - 2 * np.exp(-0.5))
    assert built["mmd_unbiased"](x, x, 1.0) == 0
    # one row to one row: the way is known, and a plan has nothing to blur
    assert built["sinkhorn"](x[:1], 3 * y[:1], 0.5) == pytest.approx(9)


def test_log_mean_exp_does_not_overflow(built):
    assert built["log_mean_exp"](np.array([[1e4, 1e4]]), 1) == pytest.approx([1e4])
