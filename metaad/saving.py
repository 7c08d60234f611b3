"""To disk and back without pickle: tensors as safetensors, everything else as JSON
in the same file's header.
"""

import json
import os
from pathlib import Path

import safetensors
import torch
from safetensors.torch import save


def write(path, tree):
    """Write a nested dict, list or tuple of tensors, numbers, strings and None to one
    safetensors file.

    The file is written under a temporary name, flushed to the disk and renamed: whoever
    opens `path` sees the old content or the new one, never half of it, even if the
    process is killed. Equal trees give equal bytes.

    Raises
    ------
    TypeError
        if the tree holds anything else; nothing is written then.
    """
    tensors = {}
    header = json.dumps(_plain(tree, tensors))
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            file.write(save(tensors, metadata={"tree": header}))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path, device="cpu"):
    """The tree that `write` wrote, its tensors on `device`.

    Raises
    ------
    ValueError
        if the file is damaged or was not written by `write`.
    """
    try:
        with safetensors.safe_open(path, framework="pt", device=str(device)) as file:
            header = (file.metadata() or {})["tree"]
            tensors = {name: file.get_tensor(name) for name in list(file.keys())}
        return _tree(json.loads(header), tensors)
    except (safetensors.SafetensorError, KeyError) as error:
        raise ValueError(
            f"{path} is not a complete file of metaad ({error}); delete it or restore a copy."
        ) from None


def _plain(value, tensors):
    """The tree as JSON: tensors move to `tensors` and leave their name; dicts become
    pairs, for keys may be numbers.
    """
    if isinstance(value, torch.Tensor):
        name = str(len(tensors))
        # a copy: two names may share memory
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if isinstance(value, dict):
        return {
            "dict": [[_plain(k, tensors), _plain(v, tensors)] for k, v in value.items()]
        }
    if isinstance(value, tuple):
        return {"tuple": [_plain(v, tensors) for v in value]}
    if isinstance(value, list):
        return [_plain(v, tensors) for v in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(
        f"only tensors, numbers, strings, None and dicts, lists, tuples of them are "
        f"saved, got {value!r}."
    )


def _tree(plain, tensors):
    if isinstance(plain, list):
        return [_tree(v, tensors) for v in plain]
    if not isinstance(plain, dict):
        return plain
    ((kind, content),) = plain.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "tuple":
        return tuple(_tree(v, tensors) for v in content)
    return {_tree(k, tensors): _tree(v, tensors) for k, v in content}
