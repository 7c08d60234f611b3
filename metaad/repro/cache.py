"""Computed once, kept on the disk, and never wrong: files that know what made them.

    path = cache.path(folder, table.name, seed)
    key = cache.key(X=X, y=y, detector=detector, seed=seed, code=[own_scores])
    stored = cache.stored(path, key)            # dict of arrays, or None
    if stored is None:
        stored = {"scores": ...}
        cache.keep(path, key, **stored)

A key is a checksum of everything that the content depends on: the data, every parameter
of an estimator, the code. A file with another key, one that is cut off and one that
something else wrote are all the same: not there.
"""

import ast
import hashlib
import importlib.util
import inspect
import json
import re
import zipfile
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np

from metaad.repro.records import digest
from metaad.repro.whole import whole

# what computes is made of these; the versions of the rest are in the lock file
COMPUTING = ("numpy", "scipy", "scikit-learn", "torch")
# rooms that show or store results, and change none
SILENT = ("lazy", "plots", "progress", "repro", "saving")


def path(folder, *names, ending=".npz"):
    """Return a file name for things with any names: never outside the folder, different
    for different names.

    What is not a letter, a digit or one of -_. becomes _, and eight digits of a
    checksum of the names follow.
    """
    whole = json.dumps([str(n) for n in names])
    shown = re.sub(r"[^A-Za-z0-9._-]", "_", "-".join(str(n) for n in names))[:80]
    tail = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return Path(folder) / f"{shown.lstrip('.') or '_'}-{tail}{ending}"


def key(code=(), **parts):
    """Return a checksum of named parts: 64 hex digits.

    Parameters
    ----------
    code : functions, classes or modules whose source counts, see `code_version`.
    parts : arrays, estimators (all their parameters and the code of their class count),
        numbers, strings, None, and dicts, lists, tuples of them. Of a string that names
        a file of the package, such as the policy "halved", the file counts too.
    """
    described = {n: _described(v) for n, v in sorted(parts.items())}
    described["code"] = [code_version(c) for c in code]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()


def stored(path, key):
    """Return the arrays that `keep` wrote under this key, as a dict; None if there are
    none, or the file is damaged or foreign.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            found = dict(file)
    except (OSError, EOFError, ValueError, KeyError, NotImplementedError, MemoryError):
        return None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, SyntaxError):
        return None
    said = str(found.pop("key", "")), str(found.pop("content", ""))
    return found if said == (key, _checksum(found)) else None


def keep(path, key, **arrays):
    """Write arrays under a key, whole or not at all: a temporary file is renamed."""
    arrays = {n: np.asarray(a) for n, a in arrays.items()}
    with whole(path) as file:
        np.savez(file, key=key, content=_checksum(arrays), **arrays)


@cache
def code_version(of):
    """Return a checksum of the code behind a function, class or module: 64 hex digits.

    Counted are its module, every module of metaad that it imports, directly or not,
    the JSON files beside them that they name, the modules of a class's bases, and the
    versions of what computes. Of what was written in a session, such as a notebook, its
    own source counts.
    """
    parts = inspect.getmro(of) if isinstance(of, type) else (of,)
    found = {}
    for part in parts:
        name = part.__name__ if inspect.ismodule(part) else part.__module__
        if _spec(name) is None:
            found[f"{name}.{part.__qualname__}"] = _own_source(part)
        else:
            _collect(name, found)
    versions = {"metaad": metadata_of("metaad")} | {
        p: metadata_of(p) for p in COMPUTING
    }
    return hashlib.sha256(
        json.dumps([found, versions], sort_keys=True).encode()
    ).hexdigest()


def metadata_of(package):
    """Return the version of an installed package, None if it is not there."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _collect(name, found):
    """Checksums of a module's source and of the modules of metaad behind it."""
    if name in ("metaad", *found) or name.startswith(
        tuple(f"metaad.{s}" for s in SILENT)
    ):
        return
    spec = _spec(name)
    if spec is None or not spec.has_location:
        return
    source = _source(spec.origin)
    found[name] = hashlib.sha256(source).hexdigest()
    if name.split(".")[0] != "metaad" or not spec.origin.endswith(".py"):
        return
    tree = ast.parse(source)
    found.update(_files_named(name, Path(spec.origin).parent, tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("metaad."):
                    _collect(alias.name, found)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "metaad"
        ):
            _collect(node.module, found)
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if _is_module(inner):
                    _collect(inner, found)
                else:
                    _collect(_home(node.module, alias.name), found)


def _files_named(name, folder, tree):
    """Checksums of the JSON files beside a module that stand in its code by name."""
    texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)}
    return {
        f"{name}: {file.name}": hashlib.sha256(_source(file)).hexdigest()
        for file in sorted(folder.glob("*.json"))
        if file.name in texts
    }


@cache
def _shipped():
    """The JSON files of the package: {"halved": [paths], ...}."""
    found = {}
    for file in sorted(Path(__file__).parents[1].rglob("*.json")):
        found.setdefault(file.stem, []).append(file)
    return found


def _spec(name):
    """Where a module comes from; None for the session and for what is no module."""
    try:
        return importlib.util.find_spec(name)
    except ValueError:  # the session, or a script
        return None


def _own_source(part):
    """The source of a function, or of a class and its methods; their bytecode where the
    session keeps no source.
    """
    try:
        return inspect.getsource(part)
    except (OSError, TypeError):
        inside = vars(part).values() if isinstance(part, type) else [part]
    codes = [f.__code__ for f in inside if inspect.isfunction(f)]
    return [[c.co_name, c.co_code.hex(), *map(_constant, c.co_consts)] for c in codes]


def _constant(value):
    return value.co_code.hex() if inspect.iscode(value) else repr(value)


def _source(origin):
    return Path(origin).read_bytes()


def _is_module(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _home(module, name):
    """The module in which a name is defined that another module offers."""
    value = getattr(importlib.import_module(module), name, None)
    home = getattr(value, "__module__", None) or module
    return home if home.startswith("metaad") else module


def _described(value):
    """A value as JSON that is different for different values."""
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return {"values": [_described(v) for v in value.tolist()]}
        return {"array": digest(value)}
    if isinstance(value, (np.generic, np.bool_)):
        return _described(value.item())
    if hasattr(value, "get_params"):
        taken = value.get_params(deep=False)
        name = f"{type(value).__module__}.{type(value).__qualname__}"
        return {
            "estimator": name,
            "parameters": _described(taken),
            "code": code_version(type(value)),
        }
    if hasattr(value, "__dataclass_fields__"):
        return {
            "dataclass": type(value).__qualname__,
            "fields": _described(vars(value)),
        }
    if isinstance(value, dict):
        return {"dict": [[_described(k), _described(v)] for k, v in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"list": [_described(v) for v in value]}
    if isinstance(value, str) and value in _shipped():
        content = [hashlib.sha256(_source(f)).hexdigest() for f in _shipped()[value]]
        return {"shipped": value, "content": content}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(
        f"a key is made of arrays, estimators, numbers, strings and dicts, lists of "
        f"them; got {value!r:.200}. Give a generator's seed instead."
    )


def _checksum(arrays):
    parts = [[n, digest(a)] for n, a in sorted(arrays.items())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
