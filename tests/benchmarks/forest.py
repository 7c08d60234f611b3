"""Seconds of our Isolation Forest against scikit-learn's, as ratios: `python
tests/benchmarks/forest.py`.

A ratio is scikit-learn's time over ours, so above 1 means that ours is faster. Both run
in one process, one after the other, in an order that alternates from pair to pair, so
that what else the machine does falls on both. A pair gives a ratio; the table shows the
median and the range of the ratios. The rows on two threads are the comparison:
scikit-learn fits with `n_jobs=2`, or with the default where that is faster (it was, in
most runs), and scores inside joblib's `parallel_config("threading", n_jobs=2)`, because
its `n_jobs` counts for fitting only. Ours fits on one thread always. The rows are
random, which is hard on scikit-learn's branches; on large tables whose neighbouring
rows are alike it can score as fast as ours, or faster."""

import argparse
import os
import platform
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
import sklearn  # noqa: E402
from joblib import parallel_config  # noqa: E402
from sklearn.ensemble import IsolationForest as ScikitForest  # noqa: E402

from metaad.detectors import IsolationForest  # noqa: E402

SHAPES = ((50_000, 10), (50_000, 3), (569, 30), (5_000, 100), (2_000, 1_500))


def seconds(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def compare(ours, theirs, pairs):
    """Times of `pairs` interleaved pairs: array (pairs, 2), ours then theirs."""
    ours(), theirs()  # caches, threads and imports are warm from here on
    times = np.empty((pairs, 2))
    for i in range(pairs):
        for j in (0, 1) if i % 2 == 0 else (1, 0):
            times[i, j] = seconds((ours, theirs)[j])
    return times


def score_in_threads(forest, X, n_threads):
    with parallel_config("threading", n_jobs=n_threads):
        forest.score_samples(X)


def row(what, times):
    ratio = times[:, 1] / times[:, 0]
    ms = 1000 * np.median(times, axis=0)
    print(
        f"| {what} | {ms[0]:.1f} | {ms[1]:.1f} | {np.median(ratio):.2f} | "
        f"{ratio.min():.2f} to {ratio.max():.2f} |",
        flush=True,
    )


def run(n, d, pairs):
    X = np.random.default_rng(0).normal(size=(n, d))
    size = f"{n:,} × {d:,}"
    for n_jobs in (None, 2):
        threads = "default n_jobs" if n_jobs is None else "n_jobs=2"
        times = compare(
            lambda: IsolationForest(random_state=0).fit(X),
            lambda n_jobs=n_jobs: ScikitForest(random_state=0, n_jobs=n_jobs).fit(X),
            pairs,
        )
        row(f"fit, {size}, scikit-learn with {threads}", times)
    ours, theirs = (
        IsolationForest(random_state=0).fit(X),
        ScikitForest(random_state=0).fit(X),
    )
    for n_threads in (1, 2):
        times = compare(
            lambda n=n_threads: score_in_threads(ours, X, n),
            lambda n=n_threads: score_in_threads(theirs, X, n),
            pairs,
        )
        row(
            f"score, {size}, both on {n_threads} thread{'s' if n_threads > 1 else ''}",
            times,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--pairs",
        type=int,
        default=11,
        help="interleaved pairs for each row of the table",
    )
    parser.add_argument(
        "--all", action="store_true", help="more shapes than 50,000 × 10"
    )
    options = parser.parse_args()
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, scikit-learn "
        f"{sklearn.__version__}, "
        f"{os.cpu_count()} cores, {options.pairs} pairs, 100 trees of 256 rows\n"
    )
    print(
        "| what | ours, ms | scikit-learn, ms | ratio, median | ratio, range "
        "|\n|:--|--:|--:|--:|:--|"
    )
    for n, d in SHAPES if options.all else SHAPES[:1]:
        run(n, d, options.pairs)


if __name__ == "__main__":
    main()
