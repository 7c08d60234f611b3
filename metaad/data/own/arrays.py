"""The reader's own .npz file. It may come from anyone: nothing in it is run, and its
sizes are checked before memory is asked for.
"""

import math
import zipfile

import numpy as np

from metaad.data.own.opening import must_be_there
from metaad.data.records import DataError

# deflate, the one compression of .npz files, packs no better than 1032 to 1
DENSEST = 1032
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06")  # how a zip file begins; the second is empty


def read_arrays(path, label):
    """Read X (n, ...) as float64, the labels (n,) and the names (d,) of one archive that
    `numpy.savez` wrote; None for labels if `label` is None, for names if it has no array
    `columns` of them.

    Raises
    ------
    DataError
        if the file is no such archive, is damaged, lacks one of the two arrays, holds
        Python objects, or declares more than it can hold.
    """
    must_be_there(path)
    wanted = ["X"] if label is None else ["X", label]
    with open(path, "rb") as file:
        if file.read(4) not in ARCHIVES:
            raise DataError(
                f"{path.name} is not an .npz archive; write it with numpy.savez(path, "
                f"X=X, {label or 'y'}=...)."
            )
    try:
        with zipfile.ZipFile(path) as archive:
            found = {n.removesuffix(".npy"): n for n in archive.namelist()}
            missing = [key for key in wanted if key not in found]
            if not missing:
                X, *labels = (_array(path, archive, found[k]) for k in wanted)
                names = None
                if "columns" in found:
                    names = _array(path, archive, found["columns"])
    except DataError:
        raise
    # what a damaged archive or header raises is anything: zlib's, struct's and the
    # tokenizer's errors, KeyError, NotImplementedError, RuntimeError, ...
    except Exception as error:
        raise DataError(
            f"{path.name} is damaged ({error or type(error).__name__}); copy or save it "
            f"again."
        ) from None
    if missing:
        raise DataError(
            f"{path.name} has no array {' or '.join(missing)}; it has "
            f"{', '.join(found) or 'none'}. Rows belong in X; name the labels' array "
            f"with label=."
        )
    if X.dtype.kind not in "biuf":
        raise DataError(
            f"X in {path.name} must hold real numbers, got type {X.dtype}; encode it "
            f"as numbers first."
        )
    labels = labels[0] if labels else None
    if labels is not None and X.ndim and labels.shape != X.shape[:1]:
        raise DataError(
            f"{path.name} must hold one label for each of its {len(X)} rows; got shape "
            f"{labels.shape}."
        )
    fits = names is not None and names.dtype.kind == "U" and names.shape == X.shape[1:]
    fits = fits and len(set(names.tolist())) == len(names)
    return X.astype(np.float64), labels, names.tolist() if fits else None


def _array(path, archive, member):
    """One array, read only after what it declares fits the bytes that are there."""
    entry = archive.getinfo(member)
    name = member.removesuffix(".npy")
    with archive.open(entry) as file:
        major, _ = np.lib.format.read_magic(file)
        read = {
            1: np.lib.format.read_array_header_1_0,
            2: np.lib.format.read_array_header_2_0,
        }[major]
        shape, _, dtype = read(file)
        if dtype.hasobject:
            raise DataError(
                f"{path.name} holds Python objects in {name}, which can run code when "
                f"they are read; metaad never reads them. Save plain numbers: "
                f"numpy.savez(path, {name}={name}.astype(float), ...)."
            )
        declared = math.prod(shape) * dtype.itemsize
        held = entry.file_size - file.tell()
        most = DENSEST * (entry.compress_size + 1)
        if declared != held or held > most:
            raise DataError(
                f"{path.name} is damaged or made to fill the memory: its {name} of "
                f"shape {shape} needs {declared:,} bytes, and the file holds "
                f"{min(held, most):,} at most. Save it again from its source."
            )
    with archive.open(entry) as file:
        try:
            return np.lib.format.read_array(file, allow_pickle=False)
        except MemoryError:
            raise DataError(
                f"{name} in {path.name} needs {declared:,} bytes of memory, more than "
                f"there is; load fewer rows."
            ) from None
