"""How good is a detector of a new class after so many of its normal rows, and how long
does it take to make one?
"""

import time

import numpy as np

from metaad.detectors import AutoencoderDetector
from metaad.experiments import drift_methods as methods
from metaad.experiments.drift_loop import Judge

BEFORE = 200  # normal rows that a detector in service has learned from
NUMBERS = (5, 10, 20, 50, BEFORE)
NOTHING, FINE = "do nothing", "fine-tune: autoencoder"


def split(X, y, classes, tests, rng):
    """Divide the rows of classes in two: {class: rows (n, d)} to learn from, and a Judge
    with `tests` rows of each class of y.
    """
    X, chosen, learn = X.reshape(len(X), -1), [], {}
    for c in np.unique(y):
        at = rng.permutation(np.flatnonzero(y == c))
        chosen.append(at[:tests])
        if c in classes:
            learn[int(c)] = X[at[tests:]]
    chosen = np.concatenate(chosen)
    return learn, Judge(X[chosen], y[chosen])


def curves(learn, judge, made, *, numbers=NUMBERS, draws=3, seed=0, autoencoder=None):
    """Measure the AUROC of every method after so many normal rows of each class.

    Parameters
    ----------
    learn : {class: rows}. judge : Judge. made : {method: function of rows}, as
        `drift_methods.from_rows` and `from_study` give them.
    draws : how often other rows are drawn.

    Returns
    -------
    (auroc, seconds) : {method: {number: list, one mean AUROC for each class}}, and
    {method: {number: mean CPU seconds of making one detector}}. Two more methods go on
    from an autoencoder of the class before: fine-tuning it, and doing nothing.
    """
    auroc, seconds = {}, {}
    classes, rng = list(learn), np.random.default_rng(seed)
    for at, c in enumerate(classes):
        old = learn[classes[at - 1]]
        settings = {**methods.AUTOENCODER, **(autoencoder or {}), "random_state": seed}
        old = AutoencoderDetector(**settings).fit(old[:BEFORE])
        every = {**made, FINE: methods.fine_tune(old, seed, **(autoencoder or {}))}
        for n in numbers:
            rows = [learn[c][rng.permutation(len(learn[c]))[:n]] for _ in range(draws)]
            for name, make in every.items():
                began = time.process_time()
                detectors = [make(r) for r in rows]
                took = (time.process_time() - began) / draws
                found = float(np.mean([judge(d, c) for d in detectors]))
                auroc.setdefault(name, {}).setdefault(str(n), []).append(found)
                seconds.setdefault(name, {}).setdefault(str(n), []).append(took)
            nothing = auroc.setdefault(NOTHING, {}).setdefault(str(n), [])
            nothing.append(judge(old, c))
    means = {
        m: {n: float(np.mean(s)) for n, s in t.items()} for m, t in seconds.items()
    }
    return auroc, means
