"""Columns of any kind as numbers: fitted on some rows, the same for rows that come later."""

import difflib
import warnings

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from metaad.data.counted import counted
from metaad.data.own.cells import as_text, dates, numbers
from metaad.data.own.encode import Part, encoded, learn
from metaad.data.own.filled import FILLED
from metaad.data.own.kinds import (
    CATEGORIES,
    Nothing,
    kind_of,
    moments,
    seconds,
)
from metaad.data.own.reading import some
from metaad.data.own.stored import checked_part
from metaad.data.own.words import new_words
from metaad.data.records import DataError

GAPS, FEW = " is empty in ", 3  # more notes on gaps are one
EXAMPLE = {"number": "numbers", "date": "dates"}


class Preparation(TransformerMixin, BaseEstimator):
    """Make numbers of a table: a transformer of scikit-learn.

    Numbers stay as they are. A date becomes its hour, weekday and the days since the
    first; a category of up to `categories` values one column per value; one of more
    values the bits of its rarity; free text its length and what it is made of. Gaps are
    filled with the median and marked in a column of their own. Columns with nothing to
    learn from (one value, a count or names of the rows) are left out.

    Everything is learned from the rows that `fit` is given; `notes_` says what was done.

    Parameters
    ----------
    categories : whole number of 1 or more.

    Attributes
    ----------
    columns_ : tuple of str (d,), the names of the numbers.
    source_ : tuple of str (d,), the column of the table that each number comes from.
    notes_ : list of str, what was left out, encoded or filled.
    text_ : list of str, the columns that are read as words: what `as_words` of
        `read_frame` and `read_chunks` wants for rows that come later.
    parts_ : list of Part, what was learned of each column.
    """

    def __init__(self, categories=CATEGORIES):
        self.categories = categories

    def fit(self, X, y=None):
        """Learn from the rows of a table.

        X : DataFrame (n, c) of two rows or more, or an array (n, c). y : not used.

        Raises
        ------
        DataError
            if there are fewer rows, two columns of one name, no column to learn from,
            or a cell that can't be one.
        """
        if not isinstance(self.categories, (int, np.integer)) or self.categories < 1:
            raise DataError(
                f"categories must be a whole number of 1 or more, got {self.categories!r}."
            )
        frame = _frame(X)
        _all_different(frame)
        if len(frame) < 2:
            raise DataError(
                f"a table to learn from needs two rows or more, got {len(frame)}."
            )
        self.parts_, self.notes_ = [], []
        for name in frame:
            self._learn(name, frame[name])
        if not self.parts_:
            raise DataError(
                f"no column is left to learn from: {'; '.join(self.notes_)}. Add a "
                f"column that differs between rows."
            )
        self.notes_ = _shorter(self.notes_)
        self.feature_names_in_ = np.array(list(frame), dtype=object)
        self._named()
        return self

    def _learn(self, name, cells):
        try:
            kind, values, about, notes = kind_of(name, cells, self.categories)
            part, more = learn(name, kind, values, about)
        except Nothing as reason:
            self.notes_.append(f"dropped {name!r}: {reason}")
            return
        self.parts_.append(part)
        self.notes_ += notes + more

    def _named(self):
        """What follows from the parts."""
        self.n_features_in_ = len(self.feature_names_in_)
        self.columns_ = tuple(c for part in self.parts_ for c in part.columns)
        self.source_ = tuple(part.name for part in self.parts_ for _ in part.columns)
        words = ("category", "rarity", "text")
        self.text_ = [part.name for part in self.parts_ if part.kind in words]

    def transform(self, X):
        """Return the same numbers of other rows, float64 (n, d), all finite.

        The columns may stand in any order; others beside them are left out with a
        warning. A category's value that was not there when it was fitted is none of
        those known, or 'other', with a warning too.

        Raises
        ------
        DataError
            if a column is missing, or a cell is no number or date where the fitted
            table has numbers or dates; it names the column and the first such row.
        """
        check_is_fitted(self, "parts_")
        frame = _frame(X, self.feature_names_in_)
        _all_different(frame)
        self._complete(frame)
        found = [self._numbers(part, frame[part.name]) for part in self.parts_]
        return np.concatenate(found, axis=1)

    def _complete(self, frame):
        """Every column that was learned from is there; others are noted."""
        missing = [p.name for p in self.parts_ if p.name not in frame.columns]
        if missing:
            strange = [c for c in frame if c not in set(self.feature_names_in_)]
            near = difflib.get_close_matches(missing[0], strange, 1)
            hint = f" Is it {near[0]!r}, under another name?" if near else ""
            raise DataError(
                f"the rows lack {some(missing)}, which the fitted table has; they have "
                f"{some(list(frame))}.{hint}"
            )
        extra = [c for c in frame if c not in set(self.feature_names_in_)]
        if extra:
            _warn(f"not used, since the fitted table lacks them: {some(extra)}")

    def _numbers(self, part, cells):
        values, empty = _read(part, cells)
        if not part.known.get("gaps", True) and empty.any():
            _warn(
                f"{part.name!r} is empty in {counted(empty.sum(), 'row')} and never was in the "
                f"fitted table; filled with its median"
            )
        if part.kind == "category" and (new := new_words(part.known, values)):
            _warn(f"{part.name!r} holds {new}")
        return encoded(part, values)

    def understood(self, X):
        """Return the columns that were learned from as they are read: a DataFrame
        (n, columns) of numbers, moments and words, gaps as NaN, NaT and None.

        Raises DataError as `transform` does."""
        check_is_fitted(self, "parts_")
        frame = _frame(X, self.feature_names_in_)
        self._complete(frame)
        found = {p.name: _read(p, frame[p.name])[0] for p in self.parts_}
        return type(frame)(found)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the numbers, an object array (d,)."""
        check_is_fitted(self, "parts_")
        return np.array(self.columns_, dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _state(self):
        """Return all of it as plain data, for `metaad.saving`."""
        if not hasattr(self, "parts_"):
            return {"categories": self.categories}
        parts = [[p.name, p.kind, p.columns, p.known] for p in self.parts_]
        return {
            "categories": self.categories,
            "names": self.feature_names_in_,
            "parts": parts,
            "notes": self.notes_,
        }

    @classmethod
    def _from_state(cls, state):
        """Return what `_state` came from; ValueError for what does not fit together."""
        made = cls(state["categories"])
        if "parts" in state:
            made.parts_ = [checked_part(Part(*p)) for p in state["parts"]]
            made.notes_ = list(map(str, state["notes"]))
            made.feature_names_in_ = np.array(state["names"], dtype=object)
            names = {p.name for p in made.parts_}
            if not made.parts_ or not names <= set(made.feature_names_in_):
                raise ValueError("its columns are not those of its table")
            made._named()
        return made


def _shorter(notes):
    """Notes with one for all columns that have gaps, where there are many."""
    gaps = [n for n in notes if GAPS in n]
    if len(gaps) <= FEW:
        return notes
    names = [n.split(GAPS)[0] for n in gaps]
    one = f"{len(gaps)} columns are empty in some rows ({some(names)}): {FILLED}"
    return [n for n in notes if n not in gaps] + [one]


def _frame(X, names=None):
    """Rows as a DataFrame whose columns have names of text."""
    import pandas as pd

    if isinstance(X, pd.DataFrame):
        if all(isinstance(c, str) for c in X.columns):
            return X
        return X.set_axis([str(c) for c in X.columns], axis=1)
    X = np.asarray(X)
    if X.ndim != 2:
        raise DataError(
            f"expected a DataFrame or an array (n, c), got shape {X.shape}; one row is "
            f"X.reshape(1, -1)."
        )
    if names is None or len(names) != X.shape[1]:
        names = [str(i) for i in range(X.shape[1])]
    return pd.DataFrame(X, columns=names)


def _all_different(frame):
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise DataError(
            f"there are {(frame.columns == twice[0]).sum()} columns of the name "
            f"{twice[0]!r}; give every column a name of its own."
        )


def _read(part, cells):
    """The values of a column as its part wants them, and where they are empty."""
    kind = cells.dtype.kind
    if part.kind == "number":
        values = _as_numbers(part, cells, kind)
        return values, np.isnan(values)
    if part.kind == "date":
        values = _as_dates(part, cells, kind)
        return values, np.isnat(values)
    texts = as_text(cells)
    return texts, np.array([t is None for t in texts], bool)


def _as_numbers(part, cells, kind):
    if kind in "biuf":
        values = cells.to_numpy(np.float64, na_value=np.nan)
        bad = np.isinf(values)
    elif kind == "m":
        values, bad = seconds(cells), np.zeros(len(cells), bool)
    else:
        texts = as_text(cells)
        values, _, _, bad = numbers(texts, part.known["style"], part.known["words"])
        bad = bad | np.isinf(values)
    _refuse(part, cells, bad)
    return values


def _as_dates(part, cells, kind):
    if kind == "M":
        return moments(cells)
    values, _, _, bad = dates(as_text(cells), part.known["form"], part.known["words"])
    _refuse(part, cells, bad)
    return values


def _refuse(part, cells, bad):
    """Say which cell is none of what the fitted table holds there."""
    if not bad.any():
        return
    place = bad.argmax()
    like = part.known.get("form") or part.known.get("style")
    like = "" if like in ("plain", "ISO8601") else f" like {like}"
    raise DataError(
        f"column {part.name!r} must hold {EXAMPLE[part.kind]}{like}, as in the fitted "
        f"table; row {cells.index[place]} (counted from 0) holds "
        f"{str(cells.iloc[place])[:40]!r}, and {bad.sum():,} of {len(bad):,} rows do not."
    )


def _warn(text):
    warnings.warn(text + ".", stacklevel=4)
