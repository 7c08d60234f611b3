"""The detector that a meta-learner hands out."""

from contextlib import contextmanager

import torch

from metaad.detectors import Detector


class FewShotDetector(Detector):
    """A detector that learns from a few rows by what a meta-learner has learned before.

    learner : a fitted meta-learner. contamination : "auto" keeps the meta-learned
    threshold, a number sets one by the rows given to `fit`. random_state is not used:
    adaptation is deterministic."""

    _auto_offset = 0.0

    def __init__(self, learner, contamination="auto", random_state=None):
        self.learner = learner
        self.contamination = contamination
        self.random_state = random_state

    def fit(self, X, y=None):
        """Adapt to the rows X (k, d). y : array (k,), 1 for an anomaly; None if all
        are normal.
        """
        X, self._labels = self.learner._checked(X, y)
        return super().fit(X)

    def _fit(self, X):
        learner = self.learner
        with evaluation(learner.module_):
            self._scorer = learner._scorer(
                learner._rows(X), learner._batch_of_one(self._labels)
            )

    def _anomaly(self, X):
        with evaluation(self.learner.module_), torch.no_grad():
            return self._scorer(self.learner._rows(X))[0].double().cpu().numpy()

    def __sklearn_clone__(self):
        # what was learned stays
        return FewShotDetector(self.learner, self.contamination, self.random_state)


@contextmanager
def evaluation(module):
    """Batch norm on running statistics and no dropout in this block; then as before."""
    training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(training)
