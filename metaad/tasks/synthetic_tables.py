"""Tables that never were: mixtures, causal models, copulas, and rows that break them.

References
----------
[1] Shen, Wen and Akoglu: FoMo-0D, TMLR 2025: mixtures, anomalies by inflated variance.
[2] Ding, Wen, Klüttermann and Akoglu: From zero to hero, 2026: causal models and copulas
    beside the mixtures, and several kinds of anomalies.
"""

import numpy as np

KINDS = ("mixture", "causal", "copula")


def synthetic_table(rng, n_normal=1500, n_anomalies=250, columns=(5, 60)):
    """Draw a table from one of three families, and anomalies that break its rule.

    - mixture: one to five Gaussians. Anomalies: a Gaussian's rows with three times the
      spread in some of their columns.
    - causal: every column a random function of earlier ones, plus noise. Anomalies:
      some columns take their value from another row, so that what follows from them
      no longer does.
    - copula: columns with random tails, tied by a random correlation. Anomalies: the
      same columns with another correlation.

    A third of the columns, half of the time, are rounded to a few values.

    Parameters
    ----------
    rng : NumPy Generator. n_normal, n_anomalies : int, rows. columns : (least, most).

    Returns
    -------
    normal (n_normal, d), anomalies (n_anomalies, d): float64 arrays.
    """
    d = int(np.exp(rng.uniform(*np.log([columns[0], columns[1] + 1]))))
    draw = {"mixture": _mixture, "causal": _causal, "copula": _copula}
    normal, odd = draw[rng.choice(KINDS)](rng, n_normal, n_anomalies, d)
    if rng.random() < 0.5:
        for j in rng.choice(d, d // 3, replace=False):
            step = np.ptp(normal[:, j]) / rng.integers(2, 12) + 1e-12
            normal[:, j], odd[:, j] = (np.round(x[:, j] / step) for x in (normal, odd))
    return normal, odd


def _mixture(rng, n, m, d):
    k = rng.integers(1, 6)
    centres = rng.uniform(-4, 4, (k, d))
    turns = rng.normal(size=(k, d, d)) / np.sqrt(d)
    spread = rng.uniform(0.2, 1.5, (k, d))

    def rows(count, wider):
        of = rng.integers(0, k, count)
        z = rng.normal(size=(count, d)) * spread[of] * wider
        return centres[of] + np.einsum("md,mde->me", z, turns[of])

    some = np.where(rng.random((m, d)) < rng.uniform(0.2, 1.0), rng.uniform(2, 4), 1.0)
    return rows(n, 1.0), rows(m, some)


def _causal(rng, n, m, d):
    weights = np.tril(rng.normal(size=(d, d)) * (rng.random((d, d)) < 3 / d), -1)
    bends = rng.choice(3, d)
    noise = rng.uniform(0.1, 0.7)

    def rows(E, put=None, where=None):
        X = np.zeros_like(E)
        for j in range(d):
            t = X @ weights[j]
            X[:, j] = [t, np.tanh(2 * t), t**2 / 2][bends[j]]
            X[:, j] += E[:, j] * (1.0 if not weights[j].any() else noise)
            if put is not None:
                X[where[:, j], j] = put[where[:, j], j]
        return X

    normal = rows(rng.normal(size=(n, d)))
    others = np.stack([rng.choice(x, m) for x in normal.T], axis=1)
    where = rng.random((m, d)) < rng.uniform(0.15, 0.6)
    return normal, rows(rng.normal(size=(m, d)), others, where)


def _copula(rng, n, m, d):
    def correlation():
        factors = rng.normal(size=(d, max(1, d // 3)))
        C = factors @ factors.T + np.diag(rng.uniform(0.1, 1.0, d))
        scale = np.sqrt(np.diag(C))
        return np.linalg.cholesky(C / np.outer(scale, scale))

    tails = rng.choice(3, d)

    def rows(count, turn):
        z = rng.normal(size=(count, d)) @ turn.T
        return np.choose(tails, [z, np.exp(z), np.sinh(1.5 * z)])

    return rows(n, correlation()), rows(m, correlation())
