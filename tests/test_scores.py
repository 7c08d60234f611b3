"""Outlierness and the probabilities it is made of: bounds and values worked out by
hand.
"""

import numpy as np
import pytest

from metaad.scores import SCALINGS, normal_probability, outlierness

RNG = np.random.default_rng(0)
SCORES = {
    "normal": RNG.normal(size=400),
    "heavy": RNG.standard_cauchy(400),
    "uniform": RNG.random(300),
    "two lumps": np.r_[RNG.normal(size=180), RNG.normal(8, 0.5, 20)],
}


@pytest.mark.parametrize("how", SCALINGS)
@pytest.mark.parametrize("scores", SCORES.values(), ids=SCORES)
def test_probabilities_lie_between_zero_and_one_and_don_t_depend_on_the_unit(
    how, scores
):
    p = normal_probability(scores, how)
    assert p.shape == scores.shape and (p >= 0).all() and (p <= 1).all()
    np.testing.assert_allclose(
        normal_probability(3.0 * scores + 7.0, how), p, atol=1e-8
    )
    assert np.isfinite(outlierness(scores, how)) and outlierness(scores, how) >= 0
    if how != "mixture":
        assert (np.diff(p[np.argsort(scores)]) <= 1e-15).all(), (
            "a higher score is never more normal"
        )


def test_two_of_the_definitions_give_a_constant_whatever_the_scores():
    for scores in SCORES.values():
        assert outlierness(scores, "exponential") == pytest.approx(1.0, abs=1e-12)
        n = len(scores)
        # 1 - log(2) / (2 n) to first order
        stirling = -np.log((np.arange(n) + 0.5) / n).mean()
        assert outlierness(scores, "rank") == pytest.approx(stirling, abs=1e-12)
        assert outlierness(scores, "rank") == pytest.approx(
            1 - np.log(2) / (2 * n), abs=1e-5
        )


def test_reversing_the_scores_by_hand_changes_no_rank_based_outlierness():
    s = SCORES["heavy"]
    assert outlierness(-s, "rank") == pytest.approx(outlierness(s, "rank"), abs=1e-12)


def test_logistic_by_hand_and_its_bounds():
    # scores -1 and 1 are their own z: ½ (log(1 + e) + log(1 + 1/e)) = log(2 cosh ½),
    # the largest there is
    highest = np.log(2 * np.cosh(0.5))
    assert outlierness(np.array([-1.0, 1.0] * 5)) == pytest.approx(highest, abs=1e-12)
    np.testing.assert_allclose(
        normal_probability(np.array([-1.0, 1.0])), [1 / (1 + np.e**-1), 1 / (1 + np.e)]
    )
    for scores in SCORES.values():
        assert np.log(2) < outlierness(scores) <= highest
    # one row so far out that it holds all the variance: next to the lower bound,
    # whoever that row is
    alone = np.r_[np.zeros(9999), 1.0] + 1e-9 * RNG.normal(size=10_000)
    assert outlierness(alone) == pytest.approx(np.log(2), abs=6e-3)


def test_gaussian_scaling_by_hand_and_far_out():
    p = normal_probability(np.array([-1.0, 1.0]), "gaussian")
    np.testing.assert_allclose(p, [1.0, 1 - 0.6826894921370859], rtol=1e-12)
    # z = 100: P is below 1e-2000
    assert np.isfinite(outlierness(np.r_[RNG.normal(size=10_000), 1e6], "gaussian"))


def test_the_mixture_finds_two_lumps():
    p = normal_probability(SCORES["two lumps"], "mixture")
    assert (p[:180] > 0.99).all() and (p[180:] < 0.01).all()


def test_the_mixture_is_the_fixed_point_of_expectation_and_maximisation():
    """From the posterior that is returned, one more round by scipy's normal density
    gives the same posterior.
    """
    from scipy.stats import norm

    rng = np.random.default_rng(3)
    s = np.r_[rng.normal(0, 1, 300), rng.normal(5, 1, 60)]
    lower = normal_probability(s, "mixture")
    joint = []
    for weight in (lower, 1 - lower):
        mean = np.average(s, weights=weight)
        deviation = np.average((s - mean) ** 2, weights=weight) ** 0.5
        joint.append(weight.mean() * norm.pdf(s, mean, deviation))
    np.testing.assert_allclose(lower, joint[0] / sum(joint), rtol=1e-4, atol=1e-6)
    # between the lumps a row is neither surely normal nor surely an anomaly
    assert ((lower > 0.05) & (lower < 0.95)).sum() >= 3


def test_wrong_scores_are_named():
    for bad in (np.ones(5), np.array([1.0]), np.array([1.0, np.nan]), np.ones((3, 2))):
        with pytest.raises(
            ValueError, match="at least 2 finite scores that are not all equal"
        ):
            outlierness(bad)
    with pytest.raises(ValueError, match="how must be one of 'logistic'"):
        outlierness(np.arange(5.0), "softmax")
