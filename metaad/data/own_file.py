"""The reader's own table: rows and labels out of .csv, .parquet or .npz."""

import warnings
import zipfile
import zlib

import numpy as np

from metaad.data.records import DataError

ENDINGS = (".csv", ".npz", ".parquet")  # of a reader's own table


def read_own(path, label, anomaly=None):
    """Rows and labels of a reader's own file.

    Parameters
    ----------
    path : Path that ends in .csv, .parquet (every column but the label is a feature) or
        .npz (array X, and the labels).
    label : str, the column or array of labels.
    anomaly : the label that marks an anomaly, where the labels are two values other
        than 0 and 1.

    Returns
    -------
    X : float64 (n, d); from .npz also (n, height, width)
    y : int64 (n,), 1 for an anomaly
    marks : str, what counts as an anomaly

    Raises
    ------
    DataError
        if there is no such file or label, if a value is not a finite number, if only
        one class is there.
    """
    if not path.is_file():
        raise DataError(
            f"there is no file {path}; check the path (it counts from the current folder)."
        )
    X, labels = (_arrays if path.suffix.lower() == ".npz" else _columns)(path, label)
    if X.ndim < 2 or 0 in X.shape:
        raise DataError(
            f"{path.name} must hold rows of numbers, (n, d) with n and d at least 1; "
            f"got shape {X.shape}."
        )
    if labels.shape != X.shape[:1]:
        raise DataError(
            f"{path.name} must hold one label for each of its {len(X)} rows; got "
            f"shape {labels.shape}."
        )
    bad = ~np.isfinite(X.reshape(len(X), -1)).all(axis=1)
    if bad.any():
        raise DataError(
            f"{path.name} holds NaN, inf or empty cells in {bad.sum()} of {len(X)} "
            f"rows, first in row {bad.argmax()} "
            f"(counted from 0). Fill or drop them first."
        )
    return X, *_labels(path, label, labels, anomaly)


def _arrays(path, label):
    if not zipfile.is_zipfile(path):
        raise DataError(
            f"{path.name} is not an .npz archive; write it with numpy.savez(path, "
            f"X=X, {label}=...)."
        )
    with np.load(path, allow_pickle=False) as arrays:
        missing = [key for key in ("X", label) if key not in arrays.files]
        if missing:
            raise DataError(
                f"{path.name} has no array {' or '.join(missing)}; it has "
                f"{', '.join(arrays.files) or 'none'}. "
                f"Rows belong in X; name the labels' array with label=."
            )
        try:
            X, labels = arrays["X"], arrays[label]
        except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            if "pickle" not in str(error):
                raise DataError(
                    f"{path.name} is damaged ({error}); copy or save it again."
                ) from None
            raise DataError(
                f"{path.name} holds Python objects, which can run code when they are "
                f"read; metaad never reads them. "
                f"Save plain numbers: numpy.savez(path, X=X.astype(float), {label}=...)."
            ) from None
    if X.dtype.kind not in "biuf":
        raise DataError(
            f"X in {path.name} must hold real numbers, got type {X.dtype}; encode it "
            f"as numbers first."
        )
    return X.astype(np.float64), labels


def _columns(path, label):
    import pandas as pd

    try:
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):
            # index_col=False: else pandas takes surplus cells for an index without a
            # word
            csv = path.suffix.lower() == ".csv"
            frame = pd.read_csv(path, index_col=False) if csv else pd.read_parquet(path)
    except pd.errors.ParserWarning:
        raise DataError(
            f"{path.name} has rows with more cells than its header has names; every "
            f"column needs a name."
        ) from None
    except ImportError:
        raise DataError(
            f"{path.name} needs pyarrow to be read: pip install pyarrow, or save it as .csv."
        ) from None
    # pandas' and pyarrow's parser errors are both of these
    except (ValueError, OSError) as error:
        reason = str(error).strip().split("\n")[-1]
        raise DataError(
            f"{path.name} can't be read as a table ({reason}); every row needs the same columns."
        ) from None
    if label not in frame.columns:
        some = ", ".join(map(str, frame.columns[:8])) + (
            ", …" if len(frame.columns) > 8 else ""
        )
        raise DataError(
            f"{path.name} has no column {label!r}; it has {some}. Name the labels' "
            f"column with label=."
        )
    features = frame.drop(columns=label)
    if frame.empty:  # columns without a cell have no type to speak of
        return np.empty(features.shape), np.empty(0)
    words = [str(c) for c in features if not pd.api.types.is_numeric_dtype(features[c])]
    if words:
        raise DataError(
            f"{path.name} must hold numbers beside its label; not numbers: "
            f"{', '.join(words[:8])}. Drop or encode them."
        )
    return features.to_numpy(np.float64, na_value=np.nan), frame[label].to_numpy()


def _labels(path, label, labels, anomaly):
    """Labels as 0 and 1, and the words for it."""
    import pandas as pd

    if pd.isna(labels).any():
        raise DataError(
            f"{label!r} in {path.name} has empty cells; every row needs a label. Fill "
            f"or drop them first."
        )
    values = sorted(
        {v.item() if isinstance(v, np.generic) else v for v in labels}, key=str
    )
    shown = ", ".join(map(repr, values[:6])) + (", …" if len(values) > 6 else "")
    if len(values) != 2:
        raise DataError(
            f"{label!r} in {path.name} must hold two values, normal and anomaly; got "
            f"{len(values)}: {shown}. "
            + (
                "With one class only nothing can be measured."
                if len(values) < 2
                else "Make it 0 and 1 first."
            )
        )
    if anomaly is None:
        if set(values) != {0, 1}:
            raise DataError(
                f"{label!r} in {path.name} must hold 0 (normal) and 1 (anomaly); got "
                f"{shown}. Say which is the anomaly "
                f"with anomaly=."
            )
        anomaly = 1
    if anomaly not in values:
        raise DataError(
            f"anomaly={anomaly!r} is not a value of {label!r} in {path.name}, which holds {shown}."
        )
    return (labels == anomaly).astype(np.int64), f"rows whose {label} is {anomaly}"
