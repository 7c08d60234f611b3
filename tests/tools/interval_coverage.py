"""How often intervals hold the truth, by simulation.

python tests/tools/interval_coverage.py
        10,000 samples of each shape and size, into data/results/coverage.json

Every sample goes through the code that `metrics.bootstrap` runs, many at once as columns.
The percentile interval beside it is what the bootstrap-t replaced."""

import sys
import time

import numpy as np

from metaad.intervals import _draws, _intervals

RESAMPLES = 2_000
BLOCK = 500  # samples at once
SIZES = (6, 10, 20, 28)
# shape -> (draw (n, m) values, their mean)
SHAPES = {
    "normal": (lambda rng, size: rng.standard_normal(size), 0.0),
    "exponential": (lambda rng, size: rng.exponential(size=size), 1.0),
    "lognormal": (lambda rng, size: np.exp(rng.standard_normal(size)), np.exp(0.5)),
    "80 % zeros": (
        lambda rng, size: rng.exponential(size=size) * (rng.random(size) < 0.2),
        0.2,
    ),
}


def covered(shape, n, repeats, seed, percentile=False):
    """Shares of samples of n values whose interval holds the mean of the shape, lies
    above it, lies below it: dict.
    """
    draw, truth = SHAPES[shape]
    values = draw(np.random.default_rng(seed), (n, repeats))
    ends = [
        _intervals(values[:, at : at + BLOCK], None, 0.95, RESAMPLES, 0)
        for at in range(0, repeats, BLOCK)
    ]
    low, high, inner_low, inner_high = np.array(
        [(i.low, i.high, *i.inner) for block in ends for i in block]
    ).T
    found = {
        "covers": share((low <= truth) & (truth <= high)),
        "lies above": share(low > truth),
        "lies below": share(high < truth),
        "covers 90 %": share((inner_low <= truth) & (truth <= inner_high)),
        "median width": round(float(np.median(high - low)), 3),
    }
    if percentile:
        low, high = percentiles(values)
        found["percentile covers"] = share((low <= truth) & (truth <= high))
    return found


def percentiles(values, level=0.95):
    """Ends of the plain percentile interval of each column (n, m): two arrays (m,)."""
    drawn = np.concatenate(list(_draws(len(values), RESAMPLES, 0))) / len(values)
    tails = (1 - level) / 2, (1 + level) / 2
    blocks = [
        np.quantile(drawn @ values[:, at : at + BLOCK], tails, axis=0)
        for at in range(0, values.shape[1], BLOCK)
    ]
    return np.concatenate(blocks, axis=1)


def families(n, repeats, seed):
    """Coverage for n families of 1 to 5 tables that share most of their luck: by groups,
    and by values as if they were independent.
    """
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(n), 1 + np.arange(n) % 5)
    values = rng.standard_normal((n, repeats))[of]
    values = values + 0.3 * rng.standard_normal(values.shape)
    found = {}
    for kind, groups in (("groups", of), ("values", None)):
        intervals = [
            i
            for at in range(0, repeats, BLOCK)
            for i in _intervals(values[:, at : at + BLOCK], groups, 0.95, RESAMPLES, 0)
        ]
        found[kind] = share([i.low <= 0 <= i.high for i in intervals])
    return found


def compared(n, repeats, seed, methods=8):
    """How often one of several methods, all as good as the baseline, is called better:
    each with its interval alone, and corrected.
    """
    rng = np.random.default_rng(seed)
    better = {"each alone": [], "corrected": [], "percentile": []}
    for _ in range(repeats):
        values = rng.standard_normal((n, methods + 1))
        gains = values[:, 1:] - values[:, :1]
        for kind, corrected in (("each alone", False), ("corrected", True)):
            found = _intervals(gains, None, 0.95, RESAMPLES, 0, corrected)
            better[kind].append(any(i.low > 0 for i in found))
        better["percentile"].append((percentiles(gains)[0] > 0).any())
    return {kind: share(b) for kind, b in better.items()}


def share(found):
    return round(float(np.mean(found)), 4)


def main(repeats=10_000, seed=0):
    from metaad import repro

    started = time.perf_counter()
    result = {
        "command": "python tests/tools/interval_coverage.py",
        "samples": repeats,
        "resamples": RESAMPLES,
        "seed": seed,
        "one mean": {
            shape: {str(n): covered(shape, n, repeats, seed, True) for n in SIZES}
            for shape in SHAPES
        },
        "families": {str(n): families(n, repeats // 4, seed) for n in SIZES},
        "a false better among 8": {
            str(n): compared(n, repeats // 10, seed) for n in SIZES[:3]
        },
    }
    result["seconds"] = round(time.perf_counter() - started)
    repro.write_json(repro.results_dir() / "coverage.json", result)
    for name in ("one mean", "families", "a false better among 8"):
        print(name, result[name])


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
