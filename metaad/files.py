"""Files that hold data: those that the course downloads and checks, and the reader's own table."""

import hashlib
import os
import time
import warnings
import zipfile
import zlib
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from metaad.progress import progress

CHECKOUT = Path(__file__).parents[1]
ENDINGS = (".csv", ".npz", ".parquet")  # of a reader's own table
CHUNK = 1 << 14  # bytes; a connection that breaks off costs at most so many
TRIES = 5
PAUSE = 1.0  # seconds before the connection is taken up again
TIMEOUT = (10, 60)  # seconds: to connect, between two chunks

# The address of each top folder of the data folder; a file's name is appended. Pinned to one commit where there is one.
ADDRESSES = {
    "adbench": "https://github.com/Minqi824/ADBench/raw/3dac8221081e190f157d78e93bfa8867f90d0965"
    "/adbench/datasets/Classical/",
    "uoms": "https://github.com/yzhao062/UOMS/raw/a27ebbbde2dcfd9c2d2b207f8b98dcbdff0ecef9"
    "/Internal_Evaluation/analysis/OD_Intrinsic_Measure/",
    "wnut17": "https://github.com/leondz/emerging_entities_17/raw/e52a2d2a71ac1a051ca2d532eef28653c5c02603/",
    # torchvision's addresses, in torchvision's layout, so that torchvision finds the files as well
    "MNIST": "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "FashionMNIST": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
}


class DataError(ValueError):
    """Data that is missing, damaged or not what was asked for. The message says which, and what to do."""


def data_dir():
    """The folder of downloaded data: $METAAD_DATA (a relative path counts from the checkout), or data/ in it."""
    return CHECKOUT / (os.environ.get("METAAD_DATA") or "data")


@cache
def registry():
    """Every file that can be had: {path below the data folder: SHA-256 as 64 hex digits}."""
    path = CHECKOUT / "data" / "registry.txt"
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise DataError(
            f"the list of checksums {path} can't be read ({error.strerror}); install metaad from its checkout: "
            f"pip install -e ."
        ) from None
    return dict(line.replace(" sha256:", " ").split() for line in lines if line.strip())


def fetch(file):
    """Path of one registered file, checked; it is downloaded if it is not there yet.

    Parameters
    ----------
    file : str, path below the data folder as the registry has it, e.g. "adbench/10_cover.npz".

    Returns
    -------
    Path

    Raises
    ------
    DataError
        if the file on disk or the download has another SHA-256 than the registry, if there is no network, if the
        connection breaks off for good, if the folder can't be written. No part of a file is left behind.
    """
    import pooch

    wanted = registry()[file]
    path = data_dir() / file
    if path.exists():
        try:
            found = sha256(path)
        except OSError as error:
            raise DataError(f"{path} is there but can't be read ({error.strerror}); mend that or move it.") from None
        if found != wanted:
            raise DataError(
                f"{path} is damaged or another file: expected SHA-256 {wanted[:12]}…, got {found[:12]}…. "
                f"Delete it and load again."
            )
        return path
    address = ADDRESSES[file.split("/")[0]] + path.name
    pooch.get_logger().setLevel("WARNING")  # its note of each download would end up in the notebook
    try:
        pooch.retrieve(address, f"sha256:{wanted}", path.name, path.parent, downloader=_Resuming(file, wanted))
        path.chmod(0o644)  # a temporary file is private; a classroom shares its data folder
    except OSError as error:
        reason = getattr(error.__cause__, "strerror", None) or error.strerror or error  # pooch wraps some of them
        raise DataError(
            f"{file} is missing and can't be written to {data_dir()} ({reason}). Set METAAD_DATA to "
            f"a folder that you can write to, or to one that holds the file."
        ) from None
    return path


def sha256(path):
    """SHA-256 of a file: 64 hex digits."""
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


class _Resuming:
    """A downloader for pooch that takes up a broken connection where it broke off, a few times, within one call.

    pooch hands it a temporary file, deletes that file if an error is raised, and renames it into place if none is.
    """

    def __init__(self, file, wanted):
        self.file, self.wanted = file, wanted

    def __call__(self, address, output, _pooch):
        import requests

        for attempt in range(1, TRIES + 1):
            try:
                self._continue(address, output)
                break
            except requests.HTTPError as error:
                code = error.response.status_code
                if attempt == TRIES or (code < 500 and code != 429):
                    raise self._failed(address, f"the server answered {code} {error.response.reason}") from None
            except requests.RequestException as error:
                got = os.path.getsize(output)
                if not got and isinstance(error, requests.ConnectionError):
                    raise self._failed(address, "no connection") from None
                if attempt == TRIES:
                    raise self._failed(
                        address, f"the connection broke off {TRIES} times, last after {got} bytes"
                    ) from None
            time.sleep(PAUSE)
        found = sha256(output)
        if found != self.wanted:
            raise DataError(
                f"{address} did not give the file that this course was made with: expected SHA-256 "
                f"{self.wanted[:12]}…, got {found[:12]}…. It was deleted. Try again on another network; if it stays, "
                f"the source has changed."
            )

    def _continue(self, address, output):
        """Append what is missing of the file to `output`; start over if the server can't continue."""
        import requests

        have = os.path.getsize(output)
        # identity: the checksum is that of the file, not of a transfer encoding
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with requests.get(address, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            continues = answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
            if answer.status_code == 416 or (answer.status_code == 206 and not continues):
                os.truncate(output, 0)
                raise requests.RequestException("the server continues at another place")
            answer.raise_for_status()
            chunks = -(-int(answer.headers.get("Content-Length", 0)) // CHUNK) or None
            with open(output, "ab" if answer.status_code == 206 else "wb") as f:
                for chunk in progress(answer.iter_content(CHUNK), total=chunks, label=self.file):
                    f.write(chunk)

    def _failed(self, address, reason):
        return DataError(
            f"{self.file} is not in {data_dir()} and could not be downloaded from {urlsplit(address).netloc}: "
            f"{reason}. Connect to the network and load again, or put the file there by hand from {address}"
        )


def read_own(path, label, anomaly=None):
    """Rows and labels of a reader's own file.

    Parameters
    ----------
    path : Path that ends in .csv, .parquet (every column but the label is a feature) or .npz (array X, and the labels).
    label : str, the column or array of labels.
    anomaly : the label that marks an anomaly, where the labels are two values other than 0 and 1.

    Returns
    -------
    X : float64 (n, d); from .npz also (n, height, width)
    y : int64 (n,), 1 for an anomaly
    marks : str, what counts as an anomaly

    Raises
    ------
    DataError
        if there is no such file or label, if a value is not a finite number, if only one class is there.
    """
    if not path.is_file():
        raise DataError(f"there is no file {path}; check the path (it counts from the current folder).")
    X, labels = (_arrays if path.suffix.lower() == ".npz" else _columns)(path, label)
    if X.ndim < 2 or 0 in X.shape:
        raise DataError(f"{path.name} must hold rows of numbers, (n, d) with n and d at least 1; got shape {X.shape}.")
    if labels.shape != X.shape[:1]:
        raise DataError(f"{path.name} must hold one label for each of its {len(X)} rows; got shape {labels.shape}.")
    bad = ~np.isfinite(X.reshape(len(X), -1)).all(axis=1)
    if bad.any():
        raise DataError(
            f"{path.name} holds NaN, inf or empty cells in {bad.sum()} of {len(X)} rows, first in row {bad.argmax()} "
            f"(counted from 0). Fill or drop them first."
        )
    return X, *_labels(path, label, labels, anomaly)


def _arrays(path, label):
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path.name} is not an .npz archive; write it with numpy.savez(path, X=X, {label}=...).")
    with np.load(path, allow_pickle=False) as arrays:
        missing = [key for key in ("X", label) if key not in arrays.files]
        if missing:
            raise DataError(
                f"{path.name} has no array {' or '.join(missing)}; it has {', '.join(arrays.files) or 'none'}. "
                f"Rows belong in X; name the labels' array with label=."
            )
        try:
            X, labels = arrays["X"], arrays[label]
        except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            if "pickle" not in str(error):
                raise DataError(f"{path.name} is damaged ({error}); copy or save it again.") from None
            raise DataError(
                f"{path.name} holds Python objects, which can run code when they are read; metaad never reads them. "
                f"Save plain numbers: numpy.savez(path, X=X.astype(float), {label}=...)."
            ) from None
    if X.dtype.kind not in "biuf":
        raise DataError(f"X in {path.name} must hold real numbers, got type {X.dtype}; encode it as numbers first.")
    return X.astype(np.float64), labels


def _columns(path, label):
    import pandas as pd

    try:
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):
            # index_col=False: else pandas takes surplus cells for an index without a word
            csv = path.suffix.lower() == ".csv"
            frame = pd.read_csv(path, index_col=False) if csv else pd.read_parquet(path)
    except pd.errors.ParserWarning:
        raise DataError(
            f"{path.name} has rows with more cells than its header has names; every column needs a name."
        ) from None
    except ImportError:
        raise DataError(f"{path.name} needs pyarrow to be read: pip install pyarrow, or save it as .csv.") from None
    except (ValueError, OSError) as error:  # pandas' and pyarrow's parser errors are both of these
        reason = str(error).strip().split("\n")[-1]
        raise DataError(f"{path.name} can't be read as a table ({reason}); every row needs the same columns.") from None
    if label not in frame.columns:
        some = ", ".join(map(str, frame.columns[:8])) + (", …" if len(frame.columns) > 8 else "")
        raise DataError(f"{path.name} has no column {label!r}; it has {some}. Name the labels' column with label=.")
    features = frame.drop(columns=label)
    if frame.empty:  # columns without a cell have no type to speak of
        return np.empty(features.shape), np.empty(0)
    words = [str(c) for c in features if not pd.api.types.is_numeric_dtype(features[c])]
    if words:
        raise DataError(
            f"{path.name} must hold numbers beside its label; not numbers: {', '.join(words[:8])}. Drop or encode them."
        )
    return features.to_numpy(np.float64, na_value=np.nan), frame[label].to_numpy()


def _labels(path, label, labels, anomaly):
    """Labels as 0 and 1, and the words for it."""
    import pandas as pd

    if pd.isna(labels).any():
        raise DataError(f"{label!r} in {path.name} has empty cells; every row needs a label. Fill or drop them first.")
    values = sorted({v.item() if isinstance(v, np.generic) else v for v in labels}, key=str)
    shown = ", ".join(map(repr, values[:6])) + (", …" if len(values) > 6 else "")
    if len(values) != 2:
        raise DataError(
            f"{label!r} in {path.name} must hold two values, normal and anomaly; got {len(values)}: {shown}. "
            + ("With one class only nothing can be measured." if len(values) < 2 else "Make it 0 and 1 first.")
        )
    if anomaly is None:
        if set(values) != {0, 1}:
            raise DataError(
                f"{label!r} in {path.name} must hold 0 (normal) and 1 (anomaly); got {shown}. Say which is the anomaly "
                f"with anomaly=."
            )
        anomaly = 1
    if anomaly not in values:
        raise DataError(f"anomaly={anomaly!r} is not a value of {label!r} in {path.name}, which holds {shown}.")
    return (labels == anomaly).astype(np.int64), f"rows whose {label} is {anomaly}"
