"""Seconds of `Stack.adapt` and `FewLabelEnsemble.fit` on a large table: `python
tests/benchmarks/stack.py`.

All 20,000 rows are scored once, to set the threshold; the table is described by 3,000
of them. CPU seconds beside the clock's, since other work on the machine falls on the
clock alone; the best of the runs is shown."""

import argparse
import os
import platform
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
import sklearn  # noqa: E402

from metaad import FewLabelEnsemble, Stack  # noqa: E402


def table(n, d):
    """Gaussian rows of which one in fifty is moved, and five and fifty labels."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d)) @ rng.normal(size=(d, d))
    moved = np.arange(n) >= n - n // 50
    X[moved, :3] += 3 * X.std(axis=0)[:3]
    labels = np.full(n, -1)
    labels[np.flatnonzero(moved)[:5]] = 1
    labels[np.flatnonzero(~moved)[:50]] = 0
    return X, labels


def seconds(action, runs):
    """The best of some runs: CPU seconds, seconds by the clock."""
    found = []
    for _ in range(runs):
        cpu, clock = time.process_time(), time.perf_counter()
        action()
        found.append((time.process_time() - cpu, time.perf_counter() - clock))
    return np.min(found, axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--runs", type=int, default=2)
    options = parser.parse_args()
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, scikit-learn "
        f"{sklearn.__version__}, {os.cpu_count()} cores, {options.rows:,} rows × "
        f"{options.columns} columns\n"
    )
    X, y = table(options.rows, options.columns)
    ways = {
        "Stack.adapt": lambda: Stack.load("adbench-v1").adapt(X, y),
        "FewLabelEnsemble.fit": lambda: FewLabelEnsemble(random_state=0).fit(X, y),
    }
    print("| what | CPU seconds | seconds |\n|:--|--:|--:|")
    for name, action in ways.items():
        cpu, clock = seconds(action, options.runs)
        print(f"| {name} | {cpu:.1f} | {clock:.1f} |", flush=True)


if __name__ == "__main__":
    main()
