"""Tables described for the experiment many_table_labels: for every draw of labels, the
rows to judge by as numbers that mean the same on every table.
"""

import time
import zlib

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from metaad.detectors import anomaly_score
from metaad.meta.stack import LabelContrast
from metaad.meta.stack.label_features import FEATURES, LABELLED, LabelFeatures
from metaad.meta.stack.row_features import BANK, TableFeatures
from metaad.repro import cache
from metaad.tasks.parts import read_and_judged

COUNTS, N_NORMAL, N_TREES = (1, 2, 5, 10), 50, 30
MOST_READ, MOST_JUDGED, MOST_LEARNED = 600, 1000, 400
ABOUT = (
    "log10 labelled anomalies",
    "log10 labelled normal rows",
    "log10 rows",
    "log10 columns",
    "distinct values",
    "agreement of the bank",
    *(f"labels favour {name}" for name in BANK),
)
COLUMNS = (
    *FEATURES,
    *(f"raw {name}" for name in LABELLED),
    *(f"deviation {name}" for name in BANK),
    *ABOUT,
)


def drawn(y, seed):
    """Return rows in the order in which they get labels: (anomalies, normal rows), int
    arrays; fewer labels are the first of more.
    """
    rng = np.random.default_rng(seed)
    return tuple(rng.permutation(np.flatnonzero(y == label)) for label in (1, 0))


def describe(name, path, draw, most_judged, counts=COUNTS):
    """Write one table under one draw of labels to an .npz, unless it is there.

    Of at most 600 rows that are read ("mixed": at most a tenth are anomalies) c of
    `counts` anomalies, or all there are, and 50 normal rows get a label; other rows
    judge. The file holds y (m,), x (c, m, 79) of COLUMNS, plain (c, 2, m): the scores of
    LabelContrast and of a logistic regression on the labels; a (c,), anomalies labelled;
    counts (c,). Of a table without an anomaly among the rows read only its seconds are kept."""
    code = [TableFeatures, LabelFeatures, LabelContrast, described]
    of = {"name": name, "draw": draw, "judged": most_judged, "read": MOST_READ}
    of |= {"trees": N_TREES, "counts": counts, "normal": N_NORMAL}
    key = cache.key(code=code, **of)
    if cache.stored(path, key) is not None:
        return
    began = time.process_time()
    X, Q, y, y_read = read_and_judged(name, "mixed", MOST_READ, most_judged, draw)
    kept = X.std(axis=0) > 0
    found = {}
    if y_read.any() and 0 < y.sum() < len(y) and kept.any():
        seed = [draw, zlib.crc32(name.encode())]
        found = described(X[:, kept], y_read, Q[:, kept], seed, counts) | {"y": y}
    cache.keep(path, key, **found, seconds=time.process_time() - began)
    print(name, draw, flush=True)


def described(X, y_read, Q, seed, counts):
    """Return x, plain, a and counts of `describe` for a table X (n, d) and rows Q (m, d)."""
    table = TableFeatures(X, N_TREES, 0)
    deviations = _deviations(table, Q)
    anomalies, normal = drawn(y_read, seed)
    normal = normal[: min(N_NORMAL, len(normal))]
    x, plain, used = [], [], []
    for count in counts:
        few = np.full(len(X), -1)
        few[anomalies[:count]], few[normal] = 1, 0
        used.append(min(count, len(anomalies)))
        if len(used) > 1 and used[-1] == used[-2]:  # no more anomalies than before
            x.append(x[-1])
            plain.append(plain[-1])
            continue
        labelled = LabelFeatures.of(table, few)
        shares, raw = labelled.new(Q)
        about = np.tile(_about(table, labelled), (len(Q), 1))
        x.append(np.concatenate([shares, raw, deviations, about], axis=1))
        plain.append(_plain(X, few, Q))
    found = {"x": np.float32(x), "plain": np.float32(plain), "a": np.array(used)}
    return found | {"counts": np.array(counts)}


def _deviations(table, Q):
    """Scores of the bank, robust z by the table's own rows, cut off at -5 and 15."""
    low, middle, high = np.percentile(table.raw, (25, 50, 75), axis=0)
    scores = table.scores(table.spaces(Q), Q, np.full(len(Q), -1))
    spread = np.where(high > low, high - low, 1e-12 + table.raw.std(axis=0))
    return np.clip((scores - middle) / spread, -5.0, 15.0)


def _about(table, labelled):
    """What is the same for all rows of a table under one draw: array (19,)."""
    X, y = table.X, labelled.y
    counts = [(y == 1).sum(), (y == 0).sum(), *X.shape]
    distinct = np.mean([len(np.unique(c)) / len(c) for c in X.T])
    ranks = table.bank + 1e-9 * np.arange(len(X))[:, None]  # a constant score, too
    agreement = np.corrcoef(ranks.T)[np.triu_indices(len(BANK), 1)].mean()
    return np.array([*np.log10(counts), distinct, agreement, *labelled.auc])


def _plain(X, few, Q):
    """Scores of two methods that see the labelled rows alone: array (2, m)."""
    contrast = LabelContrast().fit(X, few)
    logistic = make_pipeline(
        StandardScaler(), LogisticRegression(class_weight="balanced")
    )
    labelled = few != -1
    logistic.fit(X[labelled], few[labelled])
    return np.stack([anomaly_score(contrast, Q), logistic.decision_function(Q)])
