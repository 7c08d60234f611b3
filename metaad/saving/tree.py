"""Nested values as JSON beside arrays: what a file of `metaad.saving` holds.

| value | in the JSON |
| --- | --- |
| number, text, None, list | itself |
| tuple, dict | {"tuple": [...]}, {"dict": [[key, value], ...]} |
| NumPy array, torch tensor | {"array": name}, {"tensor": name} |
| column names | {"names": [...]} |
| torch.device | {"device": null}: where it lay is no matter to who loads it |
| a network | {"net": ...}, see `metaad.saving.nets` |
| an object of the package | {"object": ...}, see `metaad.saving.objects` |
"""

import json
import sys
from functools import partial
from os import PathLike

import numpy as np

from metaad.saving import file, objects

FORMAT = 2  # of the file; another number is refused


def write_tree(path, tree):
    """Write nested dicts, lists and tuples of tensors, arrays, numbers, strings and
    None to one file; whole or not at all, see `metaad.saving.file.write`.

    Raises
    ------
    TypeError
        if the tree holds anything else; nothing is written then.
    """
    from metaad import __version__

    arrays = {}
    header = {"format": FORMAT, "metaad": __version__, "tree": plain(tree, arrays)}
    file.write(path, json.dumps(header), arrays)


def read_tree(path, device="cpu"):
    """Read the tree that `write_tree` wrote, its tensors on `device`.

    Raises
    ------
    SavedFileError
        a ValueError, if the file is missing or damaged, or its content does not fit
        together.
    """
    text, arrays = file.read(path)
    try:
        header = json.loads(text)
        if header["format"] != FORMAT:
            raise ValueError(
                f"it has format {header['format']!r}, and this version of metaad "
                f"reads format {FORMAT}"
            )
        return restored(header["tree"], arrays, device)
    except KeyError as error:
        raise _unfit(path, f"{error} is missing") from None
    except (
        ArithmeticError,
        AttributeError,
        IndexError,
        MemoryError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        raise _unfit(path, error) from None


def _unfit(path, reason):
    said = str(reason).split("\n", 1)[0].rstrip(". ")
    return file.SavedFileError(
        f"{path} can't be loaded: {said}. Save the object again."
    )


def plain(value, arrays):
    """Return a value as JSON. Arrays move to the dict `arrays` and leave their name."""
    inner = partial(plain, arrays=arrays)
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value)
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, PathLike):
        return str(value)
    if isinstance(value, np.ndarray):
        return _array(value, arrays)
    if sys.modules.get("torch") and (found := _torch(value, arrays)):
        return found
    if objects.key_of(value):
        return {"object": objects.state(value, inner)}
    if isinstance(value, dict):
        return {"dict": [[inner(k), inner(v)] for k, v in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [inner(v) for v in value]}
    if isinstance(value, list):
        return [inner(v) for v in value]
    raise TypeError(
        f"only tensors, arrays, numbers, strings, None, the package's own objects and "
        f"dicts, lists, tuples of them are saved, got {value!r:.200}. A class of your "
        f"own needs a row in metaad.saving.classes."
    )


def _array(value, arrays):
    if value.dtype == object and all(isinstance(v, str) for v in value.flat):
        return {"names": value.tolist()}
    if value.dtype.kind not in "biuf":
        raise TypeError(f"arrays of numbers are saved, got one of {value.dtype}.")
    name = str(len(arrays))
    arrays[name] = value
    return {"array": name}


def _torch(value, arrays):
    """What torch's objects become, None for everything else."""
    import torch

    from metaad.saving import nets

    if isinstance(value, torch.device):
        return {"device": None}
    if isinstance(value, torch.nn.Module):
        return {"net": nets.state(value, arrays)}
    if isinstance(value, torch.Tensor):
        return nets.tensor_state(value, arrays)
    return None


def restored(value, arrays, device):
    """Return the value that `plain` made the JSON of."""
    inner = partial(restored, arrays=arrays, device=device)
    if isinstance(value, list):
        return [inner(v) for v in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "dict":
        return {inner(k): inner(v) for k, v in content}
    if kind == "tuple":
        return tuple(inner(v) for v in content)
    if kind == "array":
        return arrays[content].copy()
    if kind == "names":
        return np.array(content, dtype=object)
    if kind == "object":
        return objects.made(content, inner)
    from metaad.saving import nets

    return nets.MAKERS[kind](content, arrays, device)
