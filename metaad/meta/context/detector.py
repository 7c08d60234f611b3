"""A detector that reads a table as its context and scores new rows with no fitting.

What was learned, over hundreds of tables, is how far to trust each of some sixty ways of
being unusual, and on what kind of table. Nothing is learned about the table at hand.

References
----------
[1] Shen, Wen and Akoglu: FoMo-0D, a foundation model for zero-shot tabular outlier
    detection, TMLR 2025. There a transformer, trained on synthetic tables, reads the
    context.
[2] Ding, Wen, Klüttermann and Akoglu: From zero to hero, advancing zero-shot foundation
    models for tabular outlier detection, 2026. OutFormer, and OddBench.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from metaad.detectors import Detector
from metaad.meta.context import boosted
from metaad.meta.context.rows import BASE, Context
from metaad.meta.context.twice import LEFT_OUT, kept
from metaad.meta.stack.labels import label_values
from metaad.progress import progress as show_progress
from metaad.tasks.parts import SETTINGS

SHIPPED = Path(__file__).parent / "models"
MOST_READ = 10_000  # rows of one context
AVERAGE = "average"  # the model that learned nothing
BLOCK = 2000  # rows scored at a time
WHO = "ContextDetector"


class ContextDetector(Detector):
    """Read rows as a context; score rows by what was learned over many tables [1, 2].

        from metaad import ContextDetector, anomaly_score
        detector = ContextDetector.load("tables-v1").fit(X)
        scores = anomaly_score(detector, new_rows)

    `fit` reads: distances between the rows, counts of values, a small Isolation Forest.
    A row is then described by some sixty numbers, each compared with those of the rows
    that were read, and boosted trees learned over OddBench's tables turn them into one
    score. Columns may have any scale; the score depends on ranks and standardised
    values, and not on the order of rows or columns.

    Parameters
    ----------
    model : "tables-v1", which comes with the package; "average", the mean of the
        numbers' -log p, which learned nothing; or the path of a file that
        `boosted.write` wrote.
    context : "clean" if the rows that are read are normal, or nearly all; "mixed" if
        anomalies may be among them.
    most_rows : int ≥ 8, rows read at most; of more, so many are drawn.
    left_out : float in [0, 0.5], share of the rows read that a second reading leaves
        out: those that the others find most anomalous. 0 reads once. None is a tenth in
        a mixed context, which is what was measured (lesson 12), and 0 in a clean one.
    contamination : float in (0, 0.5], share of the rows read beyond the threshold.
    random_state : int, of the rows drawn, the forest and the pairs of columns.

    Attributes
    ----------
    rows_ : float64 array (n, d), the rows that were read, n ≤ most_rows.
    kept_ : bool array (n,), those of them that the context holds.
    offset_ : float, threshold on `score_samples`.
    n_features_in_ : int, d.

    Raises
    ------
    ValueError
        from `fit` for fewer than 8 rows, NaN or infinity, or a parameter out of range;
        from `load` and `fit` if there is no such model or its file is damaged.

    Notes
    -----
    `fit(X, known=labels)` takes a few labels: it leaves known anomalies out and known
    normal rows in. On OddBench's tables that adds a little; with labels of both kinds
    `FewLabelEnsemble` gets far more out of them there (lesson 12).

    A row that was read and is scored again is judged without itself, so that `fit(X)`
    followed by `score_samples(X)` is fair. The score has no unit: log odds of an anomaly
    where half of the rows are.

    On tables that neither taught nor chose, the mean of the same numbers' -log p, with
    nothing learned (`model="average"`), gains as much AUROC over the best single
    detector; what was learned is average precision, the top of the list (lesson 12).

    In a mixed context a second reading adds average precision, on tables that chose
    nothing as well. Rows beyond all that stay are hardly told apart: for alerts at a
    rate below `left_out`, read once.
    """

    _min_samples = 8
    _squares = True

    def __init__(
        self,
        model="tables-v1",
        context="clean",
        most_rows=1000,
        contamination=0.1,
        random_state=0,
        left_out=None,
    ):
        self.model = model
        self.context = context
        self.most_rows = most_rows
        self.contamination = contamination
        self.random_state = random_state
        self.left_out = left_out

    @classmethod
    def load(cls, model="tables-v1", **parameters):
        """Return a detector with a model that comes with the package, or with that of a
        file; `parameters` as the constructor takes them.

        Raises
        ------
        ValueError
            if there is no such model, or the file is damaged.
        """
        _scorers(str(model))
        return cls(model=str(model), **parameters)

    def fit(self, X, y=None, known=None):
        """Read the table X (n, d), and what is known of its rows; y is ignored, as
        scikit-learn's detectors do. Returns the detector.

        known : array (n,), 1 for a row known as an anomaly, which the context then
            never holds; 0 for one known as normal, which a second reading leaves in; -1
            for one that nobody has looked at. None if nobody has looked at any.

        Raises ValueError for other labels or another length, for fewer than 8 rows that
        are no known anomalies, NaN or infinity in X, a parameter out of range."""
        X = self._allowed(X)
        known = np.full(len(X), -1) if known is None else known
        known = label_values(known, len(X), WHO)
        self._check_parameters()
        X, normal = X[known != 1], known[known != 1] == 0
        if len(X) < self._min_samples:
            raise ValueError(
                f"{WHO} reads at least {self._min_samples} rows that are not labelled "
                f"as anomalies, got {len(X)}; give it more rows."
            )
        some = self._drawn(normal)
        self.rows_, self.kept_ = X[some], np.ones(len(some), bool)
        self._restored()
        if share := self._left_out():
            self.kept_ = kept(self.rows_, self.read_, self._trees(), share)
            self.kept_ |= normal[some]
            self._restored()
        self._learn_offset(X)
        return self

    def _check_parameters(self):
        if self.context not in SETTINGS:
            raise ValueError(
                f'context must be "clean" or "mixed", got {self.context!r}.'
            )
        if self.most_rows < self._min_samples:
            raise ValueError(
                f"most_rows must be at least {self._min_samples}, got {self.most_rows}."
            )
        if not 0 <= self._left_out() <= 0.5:
            raise ValueError(f"left_out must be in [0, 0.5], got {self.left_out}.")
        _scorers(str(self.model))

    def _drawn(self, normal):
        """Return the places of the rows to read, at most `most_rows`: those known as
        normal, bool array (n,), come first, and then chance decides.
        """
        if len(normal) <= self.most_rows:
            return np.arange(len(normal))
        rng = np.random.default_rng(self.random_state)
        some = rng.choice(len(normal), self.most_rows, replace=False)
        known = rng.permutation(np.flatnonzero(normal))[: self.most_rows]
        rest = some[~normal[some]][: self.most_rows - len(known)]
        return np.sort(np.r_[known, rest])

    def _restored(self):
        """What a file does not hold: the context, read again from its rows."""
        if len(self.rows_) > MOST_READ:
            raise ValueError(
                f"a context of {len(self.rows_):,} rows needs too much memory, which "
                f"grows with their square; most_rows must be {MOST_READ:,} or less"
            )
        self.read_ = Context(self.rows_[self.kept_], self.random_state or 0)

    def _left_out(self):
        if self.left_out is None:
            return LEFT_OUT if self.context == "mixed" else 0.0
        return self.left_out

    def _learn_offset(self, X):
        """Every row that was read is judged without itself, twins or not; those that
        were left out are judged as new ones.
        """
        scores = -self._trees()(self.read_.compared(self.read_.own))
        if not self.kept_.all():
            scores = np.r_[scores, -self._anomaly(self.rows_[~self.kept_])]
        self.offset_ = float(np.percentile(scores, 100.0 * self.contamination))

    def _anomaly(self, X):
        trees = self._trees()
        blocks = [X[i : i + BLOCK] for i in range(0, len(X), BLOCK)]
        if len(blocks) > 5:
            label = f"{BLOCK} rows each"
            blocks = show_progress(blocks, total=len(blocks), label=label)
        return np.concatenate([trees(self.read_(block)) for block in blocks])

    def _trees(self):
        return _scorers(str(self.model))[self.context]


def average(numbers):
    """Return the mean of -log p over the ways of being unusual: (m, NUMBERS) -> (m,).

    Nothing is learned: the control of what is."""
    return numbers[:, : len(BASE)].mean(axis=1)


@lru_cache(maxsize=4)
def _scorers(model):
    """The scorers of a model by its name or path: dict "clean", "mixed" -> Trees."""
    if model == AVERAGE:
        return dict.fromkeys(SETTINGS, average)
    shipped = SHIPPED / f"{model}.safetensors"
    path = shipped if shipped.exists() else Path(model)
    if not path.exists():
        known = ", ".join(
            [AVERAGE, *sorted(p.stem for p in SHIPPED.glob("*.safetensors"))]
        )
        raise ValueError(f"there is no model {model!r}: not a file, and not {known}.")
    scorers, _ = boosted.read(path)
    missing = [kind for kind in SETTINGS if kind not in scorers]
    if missing:
        raise ValueError(f"{path} has no trees for a {missing[0]} context.")
    return scorers
