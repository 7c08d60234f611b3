"""What lesson 07 says of its measurements on waves: intervals, tables, the record."""

import numpy as np

from metaad import metrics, repro
from metaad.experiments.lessons.lesson_07_waves import MOST, STEPS, floor_of


def over_starts(trials):
    """Average errors over the starting networks.

    trials : list over starts of dict method -> dict steps -> (n_waves,). Returns the
    same without the list.
    """
    return {
        name: {k: np.mean([t[name][k] for t in trials], axis=0) for k in steps}
        for name, steps in trials[0].items()
    }


def interval(values):
    """Compute the mean with its interval over waves; None where a few waves rule it (a
    mean above MOST).
    """
    return metrics.bootstrap(values) if tame(values) else None


def tame(values):
    """Tell whether a mean over waves says something: finite and at most MOST."""
    return bool(np.isfinite(values).all() and values.mean() < MOST)


def text_of(mean, median):
    """Write a mean and a median: "0.54 (0.20)"."""
    shown = f"{mean:.2f}" if mean is not None and mean < MOST else "over 100"
    return f"{shown} ({median:.2f})"


def errors_table(means, medians, rivals, *, below=None):
    """Write the errors of all methods as a table in Markdown.

    means, medians : dict method -> dict steps -> float, a mean of None or above MOST
    being "over 100". rivals : dict name -> (mean, median), rows with one number.
    below : means under it are set in bold; optional.
    """
    rows = []
    for name, steps in means.items():
        row = [name]
        for k in STEPS:
            said, mean = text_of(steps[k], medians[name][k]), steps[k]
            bold = below is not None and mean is not None and mean < below
            row.append(f"**{said}**" if bold else said)
        rows.append(row)
    for name, pair in rivals.items():
        rows.append([name, "", text_of(*pair), "", "", ""])
    return repro.number_table(
        ["method", "before", *(f"{k} step{'s' * (k > 1)}" for k in STEPS[1:])], rows
    )


def summary(measured, plain):
    """Summarise one run for the table of errors.

    measured : dict method -> dict steps -> (n_waves,). plain : the rival's errors.
    Returns (means, medians, rivals), see `errors_table`.
    """
    means = {n: {k: v.mean() for k, v in s.items()} for n, s in measured.items()}
    medians = {
        n: {k: np.nanmedian(v) for k, v in s.items()} for n, s in measured.items()
    }
    means = {
        n: {k: v if np.isfinite(v) else None for k, v in s.items()}
        for n, s in means.items()
    }
    return means, medians, {"kernel regression": (plain.mean(), np.median(plain))}


def minus_kernel(measured, plain):
    """Compare every method after every number of steps with the kernel, corrected for
    their number.

    Returns dict method -> dict steps -> Interval of the difference, None where a few
    waves rule it. Zero steps are left out.
    """
    pairs = {(n, k): v - plain for n, s in measured.items() for k, v in s.items() if k}
    found = metrics.simultaneous({p: v for p, v in pairs.items() if tame(v + plain)})
    return {n: {k: found.get((n, k)) for k in STEPS[1:]} for n in measured}


def better_than_kernel(measured, plain):
    """Count the share of waves on which each method beats the kernel: dict method ->
    dict steps -> float.
    """
    return {
        n: {k: float((v < plain).mean()) for k, v in s.items()}
        for n, s in measured.items()
    }


def record(trials, plain, of_mean_wave, iterations):
    """Gather what a full run keeps: a dict of numbers, see data/results/07_maml_maths.json."""
    measured = over_starts(trials)
    first = {name: steps[1] for name, steps in measured.items()}
    others = {n: v for n, v in first.items() if n != "MAML"}
    return {
        "iterations": iterations,
        "test_waves": len(plain),
        "starts": len(trials),
        "floor": floor_of(),
        "mean_wave": metrics.bootstrap(of_mean_wave),
        "kernel_regression": metrics.bootstrap(plain),
        "kernel_median": float(np.median(plain)),
        "errors": _each(measured, interval),
        "medians": _each(measured, lambda v: float(np.nanmedian(v))),
        "errors_by_start": {
            n: [float(np.mean(t[n][1])) for t in trials] for n in measured
        },
        "minus_kernel": {
            n: {str(k): i for k, i in s.items()}
            for n, s in minus_kernel(measured, plain).items()
        },
        "better_than_kernel": {
            n: {str(k): v for k, v in s.items()}
            for n, s in better_than_kernel(measured, plain).items()
        },
        "maml_minus": _differences(first["MAML"], others),
        "maml_minus_meta_sgd_by_start": [
            metrics.paired(t["MAML"][1], t["Meta-SGD"][1]) for t in trials
        ],
    }


def _differences(base, others):
    """Compare one method's errors with all others', corrected for their number: dict
    name -> Interval of base minus other.
    """
    tamed = {n: base - v for n, v in others.items() if tame(v)}
    return metrics.simultaneous(tamed)


def _each(measured, of):
    return {n: {str(k): of(v) for k, v in s.items()} for n, s in measured.items()}


def recorded_table(kept):
    """Write the table of a record: means, and in brackets medians; in bold the means
    below the kernel's.
    """
    means = {
        n: {int(k): v and v[0] for k, v in s.items()} for n, s in kept["errors"].items()
    }
    medians = {n: {int(k): v for k, v in s.items()} for n, s in kept["medians"].items()}
    kernel = kept["kernel_regression"][0]
    rivals = {"kernel regression": (kernel, kept["kernel_median"])}
    return errors_table(means, medians, rivals, below=kernel)
