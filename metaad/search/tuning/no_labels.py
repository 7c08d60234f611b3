"""What `optimize` returns where nobody has labelled a row: nothing that does harm.

Without labels no score says which setting is good on the table at hand. Anomalies made
up from its own rows point the wrong way for several detectors, see lessons 10 and 13.
So there are three answers: a setting that was learned from labelled tables and helped
on tables of families that were held out; a setting that was better on many tables and
ships with the package (`shipped`); else the detector as its owner set it."""

import json
from functools import cache, singledispatch
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student
from sklearn.base import clone
from sklearn.svm import OneClassSVM

from metaad.meta.one_table import LOG, NO_LABEL, as_set, say
from metaad.search.space import configured
from metaad.search.tuning.matrix_cache import own_scores

SHIPPED = Path(__file__).with_name("shipped.json")


class Gain(NamedTuple):
    """What a way to choose gains over the default on families that were held out.

    mean : mean gain in AUROC over families. low : lower end of its one-sided 95 %
        interval, -inf for a single family. families : how many."""

    mean: float
    low: float
    families: int

    @property
    def helped(self):
        """Whether the gain is above 0 beyond noise."""
        return self.low > 0

    def __str__(self):
        return f"{self.mean:+.3f} AUROC on {self.families} families held out in turn"


def gain_of(differences, families):
    """Return the Gain of differences (n_tables,) in AUROC, one mean a family.

    The interval is Student's, over families [1].

    [1] Student, The probable error of a mean, Biometrika 6, 1908."""
    differences, families = np.asarray(differences), np.asarray(families)
    means = [differences[families == f].mean() for f in dict.fromkeys(families)]
    n, mean = len(means), float(np.mean(means))
    if n < 2:
        return Gain(mean, -np.inf, n)
    error = np.std(means, ddof=1) / np.sqrt(n)
    return Gain(mean, float(mean - student.ppf(0.95, n - 1) * error), n)


def best_by_mean(values, default, families):
    """Choose the best column by its mean over tables, and judge this way to choose.

    values : (n_tables, n_configs), AUROC. default : (n_tables,), AUROC of the detector
    as it is set. Returns (column, Gain), the Gain with each family held out in turn;
    None in place of a Gain for a single family."""
    values, families = np.asarray(values), np.asarray(families)
    differences = np.empty(len(values))
    kinds = list(dict.fromkeys(families))
    for family in kinds if len(kinds) > 1 else ():
        out = families == family
        column = values[~out].mean(axis=0).argmax()
        differences[out] = values[out, column] - np.asarray(default)[out]
    gain = gain_of(differences, families) if len(kinds) > 1 else None
    return int(values.mean(axis=0).argmax()), gain


@cache
def shipped():
    """Return what comes with the package: {detector's type: {"config": dict or None,
    "default": dict, "tables": int}}, as metaad.experiments.tables.do_no_harm chose it.
    """
    return json.loads(SHIPPED.read_text(encoding="utf-8"))


def safe(detector, X, why):
    """Fit the shipped setting, or the detector as it is set: (fitted detector, reason).

    The shipped setting counts only where the owner has left the library's default.
    why : str, the first half of the reason."""
    known = shipped().get(type(detector).__name__, {})
    own = detector.get_params()
    config = known.get("config")
    if config and all(own.get(n) == v for n, v in known["default"].items()):
        made = configured(detector, {**known["default"], **config}, len(X))
        text = ", ".join(f"{n}={v!r}" for n, v in config.items())
        return made.fit(X), say(
            f"{why} It returns {type(detector).__name__} with {text}, which was better "
            f"than the default on {known['tables']} labelled tables and harmed none."
        )
    return as_set(detector, X), say(
        f"{why} It returns {type(detector).__name__} as it is set, fitted to these rows"
        f"{_none_better(known)}. A few labels help: see metaad.Stack."
    )


def learned_or_safe(detector, config, X, gain, seed=None):
    """Fit the configuration that was learned from labelled tables, if this helped on
    families held out, else what is `safe`: (fitted detector, reason).

    gain : Gain, or None if it could not be measured. seed : of a detector without one.
    """
    if gain is None:
        why = "the tables of fit are of one family, so nothing could be held out."
        return safe(detector, X, f"{NO_LABEL}, and {why}")
    if not gain.helped:
        why = f"what the tables of fit say did not help beyond noise ({gain})."
        return safe(detector, X, f"{NO_LABEL}, and {why}")
    changes = {"random_state": seed} if _without_seed(detector) else {}
    text = ", ".join(f"{n}={v!r}" for n, v in config.items())
    reason = (
        f"{NO_LABEL}. It returns {type(detector).__name__} with {text}, learned from "
        f"the tables of fit: {gain}."
    )
    LOG.info(reason)
    return fit_choice(detector, config, X, **changes), reason


def _without_seed(detector):
    return detector.get_params().get("random_state", 0) is None


def default_scores(detector, X):
    """Return the anomaly scores of X (n, d) by a detector as it is set, fitted on X:
    (n,).
    """
    detector = clone(detector)
    if _without_seed(detector):
        detector.set_params(random_state=0)
    if "novelty" in detector.get_params():
        detector.set_params(novelty=True)
    return own_scores(detector, X)


def _none_better(known):
    if not known or known.get("config"):
        return ""
    return (
        f"; no other setting was better on {known['tables']} labelled tables "
        "without harming some"
    )


@singledispatch
def fit_choice(estimator, config, X, **changes):
    """Fit a copy of a detector with a chosen configuration to X (n, d).

    changes : more parameters to set. Whatever share of the rows the owner wanted
    flagged stays: no configuration holds `contamination`."""
    return configured(estimator, config, len(X)).set_params(**changes).fit(X)


@fit_choice.register
def _(estimator: OneClassSVM, config, X, **changes):
    """`nu` is two things: how smooth the boundary is, which may be chosen, and the
    share of rows outside it, which the owner asked for. The threshold keeps the second.
    """
    fitted = configured(estimator, config, len(X)).set_params(**changes).fit(X)
    scores = fitted.score_samples(X)
    fitted.offset_ = np.percentile(scores, [100.0 * estimator.nu])  # (1,)
    # what libsvm adds to the sum over support vectors
    fitted.intercept_ = fitted._intercept_ = -fitted.offset_
    return fitted
