"""Strategies put to the test: choose for tables of a family that was held out, then fit
the choice anew.

For each held-out table a strategy sees the other families' results, the table's
meta-features and, where there are labels, what they say about each configuration. Its
choice is judged twice: on the very scores it was made by (`same`), and on those of the
same configuration fitted with another seed (`refit`). Only the second is what a reader
will get."""

from typing import NamedTuple

import numpy as np

from metaad import metrics
from metaad.search.space import space
from metaad.search.tuning.strategies import Evidence, Observed
from metaad.tasks.labels import draw_labels


class Result(NamedTuple):
    """How a strategy did on each held-out table, means over seeds and draws of labels.

    auroc, ap : float64 (n_tables,), the choice fitted anew with another seed.
    auroc_same, ap_same : on the scores that the choice was made by. chosen : list of
    n_tables labels, the configuration chosen most often."""

    auroc: np.ndarray
    ap: np.ndarray
    auroc_same: np.ndarray
    ap_same: np.ndarray
    chosen: list


def codes_of(found):
    """Candidates as numbers, (n_candidates, m): which detector (one column each),
    then each detector's own code.
    """
    kinds = list(dict.fromkeys(c.kind for c in found))
    blocks = [
        [space(c.detector).encode(c.config) for c in found if c.kind == kind]
        for kind in kinds
    ]
    rows, start = [], 0
    width = sum(len(b[0]) for b in blocks)
    for kind, block in zip(kinds, blocks, strict=True):
        for code in block:
            row = np.zeros(width)
            row[start : start + len(code)] = code
            rows.append(np.r_[np.array(kinds) == kind, row])
        start += len(block[0])
    return np.array(rows, dtype=np.float64)


def hold_out(
    strategies,
    matrix,
    features,
    codes,
    scores,
    *,
    default=0,
    labels=None,
    stand_in=None,
    draws=5,
    seed=0,
):
    """Judge strategies on every table, with all tables of its family held out.

    Parameters
    ----------
    strategies : dict name -> Strategy. matrix : Matrix. features : (n_tables, p). codes
        : (n_candidates, m).
    scores : function (table number, seed) -> (scores (n_candidates, n), y (n,)), the
        raw scores of the matrix.
    default : column of the default configuration.
    labels : (anomalies, normal), how many rows of each kind are labelled, at most half
        of those that the table has; the rest is judged. None: nothing is labelled, and
        all rows are judged.
    stand_in : float64 (n_tables, n_candidates), scores on made-up anomalies that stand
        in for missing labels.
    draws : how often labelled rows are drawn. seed : of these draws.

    Returns
    -------
    dict name -> Result
    """
    n_tables, _, n_seeds = matrix.auroc.shape
    n_draws = draws if labels else 1
    judge = _Judge(scores)
    rows = _labelled(scores, n_tables, n_draws, labels, seed) if labels else None
    # Observed of [table][seed][draw]
    seen = _observations(scores, rows, n_tables, n_seeds, labels, stand_in)
    families = np.array(matrix.families)
    values = matrix.auroc.mean(axis=2)  # (n_tables, n_candidates)
    found = {}
    for name, strategy in strategies.items():
        cells, chosen = np.full((4, n_tables), np.nan), [None] * n_tables
        for family in dict.fromkeys(matrix.families):
            train = np.flatnonzero(families != family)
            noisy = None
            if seen is not None:
                # (n_train, draws, n_configs)
                noisy = np.array(
                    [[o.values for s in seen[t] for o in s] for t in train]
                )
            strategy.fit(
                Evidence(values[train], features[train], codes, default, noisy)
            )
            for t in np.flatnonzero(families == family):
                same, refit, picked = [], [], []
                for s in range(n_seeds):
                    for r in range(n_draws):
                        columns = tuple(
                            strategy.choose(
                                features[t], seen[t][s][r] if seen is not None else None
                            )
                        )
                        left_out = rows[t][r] if rows is not None else None
                        picked.append(columns[0])
                        same.append(judge(t, s, columns, r, left_out))
                        refit += [
                            judge(t, o, columns, r, left_out)
                            for o in range(n_seeds)
                            if o != s
                        ]
                cells[:2, t] = np.mean(refit or same, axis=0)
                cells[2:, t] = np.mean(same, axis=0)
                chosen[t] = matrix.labels[np.bincount(picked).argmax()]
        found[name] = Result(*cells, chosen)
    return found


class _Judge:
    """AUROC and average precision of a choice, each computed once."""

    def __init__(self, scores):
        self.scores, self.known = scores, {}

    def __call__(self, table, seed, columns, draw, left_out):
        key = table, seed, columns, draw
        if key not in self.known:
            scores, y = self.scores(table, seed)
            combined = average_of_ranks(scores[list(columns)])
            keep = np.ones(len(y), dtype=bool)
            keep[left_out if left_out is not None else []] = False
            self.known[key] = (
                metrics.auroc(y[keep], combined[keep]),
                metrics.average_precision(y[keep], combined[keep]),
            )
        return self.known[key]


def average_of_ranks(scores):
    """Scores (m, n) of m detectors as one (n,): the mean of their ranks. One detector's
    scores stay as they are.
    """
    return scores[0] if len(scores) == 1 else metrics.ranks(scores).mean(axis=0)


# the name under which lesson 10 builds it: y (n,), scores (m, n) -> (m,)
aurocs = metrics.auroc


def _labelled(scores, n_tables, n_draws, labels, seed):
    """Row numbers of the labelled rows, [table][draw], the same for every strategy
    and seed of the detectors.
    """
    found = []
    for t in range(n_tables):
        rng = np.random.default_rng([seed, t])
        y = scores(t, 0)[1]
        found.append([draw_labels(y, *labels, rng) for _ in range(n_draws)])
    return found


def _observations(scores, rows, n_tables, n_seeds, labels, stand_in):
    """Observed of [table][seed][draw], or None where there is nothing to see."""
    if labels is None:
        if stand_in is None:
            return None
        return [[[Observed(stand_in[t], 30, 270)]] * n_seeds for t in range(n_tables)]
    found = []
    for t in range(n_tables):
        found.append([])
        for s in range(n_seeds):
            raw, y = scores(t, s)
            known = [
                (metrics.auroc(y[r], raw[:, r]), int(y[r].sum()), int((1 - y[r]).sum()))
                for r in rows[t]
            ]
            found[-1].append([Observed(*k) for k in known])
    return found
