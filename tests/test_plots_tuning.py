"""Figures about tuning: what is drawn is what was given."""

import numpy as np
from matplotlib import pyplot as plt

from metaad.plots import tuning


def test_masking_marks_anomalies_and_draws_the_largest_score_largest():
    X, y, s = (
        np.random.default_rng(0).normal(size=(30, 2)),
        np.arange(30) % 10 == 0,
        np.arange(30.0),
    )
    figure = tuning.masking(
        X, y, {"few": s, "many": -s}, {"LOF": ([2, 5, 10], [0.2, 0.5, 0.9])}, 6
    )
    few, many, curve = figure.axes
    normal, anomalies = few.collections
    assert len(normal.get_offsets()) == 27 and len(anomalies.get_offsets()) == 3
    assert (np.diff(normal.get_sizes()) > 0).all() and (
        np.diff(many.collections[0].get_sizes()) < 0
    ).all()
    assert (
        curve.lines[0].get_ydata().tolist() == [0.2, 0.5, 0.9]
        and curve.lines[1].get_xdata()[0] == 6
    )
    plt.close(figure)


def test_the_matrix_is_sorted_and_detectors_stay_side_by_side():
    values = np.array([[0.1, 0.9, 0.5], [0.2, 1.0, 0.6]])
    figure = tuning.matrix(values, ["a", "a", "b"], ["low", "high"])
    ax = figure.axes[0]
    np.testing.assert_array_equal(
        ax.images[0].get_array(), [[0.2, 1.0, 0.6], [0.1, 0.9, 0.5]]
    )
    assert [t.get_text() for t in ax.get_yticklabels()] == ["high", "low"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["a", "b"]
    plt.close(figure)


def test_agreement_has_a_panel_for_each_table():
    figure = tuning.agreement({"t": ([0.1, 0.2], [0.3, 0.4]), "u": ([0.1], [0.2])})
    assert [ax.get_title("left") or ax.get_title() for ax in figure.axes] == ["t", "u"]
    assert figure.axes[0].lines[0].get_xdata().tolist() == [0.1, 0.2]
    plt.close(figure)


def test_promises_have_a_line_and_a_band_where_one_is_given():
    band = ([14, 28], [0.2, 0.1], [0.0, 0.1], [0.3, 0.2])
    lines = {"promised": band, "kept": ([14, 28], [0.1, 0.1], None, None)}
    figure = tuning.promised_and_kept({"LOF": lines})
    (axis,) = figure.axes
    zero, promised, kept = axis.lines
    assert zero.get_ydata()[0] == 0 and promised.get_ydata().tolist() == [0.2, 0.1]
    assert kept.get_xdata().tolist() == [14, 28] and len(axis.collections) == 1
    assert [t.get_text() for t in axis.get_xticklabels()] == ["14", "28"]
    plt.close(figure)
