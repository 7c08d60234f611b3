"""The detector that a meta-learner makes of a few rows."""

from contextlib import contextmanager

from metaad.detectors import Detector


class FewShotDetector(Detector):
    """Learn from a few rows by what a meta-learner has learned before.

    learner : a fitted meta-learner.
    contamination : "auto" keeps the meta-learned threshold, a number sets one by the
        rows given to `fit`.
    random_state : not used: adaptation is deterministic.
    """

    _auto_offset = 0.0

    def __init__(self, learner, contamination="auto", random_state=None):
        self.learner = learner
        self.contamination = contamination
        self.random_state = random_state

    def fit(self, X, y=None):
        """Adapt to the rows X (k, d). y : array (k,), 1 for an anomaly, or None."""
        X, y = self.learner.check_support(X, y)
        return self.keep(self._adapt(X, y), X, y)

    def _adapt(self, X, y):
        learner = self.learner
        with evaluation(learner.module_):
            return learner.adapted(learner.rows(X), learner.batch(y))

    def _restored(self):
        """Adapt to the support again: what a file does not hold."""
        y = getattr(self, "support_y_", None)
        self._adapted = self._adapt(*self.learner.check_support(self.support_, y))

    def keep(self, adapted, X, y=None):
        """Score with networks that were adapted to X (k, d), y (k,) or None; return the
        detector.
        """
        self._adapted, self.support_ = adapted, X
        vars(self).pop("support_y_", None)
        if y is not None:
            self.support_y_ = y
        return super().fit(X)

    def _fit(self, X):
        """Do nothing: `keep` has what was adapted."""

    def _anomaly(self, X):
        with evaluation(self.learner.module_):
            return self.learner.anomaly(self._adapted, self.learner.rows(X))[0]

    def __sklearn_clone__(self):
        # what was learned stays
        return FewShotDetector(self.learner, self.contamination, self.random_state)


@contextmanager
def evaluation(module):
    """Use running statistics and no dropout in this block; then restore the mode."""
    training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(training)
