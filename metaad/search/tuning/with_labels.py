"""Strategies that listen to a few labelled rows: the best on the labels, and shrinkage."""

from metaad.search.tuning.strategies import Strategy


class BestOnLabels(Strategy):
    """The configuration with the best AUROC on the labelled rows: what everyone
    does, and what few labels punish.
    """

    needs_labels = True

    def __init__(self, top=1):
        self.top = top

    def _merit(self, features, observed):
        # of equals the globally better one
        return observed.values + 1e-6 * self.evidence_.values.mean(axis=0)


class Shrinkage(Strategy):
    """The AUROC on the labelled rows, shrunk towards what the configuration gets on
    other tables [1].

    With τ² the variance of a configuration's value between tables and σ² that of an
    AUROC over so few rows, the best guess is w · observed + (1 - w) · mean with w = τ²
    / (τ² + σ²). Both are taken relative to the mean over all configurations, since a
    table that is hard for all says nothing about which to choose.

    σ² is the mean square of what the labels of the training tables got wrong
    (`Evidence.noisy`), relative to the mean over the configurations as well: they are
    judged on the same rows, so their errors are correlated, and most of an AUROC's
    variance, see `shrinkage_weight`, is common to all and cancels. Where the evidence
    has nothing noisy, that variance is taken for σ²; it shrinks too much.

    Attributes
    ----------
    between_ : τ². noise_ : σ², None without noisy evidence. mean_ : (n_configs,).

    [1] Efron and Morris, Stein's estimation rule and its competitors, JASA 68, 1973.
    """

    needs_labels = True

    def __init__(self, top=1):
        self.top = top

    def _fit(self, evidence):
        relative = _relative(evidence.values)
        self.mean_ = relative.mean(axis=0)  # (n_configs,)
        self.between_ = float(relative.var(axis=0, ddof=1).mean())  # τ²
        self.level_ = float(evidence.values.mean())
        self.noise_ = None
        if evidence.noisy is not None:
            wrong = _relative(evidence.noisy) - relative[:, None]
            self.noise_ = float((wrong**2).mean())  # σ²

    def weight(self, observed):
        """Return w, how far to trust the labelled rows: a number from 0 to 1."""
        if self.noise_ is None:
            about = self.level_, observed.anomalies, observed.normal
            return shrinkage_weight(self.between_, *about)
        return self.between_ / max(self.between_ + self.noise_, 1e-300)

    def _merit(self, features, observed):
        w = self.weight(observed)
        return w * _relative(observed.values) + (1 - w) * self.mean_


def _relative(values):
    """Return values (..., n_configs) minus their mean over the configurations."""
    return values - values.mean(axis=-1, keepdims=True)


def shrinkage_weight(between, auroc, anomalies, normal):
    """Return how far to trust one AUROC over a few labelled rows: w = τ² / (τ² + σ²), a
    number from 0 to 1.

    between : τ², variance of a configuration's AUROC between tables. auroc : its usual
    level, for σ² as Hanley and McNeil give it [1]. anomalies, normal : how many rows of
    each are labelled.

    [1] Hanley and McNeil, The meaning and use of the area under a ROC curve, Radiology
    143, 1982."""
    q1, q2 = auroc / (2 - auroc), 2 * auroc**2 / (1 + auroc)
    variance = (
        auroc * (1 - auroc)
        + (anomalies - 1) * (q1 - auroc**2)
        + (normal - 1) * (q2 - auroc**2)
    )
    return between / (between + variance / (anomalies * normal))
