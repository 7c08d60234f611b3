"""A table from its file to explained alerts, in one object that a file can hold.

model = TableModel().fit("my.csv")
model.score("new.csv")                 # row, score, p_value, alert, reason
saving.save("model", model)
"""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from metaad.data import DataError, Preparation, read_chunks
from metaad.detectors import anomaly_score
from metaad.practice import choose
from metaad.practice.calibration import kept_out
from metaad.practice.conformal import Conformal, p_values
from metaad.practice.explain import explain
from metaad.practice.facts import Facts
from metaad.practice.opened import opened, path_of, thinned
from metaad.practice.pairs import Pairs
from metaad.practice.rates import allowed_rate, is_number, odd_at
from metaad.practice.words import named_columns, reasons, sentence

RATE = 0.01
SHARE = 0.25  # of the rows, kept out of the fit and used to calibrate
CALIBRATE = 10_000  # rows at most: p-values down to 0.0001
SMALL = 1000  # rows, below which every row calibrates, for ten fits
SHIPPED = "tables-v1"  # the context detector's model
CHUNK = 50_000  # rows that are scored at a time
COLUMNS = ("row", "score", "p_value", "alert", "reason")


class TableModel(BaseEstimator):
    """Find the odd rows of a table of the reader's own: numbers, words, dates and gaps
    are prepared, a detector is chosen and fitted, its scores are calibrated, and each
    alert says why.

    Parameters
    ----------
    detector : "auto", or one of "forest", "knn", "context", "few-labels"; what auto
        chooses and why: `metaad.practice.choose`.
    rows : "mixed" if anomalies may be among the rows without a label, "clean" if they
        are normal, or nearly all.
    rate : share of normal rows that may raise an alert, in (0, 1); None is 0.01, or the
        smallest share that so few rows can tell from 0. See
        `metaad.practice.rates.rate_for`.
    random_state : int, of the detector, and of the rows drawn.

    Attributes
    ----------
    preparation_ : the fitted Preparation.
    conformal_ : the fitted Conformal; `conformal_.detector_` is the detector.
    name_, why_ : str, the detector by its name here, and why it was chosen.
    rate_ : float. label_ : str or None, the column of labels, which scoring leaves out.
    n_rows_ : int, rows of the table. notes_ : list of str, what was dropped, encoded,
        filled, drawn.
    facts_ : Facts, what is usual in each column, which explanations compare with.

    Raises
    ------
    DataError
        from `fit` and `score` for a table that can't be used.
    ValueError
        from `fit` for a parameter out of range, or rows or labels that are too few.
    """

    def __init__(self, detector="auto", rows="mixed", rate=None, random_state=0):
        self.detector = detector
        self.rows = rows
        self.rate = rate
        self.random_state = random_state

    def fit(self, table, label=None, anomaly=None):
        """Learn what is usual in a table.

        Parameters
        ----------
        table : path of a file, see `metaad.data.read_frame`, or a DataFrame (n, c).
        label : str, the column of labels: 1 or the word `anomaly` for an anomaly, empty
            where nobody has looked, anything else for a normal row; None: there is none.

        Returns the model."""
        self._check()
        frame, y, notes = opened(table, label, anomaly)
        choice = choose.choose(y, self.rows, self.detector)
        self.preparation_ = Preparation().fit(frame)
        self.notes_ = [*notes, *self.preparation_.notes_]
        self.label_, self.n_rows_ = label, len(frame)
        self.name_, self.why_ = choice.name, choice.why
        X = self.preparation_.transform(frame)
        self.conformal_ = self._calibrated(X, y)
        self.rate_ = self._rate()
        usual = slice(None) if y is None else y != 1
        self.facts_ = self._facts(frame[usual], X[usual])
        return self

    def score(self, table, rate=None):
        """Score the rows of a table: DataFrame (n,) with the columns row (counted from
        0), score (large = odd), p_value (small = odd), alert (bool) and reason (text;
        empty without an alert).

        table : path of a file, read piece by piece, or a DataFrame. rate : as in the
        constructor, by default `rate_`."""
        return pd.concat(list(self.scored(table, rate)), ignore_index=True)

    def scored(self, table, rate=None):
        """Yield what `score` returns, some rows at a time: a file of any length takes
        no more memory than a short one.
        """
        check_is_fitted(self, "conformal_")
        calibration = self.conformal_.calibration_
        rate = self.rate_ if rate is None else allowed_rate(rate, len(calibration))
        for start, frame in self._pieces(table):
            X = self.preparation_.transform(frame)
            scores = anomaly_score(self.conformal_.detector_, X)
            p = p_values(calibration, scores)
            alerts = odd_at(p, rate)
            reasons = np.full(len(frame), "", dtype=object)
            places = np.flatnonzero(alerts)
            if len(places):
                reasons[places] = self._reasons(frame, X, places)
            rows = np.arange(start, start + len(frame))
            found = (rows, scores, p, alerts, reasons)
            yield pd.DataFrame(dict(zip(COLUMNS, found, strict=True)))

    def explain(self, table, row):
        """Return what makes one row of a table unusual: DataFrame with a row for each
        column of the table that was learned from, the one that matters most first:
        column, value, part (large = it makes the row odd), reason (text; empty where it
        is usual).

        row : int, counted from 0. Raises DataError if the table has no such row."""
        frame = self.row(table, row)
        X = self.preparation_.transform(frame)
        frame, facts = self._understood(frame), self.facts_
        detector = self.conformal_.detector_
        parts = explain(
            detector,
            X,
            background=facts.background_,
            columns=facts.columns_,
            source=facts.source_,
            values=facts.values,
        )[0]
        named, pairs = named_columns(parts, len(parts)), Pairs(facts)
        said = {j: sentence(facts, frame, X, 0, j, pairs) for j in named}
        order = [int(j) for j in np.argsort(-parts, kind="stable")]
        rows = [
            (facts.columns_[j], frame.iloc[0, j], parts[j], said.get(j, ""))
            for j in order
        ]
        return pd.DataFrame(rows, columns=["column", "value", "part", "reason"])

    def _reasons(self, frame, X, places):
        """Why the rows at some places are odd: list of str."""
        some = self._understood(frame.iloc[places])
        return reasons(self.conformal_.detector_, some, X[places], self.facts_)

    def _facts(self, frame, X):
        """What is usual in each column that was learned from."""
        source = self.preparation_.source_
        found = Facts(random_state=self.random_state)
        return found.fit(self._understood(frame), X, source, self.preparation_.columns_)

    def _understood(self, frame):
        """The columns that were learned from, their dates and numbers read."""
        return self.preparation_.understood(frame)

    def row(self, table, row):
        """Return one row of a table: DataFrame (1, c). row : int, counted from 0.

        Raises DataError if the table has no such row."""
        check_is_fitted(self, "conformal_")
        end = 0
        for start, frame in self._pieces(table):
            end = start + len(frame)
            if start <= row < end:
                return frame.iloc[[row - start]]
        raise DataError(
            f"there is no row {row}: the table has {end:,} rows, counted from 0."
        )

    def _pieces(self, table):
        """(first row, frame) of each piece of a file or DataFrame, without labels."""
        if isinstance(table, pd.DataFrame):
            starts = range(0, len(table), CHUNK)
            frames = (table.iloc[s : s + CHUNK] for s in starts)
        else:
            frames = read_chunks(
                path_of(table), CHUNK, as_words=self.preparation_.text_
            )
        start = 0
        for frame in frames:
            if self.label_ in frame.columns:
                frame = frame.drop(columns=self.label_)
            yield start, frame
            start += len(frame)

    def _calibrated(self, X, y):
        """The fitted Conformal."""
        labels = y if self.name_ == "few-labels" else None
        kinds = np.full(len(X), -1) if y is None else y
        if labels is None and (kinds == 1).any():
            self.notes_.append(
                "rows that are labelled anomalies are left out of the fit"
            )
            X, kinds = X[kinds != 1], kinds[kinds != 1]
        detector = choose.made(self.name_, self.rows, self.random_state)
        normal = (kinds == 0).sum()
        if len(X) < SMALL and (labels is None or normal > 1):
            return Conformal(detector, "cross", self.random_state).fit(X, labels)
        fit, calibrate = self._drawn(kinds)
        given = () if labels is None else (kinds[fit],)
        detector.fit(X[fit], *given)
        found = Conformal(detector, "fitted", self.random_state)
        return found.fit(X[calibrate], kinds[calibrate])

    def _drawn(self, kinds):
        """Which rows fit the detector, and which calibrate it: two int arrays."""
        rng = np.random.default_rng(self.random_state)
        parts = kept_out(kinds, SHARE, self.random_state)
        most = choose.MOST[self.name_]
        fit, calibrate = (np.flatnonzero(parts == part) for part in (-1, 0))
        if len(fit) > most:
            n = len(fit)
            fit = np.sort(thinned(fit, kinds[fit], most, rng))
            self.notes_.append(
                f"{self.name_} is fitted on {len(fit):,} of {n:,} rows, drawn at random"
            )
        if len(calibrate) > CALIBRATE:
            calibrate = np.sort(rng.choice(calibrate, CALIBRATE, replace=False))
        return fit, calibrate

    def _restored(self):
        """Whether what a file holds fits together, and names nothing outside of it."""
        detector, p = self.conformal_.detector_, len(self.preparation_.columns_)
        wanted = type(choose.made(self.name_, self.rows))
        sizes = {detector.n_features_in_, self.facts_.background_.shape[1], p}
        if type(detector) is not wanted or len(sizes) > 1:
            raise ValueError(f"its detector is not the {wanted.__name__} of its table")
        for each in (detector, self.conformal_.detector):
            if getattr(each, "model", SHIPPED) != SHIPPED:
                raise ValueError(f"it names the file {each.model!r:.80}")
        names = {part.name for part in self.preparation_.parts_}
        if set(self.facts_.columns_) != names or not 0 < self.rate_ < 1:
            raise ValueError("its columns or its rate are not those of its table")

    def _rate(self):
        """The rate asked for, if the calibration rows can tell it from 0."""
        m = self.conformal_.n_calibration
        if self.rate is not None:
            return allowed_rate(self.rate, m)
        if m + 1 >= 1 / RATE:
            return RATE
        self.notes_.append(
            f"{m} rows calibrate, too few for a rate of {RATE:g}: alerts at 1 of {m + 1}"
        )
        return 1 / (m + 1)

    def _check(self):
        rate = self.rate
        if rate is not None and not (is_number(rate) and 0 < rate < 1):
            raise ValueError(
                f"rate is the share of normal rows that may raise an alert, a number in "
                f"(0, 1); got {rate!r}."
            )
        choose.choose(None, self.rows, "auto")  # the word
