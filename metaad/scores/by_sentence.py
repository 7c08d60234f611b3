"""Figures of tokens with intervals over sentences: tokens of one sentence are not
independent, so whole sentences are drawn again [1].

    counts = redrawn(len(sentences))                     # (1 + resamples, sentences)
    a = auroc_redrawn(y, scores, sentence, counts)       # (1 + resamples,)
    interval(a)                                          # of the AUROC
    interval(a - b)                                      # of a difference, paired

Row 0 of `counts` is the sample itself, each sentence once.

[1] Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3."""

import numpy as np

from metaad.intervals import Interval
from metaad.metrics import best_first, significant

CHUNK = 4_000_000  # most numbers of one block of resamples


def redrawn(n, resamples=500, seed=0):
    """Draw sentences with replacement: float64 (1 + resamples, n), how often each comes.
    The first row is all ones.
    """
    rng = np.random.default_rng(seed)
    return np.vstack([np.ones(n), rng.multinomial(n, np.full(n, 1 / n), resamples)])


def interval(values, level=0.95):
    """Return the Interval of a figure from its resamples (percentiles).

    values : array (1 + resamples,), the sample's own first; resamples where it could
    not be computed are NaN and are left out. n is the number of resamples used."""
    drawn = np.asarray(values[1:])
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn) or not np.isfinite(values[0]):
        raise ValueError(
            "interval needs the figure itself, first, and resamples of it."
        )
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(drawn, tails)
    inner = tuple(np.quantile(drawn, [0.05, 0.95]).tolist())
    return Interval(float(values[0]), float(low), float(high), len(drawn), inner)


def auroc_redrawn(y, scores, sentence, counts):
    """Return the AUROC of the sample and of its resamples: float64 (1 + resamples,); ties
    count one half, as in `metrics.auroc`.

    y : array (n,), 1 for an anomalous token. scores : (n,), larger = more anomalous.
    sentence : int array (n,), the sentence of each token. counts : of `redrawn`."""

    def of(odd, both):
        normal = both - odd
        above = np.cumsum(normal, axis=1) - normal  # normal tokens that score more
        lost = (odd * (above + normal / 2)).sum(axis=1)
        return 1 - ratio(lost, odd.sum(axis=1) * normal.sum(axis=1))

    return _redrawn(of, y, scores, sentence, counts)


def precision_redrawn(y, scores, sentence, counts):
    """Return the average precision of the sample and of its resamples: float64
    (1 + resamples,); as in `metrics.average_precision`. Arguments: `auroc_redrawn`.
    """

    def of(odd, both):
        hits, shown = np.cumsum(odd, axis=1), np.cumsum(both, axis=1)
        precision = np.where(shown > 0, hits / np.maximum(shown, 1e-300), 0.0)
        return ratio((odd * precision).sum(axis=1), odd.sum(axis=1))

    return _redrawn(of, y, scores, sentence, counts)


def f1_redrawn(found, counts):
    """Return F1 of the sample and of its resamples: float64 (1 + resamples,).

    found : array (sentences, 3), hits, answers and truths of each (`entity_counts`)."""
    hits, given, there = (counts @ np.asarray(found, dtype=np.float64)).T
    return ratio(2 * hits, given + there)


def _redrawn(of, y, scores, sentence, counts):
    """Give `of` the tokens of each resample, blocks of equal score from the top."""
    y, sentence = np.asarray(y), np.asarray(sentence)
    order = best_first(scores)
    s = significant(scores)[order]
    starts = np.flatnonzero(np.r_[True, s[1:] != s[:-1]])
    odd, sentence = y[order].astype(np.float64), sentence[order]
    found = []
    step = max(1, CHUNK // len(odd))
    for i in range(0, len(counts), step):
        weight = counts[i : i + step][:, sentence]  # (step, n)
        both = np.add.reduceat(weight, starts, axis=1)
        found.append(of(np.add.reduceat(weight * odd, starts, axis=1), both))
    return np.concatenate(found)


def ratio(part, whole):
    """Divide arrays (n,); NaN where there is nothing to divide by."""
    whole = np.asarray(whole, dtype=np.float64)
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)
