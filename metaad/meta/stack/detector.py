"""A stack at work on one table."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from metaad.detectors import Detector
from metaad.meta.stack.inputs import inputs, support_inputs
from metaad.meta.stack.label_features import LabelFeatures
from metaad.meta.stack.row_features import TableFeatures
from metaad.progress import progress as show_progress


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
        self.labels_ = _checked_labels(y, np.shape(X)[0] if np.ndim(X) else 0)
        return super().fit(X)

    def _fit(self, X):
        stack, y = self.stack, self.labels_
        if len(X) > stack.max_rows:  # neighbours of all rows would need n² distances
            rest = np.random.default_rng(stack.random_state).permutation(
                np.flatnonzero(y == -1)
            )
            n_rest = max(0, stack.max_rows - int((y != -1).sum()))
            kept = np.sort(np.concatenate([np.flatnonzero(y != -1), rest[:n_rest]]))
            X, y = X[kept], y[kept]
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
        stack, y = self.stack, self.labels_
        where = np.flatnonzero(y != -1)
        table = TableFeatures(self.rows_, stack.n_trees, stack.random_state)
        self.features_ = LabelFeatures(table, where, y[where])

    def _restored(self):
        """What a file does not hold: forests and neighbours, made again from the rows.

        Raises ValueError if labels or weights do not fit."""
        check_is_fitted(self.stack, "weights_")
        _checked_labels(self.labels_, len(self.rows_))
        if self.n_anomalies_ != (self.labels_ == 1).sum():
            raise ValueError(f"it has not {self.n_anomalies_} labelled anomalies")
        self._describe()

    def _anomaly(self, X):
        parts = np.array_split(X, -(-len(X) // 2000))
        if self.stack.progress and len(parts) > 1:
            parts = show_progress(parts, total=len(parts), label="2,000 rows each")
        return np.concatenate([self.inputs(part) @ self.weights_ for part in parts])

    def inputs(self, X):
        """Return what the head sees of rows X (m, d): array (m, 65)."""
        return inputs(self.features_(X), self.n_rows_, self.n_anomalies_)

    def __sklearn_clone__(self):
        # what was learned stays
        return StackDetector(self.stack, self.contamination, self.random_state)


def _checked_labels(y, n):
    y = np.asarray(y)
    numbers = y.dtype.kind in "iufb"
    if not numbers or y.shape != (n,) or not np.isin(y, (-1, 0, 1)).all():
        values = ", ".join(dict.fromkeys(map(repr, y.ravel().tolist()[:200])))
        raise ValueError(
            f"a stack needs one label a row, ({n},): 1 anomaly, 0 normal, -1 no "
            f"label; got {y.dtype} of shape {y.shape} with values {values:.60}. Words "
            "and gaps must be turned into these three numbers first."
        )
    for label, name in ((1, "anomaly"), (0, "normal row")):
        if not (y == label).any():
            raise ValueError(
                f"a stack adapts to labels and got no labelled {name} (y = {label}); "
                f"label at least one, or use a "
                "detector that needs no labels, such as IsolationForest."
            )
    return y.astype(np.int64)
