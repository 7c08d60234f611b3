"""FewLabelEnsemble: five scores of a row, averaged; the recipe of a stack without
weights learned elsewhere.

References
----------
[1] Zhao and Hryniewicki, XGBOD: Improving Supervised Outlier Detection with
    Unsupervised Representations, IJCNN 2018.
[2] Aggarwal and Sathe, Outlier Ensembles: An Introduction, Springer 2017."""

from numbers import Integral

from sklearn.utils import check_random_state

from metaad.detectors import Detector
from metaad.meta.stack.checks import WHOLE
from metaad.meta.stack.inputs import FIVE
from metaad.meta.stack.label_features import LabelFeatures, tails
from metaad.meta.stack.labels import in_parts, labels_or_none, thinned
from metaad.meta.stack.row_features import TableFeatures

WHO = "FewLabelEnsemble"


class FewLabelEnsemble(Detector):
    """An ensemble of five scores that uses one to ten labelled anomalies [1], [2].

        y = np.full(len(X), -1)                 # nobody has looked at these rows
        y[normal], y[anomalous] = 0, 1          # somebody has looked at those
        detector = FewLabelEnsemble(random_state=0).fit(X, y)
        worst_first = np.argsort(detector.score_samples(X))
        detector.predict(X_new)                 # -1 for an anomaly, +1 for normal

    The score is the mean of five tails, -log(share of the table's rows that stand
    higher): of a random forest on the labelled rows; of extremely randomised trees on
    these rows with the scores of 13 unsupervised detectors beside the columns; of the
    contrast, how much nearer a row lies to a labelled anomaly than to a labelled normal
    row; and of two forests that learn from the top 5 and 10 % of the rows by the mean of
    these three (self-training). Without any label it is the mean tail of the 13
    detectors.

    Nothing in it was learned on other tables, and units of columns do not matter. Twenty
    labelled normal rows or more are advised: rows drawn by lot and looked at.

    Parameters
    ----------
    contamination : share of anomalies expected among the rows of `fit`, in (0, 0.5].
    n_trees : trees of every forest. max_rows : a larger table is described by so many of
        its rows: the labelled ones and a random rest; the threshold is set by all rows.
    progress : bool, show a bar where more than 2,000 rows are scored.
    random_state : int, RandomState or None; a number gives the same scores every time.

    Attributes
    ----------
    labels_ : int array, the labels of the rows kept. n_anomalies_ : labelled anomalies.
    """

    _min_samples = 4

    def __init__(
        self,
        contamination=0.1,
        n_trees=100,
        max_rows=3000,
        progress=True,
        random_state=None,
    ):
        self.contamination = contamination
        self.n_trees = n_trees
        self.max_rows = max_rows
        self.progress = progress
        self.random_state = random_state

    def fit(self, X, y=None):
        """Describe the table X (n, d) and learn from its labels.

        y : array (n,), 1 for an anomaly, 0 for a normal row, -1 for no label; None for
            no label at all. Returns the detector.

        Raises ValueError where only one of the two kinds is labelled, for other labels
        or another length, for NaN or infinity in X."""
        X = self._allowed(X)
        self._check_numbers()
        y = labels_or_none(y, len(X), WHO)
        seed = self.random_state
        if not isinstance(seed, Integral):
            seed = check_random_state(seed).randint(2**31 - 1)
        self.seed_ = int(seed)
        self.rows_, self.labels_ = thinned(X, y, self.max_rows, self.seed_)
        self.n_anomalies_ = int((y == 1).sum())
        self._describe()
        self._learn_offset(X)
        return self

    def fit_predict(self, X, y=None):
        """Fit to the table X (n, d) and its labels y, and return `predict(X)`."""
        return self.fit(X, y).predict(X)

    def _describe(self):
        table = TableFeatures(self.rows_, self.n_trees, self.seed_)
        some = self.n_anomalies_ > 0
        self.features_ = LabelFeatures.of(table, self.labels_) if some else table

    def _restored(self):
        """What a file does not hold: forests and neighbours, made again from the rows.

        Raises ValueError if the labels do not fit."""
        self._check_numbers()
        if len(self.rows_) > WHOLE["max_rows"][1]:
            raise ValueError(f"it describes {len(self.rows_)} rows, more than it may")
        labels_or_none(self.labels_, len(self.rows_), WHO)
        if self.n_anomalies_ != (self.labels_ == 1).sum():
            raise ValueError(f"it has not {self.n_anomalies_} labelled anomalies")
        self._describe()

    def _anomaly(self, X):
        return in_parts(self._mean_tail, X, self.progress)

    def _mean_tail(self, X):
        found = self.features_(X)
        found = found[:, FIVE] if self.n_anomalies_ else found
        return tails(found, len(self.rows_)).mean(axis=1)

    def _check_numbers(self):
        for name in ("n_trees", "max_rows"):
            value, (least, most) = getattr(self, name), WHOLE[name]
            whole = isinstance(value, Integral) and not isinstance(value, bool)
            if not whole or not least <= value <= most:
                raise ValueError(
                    f"{name} must be a whole number from {least} to {most}, got {value!r}"
                )
