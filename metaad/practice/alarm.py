"""A drift alarm that goes to work with a detector: its promise has no last day.

The alarms of `metaad.scores.drift` share a level out over a stream of known length. A
service does not know how long it will run. Here each new score is ranked among all
scores before it. While nothing changes these ranks are independent and uniform,
whatever the detector [1], and a gambler who bets against that can't win: the chance
that capital of 1 ever grows to 1 / level is at most `level` [2]. When scores change,
the capital grows with every row.

References
----------
[1] Vovk, Nouretdinov, Gammerman: Testing exchangeability on-line. ICML 2003.
[2] Ville: Étude critique de la notion de collectif. Gauthier-Villars, 1939.
[3] Shin, Ramdas, Rinaldo: E-detectors: a nonparametric framework for sequential change
    detection. New England Journal of Statistics in Data Science 2, 2024.
[4] Vovk, Petej, Nouretdinov, Ahlberg, Carlsson, Gammerman: Retrain or not retrain:
    conformal test martingales for change-point detection. COPA 2021.
"""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

BLOCK = 64  # rows ranked and bet on together
MOST = 1e300  # capital beyond this is not told apart
HAIR = 2.0**-53


def bets(p):
    """Return what a stake of 1 becomes at each p-value, for four ways to bet: (n,) ->
    (n, 4), > 0; large where the bet was right.

    The first and third win when small p-values are frequent (scores have risen), a lot
    or a little; the second and fourth when large ones are. Each is 1 on average over a
    uniform p."""
    p = np.asarray(p, dtype=np.float64)
    roots = 0.5 / np.sqrt(p), 0.5 / np.sqrt(1 - p)
    return np.stack([*roots, 1.5 - p, 0.5 + p], axis=-1)


class DriftAlarm(BaseEstimator):
    """Ring when the scores of a stream are no longer like those before it.

    Each row a new part of the reserve is put on the four `bets` (1/2 + 1/6 + 1/12 + …
    = 1, row t gets 1 / (t (t + 1))), and what lies there is multiplied. So a change
    after a long quiet time is met by money that was not lost before it [3]. Reserve and
    stakes together begin with 1.

    Parameters
    ----------
    level : float in (0, 1), the chance that it ever rings while nothing changes.
    random_state : int, seeds the ranks of equal scores.

    Attributes
    ----------
    past_ : float64 array (n,), all scores so far, in ascending order: 8 bytes per row.
    rows_ : int, rows of the stream so far.
    stakes_ : float64 array (4,), what lies on each bet.
    capital_ : float ≥ 0, reserve and stakes; it rings at 1 / level.
    rang_at_ : int, the row of the stream at which it rang first, counted from 1; None
        while it is quiet.

    Notes
    -----
    The scores before the stream must come from rows that the detector has *not* learned
    from, as they came, the usual anomalies among them: conformal calibration rows. It
    sees a change of scores; a change of rows that leaves the scores as they were (one
    of two normal groups stops coming) it can't see. After a ring rows that have changed
    join the past: fit a new alarm on scores of the new normal."""

    def __init__(self, level=0.01, random_state=0):
        self.level = level
        self.random_state = random_state

    def fit(self, scores, y=None):
        """Begin a stream. scores : array (n,), n ≥ 1, anomaly scores before it. Returns
        the alarm itself.
        """
        if not 0 < self.level < 1:
            raise ValueError(f"level must lie between 0 and 1, got {self.level!r}.")
        self.past_ = np.sort(_checked(scores))
        if not len(self.past_):
            raise ValueError("the alarm needs scores from before the stream, got none.")
        self.rows_, self.stakes_, self.rang_at_ = 0, np.zeros(4), None
        self.capital_ = 1.0
        return self

    def update(self, scores):
        """Take the next anomaly scores (b,) of the stream, in order; return the capital
        after each of them: float64 array (b,). `rang_at_` says whether it rang.

        Raises
        ------
        ValueError
            for NaN or infinity; nothing is counted then.
        """
        check_is_fitted(self, "past_")
        scores = _checked(scores)
        blocks = [scores[i : i + BLOCK] for i in range(0, len(scores), BLOCK)]
        return np.concatenate([np.empty(0), *map(self._block, blocks)])

    def _block(self, scores):
        t = self.rows_ + 1 + np.arange(len(scores))
        stakes = self._bet(bets(self._ranks(scores)), 1 / (t * (t + 1)))
        capital = np.minimum(1 / (t + 1) + stakes.sum(axis=1), MOST)
        rings = np.flatnonzero(capital >= 1 / self.level)
        if self.rang_at_ is None and len(rings):
            self.rang_at_ = int(t[rings[0]])
        self.rows_, self.stakes_ = int(t[-1]), stakes[-1]
        self.capital_ = float(capital[-1])
        at = np.searchsorted(self.past_, ordered := np.sort(scores))
        self.past_ = np.insert(self.past_, at, ordered)
        return capital

    def _bet(self, factors, fresh):
        """Stakes after each row: S ← (S + fresh / 4) · factor, (b, 4) and (b,) -> (b,
        4). In closed form, P the products of the factors: P · (S + Σ fresh / P before).
        """
        with np.errstate(over="ignore"):
            product = np.cumprod(factors, axis=0)
            before = np.concatenate([np.ones((1, 4)), product[:-1]])
            added = np.cumsum(fresh[:, None] / 4 / before, axis=0)
            return np.minimum(product * (self.stakes_ + added), MOST)

    def _ranks(self, scores):
        """The p-value of each score among all before it, ties by chance: (b,), in (0,
        1), independent and uniform while nothing changes.
        """
        n, b = len(self.past_), len(scores)
        earlier = np.tri(b, k=-1, dtype=bool)
        above = n - np.searchsorted(self.past_, scores, side="right")
        above += (earlier & (scores > scores[:, None])).sum(axis=1)
        equal = np.searchsorted(self.past_, scores, side="right")
        equal -= np.searchsorted(self.past_, scores, side="left")
        equal += (earlier & (scores == scores[:, None])).sum(axis=1)
        # row t has its own draw, however the stream is cut
        source = np.random.PCG64(self.random_state).advance(self.rows_)
        u = np.random.Generator(source).random(b)
        p = (above + u * (1 + equal)) / (n + 1 + np.arange(b))
        return np.clip(p, HAIR, 1 - HAIR)

    def _restored(self):
        """Whether what a file holds is an alarm that has begun."""
        if not 0 < self.level < 1 or (np.diff(self.past_) < 0).any():
            raise ValueError("an alarm needs 0 < level < 1 and its past in order")
        if len(self.past_) <= self.rows_ or (self.stakes_ < 0).any():
            raise ValueError("an alarm holds all scores so far, and no debts")


def _checked(scores):
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 1 or not np.isfinite(scores).all():
        raise ValueError(
            f"scores must be an array (n,) of finite numbers, got shape {scores.shape}"
            f"{'' if scores.ndim != 1 else ' with NaN or infinity'}."
        )
    return scores
