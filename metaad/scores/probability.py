"""Scores of rows turned into P(normal | row), and the mean surprise of a batch of
scores.
"""

import numpy as np

from metaad.metrics import ranks

SCALINGS = ("logistic", "gaussian", "mixture", "rank", "exponential")


def outlierness(scores, how="logistic"):
    """Return the mean surprise at rows being normal, -(1/N) Σ log P(normal | row): a
    number without labels, in nats per row.

    P comes from the scores by one of the `normal_probability` scalings, and the number
    is about the scaling as much as about the detector: by "rank" it is 1 - O(log N / N)
    for any scores without ties, by "exponential" exactly 1, by "logistic" between log 2
    and .81, the lower the heavier the upper tail of the scores.

    Parameters
    ----------
    scores : array (N,), larger = more anomalous. how : see `normal_probability`.

    Returns
    -------
    float ≥ 0; small = the detector finds the rows normal. It says nothing of the order
    in which the rows stand."""
    return float(-_log_normal(scores, how).mean())


def normal_probability(scores, how="logistic"):
    """Return P(normal | row) from anomaly scores, which are no probabilities: array
    (N,) -> array (N,) in [0, 1].

    Parameters
    ----------
    scores : array (N,), larger = more anomalous, not all equal.
    how : with z the standardised scores, "logistic"     1 / (1 + e^z); "gaussian"     1
        - max(0, erf(z / √2)), the Gaussian scaling of [1]; "mixture"      posterior of
        the lower of two Gaussians fitted to the scores [2] (they with Gaussian and
                       exponential); not monotone where the upper one is wide;
        "rank"         1 - (rank - ½) / N, tied scores sharing their mean rank;
        "exponential"  e^(-(s - min) / (mean - min)), the tail of an exponential distribution.

    Raises
    ------
    ValueError
        for fewer than two scores, NaN or infinity, scores that are all equal, or
        another `how`.

    References
    ----------
    [1] Kriegel, Kröger, Schubert and Zimek, Interpreting and Unifying Outlier Scores,
        SDM 2011.
    [2] Gao and Tan, Converting Output Scores from Outlier Detection Algorithms into
    Probability Estimates, ICDM 2006."""
    return np.exp(_log_normal(scores, how))


def _log_normal(scores, how):
    """log P(normal), computed on the logarithmic scale: a gross outlier's P is below
    what a float can hold.
    """
    from scipy.special import log_ndtr

    s = np.asarray(scores, dtype=np.float64)
    if s.ndim != 1 or len(s) < 2 or not np.isfinite(s).all() or s.min() == s.max():
        raise ValueError(
            f"P(normal) needs at least 2 finite scores that are not all equal, array "
            f"(N,); got shape {s.shape} with "
            f"values {np.unique(s)[:3]}. A detector that scores every row alike says nothing."
        )
    if how == "rank":
        return np.log1p(-(ranks(s) - 0.5) / len(s))
    if how == "exponential":
        return -(s - s.min()) / (s.mean() - s.min())
    z = (s - s.mean()) / s.std()
    if how == "logistic":
        return -np.logaddexp(0.0, z)
    if how == "gaussian":  # 1 - erf(z / √2) = 2 Φ(-z)
        return np.minimum(0.0, np.log(2.0) + log_ndtr(-z))
    if how == "mixture":
        return _lower_of_two(z)
    raise ValueError(
        f"how must be one of {', '.join(map(repr, SCALINGS))}; got {how!r}."
    )


def _lower_of_two(z, iterations=100, narrowest=1e-3):
    """Log posterior of the lower of two Gaussians fitted to z (N,) by
    expectation-maximisation.

    The upper one starts at the highest tenth. narrowest : least standard deviation, in
    those of the scores."""
    upper = (z >= np.quantile(z, 0.9)).astype(np.float64)
    for _ in range(iterations):
        log_joint = []
        for weight in (1 - upper, upper):
            total = weight.sum() + 1e-12
            mean = (weight * z).sum() / total
            deviation = max(
                np.sqrt((weight * (z - mean) ** 2).sum() / total), narrowest
            )
            log_joint.append(
                np.log(total / len(z))
                - np.log(deviation)
                - 0.5 * ((z - mean) / deviation) ** 2
            )
        log_lower = log_joint[0] - np.logaddexp(*log_joint)
        upper = -np.expm1(log_lower)
    return log_lower
