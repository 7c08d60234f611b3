"""The measures that a reader builds in lesson 01 give the package's numbers: ties,
chance, and all orders included.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from metaad import metrics

LESSON = (
    Path(__file__).resolve().parents[1] / "notebooks" / "01_what_is_an_anomaly.ipynb"
)


@pytest.fixture(scope="module")
def built():
    cells = json.loads(LESSON.read_text(encoding="utf-8"))["cells"]
    names = {"np": np}
    for cell in cells:
        if "build" in cell["metadata"].get("tags", []):
            exec("".join(cell["source"]), names)
    return names


@pytest.mark.parametrize("name", ["auroc", "average_precision"])
@pytest.mark.parametrize("levels", [2, 5, 1000])  # few levels: many ties
def test_built_equals_package(built, name, levels):
    rng = np.random.default_rng(levels)
    for n_anomalies in (1, 3, 40):
        y = rng.permutation(np.repeat([0, 1], [60, n_anomalies]))
        scores = rng.integers(0, levels, len(y)) / levels
        assert built[name](y, scores) == pytest.approx(
            getattr(metrics, name)(y, scores), abs=1e-12
        )


def test_by_hand(built):
    y, scores = np.array([1, 0, 1, 0, 0]), np.array([0.9, 0.8, 0.7, 0.7, 0.1])
    # pairs: 0.9 wins three; 0.7 loses to 0.8, ties with 0.7, beats 0.1
    assert built["auroc"](y, scores) == pytest.approx((3 + 0.5 + 1) / 6)
    # at 0.9 one of one row is an anomaly, at 0.7 two of four
    assert built["average_precision"](y, scores) == pytest.approx((1 + 0.5) / 2)
