"""A model card: what whoever meets the model file in a year needs to know [1].

    card = model_card(odd, name="clinic", data=table, file="clinic.metaad", rate=0.05)
    write_card("clinic.card", card)         # clinic.card.json and clinic.card.md

References
----------
[1] Mitchell et al.: Model cards for model reporting. FAT* 2019.
"""

import datetime
import hashlib
import json
from numbers import Number
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from metaad import metrics
from metaad.detectors import anomaly_score
from metaad.practice.conformal import Conformal
from metaad.repro.records import write_json
from metaad.repro.run import machine
from metaad.repro.tables import markdown_table
from metaad.repro.whole import whole

ALWAYS = (
    "A score says how odd a row is among the rows of the fit. It does not say that the "
    "row is wrong, and not why.",
    "Nothing is promised for rows from another source, or after normal has changed: "
    "watch the drift alarm.",
)


def model_card(
    model,
    *,
    name,
    purpose="",
    data=None,
    file=None,
    rate=None,
    measured=None,
    limits=(),
    date=None,
):
    """Collect what there is to know about a fitted model: dict of plain values.

    Parameters
    ----------
    model : a fitted detector, Conformal or TableModel.
    name, purpose : str, what it is called, and what it may be used for.
    data : the `metaad.data.Table` of the fit, an array or a DataFrame; None where only
        the model knows.
    file : path of the saved model, whose checksum goes into the card.
    rate : float in (0, 1), the false-alarm rate in use; a TableModel has its own.
    measured : {name: number or metrics.Interval}, see `measure`; None for none.
    limits : sentences, beside those that hold for every detector.
    date : str; None for today.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        if the model is not fitted.
    """
    check_is_fitted(model)
    rate = getattr(model, "rate_", None) if rate is None else rate
    made = {"date": date or datetime.date.today().isoformat(), **machine()}
    return {
        "name": name,
        "purpose": purpose,
        "model": {**_described(model), **(_file(file) if file else {})},
        "data": _data(model, data),
        "threshold": _threshold(model, rate),
        "measured": {k: _plain(v) for k, v in (measured or {}).items()},
        "limits": [*ALWAYS, *limits],
        "made": made,
    }


def measure(model, X, y, rate):
    """Return how a model did on labelled rows that it was not fitted on: {name: number
    or Interval over rows}, for `model_card`.

    model : a fitted Conformal. X : array (n, d). y : array (n,), 1 for an anomaly and 0
    for a normal row. rate : float in (0, 1), of alerts."""
    y, alerts = np.asarray(y), model.alerts(X, rate)
    scores = anomaly_score(model, X)
    found = {
        "rows": len(y),
        "anomalies": int(y.sum()),
        "AUROC": metrics.auroc(y, scores),
        "average precision": metrics.average_precision(y, scores),
        "normal rows called odd": metrics.bootstrap(alerts[y == 0]),
        "anomalies called odd": metrics.bootstrap(alerts[y == 1]),
    }
    if alerts.any():
        found["alerts that are anomalies"] = float(y[alerts].mean())
    return found


def _described(model):
    """Class and settings, and what the model says about its choice."""
    parts, inner = [type(model).__name__], model
    for name in ("conformal_", "detector_"):
        inner = getattr(inner, name, inner)
    if inner is not model:
        parts.append(type(inner).__name__)
    found = {"class": " of ".join(parts)}
    if hasattr(model, "why_"):
        found["why"] = model.why_
    params = inner.get_params(deep=False)
    return found | {"settings": {k: _plain(v) for k, v in params.items()}}


def _file(path):
    content = Path(path).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return {"file": Path(path).name, "bytes": len(content), "sha256": digest}


def _data(model, data):
    """Rows, columns, source, and what was dropped, encoded or filled."""
    found, notes = {}, list(getattr(model, "notes_", ()))
    if data is None:
        known = {"n_rows_": "rows", "n_features_in_": "columns"}
        found = {
            v: int(getattr(model, k)) for k, v in known.items() if hasattr(model, k)
        }
    else:
        X = data.X if hasattr(data, "X") else data
        found = {"rows": int(np.shape(X)[0]), "columns": int(np.shape(X)[1])}
        for part in ("name", "source", "licence", "anomalies"):
            if getattr(data, part, None):
                found[part] = str(getattr(data, part))
        names = getattr(data, "columns", None)
        if names is not None:
            found["names"] = [str(c) for c in names]
        notes += [n for n in getattr(data, "notes", ()) if n not in notes]
    return found | {"notes": notes}


def _threshold(model, rate):
    """Where a row is called odd, and what that promises."""
    conformal = getattr(model, "conformal_", model)
    if isinstance(conformal, Conformal):
        found = {"calibration rows": int(conformal.n_calibration), "rate": rate}
        said = conformal.promise(rate) if rate else "No rate was chosen."
        return found | {"promise": said}
    return {
        "offset": _plain(getattr(model, "offset_", None)),
        "promise": "None about new rows: the threshold is a quantile of the scores of "
        "rows that the detector was fitted on. Conformal gives one.",
    }


def _plain(value):
    """A value as JSON can hold it."""
    if isinstance(value, metrics.Interval):
        return {"value": value.value, "low": value.low, "high": value.high}
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (Number, np.number)):
        return value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return f"array {value.shape}"
    if isinstance(value, BaseEstimator):
        return f"{type(value).__name__}(...)"
    return str(value)


def card_text(card):
    """Return a card as Markdown, for people."""
    lines = [f"# Model card: {card['name']}", "", card["purpose"]]
    for title in ("model", "data", "threshold", "measured", "made"):
        rows = _rows(card[title])
        if rows:
            lines += [
                "",
                f"## {title.capitalize()}",
                "",
                markdown_table(["", ""], rows),
            ]
        if title == "measured":
            said = [f"- {limit}" for limit in card["limits"]]
            lines += ["", "## Limits", "", *said]
    return "\n".join(lines) + "\n"


def _rows(part, before=""):
    """Names and values of a part of a card, one row each: list of [name, text]."""
    rows = []
    for name, value in part.items():
        if isinstance(value, dict) and set(value) == {"value", "low", "high"}:
            value = f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
        if isinstance(value, dict):
            rows += _rows(value, f"{before}{name}: ")
        elif value not in (None, [], ""):
            rows.append([_text(before + name), _text(value)])
    return rows


def _text(value):
    if isinstance(value, list):
        return "; ".join(map(_text, value))
    said = f"{value:.4g}" if isinstance(value, float) else str(value)
    return said.replace("|", "\\|").replace("\n", " ")


def write_card(path, card):
    """Write a card as path.json, for programs, and path.md, for people; return both."""
    path = Path(path)
    files = [path.with_name(path.name + ending) for ending in (".json", ".md")]
    write_json(files[0], card)
    with whole(files[1]) as file:
        file.write(card_text(card).encode())
    return files


def read_card(path, file=None):
    """Return the card in a JSON file; with `file`, only if it is that model's.

    Raises
    ------
    ValueError
        if there is no card, or the model file is another one than the card's.
    """
    try:
        card = json.loads(Path(path).read_text(encoding="utf-8"))
        wanted = card["model"].get("sha256")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError(
            f"{path} is no model card; expected the .json that write_card wrote."
        ) from None
    if file is not None and _file(file)["sha256"] != wanted:
        raise ValueError(
            f"{path} is about another model than {file}: the checksums differ. Write a "
            f"card for this one."
        )
    return card
