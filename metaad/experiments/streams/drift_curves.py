"""How good is a detector of a new class after so many of its normal rows, and how long
does it take to make one?
"""

import time

import numpy as np

from metaad.detectors import AutoencoderDetector, anomaly_score, fit_many
from metaad.experiments.streams import drift_methods as methods
from metaad.experiments.streams.drift_loop import Judge

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


def draw(learn, numbers, draws, seed):
    """Draw the rows that detectors are made of: {class: {number: [rows (number, d)]}},
    as many sets each as there are draws.
    """
    rng, drawn = np.random.default_rng(seed), {}
    for c, rows in learn.items():
        drawn[c] = {
            n: [rows[rng.permutation(len(rows))[:n]] for _ in range(draws)]
            for n in numbers
        }
    return drawn


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
    classes, drawn = list(learn), draw(learn, numbers, draws, seed)
    for at, c in enumerate(classes):
        old = learn[classes[at - 1]]
        settings = {**methods.AUTOENCODER, **(autoencoder or {}), "random_state": seed}
        old = AutoencoderDetector(**settings).fit(old[:BEFORE])
        every = {**made, FINE: methods.fine_tune(old, seed, **(autoencoder or {}))}
        for n in numbers:
            rows = drawn[c][n]
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


def curves_together(learn, judge, made, *, numbers, draws, seed, autoencoder=None):
    """Measure the AUROC that `curves` measures, on the same rows, without the seconds:
    the detectors of all classes are made at once, which takes a third of the time.

    Returns
    -------
    {method: {number: list, one mean AUROC for each class}}
    """
    classes, drawn = list(learn), draw(learn, numbers, draws, seed)
    own = autoencoder or {}
    before = [learn[classes[at - 1]][:BEFORE] for at in range(len(classes))]
    fitted = {**methods.AUTOENCODER, **own, "random_state": seed}
    olds = fit_many(before, thresholds=False, **fitted)
    auroc = {}

    def keep(name, n, scores, times):
        of = zip(np.repeat(classes, times), scores, strict=True)
        found = np.reshape([judge.of_scores(s, c) for c, s in of], (-1, times))
        auroc.setdefault(name, {})[str(n)] = found.mean(axis=1).tolist()

    nothing = [anomaly_score(old, judge.X) for old in olds]
    for n in numbers:
        sets = [rows for c in classes for rows in drawn[c][n]]
        for name, make in made.items():
            keep(name, n, methods.scores_of(make, sets, judge.X), draws)
        many = [old for old in olds for _ in range(draws)]
        tuned = methods.fine_tune_many(many, sets, seed, **own)
        keep(FINE, n, [anomaly_score(one, judge.X) for one in tuned], draws)
        keep(NOTHING, n, nothing, 1)
    return auroc
