"""What alerts are worth under a budget: so many rows can be looked at, and each hit,
alert and miss has a price.

A list of n rows, the oddest first, is judged by its first k. With h anomalies among
them, of a in all, prices w (worth of a hit), c (an alert) and m (a miss),

    value(k) = w h - c k - m (a - h),        saving(k) = value(k) - value(0)
                                                       = (w + m) h - c k.

Only the sum w + m counts, so that to pay a hit and to fine a miss is one thing. At the
same k the list with more hits saves more, whatever the prices; prices decide how many
alerts to send. One more pays where the share of anomalies among rows like it is above
c / (w + m), the precision that breaks even [1].

References
----------
[1] Elkan, The foundations of cost-sensitive learning, IJCAI 2001.
[2] Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 27, 2006."""

from dataclasses import dataclass

import numpy as np

from metaad.intervals import simultaneous
from metaad.metrics import best_first, significant


@dataclass(frozen=True)
class Currency:
    """Prices of a field, all in one unit.

    unit : what is counted, such as "€" or "hours". hit : what an anomaly saves that is
    looked at, ≥ 0. alert : what it costs to look at one row, above 0. miss : what an
    anomaly costs that nobody looks at, ≥ 0; hit + miss is above 0.

    Raises ValueError for prices out of range."""

    unit: str
    hit: float
    alert: float
    miss: float = 0.0

    def __post_init__(self):
        prices = {"hit": self.hit, "alert": self.alert, "miss": self.miss}
        bad = [n for n, v in prices.items() if not (np.isfinite(v) and v >= 0)]
        if bad or self.alert == 0 or self.worth == 0:
            said = ", ".join(f"{n}={v!r}" for n, v in prices.items())
            raise ValueError(
                f"prices must be finite and 0 or more, an alert above 0, and hit + miss "
                f"above 0; got {said}."
            )

    @property
    def worth(self):
        """What it makes to look at an anomaly instead of not looking: hit + miss."""
        return self.hit + self.miss

    @property
    def break_even(self):
        """The precision above which an alert pays, alert / (hit + miss); above 1 none
        does.
        """
        return self.alert / self.worth


def hit_curve(y, scores):
    """Return how many of the first k rows are anomalies, for k = 0 to n: (n + 1,).

    Rows that tie (`metrics.significant`) stand in an order drawn by lot, and the mean
    over all such orders is returned: within a tie the curve is a straight line.

    Parameters
    ----------
    y : array (n,), 1 for an anomaly and 0 for a normal row; one kind alone is allowed.
    scores : array (n,), larger = more anomalous.

    Raises
    ------
    ValueError
        for other labels, other lengths, no row, NaN or infinity.
    """
    y, scores = _checked(y, scores)
    order, n = best_first(scores), len(y)
    found = np.concatenate([[0.0], np.cumsum(y[order])])
    s = significant(scores)[order]
    ends = np.concatenate([[0], 1 + np.flatnonzero(s[1:] != s[:-1]), [n]])
    return np.interp(np.arange(n + 1), ends, found[ends])


def precision_at(y, scores, k):
    """Return the share of anomalies among the k rows with the highest scores, ties by
    lot, in [0, 1].

    y, scores : as `hit_curve` takes them. k : int, 1 to n."""
    curve = hit_curve(y, scores)
    return float(curve[_alerts(k, len(curve) - 1, least=1)] / k)


def saving_curve(y, scores, currency):
    """Return what k alerts save against none, for k = 0 to n: array (n + 1,) in the
    currency's unit; below zero where they cost more than they bring.
    """
    hits = hit_curve(y, scores)
    return currency.worth * hits - currency.alert * np.arange(len(hits))


def saving(y, scores, currency, k):
    """Return what exactly k alerts save against none, in the currency's unit."""
    curve = saving_curve(y, scores, currency)
    return float(curve[_alerts(k, len(curve) - 1)])


def per_thousand(y, scores, currency, share):
    """Return what is saved per 1,000 rows if a `share` of them, in (0, 1], is looked at:
    the oddest ones, at least one row.
    """
    n = len(np.asarray(y))
    return 1000.0 / n * saving(y, scores, currency, alerts_of(n, share))


def of_perfect(y, scores, currency, share):
    """Return the saving under a budget as a share of what a perfect list would save.

    The perfect list has all anomalies in front, and it stops when they are found. At
    most 1; below 0 where the alerts lose. Tables and fields compare in it. Where an
    alert costs as much as a hit is worth nothing can be saved: ValueError; so too
    without an anomaly."""
    y, _ = _checked(y, scores)
    k = alerts_of(len(y), share)
    best = min(k, int(y.sum())) * (currency.worth - currency.alert)
    if best <= 0:
        raise ValueError(
            "there is nothing to save: of_perfect needs an anomaly, and a currency in "
            "which a hit with its miss is worth more than an alert."
        )
    return saving(y, scores, currency, k) / best


def alerts_of(n, share):
    """Return how many of n rows a share in (0, 1] is: a whole number, at least 1."""
    if not 0 < share <= 1:
        raise ValueError(
            f"share must be above 0 and at most 1, got {share!r}; 0.01 is 10 alerts per "
            "1,000 rows."
        )
    return max(1, int(share * n + 1e-9))


def threshold_that_pays(y, scores, currency):
    """Return the threshold whose alerts (score ≥ threshold) save most: (threshold,
    saving, alerts).

    Rows that tie pass together. Of thresholds that save the same the highest is taken;
    where no alert pays it is infinite, with a saving of 0. Rows that chose the threshold
    praise it: judge it on others."""
    y, scores = _checked(y, scores)
    curve, s = saving_curve(y, scores, currency), significant(scores)
    levels, counts = np.unique(s, return_counts=True)
    ends = np.cumsum(counts[::-1])  # alerts if this level passes, the highest first
    best = int(np.argmax(curve[ends]))
    if curve[ends[best]] <= 0:
        return np.inf, 0.0, 0
    passing = s >= levels[::-1][best]
    return float(scores[passing].min()), float(curve[ends[best]]), int(ends[best])


def in_blocks(scores, blocks, k):
    """Say which rows are looked at if each block (a day, a shift) has k alerts of its
    own: bool array (n,).

    scores : array (n,), large = odd. blocks : array (n,), the block of each row. k :
    int ≥ 1; a block with fewer rows is looked at whole. Of rows that tie the earlier
    ones are taken."""
    scores, blocks = np.asarray(scores, dtype=np.float64), np.asarray(blocks)
    if scores.ndim != 1 or blocks.shape != scores.shape:
        raise ValueError(
            f"in_blocks needs a score and a block for each row; got shapes "
            f"{scores.shape} and {blocks.shape}."
        )
    flagged = np.zeros(len(scores), dtype=bool)
    for block in np.unique(blocks):
        rows = np.flatnonzero(blocks == block)
        k_here = min(_alerts(k, np.inf, least=1), len(rows))
        flagged[rows[best_first(scores[rows])[:k_here]]] = True
    return flagged


def block_savings(y, scores, blocks, currency, k):
    """Return what k alerts in each block save, a number for each block in rising order:
    array (b,). In-block ties are drawn by lot, as in `hit_curve`.
    """
    y, scores = _checked(y, scores)
    blocks = np.asarray(blocks)
    rows = [blocks == block for block in np.unique(blocks)]
    return np.array(
        [saving(y[r], scores[r], currency, min(k, int(r.sum()))) for r in rows]
    )


def events_found(flagged, events):
    """Return how many events have an alert: (found, all).

    flagged : bool array (n,). events : int array (n,), 0 for a row of no event; rows of
    one event (an incident, a theft) share a number, and one alert finds it."""
    flagged, events = np.asarray(flagged, dtype=bool), np.asarray(events)
    if flagged.shape != events.shape:
        raise ValueError(
            f"events_found needs an event number for each row; got shapes "
            f"{flagged.shape} and {events.shape}."
        )
    known = np.unique(events[events > 0])
    return int(np.isin(known, events[flagged]).sum()), len(known)


def gains(savings, baseline, **options):
    """Return what each list saves more than the baseline's, with intervals that hold
    all at once: dict name -> metrics.Interval, the baseline left out.

    savings : dict name -> array (u,), in the same u units: days, blocks of rows, tables.
    baseline : one of the names. options : of `intervals.simultaneous` (groups, level)."""
    if baseline not in savings or len(savings) < 2:
        raise ValueError(
            f"gains needs the baseline {baseline!r} and one list more; got "
            f"{', '.join(map(str, savings))}."
        )
    base = np.asarray(savings[baseline], dtype=np.float64)
    rest = {n: np.asarray(v, dtype=np.float64) for n, v in savings.items()}
    if any(v.shape != base.shape for v in rest.values()):
        shapes = {n: v.shape for n, v in rest.items()}
        raise ValueError(f"gains needs all savings in the same units; got {shapes}.")
    return simultaneous(
        {n: v - base for n, v in rest.items() if n != baseline}, **options
    )


def _alerts(k, most, least=0):
    whole = isinstance(k, (int, np.integer)) and not isinstance(k, bool)
    if not whole or not least <= k <= most:
        raise ValueError(
            f"the number of alerts must be whole and {least} to {most}; got {k!r}."
        )
    return int(k)


def _checked(y, scores):
    y, scores = np.asarray(y), np.asarray(scores, dtype=np.float64)
    if y.ndim != 1 or y.shape != scores.shape or not len(y):
        raise ValueError(
            f"a budget needs one label and one score for each row; got shapes {y.shape} "
            f"and {scores.shape}."
        )
    if not np.isin(y, (0, 1)).all():
        raise ValueError(
            "labels must be 0 (normal) or 1 (anomaly); leave rows out that nobody knows "
            "(-1)."
        )
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite; got NaN or infinity.")
    return y.astype(np.int64), scores
