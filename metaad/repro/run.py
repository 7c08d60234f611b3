"""A run of a lesson: parameters, seeds, threads, fingerprint."""

import hashlib
import json
import os
import platform
import random
import sys
import time
import types
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import numpy as np

from metaad.repro import cache, own
from metaad.repro.parameters import (
    FREE,
    ParameterError,
    declared,
    defaults,
    reject_unknown,
)
from metaad.repro.records import keep, results_dir, writable

SHIPPED = (".py", ".json", ".txt")  # code, learned weights and settings, checksums
GIVEN = {}  # the parameters of this kernel's lesson, as they came
PACKAGES = ("python", "numpy", "scipy", "scikit-learn", "torch", "matplotlib", "metaad")


@dataclass
class Run:
    """One execution of a lesson: what was asked for, and what follows from it."""

    lesson: str
    profile: str
    seed: int
    device: str  # resolved: "cpu", "cuda" or "mps"
    parameters: dict
    judged: bool = True  # at the lesson's own parameters, seed, device, profile apart
    started: float = field(default_factory=time.perf_counter)
    table: object = None  # the Table in the reader's own file, see `repro.own`
    rows: np.ndarray | None = None  # which of its rows the lesson measures with

    @property
    def quick(self):
        """True in the profile that is stored and tested: bundled data, float64, one
        thread.
        """
        return self.profile == "quick"

    @property
    def own(self):
        """True where papermill was given the reader's own table, see `repro.own`."""
        return bool(self.parameters.get("data"))

    @property
    def dtype(self):
        """Name of the floating-point type to compute in: float64 in quick, float32
        in full.
        """
        return "float64" if self.quick else "float32"

    def fingerprint(self):
        """Return what the numbers of this run depend on: versions, machine, threads,
        parameters, seconds so far.
        """
        torch = _torch()
        cuda = self.device == "cuda"
        return {
            "lesson": self.lesson,
            "parameters": self.parameters,
            "device": torch.cuda.get_device_name() if cuda else self.device,
            **machine(),
            "seconds": round(time.perf_counter() - self.started, 1),
        }

    def checkpoint(self, name):
        """Return the file where a full run keeps the state of one training, so that a
        run that was cut goes on from it; None in quick, which is short.

        name : str, another for each training of the lesson. Other parameters, or other
        code of the package, give another file: an old state is never taken up.
        """
        if self.quick:
            return None
        made_from = json.dumps([self.parameters, package_version()])
        folder = results_dir().parent / "runs" / "checkpoints"
        if not writable(folder):  # a shared course folder: such a run starts again
            return None
        return cache.path(folder, self.lesson, name, made_from, ending=".safetensors")

    def record(self, name, **results):
        """Write results with the run's fingerprint as JSON and return the path, see
        `records.keep`.

        A full run lands in data/results/<name>.json, which the repository keeps; a
        quick run under data/results/quick/, which it ignores."""
        name = f"quick/{name}" if self.quick else name
        return keep(name, {**results, "run": self.fingerprint()})


def machine():
    """Return what any result depends on here: {"versions", "cpu", "threads"}."""
    torch = _torch()
    return {
        "versions": {p: _version(p) for p in PACKAGES},
        "cpu": _cpu(),
        "threads": torch.get_num_threads() if torch else 1,
    }


def start(lesson, namespace):
    """Begin a lesson: check its parameters, then set seeds, threads, precision and the
    look of figures.

    Call it once, in the cell after the one tagged `parameters`: `run =
    repro.start("03_...", globals())`.

    Parameters
    ----------
    lesson : str, the notebook's name without its ending.
    namespace : dict, the notebook's globals. The source of the cell that declares the
        parameters is read from it, see metaad/repro/parameters.py.

    Returns
    -------
    Run

    Raises
    ------
    ParameterError
        if papermill passed a name that the lesson does not declare, or a value of the
        wrong type or range.
    """
    known = declared(lesson, namespace)
    reject_unknown(lesson, known, namespace)
    values = {name: p.check(_given(namespace, name, p)) for name, p in known.items()}
    namespace.update(values)
    run = Run(
        lesson,
        values["profile"],
        values["seed"],
        _device(values["device"], values["profile"]),
        values,
        _as_written(values, defaults(lesson, known)),
    )
    if run.own and "label" in known:  # what can't be read stops here
        run.table = own.opened(values, own.optional(known))
    seed_everything(run.seed)
    fix_arithmetic(run.quick)
    from metaad import plots

    plots.style()
    np.set_printoptions(precision=4, suppress=True, linewidth=110)
    import pandas as pd

    pd.set_option(
        "display.precision", 3, "display.max_columns", 20, "display.width", 110
    )
    return run


def _given(namespace, name, parameter):
    """The value of a parameter; its default where the lesson has since imported a
    module of the same name (`data`) and the cell runs again.
    """
    value = namespace[name]
    if isinstance(value, types.ModuleType):
        return GIVEN.get(name, parameter.default)
    GIVEN[name] = value
    return value


def _as_written(values, written):
    return all(values[n] == written.get(n) for n in values if n not in FREE)


def seed_everything(seed):
    """Seed Python's, NumPy's and PyTorch's global generators."""
    random.seed(seed)
    np.random.seed(seed)
    if torch := _torch():
        torch.manual_seed(seed)


def fix_arithmetic(quick):
    """Fix how numbers are computed. Quick: one thread and float64, so that the number
    of cores changes nothing. Full: all cores, float32.
    """
    import threadpoolctl

    if torch := _torch():
        # needed for deterministic products on CUDA
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=not quick)
        torch.set_default_dtype(torch.float64 if quick else torch.float32)
        torch.set_num_threads(1 if quick else cores())
    # The limits hold from here on for BLAS and OpenMP; the object must stay alive.
    fix_arithmetic.limits = threadpoolctl.threadpool_limits(1) if quick else None


def _device(asked, profile):
    """quick stays on the CPU unless told otherwise: its outputs are compared to the
    last digit.
    """
    if asked == "cpu" or (asked == "auto" and (profile == "quick" or not _torch())):
        return "cpu"
    from metaad.train import resolve_device

    try:
        return resolve_device(asked).type
    except ValueError as error:
        raise ParameterError(str(error)) from None


def _torch():
    """PyTorch, or None where it is not installed: the classical lessons need none."""
    try:
        import torch
    except ImportError:
        return None
    return torch


def cores():
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def package_version(package=Path(__file__).parents[1]):
    """Return a checksum of the files of a package that numbers depend on: 64 hex
    digits.
    """
    content = hashlib.sha256()
    files = (p for p in package.rglob("*") if p.suffix in SHIPPED)
    for source in sorted(files):
        content.update(source.read_bytes())
    return content.hexdigest()


def _version(package):
    if package == "python":
        return platform.python_version()
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _cpu():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            return next(
                line.split(":", 1)[1].strip()
                for line in f
                if line.startswith("model name")
            )
    except (OSError, StopIteration):
        return platform.processor() or sys.platform
