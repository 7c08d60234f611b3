"""What a distance of a batch sees, and what the largest score of a row sees: the loops
behind lesson 04.

A *sign* is any number made from a reference batch and a new batch, large if they differ.
It has seen a change where it exceeds the 95 % quantile of what it gives without one."""

import numpy as np

from metaad import scores
from metaad.metrics import significant

LEVEL = 0.95


def row_scores(reference, batch, k=5):
    """Return each row's distance to its k-th nearest reference row: (n, d), (m, d) ->
    (m,); larger = more anomalous.
    """
    from scipy.spatial.distance import cdist

    return np.sort(cdist(batch, reference), axis=1)[:, k - 1]


def blurred(reference, batch):
    """Return the Sinkhorn divergence with ε half of the mean squared distance."""
    epsilon = 0.5 * scores.typical_cost(reference, batch)
    return scores.sinkhorn_divergence(batch, reference, epsilon, tolerance=1e-4)


SIGNS = {
    "KL, Gaussian": lambda r, b: scores.kl_fitted(b, r),
    "KL, neighbours": lambda r, b: scores.kl_neighbours(b, r),
    "MMD": lambda r, b: scores.mmd_unbiased(b, r),
    "sliced Wasserstein": lambda r, b: scores.sliced_wasserstein(b, r, directions=50),
    "Sinkhorn": blurred,
    "mean row score": lambda r, b: row_scores(r, b).mean(),
    "largest row score": lambda r, b: row_scores(r, b).max(),
}


def bent_mmd(factor):
    """Return the sign "MMD with a bandwidth `factor` times the median distance"."""

    def sign(reference, batch):
        bandwidth = factor * scores.median_bandwidth(batch, reference)
        return scores.mmd_unbiased(batch, reference, bandwidth)

    return sign


def made_up(change, rng, n=100, d=4):
    """Draw a reference batch (n, d) from a standard Gaussian, and a batch as large with
    a change: "none", "shift", "spread", "too narrow", "rare cluster" or "one far row".
    """
    reference, batch = rng.normal(size=(2, n, d))
    if change == "shift":
        batch[:, 0] += 0.7
    elif change == "spread":
        batch *= 1.25
    elif change == "too narrow":
        batch *= 0.75
    elif change == "rare cluster":
        few = n // 10
        batch[:few] = 2.5 / np.sqrt(d) + 0.3 * batch[:few]
    elif change == "one far row":
        batch[0] *= 8 / np.linalg.norm(batch[0])
    elif change != "none":
        raise ValueError(f"change must be one of {', '.join(CHANGES)}; got {change!r}.")
    return reference, batch


CHANGES = ("none", "shift", "spread", "too narrow", "rare cluster", "one far row")


def wider_batches(sizes, rng, draws=30, d=4, factor=1.25, k=5):
    """Estimate KL by neighbours between a Gaussian batch that is `factor` times as wide
    and a standard one, both ways.

    Returns
    -------
    {size: float64 array (2, draws)}: KL(wide ‖ standard), KL(standard ‖ wide); and the
    true values, (2,)."""
    found = {}
    for n in sizes:
        pairs = [
            rng.normal(size=(2, n, d)) * [[[factor]], [[1.0]]] for _ in range(draws)
        ]
        found[n] = np.array(
            [
                [scores.kl_neighbours(a, b, k) for a, b in pairs],
                [scores.kl_neighbours(b, a, k) for a, b in pairs],
            ]
        )
    wide, standard = (np.zeros(d), factor**2 * np.eye(d)), (np.zeros(d), np.eye(d))
    truth = [
        scores.kl_gaussian(*p, *q) for p, q in ((wide, standard), (standard, wide))
    ]
    return found, np.array(truth)


def of_digits(shares, rng, *, images, labels, signs, nulls, draws):
    """Return how often each sign sees other digits in a batch of one digit, for each of
    the ten: {share: {name: float64 array (10,)}}.

    images : array (n, d) of pooled pixels; labels : (n,), the digits."""
    rates = {share: {name: [] for name in signs} for share in shares}
    for digit in range(10):
        normal, odd = images[labels == digit], images[labels != digit]

        def draw(share, generator, normal=normal, odd=odd):
            return mixed(normal, odd, share, generator)

        found = seen(signs, draw, shares, rng, nulls, draws)
        for share, by_sign in found.items():
            for name, hits in by_sign.items():
                rates[share][name].append(hits.mean())
    return {c: {s: np.array(v) for s, v in r.items()} for c, r in rates.items()}


def mixed(normal, odd, share, rng, n_reference=150, n=60):
    """Draw a reference batch of normal rows, and a disjoint batch of n rows of which
    `share` are odd ones.

    normal : array (a, d), odd : array (b, d) -> (n_reference, d), (n, d)."""
    few = round(share * n)
    rows = normal[rng.permutation(len(normal))[: n_reference + n - few]]
    strange = odd[rng.permutation(len(odd))[:few]]
    return rows[:n_reference], np.concatenate([rows[n_reference:], strange])


def clinic(table, batch, rng, n_reference=150):
    """Split a labelled table for lesson 04, in standard deviations of its normal rows.

    The unit comes from all of them, not from the reference alone: a permutation test is
    exact only if nothing before it knows which row came in which batch.

    Returns
    -------
    (reference, fresh, rest, odd) : normal rows (n_reference, d), (batch, d), (..., d),
    and the anomalies, each in an order that is drawn."""
    normal, odd = (
        rng.permutation(table.X[table.y == 0]),
        rng.permutation(table.X[table.y == 1]),
    )
    centre, unit = normal.mean(axis=0), normal.std(axis=0)
    parts = np.split((normal - centre) / unit, [n_reference, n_reference + batch])
    return *parts, (odd - centre) / unit


def seen(signs, draw, cases, rng, nulls=200, draws=100):
    """Return which draws of which case each sign sees.

    Parameters
    ----------
    signs : {name: function of (reference, batch)}. draw : function of (case, rng) that
        gives the two; `cases[0]` is the one without a change.
    nulls : int, draws of the first case that set each sign's bar. draws : int, further
        draws of every case.

    Returns
    -------
    {case: {name: bool array (draws,)}}; the same draws for all signs."""

    def values(case, count):
        pairs = [draw(case, rng) for _ in range(count)]
        return {s: np.array([f(*pair) for pair in pairs]) for s, f in signs.items()}

    bar = {s: np.quantile(v, LEVEL) for s, v in values(cases[0], nulls).items()}
    return {
        case: {
            s: significant(v) > significant(bar[s])
            for s, v in values(case, draws).items()
        }
        for case in cases
    }
