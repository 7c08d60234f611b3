"""Isolation Forest [1, 2], from scratch: all trees grown at once, level by level, and
walked the same way (`trees`).

A tree cuts its sample of rows at random until every row is alone. An anomaly is alone
after few cuts, so a short path from the root to the leaf means anomalous.

References
----------
[1] Liu, Ting and Zhou, Isolation Forest, ICDM 2008.
[2] Liu, Ting and Zhou, Isolation-based anomaly detection, ACM TKDD 6(1), 2012.
"""

import warnings
from concurrent.futures import ThreadPoolExecutor
from numbers import Integral, Real

import numpy as np
from joblib import effective_n_jobs
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from metaad.detectors.base import Detector
from metaad.detectors.forest.leaf_values import MOST_ROWS, learned_paths
from metaad.detectors.forest.split_policy import column_statistics, load
from metaad.detectors.forest.trees import average_path_length, grow, walk

# path lengths are whole multiples of 1/GRID, so their sums over trees are exact in any
# order
GRID = 2.0**30
# (tree, row) pairs walked at a time: small enough for a core's cache, large enough to
# keep it busy
BLOCK = 2**16


class IsolationForest(Detector):
    """Isolation Forest: the rows that random cuts isolate soonest are the anomalies [1,
    2].

    The anomaly score is 2 ** (-E[h(x)] / c(psi)), equation 2 of [1], in (0, 1]: h(x) is
    the path length of row x, E the mean over trees, c(psi) the mean path length in a
    tree of psi rows. Near 1: an anomaly; well below 0.5: normal.

    Parameters
    ----------
    n_estimators : int, number of trees. 100 is the paper's choice; more make the scores
        less noisy, not better.
    max_samples : "auto", int or float, psi, the rows drawn without replacement for each
        tree. "auto" is min(256, n), the paper's choice; a float is a share of the n
        rows; an int above n is cut to n with a warning. Small samples work because they
        thin out anomalies that would hide one another (masking) [1].
    contamination : "auto" or number in (0, 0.5]. "auto" calls rows with an anomaly
        score above 0.5 anomalies; a number sets the threshold so that this share of the
        training rows lies beyond it.
    n_jobs : int or None, threads that score; as in scikit-learn, None means one unless
        a joblib context says otherwise, -1 all cores. The scores are the same bytes for
        any number.
    policy : None, or what grows and reads the forest instead of chance and path
        lengths: "halved", the path of a JSON file, or a SplitPolicy; see
        `metaad.detectors.forest.split_policy` and `leaf_values`. In "halved" a leaf
        says 2^-h where the paper's says -h, and each cut halves it. Fitted on normal
        rows alone it gained .014 AUROC [.005, .023] on 119 tables of OddBench and .007
        [-.008, .025] on 27 of ADBench, intervals corrected for six kinds; with
        anomalies among them it gained nothing sure (`many_table_forest.json`), and on
        the bundled tables it did harm.
        Nothing that was learned from up to 297 tables gained surely, see lesson 14.
    random_state : int, RandomState or None, as in scikit-learn.

    Attributes
    ----------
    max_samples_ : int, psi.
    feature_ : intp array (n_estimators, 2**levels - 1), the feature that a node cuts,
        root first, level by level; levels = ceil(log2(psi)). The children of node i are
        the nodes 2i + 1 and 2i + 2.
    threshold_ : float64 array (n_estimators, 2**levels - 1); rows above it go right;
        +inf where a node is not cut (a leaf, or below one).
    leaf_size_ : intp array (n_estimators, 2**levels), training rows in each place of
        the lowest level, left to right (a leaf higher up stands at its leftmost place);
        0 where there is no leaf.
    leaf_path_ : float64 array (n_estimators, 2**levels), path length of rows that end
        there: cuts + c(leaf size). With a policy that has a score, what stands
        for it; then E[h] may fall below 0 and a score exceed 1.
    offset_ : float, rows with `score_samples` below it are called anomalies.
    n_features_in_ : int, d.

    Raises
    ------
    ValueError
        from `fit` for a parameter out of range, NaN or infinity in X, or fewer than 2
        rows; from the scoring methods for NaN, infinity or another number of columns.
        scikit-learn's forest takes missing values and sparse matrices; this one does
        not: fill them in or leave the rows out first, and turn sparse ones with
        `.toarray()`.

    Notes
    -----
    scikit-learn's forest rounds X to float32 and so cannot part rows that differ in the
    eighth digit; this one keeps float64. It has no `bootstrap`, `max_features`,
    `sample_weight` or `warm_start`: the paper's forest has none."""

    _auto_offset = -0.5

    def __init__(
        self,
        n_estimators=100,
        *,
        max_samples="auto",
        contamination="auto",
        policy=None,
        n_jobs=None,
        random_state=None,
    ):
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.contamination = contamination
        self.policy = policy
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _fit(self, X):
        n, d = X.shape
        if not _whole(self.n_estimators) or self.n_estimators < 1:
            raise ValueError(
                f"n_estimators must be a whole number of trees, 1 or more, got "
                f"{self.n_estimators!r}."
            )
        psi = self.max_samples_ = self._psi(n)
        rng = np.random.default_rng(
            check_random_state(self.random_state).randint(2**31, size=4)
        )
        # how many trees of a kind, and what draws their cuts
        kinds, score = [(self.n_estimators, ())], {}
        # samples grown together take 32 MB: 1,638 trees of 256 rows, 10 features
        block = max(1, 2**22 // (psi * d))
        if self.policy is not None:
            policy = load(self.policy)
            score = policy.score
            if policy.weights:
                learned = policy.learned_trees(self.n_estimators)
                kinds = [
                    (learned, (policy.drawer(column_statistics(X, rng)),)),
                    (self.n_estimators - learned, ()),
                ]
                # proposals need room too
                block = max(1, 2**22 // (psi * (d + 4 * policy.proposals)))
        grown = []
        for count, draw in kinds:
            for start in range(0, count, block):
                trees = range(start, min(start + block, count))
                samples = X[
                    np.stack(
                        [
                            rng.choice(n, psi, replace=False, shuffle=False)
                            for _ in trees
                        ]
                    )
                ]
                grown.append(grow(samples, rng, *draw))
        self.feature_, self.threshold_, self.leaf_size_, depth = map(
            np.concatenate, zip(*grown, strict=True)
        )
        self.leaf_path_ = depth + _on_grid(average_path_length(self.leaf_size_))
        if score:
            rows = X if n <= MOST_ROWS else X[rng.choice(n, MOST_ROWS, replace=False)]
            trees = self.feature_, self.threshold_, self.leaf_path_
            self.leaf_path_ = _on_grid(
                learned_paths(rows, trees, self.leaf_size_, score)
            )

    def _restored(self):
        """Whether trees from a file are trees: `walk` asks no questions."""
        nodes, leaves = self.feature_.shape[1], self.leaf_size_.shape[1]
        last = self.n_features_in_ - 1
        if nodes != leaves - 1 or leaves & nodes or not len(self.feature_):
            raise ValueError(f"trees of {nodes} nodes have no {leaves} leaves")
        if self.feature_.min() < 0 or self.feature_.max() > last:
            raise ValueError(f"trees of this table cut features 0 to {last} only")

    def path_lengths(self, X):
        """Return h(x) of every row in every tree: X (n, d) -> float64 array
        (n_estimators, n), in cuts.

        Cuts on the way to the leaf, plus c(size) for the training rows that the leaf
        still holds together."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        return np.concatenate(self._walk(X, lambda h: h), axis=1)

    def _anomaly(self, X):
        # (n,), E[h(x)]
        h = np.concatenate(self._walk(X, lambda h: h.sum(axis=0))) / len(self.feature_)
        c = _on_grid(average_path_length(self.max_samples_))
        # trees of one row cut nothing: no row stands out
        ratio = h / c if c > 0 else np.ones_like(h)
        return np.exp2(-ratio)  # equation 2 of [1]

    def _walk(self, X, reduce):
        """`reduce` of the path lengths (n_trees, m) of each block of m rows: list,
        in the order of the rows.
        """
        step = max(1, BLOCK // len(self.feature_))
        blocks = [X[i : i + step] for i in range(0, len(X), step)]
        tables = self._levels()
        n_threads = min(effective_n_jobs(self.n_jobs), len(blocks))
        if n_threads == 1:
            return [reduce(walk(block, *tables)) for block in blocks]
        # NumPy lets go of the interpreter lock while it works
        with ThreadPoolExecutor(n_threads) as pool:
            return list(pool.map(lambda block: reduce(walk(block, *tables)), blocks))

    def _levels(self):
        """The trees cut into levels, as `walk` takes them."""
        n_levels = self.leaf_size_.shape[1].bit_length() - 1
        spans = [slice(2**level - 1, 2 ** (level + 1) - 1) for level in range(n_levels)]
        feature, threshold = (
            [table[:, s].ravel() for s in spans]
            for table in (self.feature_, self.threshold_)
        )
        return feature, threshold, self.leaf_path_

    def _psi(self, n):
        """Rows for each tree, from `max_samples` and the n rows at hand."""
        psi = self.max_samples
        if isinstance(psi, str) and psi == "auto":
            return min(256, n)
        if _whole(psi) and psi >= 1:
            if psi > n:
                warnings.warn(
                    f"max_samples ({psi}) is greater than the number of rows ({n}). "
                    f"max_samples will be set to "
                    'n_samples for estimation. Pass max_samples="auto" to have min(256, n).',
                    stacklevel=4,
                )
            return int(min(psi, n))
        if (
            isinstance(psi, Real)
            and not isinstance(psi, Integral)
            and 0.0 < psi <= 1.0
            and int(psi * n) >= 1
        ):
            return int(psi * n)
        raise ValueError(
            f'max_samples must be "auto", a whole number of rows, 1 or more, '
            f"or a share of the rows in (0.0, 1.0] "
            f"that comes to 1 row or more; got {psi!r} for {n} rows."
        )


def _on_grid(path):
    """The nearest multiple of 1 / GRID: it also hides the last digit of `log`, which
    differs between CPUs.
    """
    return np.round(path * GRID) / GRID


def _whole(value):
    return isinstance(value, Integral) and not isinstance(value, bool)
