"""Lesson 17 on a reader's own table (`-p data my.csv`): its rows in the order of the file
as a stream. Does an alarm ring, which columns have moved, and what to do: nothing, refit,
or read new supports?
"""

from typing import NamedTuple

import numpy as np

from metaad import metrics, plots, repro
from metaad.detectors import KNNDetector, anomaly_score
from metaad.experiments.lessons import own_rows
from metaad.experiments.lessons.own_rows import ALARMS
from metaad.plots import own_table as draw
from metaad.practice.alarm import DriftAlarm
from metaad.practice.conformal import Conformal
from metaad.scores import WindowAlarm

SUPPORTS = 50  # rows after the alarm, as they came, of which a detector is made
MOST_PAST = 600  # rows before the stream
MEMORY = 200  # of them, which the alarm on rows compares windows with
BLOCKS = 4  # points of a curve before the change, and after it
NOTHING, REFIT, READ = "do nothing", "refit: kNN", "new supports: context"


class Watched(NamedTuple):
    """A table watched as a stream. Rows are counted from the beginning of the table.

    start : rows before the stream. capital : float64 array (rows of the stream,), of the
    alarm on scores. rang : the row at which it rings, or None. by_rows : the same of the
    alarm on rows. adapted : the row from which detectors made of the rows since `rang`
    are at work, or None. scores : {what is done: float64 array (rows from `adapted`, or
    of the stream,)}, large = odd; before `adapted` all do nothing. limits : {what is
    done: the score above which a row is flagged}.
    """

    start: int
    capital: np.ndarray
    rang: int | None
    by_rows: int | None
    adapted: int | None
    before: np.ndarray
    scores: dict
    limits: dict


def watched(table, window, level, seed):
    """Read a Table, y 1, 0 or -1, in the order of its rows: `Watched`.

    A third of the rows, `MOST_PAST` at most, are the past: of every two one is learned
    from if it is no known anomaly, and one says what scores are usual. After an alarm
    `SUPPORTS` rows are waited for; what is made of them judges the rows that follow."""
    X, y = table.X, table.y
    start = min(len(X) // 3, MOST_PAST)
    past, known = np.arange(0, start, 2), np.arange(1, start, 2)
    past = past[y[past] != 1]
    parts = own_rows.scaled(X[past], X)
    learned, rows = parts
    detector = KNNDetector().fit(learned)
    usual, scores = (anomaly_score(detector, r) for r in (rows[known], rows[start:]))
    alarm = DriftAlarm(level, seed).fit(usual)
    capital = alarm.update(scores)
    rang = None if alarm.rang_at_ is None else start + alarm.rang_at_
    by_rows = _by_rows(learned, rows[start:], window, level, seed)
    by_rows = None if by_rows is None else start + by_rows
    bound = np.quantile(usual, 1 - ALARMS)
    adapted = None if rang is None else rang + SUPPORTS
    made, limits = {NOTHING: scores}, {NOTHING: bound}
    if adapted is not None and len(X) - adapted >= SUPPORTS:
        made = {NOTHING: scores[adapted - start :]}
        for name, fresh in _fresh(rows[rang:adapted], seed).items():
            made[name] = anomaly_score(fresh, rows[adapted:])
            limits[name] = np.quantile(fresh.calibration_, 1 - ALARMS)
    else:
        adapted = None
    return Watched(start, capital, rang, by_rows, adapted, scores, made, limits)


def _by_rows(learned, stream, window, level, seed):
    """The row of the stream at which an alarm on windows of rows (MMD) rings, or None."""
    looks = max(1, len(stream) // window)
    options = {"level": level, "random_state": seed}
    alarm = WindowAlarm(learned[-MEMORY:], window, looks, **options)
    for i, look in enumerate(alarm.update(stream[: looks * window]), 1):
        if look.alarm:
            return i * window
    return None


def _fresh(rows, seed):
    """Detectors made of a few rows as they came, and of what those rows score when they
    are left out: {what is done: Conformal}.
    """
    from metaad.meta import ContextDetector

    made = {REFIT: KNNDetector(), READ: ContextDetector(context="mixed")}
    return {n: Conformal(d, "cross", seed).fit(rows) for n, d in made.items()}


def moved(table, found):
    """Return how far each column has moved from the past to the rows after the alarm (to
    the last third, if there was none): Kolmogorov and Smirnov's distance, the largest of
    its numbers.

    Returns
    -------
    array (C,) in [0, 1], C names, and the distance that chance passes in one table of 20
    at most, if rows are drawn independently."""
    from scipy.stats import ks_2samp

    after = table.X[found.rang or -(len(table.X) // 3) :]
    past = table.X[: found.start]
    pairs = zip(past.T, after.T, strict=True)
    each = [ks_2samp(a, b, method="asymp").statistic for a, b in pairs]
    source = own_rows.sources(table)
    names = list(dict.fromkeys(source))
    far = [max(v for v, s in zip(each, source, strict=True) if s == n) for n in names]
    n, m = len(past), len(after)
    limit = np.sqrt(-np.log(0.025 / len(each)) / 2 * (n + m) / (n * m))
    return np.array(far), names, float(min(limit, 1.0))


def courses(found, y):
    """Return what each is worth along the stream, and what that is: {what is done: (rows,
    values)}, each block of rows at its middle, and the name of the measure: AUROC where
    both parts have anomalies and normal rows, else the share of rows that are flagged.
    """
    end = found.start + len(found.before)
    cut = found.adapted or end
    spans = [(found.start, cut)] + ([(cut, end)] if cut < end else [])
    labelled = all(_both(y[a:b]) for a, b in spans)
    lines = {}
    for name, scores in found.scores.items():
        whole = found.before.copy()
        whole[len(whole) - len(scores) :] = scores
        points = []
        for a, b in spans:
            limit = found.limits[NOTHING if b == cut < end else name]
            for rows in _blocks(y, a, b, labelled):
                values = whole[rows - found.start]
                points.append((rows.mean(), _worth(y[rows], values, limit, labelled)))
        if name != NOTHING:  # before the change it is what nothing is
            points = [p for p in points if p[0] >= cut]
        lines[name] = tuple(np.array(points).T)
    return lines, "AUROC" if labelled else "share of rows flagged"


def _both(y, least=2):
    return min((y == k).sum() for k in (0, 1)) >= least


def _blocks(y, a, b, labelled):
    """Blocks of rows a to b; with labels each has as many anomalies as the others."""
    if not labelled:
        return np.array_split(np.arange(a, b), BLOCKS)
    odd = a + np.flatnonzero(y[a:b] == 1)
    count = max(1, min(BLOCKS, len(odd) // 4))
    firsts = [part[0] for part in np.array_split(odd, count)][1:]
    blocks = np.split(np.arange(a, b), np.array(firsts, dtype=int) - a)
    return [rows for rows in blocks if _both(y[rows], 1)]


def _worth(y, scores, limit, labelled):
    if not labelled:
        return np.mean(scores > limit)
    known = y != -1
    return metrics.auroc(y[known], scores[known])


def verdict(found, y):
    """Return one line with its intervals: nothing, refit, or new supports?"""
    if found.rang is None:
        return (
            f"**Verdict: do nothing.** In {len(found.before):,} rows the scores have not "
            f"changed enough to ring. A column that has moved all the same is worth a look."
        )
    if found.adapted is None:
        return (
            f"**Verdict: wait.** It rang, and fewer than {2 * SUPPORTS} rows follow: too "
            f"few to learn from and to judge by."
        )
    y = y[found.adapted :]
    flagged = {
        name: own_rows.share((scores > found.limits[name])[y != 1])
        for name, scores in found.scores.items()
    }
    told = ", ".join(f"{name} {share}" for name, share in flagged.items())
    told = f"Flagged of usual rows, {ALARMS:.2f} promised: {told}."
    broken = not flagged[NOTHING].low <= ALARMS <= flagged[NOTHING].high
    if not _both(y):
        says = "do nothing" if not broken else "refit the threshold at least"
        return f"**Verdict: {says}.** {told} Without labels no more can be said."
    known = y != -1
    gains = {
        name: own_rows.auroc(
            y[known], scores[known], found.scores[NOTHING][known], level=0.975
        )
        for name, scores in found.scores.items()
        if name != NOTHING
    }
    better = [name for name, gain in gains.items() if gain.low > 0]
    says = "do nothing but set a new threshold" if broken else "do nothing"
    if better:
        says = max(better, key=lambda name: gains[name].value)
    gained = ", ".join(f"{name} **{gain}**" for name, gain in gains.items())
    return (
        f"**Verdict: {says}.** AUROC on the rows after, minus doing nothing: {gained} "
        f"({int((y == 1).sum())} anomalies). {told}"
    )


def show(table, window, level, run):
    """Show the section on a reader's Table: alarms, columns, what is worth it, verdict."""
    found = watched(table, window, level, run.seed)
    rng = np.random.default_rng(run.seed)
    order = rng.permutation(len(table.y))
    places = np.arange(len(table.y)) if run.rows is None else run.rows
    lines = [_rings("as they stand", found, places)]
    lines.append(
        _rings("shuffled", _watch_only(table, order, window, level, run), None)
    )
    repro.say(
        f"## Your table: {table.name}, read as a stream\n\nThe first {found.start:,} rows "
        f"are the past. A nearest-neighbour detector has learned from half of them, and "
        f"scores the others as they come. One alarm watches its scores (it bets against "
        f"'nothing changes', lesson 20), one compares windows of {window} rows with the "
        f"past (MMD). Each rings by chance in {level:.0%} of streams at most, if rows are "
        f"drawn independently. Rows of one day resemble each other, and a window of them "
        f"may ring for that. The control is the same rows, shuffled.\n\n"
        + repro.number_table(["rows", "scores: rings at row", "rows: rings at"], lines)
    )
    far, names, limit = moved(table, found)
    since = "the last third" if found.rang is None else "the rows since the alarm"
    plots.show(
        draw.columns_moved(names, far, limit),
        alt=f"How far each column of {table.name} has moved from the past to {since}: "
        f"{_named(far, names, limit)}.",
    )
    repro.say(f"Moved beyond chance: {_named(far, names, limit)}.")
    shown, measure = courses(found, table.y)
    lines = {n: (places[x.astype(int)], v) for n, (x, v) in shown.items()}
    plots.show(
        draw.over_time(
            lines,
            ylabel=measure,
            rang=None
            if found.rang is None
            else places[min(found.rang, len(places) - 1)],
            adapted=() if found.adapted is None else (places[found.adapted],),
            level=None if measure == "AUROC" else ALARMS,
        ),
        alt=f"{measure} along {table.name}: {', '.join(lines)}. A dotted line where the "
        f"alarm rings, a triangle where detectors are made anew of {SUPPORTS} rows.",
    )
    repro.say(verdict(found, table.y))


def _watch_only(table, order, window, level, run):
    """The alarms on rows in another order."""
    from dataclasses import replace

    other = replace(table, X=table.X[order], y=table.y[order])
    return watched(other, window, level, run.seed)


def _rings(name, found, places):
    at = [found.rang, found.by_rows]
    if places is not None:
        at = [a if a is None else places[min(a, len(places) - 1)] for a in at]
    return [name, *("never" if a is None else f"{a:,}" for a in at)]


def _named(far, names, limit):
    """The columns that moved beyond chance, the farthest first."""
    found = [names[j] for j in metrics.best_first(far) if far[j] > limit]
    return ", ".join(found[: draw.MOST]) or "none"
