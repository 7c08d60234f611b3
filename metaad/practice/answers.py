"""Rows as they come over a wire, in JSON, and the answers that go back."""

from numbers import Real

import numpy as np

from metaad.detectors import anomaly_score
from metaad.practice.rates import allowed_rate, odd_at


class Answers:
    """What a service says about rows, whatever kind of model it holds.

    model : a fitted TableModel (scores, p-values, alerts, reasons), a Conformal (no
        reasons) or a detector (scores and alerts beyond `offset_`, no p-values).
    rate : false-alarm rate of a Conformal's alerts; a TableModel has its own.
    most_rows : int, rows that one request may bring.
    """

    def __init__(self, model, rate=0.01, most_rows=10_000):
        self.model, self.rate, self.most_rows = model, rate, most_rows
        inner = getattr(model, "detector_", model)
        self.columns = [str(c) for c in getattr(inner, "feature_names_in_", ())]
        self.width = getattr(inner, "n_features_in_", None)
        self.of_table = hasattr(model, "preparation_")
        if hasattr(model, "calibration_"):
            allowed_rate(rate, len(model.calibration_))

    def __call__(self, rows):
        """Return {"scores", "p_values", "alerts", "reasons"}, each a list as long as
        the rows, or None where the model has none. scores : large = odd.

        rows : list of lists of numbers, in the order of the columns; or of dicts
        {column: value}, in any order.

        Raises
        ------
        ValueError
            in one sentence, for rows that are none.
        """
        if not isinstance(rows, list) or not rows:
            raise ValueError('expected {"rows": [...]} with one row or more.')
        if len(rows) > self.most_rows:
            raise ValueError(
                f"{len(rows):,} rows in one request; send {self.most_rows:,} at most, "
                f"or score a file."
            )
        if self.of_table:
            return self._by_table(rows)
        X = self._numbers(rows)
        scores = anomaly_score(self.model, X)
        if hasattr(self.model, "p_values"):
            p = self.model.p_values(X)
            return _said(scores, p, odd_at(p, self.rate), None)
        return _said(scores, None, self.model.predict(X) < 0, None)

    def _by_table(self, rows):
        import pandas as pd

        for i, row in enumerate(rows):
            if not isinstance(row, dict):
                raise ValueError(
                    f"row {i} must be {{column: value}}, got {_kind(row)}."
                )
            if row.keys() != rows[0].keys():
                raise ValueError(
                    f"row {i} has other columns than row 0; send null for a gap."
                )
            for name, value in row.items():
                if not isinstance(value, (str, Real, type(None))):
                    raise ValueError(f"row {i}, {name!r}: got {_kind(value)}.")
        found = self.model.score(pd.DataFrame(rows))
        parts = (found[n] for n in ("score", "p_value", "alert", "reason"))
        return _said(*(part.to_numpy() for part in parts))

    def _numbers(self, rows):
        """The rows as an array (n, d), or a DataFrame where the columns have names."""
        table = [self._values(i, row) for i, row in enumerate(rows)]
        X = np.array(table, dtype=np.float64)
        if not self.columns:
            return X
        import pandas as pd

        return pd.DataFrame(X, columns=self.columns)

    def _values(self, i, row):
        """The numbers of row i, in the order of the model's columns."""
        names = self.columns or [f"column {j}" for j in range(self.width)]
        if isinstance(row, dict):
            row = self._in_order(i, row)
        if not isinstance(row, list) or len(row) != self.width:
            got = f"{len(row)} values" if isinstance(row, list) else _kind(row)
            raise ValueError(f"row {i} must have {self.width} numbers, got {got}.")
        for name, value in zip(names, row, strict=True):
            if not _number(value):
                raise ValueError(
                    f"row {i}, {name}: expected a number, got {value!r:.50}."
                )
        return row

    def _in_order(self, i, row):
        """The values of a dict by name: none may be missing, and none left over."""
        if not self.columns:
            raise ValueError(
                f"row {i} has names, and this model was fitted without: send "
                f"{self.width} numbers in the order of its columns."
            )
        missing = [c for c in self.columns if c not in row]
        extra = [c for c in row if c not in self.columns]
        for said, names in (("lacks", missing), ("has a column too many:", extra)):
            if names:
                raise ValueError(f"row {i} {said} {', '.join(map(repr, names[:3]))}.")
        return [row[c] for c in self.columns]


def _number(value):
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    return abs(value) < 1e300  # not NaN, and a whole number of any length is no float


def _kind(value):
    return type(value).__name__


def _said(scores, p, alerts, reasons):
    """The answer as JSON can hold it."""
    return {
        "scores": [float(v) for v in scores],
        "p_values": None if p is None else [float(v) for v in p],
        "alerts": [bool(v) for v in alerts],
        "reasons": None if reasons is None else [str(v) for v in reasons],
    }
