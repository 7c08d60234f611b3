"""A stack at work on one table."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from metaad.detectors import Detector
from metaad.meta.stack.inputs import inputs, support_inputs
from metaad.meta.stack.label_features import LabelFeatures
from metaad.meta.stack.labels import checked_labels, in_parts, thinned
from metaad.meta.stack.row_features import TableFeatures


class StackDetector(Detector):
    """A stack at work on one table: made by `Stack.adapt`, scores rows of that table
    and new ones.

    stack : a meta-trained Stack. contamination : share of anomalies expected in the
    table, in (0, 0.5]. random_state is not used: the stack has its own."""

    _min_samples = 4

    def __init__(self, stack, contamination=0.1, random_state=None):
        self.stack = stack
        self.contamination = contamination
        self.random_state = random_state

    def fit(self, X, y):
        """Describe the table X (n, d) and adapt to its labels y (n,): 1 anomaly, 0
        normal, -1 no label.
        """
        self.labels_ = checked_labels(y, np.shape(X)[0] if np.ndim(X) else 0)
        return super().fit(X)

    def _fit(self, X):
        stack = self.stack
        X, y = thinned(X, self.labels_, stack.max_rows, stack.random_state)
        self.rows_, self.labels_ = X, y
        self._describe()
        self.n_rows_, self.n_anomalies_ = len(X), int((y == 1).sum())
        where = np.flatnonzero(y != -1)
        support = (
            support_inputs(self.features_, len(X), stack.cross_fit)
            if stack.steps
            else None
        )
        self.weights_ = stack.adapted_weights(support, y[where])

    def _describe(self):
        """Describe the rows that are kept: everything about them but the weights."""
        stack = self.stack
        table = TableFeatures(self.rows_, stack.n_trees, stack.random_state)
        self.features_ = LabelFeatures.of(table, self.labels_)

    def _restored(self):
        """What a file does not hold: forests and neighbours, made again from the rows.

        Raises ValueError if labels or weights do not fit."""
        check_is_fitted(self.stack, "weights_")
        checked_labels(self.labels_, len(self.rows_))
        if self.n_anomalies_ != (self.labels_ == 1).sum():
            raise ValueError(f"it has not {self.n_anomalies_} labelled anomalies")
        self._describe()

    def _anomaly(self, X):
        score = lambda part: self.inputs(part) @ self.weights_  # noqa: E731
        return in_parts(score, X, self.stack.progress)

    def inputs(self, X):
        """Return what the head sees of rows X (m, d): array (m, 65)."""
        return inputs(self.features_(X), self.n_rows_, self.n_anomalies_)

    def __sklearn_clone__(self):
        # what was learned stays
        return StackDetector(self.stack, self.contamination, self.random_state)
