"""scikit-learn's fitted detectors, through skops: no pickle, and types of a fixed list.

skops names its parts by their address in memory and stamps them with the time. Here
they are counted instead, so that equal detectors give equal bytes.
"""

import copy
import io
import json
import re
import zipfile

import numpy as np
import sklearn
from sklearn.utils.validation import _is_fitted

from metaad.lazy import optional

# compiled parts that skops does not trust by itself; they are scikit-learn's own
COUNTERS = slice(7, 11)  # in a search tree's state: trims, leaves, splits, calls
TRUSTED = (
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.ChebyshevDistance64",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.tree._tree.Tree",
)


def packed(detector):
    """Return what a fitted detector of scikit-learn holds: dict of its bytes and the
    version that made them. None if it is not fitted.
    """
    skops_io = optional("skops.io")

    if not _is_fitted(detector):
        return None
    content = skops_io.dumps(_at_rest(detector))
    _check_types(content)
    counted = np.frombuffer(_counted(content), dtype=np.uint8)
    return {"skops": counted, "scikit-learn": sklearn.__version__}


def unpacked(kept, cls):
    """Return the detector that `packed` took apart. Raises ValueError for another
    version of scikit-learn, another class, or a type that is not trusted.
    """
    skops_io = optional("skops.io")

    if set(kept) != {"skops", "scikit-learn"} or kept["skops"].dtype != np.uint8:
        raise ValueError("it must hold skops and scikit-learn")
    made_by, here = kept["scikit-learn"], sklearn.__version__
    if str(made_by).split(".")[:2] != here.split(".")[:2]:
        raise ValueError(
            f"its {cls.__name__} was fitted by scikit-learn {made_by}, and this is "
            f"{here}: scores could differ, so fit it again"
        )
    content = kept["skops"].tobytes()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            # stored as they are: nothing can swell
            if any(p.file_size != p.compress_size for p in parts.infolist()):
                raise ValueError(
                    "its parts are compressed, and skops stores them plain"
                )
        _check_types(content)
        found = skops_io.loads(content, trusted=list(TRUSTED))
    except (KeyError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(
            f"its {cls.__name__} is not what skops wrote ({error})"
        ) from None
    if type(found) is not cls:
        raise ValueError(f"it says {cls.__name__} and holds {type(found).__name__}")
    return found


def _check_types(content):
    skops_io = optional("skops.io")

    unknown = set(skops_io.get_untrusted_types(data=content)) - set(TRUSTED)
    if unknown:
        raise ValueError(
            f"it holds {', '.join(sorted(unknown))}, which is not among the types of "
            f"scikit-learn that are saved"
        )


def _counted(content):
    """The same archive with parts numbered in the order in which they come."""
    numbers = {}

    def number(match):
        return str(numbers.setdefault(match.group(), len(numbers) + 1))

    old = zipfile.ZipFile(io.BytesIO(content))
    schema = _fresh(
        json.loads(old.read("schema.json")), iter(range(10**18, 2 * 10**18))
    )
    schema = re.sub(
        r"(?<=\"__id__\": )\d+|(?<=\")\d+(?=\.npy\")", number, json.dumps(schema)
    )
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as new:
        new.writestr(zipfile.ZipInfo("schema.json"), schema)
        for name in sorted(
            (n for n in old.namelist() if n != "schema.json"),
            key=lambda n: numbers[n.removesuffix(".npy")],
        ):
            part = f"{numbers[name.removesuffix('.npy')]}.npy"
            new.writestr(zipfile.ZipInfo(part), _clean(old.read(name)))
    return result.getvalue()


def _clean(content):
    """An .npy file with zeros between the fields of a record, where memory left what
    lay there before.
    """
    array = np.load(io.BytesIO(content), allow_pickle=False)
    if not array.dtype.names:
        return content
    # zeros_like would set the fields alone
    clean, result = np.zeros(array.shape, array.dtype), io.BytesIO()
    for name in array.dtype.names:
        clean[name] = array[name]
    # np.save would copy records field by field, and leave the gaps to chance again
    head = np.lib.format.header_data_from_array_1_0(clean)
    np.lib.format.write_array_header_1_0(result, head)
    result.write(clean.view(np.uint8).tobytes())
    return result.getvalue()


def _at_rest(detector):
    """A copy whose search tree has forgotten how often it was asked."""
    detector = copy.deepcopy(detector)
    tree = getattr(detector, "_tree", None)
    if tree is not None:
        state = list(tree.__getstate__())
        state[COUNTERS] = [0] * 4
        tree.__setstate__(tuple(state))
    return detector


def _fresh(node, numbers):
    """Numbers and strings get an id of their own: which of them share one in memory
    depends on chance.
    """
    if isinstance(node, list):
        return [_fresh(n, numbers) for n in node]
    if not isinstance(node, dict):
        return node
    node = {k: _fresh(v, numbers) for k, v in node.items()}
    return node | {"__id__": next(numbers)} if node.get("is_json") else node
