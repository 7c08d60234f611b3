"""What the rows that were read look like, column by column: enough to say later how
unusual a value is, in the words of the reader's table, without keeping the table.
"""

from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from metaad.practice.explain import groups_of, usual_rows
from metaad.practice.values import Values

KNOTS = 1001  # quantiles kept of a column of numbers
MOST_VALUES = 1000  # different values kept of a column of words
LONGEST = 40  # characters of a value that are shown
FEW_VALUES = 10  # as many different numbers are words: 0 and 1, grades


class Facts(BaseEstimator):
    """Remember a table column by column: quantiles, counts, and a few hundred rows.

        facts = Facts().fit(frame, X, preparation.source_)
        reasons(detector, new_frame, X_new, facts)

    Parameters
    ----------
    most_rows : int ≥ 1, rows kept as numbers, for explanations and for pairs of columns.
    random_state : int, which rows.

    Attributes
    ----------
    columns_ : array of str (d,), the reader's columns. n_rows_ : int.
    kinds_ : list of d words: "number", "date" (kept as seconds) or "words".
    quantiles_ : list of d float64 arrays, of numbers and dates ascending, else empty.
    counts_ : list of d dicts {value as text: rows}, of words, else empty; the commonest
        thousand. missing_ : list of d ints, rows without a value.
    background_ : float64 array (b, p), rows as numbers. source_ : list of p names.
    names_ : list of p names of the numbers."""

    def __init__(self, most_rows=500, random_state=0):
        self.most_rows = most_rows
        self.random_state = random_state

    def fit(self, frame, X=None, source=None, names=None):
        """Read a table: frame, DataFrame or array (n, d), as the reader knows it; X,
        array (n, p), the numbers made of it, and `source`, the column that each is made
        of; the frame itself and its columns if None. names : of the p numbers.

        Raises ValueError where lengths or names do not fit."""
        frame = named(frame)
        X = np.asarray(frame if X is None else X, dtype=np.float64)
        if len(X) != len(frame) or not len(X):
            raise ValueError(
                f"frame and X must be the same rows, one at least; got {len(frame)} and "
                f"{len(X)}."
            )
        self.columns_ = np.array([str(c) for c in frame.columns], dtype=object)
        self.source_ = [str(s) for s in (self.columns_ if source is None else source)]
        groups_of(X.shape[1], self.source_, self.columns_)
        self.names_ = [str(n) for n in (self.source_ if names is None else names)]
        self.n_rows_ = len(frame)
        found = [_column(frame.iloc[:, j]) for j in range(frame.shape[1])]
        kinds, quantiles, counts, missing = zip(*found, strict=True)
        self.kinds_, self.quantiles_ = list(kinds), list(quantiles)
        self.counts_, self.missing_ = list(counts), list(missing)
        rng = np.random.default_rng(self.random_state)
        kept = rng.permutation(len(X))[: self.most_rows]
        self.background_ = X[np.sort(kept)]
        self.__dict__.pop("values", None)  # of other rows
        return self

    def groups(self):
        """Return which numbers belong to each column: list of d int arrays."""
        return groups_of(len(self.source_), self.source_, self.columns_)

    @cached_property
    def values(self):
        """`Values` of the rows that are kept, which every explanation asks."""
        return Values(usual_rows(self.background_), self.groups())

    def parts(self, j):
        """Return what the numbers of column j are called, without the column's name,
        such as ["hour", "weekday (Monday 0)"] of a date; [] where the column itself is
        its number.
        """
        head = f"{self.columns_[j]}: "
        called = [self.names_[k] for k in self.groups()[j]]
        return [c.removeprefix(head) for c in called if c.startswith(head)]

    def rows(self, frame):
        """Return the columns of a new frame that were read, in their order.

        Raises ValueError where one is missing."""
        frame = named(frame)
        frame = frame.set_axis([str(c) for c in frame.columns], axis=1)
        missing = [c for c in self.columns_ if c not in frame.columns]
        if missing:
            raise ValueError(
                f"the rows to explain have no column {missing[0]!r}, and those read had."
            )
        return frame[list(self.columns_)]

    def _restored(self):
        """Whether what a file holds fits together."""
        d, p = len(self.columns_), self.background_.shape[1]
        of_columns = self.kinds_, self.quantiles_, self.counts_, self.missing_
        if {len(part) for part in of_columns} != {d} or len(self.names_) != p:
            raise ValueError("its columns do not fit")
        groups_of(p, self.source_, self.columns_)
        right = [isinstance(q, np.ndarray) and q.ndim == 1 for q in self.quantiles_]
        if not all(right) or not all(isinstance(c, dict) for c in self.counts_):
            raise ValueError("its quantiles or counts are none")


def named(frame):
    """Return a DataFrame; the columns of an array are called column 0, column 1, ..."""
    if isinstance(frame, pd.DataFrame):
        return frame
    frame = np.asarray(frame)
    return pd.DataFrame(frame, columns=[f"column {j}" for j in range(frame.shape[1])])


def number(value):
    """Return a value as a float, a date in seconds; None where it is no number."""
    if isinstance(value, (pd.Timestamp, np.datetime64)):
        return pd.Timestamp(value).timestamp()
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def text(value):
    """Return a value as a reader writes it: 9,400, 0.25, 2024-03-01 12:30, Berlin."""
    if isinstance(value, (pd.Timestamp, np.datetime64)):
        return str(pd.Timestamp(value)).removesuffix(" 00:00:00")
    if isinstance(value, (bool, np.bool_, str)):
        shown = str(value)
        return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
    if pd.isna(value):
        return "missing"
    found = number(value)
    if found is None or not np.isfinite(found):
        return str(value)
    whole = found == round(found) and abs(found) < 1e15
    return f"{found:,.0f}" if whole else f"{found:,.5g}"


def _column(values):
    """Describe one column: its kind, quantiles, counts, missing values."""
    missing, values = int(values.isna().sum()), values.dropna()
    kinds = pd.api.types
    if kinds.is_datetime64_any_dtype(values):
        if values.dt.tz is not None:
            values = values.dt.tz_convert("UTC").dt.tz_localize(None)
        stamps = values.to_numpy("datetime64[ns]").astype(np.int64)
        return "date", _knots(stamps / 1e9), {}, missing
    if kinds.is_numeric_dtype(values) and not kinds.is_bool_dtype(values):
        numbers = values.to_numpy(dtype=np.float64)
        if len(np.unique(numbers)) > FEW_VALUES:
            return "number", _knots(numbers), {}, missing
    counts = {}
    for value, count in values.value_counts()[:MOST_VALUES].items():
        shown = text(value)
        counts[shown] = counts.get(shown, 0) + int(count)
    return "words", np.empty(0), counts, missing


def _knots(numbers):
    if not len(numbers):
        return np.empty(0)
    return np.quantile(numbers, np.linspace(0, 1, min(KNOTS, len(numbers))))
