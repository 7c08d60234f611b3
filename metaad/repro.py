"""The same numbers on another day and another machine: parameters, seeds, threads, claims, fingerprints."""

import ast
import hashlib
import json
import os
import platform
import random
import sys
import time
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import numpy as np

PROFILES = ("quick", "full")
PACKAGES = ("python", "numpy", "scipy", "scikit-learn", "torch", "matplotlib", "metaad")


class ParameterError(ValueError):
    """A lesson was started with a parameter it does not have, or with a value it cannot use."""


class ClaimError(AssertionError):
    """A sentence of a lesson is not borne out by the run."""


@dataclass
class Run:
    """One execution of a lesson: what was asked for, and what follows from it."""

    lesson: str
    profile: str
    seed: int
    device: str  # resolved: "cpu", "cuda" or "mps"
    parameters: dict
    started: float = field(default_factory=time.perf_counter)

    @property
    def quick(self):
        """True in the profile that is stored and tested: bundled data, float64, one thread."""
        return self.profile == "quick"

    @property
    def dtype(self):
        """Name of the floating-point type to compute in: float64 in quick, float32 in full."""
        return "float64" if self.quick else "float32"

    def fingerprint(self):
        """What the numbers of this run depend on: versions, machine, threads, parameters, seconds so far."""
        import torch

        return {
            "lesson": self.lesson,
            "parameters": self.parameters,
            "device": torch.cuda.get_device_name() if self.device == "cuda" else self.device,
            "versions": {p: _version(p) for p in PACKAGES},
            "cpu": _cpu(),
            "threads": torch.get_num_threads(),
            "seconds": round(time.perf_counter() - self.started, 1),
        }

    def record(self, name, **results):
        """Write results with the run's fingerprint as JSON and return the path.

        A full run lands in data/results/<name>.json, which the repository keeps; a quick run under
        data/results/quick/, which it ignores.
        """
        path = results_dir() / ("quick" if self.quick else "") / f"{name}.json"
        write_json(path, {**results, "run": self.fingerprint()})
        return path


def start(lesson, namespace):
    """Begin a lesson: check its parameters, then set seeds, threads, precision and the look of figures.

    Call it once, in the cell after the one tagged `parameters`: `run = repro.start("03_...", globals())`.

    Parameters
    ----------
    lesson : str, the notebook's name without its ending.
    namespace : dict, the notebook's globals. Its annotated names are the lesson's parameters.

    Returns
    -------
    Run

    Raises
    ------
    ParameterError
        if papermill passed a name that the lesson does not declare, or a value of the wrong type or range.
    """
    declared = _declared(namespace)
    _reject_unknown(lesson, declared, namespace)
    values = {name: _checked(name, kind, namespace[name]) for name, kind in declared.items()}
    namespace.update(values)
    run = Run(lesson, values["profile"], values["seed"], _device(values["device"], values["profile"]), values)
    seed_everything(run.seed)
    fix_arithmetic(run.quick)
    from metaad import plots

    plots.style()
    np.set_printoptions(precision=4, suppress=True, linewidth=110)
    import pandas as pd

    pd.set_option("display.precision", 3, "display.max_columns", 20, "display.width", 110)
    return run


def seed_everything(seed):
    """Seed Python's, NumPy's and PyTorch's global generators."""
    import torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def fix_arithmetic(quick):
    """Quick: one thread and float64, so that the number of cores changes nothing. Full: all cores, float32."""
    import threadpoolctl
    import torch

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # needed for deterministic products on CUDA
    torch.use_deterministic_algorithms(True, warn_only=not quick)
    torch.set_default_dtype(torch.float64 if quick else torch.float32)
    torch.set_num_threads(1 if quick else len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)
    # The limits hold from here on for BLAS and OpenMP; the object must stay alive.
    fix_arithmetic.limits = threadpoolctl.threadpool_limits(1) if quick else None


def _declared(namespace):
    """Names and types of the annotated assignments in the parameters cell."""
    found = dict(namespace.get("__annotations__", {}))
    if not found and "__annotate__" in namespace:  # Python 3.14 keeps annotations unevaluated
        found = namespace["__annotate__"](1)
    missing = {"profile", "seed", "device"} - set(found)
    if missing:
        raise ParameterError(
            f"the parameters cell must declare profile, seed and device with their types; missing: "
            f"{', '.join(sorted(missing))}. Run the notebook from its first cell."
        )
    return {n: t for n, t in found.items() if n in namespace}


def _reject_unknown(lesson, declared, namespace):
    """papermill runs on with a misspelt parameter; here it stops. Its injected cell begins with '# Parameters'."""
    for source in namespace.get("In", []):
        if not source.startswith("# Parameters"):
            continue
        targets = [t for node in ast.parse(source).body if isinstance(node, ast.Assign) for t in node.targets]
        unknown = sorted({t.id for t in targets if isinstance(t, ast.Name)} - set(declared))
        if unknown:
            known = ", ".join(f"{n}: {getattr(t, '__name__', t)}" for n, t in declared.items())
            raise ParameterError(f"{lesson} has no parameter {', '.join(unknown)}. Its parameters are {known}.")


def _checked(name, kind, value):
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    wrong_bool = isinstance(value, bool) and kind is not bool
    if isinstance(kind, type) and (wrong_bool or not isinstance(value, kind)):
        raise ParameterError(f"{name} must be of type {kind.__name__}, got {value!r} ({type(value).__name__}).")
    if name == "profile" and value not in PROFILES:
        raise ParameterError(f"profile must be one of {', '.join(PROFILES)}, got {value!r}.")
    if name == "seed" and not 0 <= value < 2**32:
        raise ParameterError(f"seed must lie between 0 and 2**32 - 1, got {value}.")
    return value


def _device(asked, profile):
    """quick stays on the CPU unless told otherwise: its outputs are compared to the last digit."""
    from metaad.train import resolve_device

    try:
        return "cpu" if asked == "auto" and profile == "quick" else resolve_device(asked).type
    except ValueError as error:
        raise ParameterError(str(error)) from None


class Claims:
    """The sentences of a lesson that a run can refute. Each is checked by a number of the same run.

    `estimate` is a `metrics.Interval`, or a plain number where there is nothing to resample (an identity, a count).
    An interval must lie wholly on the claimed side: a claim that only the mean supports does not hold.
    """

    def __init__(self, run):
        self.run = run
        self.rows = []

    def above(self, sentence, estimate, bound):
        """The estimate, with its whole interval, is larger than `bound`."""
        _, low, high = parts = _parts(estimate)
        self._add(sentence, parts, f"> {bound:g}", low > bound)

    def below(self, sentence, estimate, bound):
        """The estimate, with its whole interval, is smaller than `bound`."""
        _, low, high = parts = _parts(estimate)
        self._add(sentence, parts, f"< {bound:g}", high < bound)

    def within(self, sentence, estimate, lower, upper):
        """The whole interval lies in [lower, upper]."""
        _, low, high = parts = _parts(estimate)
        self._add(sentence, parts, f"in [{lower:g}, {upper:g}]", lower <= low and high <= upper)

    def undecided(self, sentence, estimate, bound=0.0):
        """The interval holds `bound`: the run can't tell the two sides apart."""
        _, low, high = parts = _parts(estimate)
        self._add(sentence, parts, f"holds {bound:g}", low <= bound <= high)

    def equal(self, sentence, a, b, tolerance=0.0):
        """Every entry of a and b agrees to `tolerance` (absolute)."""
        worst = float(np.max(np.abs(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64))))
        within = f"≤ {tolerance:.3g}"  # shown instead of what is left: that is rounding, other on another CPU
        holds = worst <= tolerance
        self._add(sentence, (worst,) * 3, f"differ by {within}", holds, within if holds else None)

    def _add(self, sentence, parts, wanted, holds, shown=None):
        """Keep a claim. shown : what the table gives as measured; by default value and interval, three digits each."""
        value, low, high = (float(f"{p:.12g}") for p in parts)  # so that noise decides no tie at the third digit
        shown = shown or f"{value:z.3g}" + (f" [{low:z.3g}, {high:z.3g}]" if low != high else "")
        row = {"claim": sentence, **dict(zip(("value", "low", "high"), parts, strict=True))}
        self.rows.append({**row, "shown": shown, "wanted": wanted, "holds": bool(holds)})

    def table(self):
        """Show the claims, save them as JSON, and stop the lesson if one of them does not hold."""
        if not self.rows:
            raise ClaimError("no claim was checked; a lesson that asserts something must check it.")
        suffix = "" if self.run.seed == 0 else f"-seed{self.run.seed}"
        self.run.record(f"{self.run.lesson}.claims{suffix}", claims=self.rows)
        lines = ["| claim | measured | wanted | holds |", "|:--|:--|:--|:--|"]
        for r in self.rows:
            lines.append(f"| {r['claim']} | {r['shown']} | {r['wanted']} | {'yes' if r['holds'] else '**no**'} |")
        say("\n".join(lines))
        failed = [r["claim"] for r in self.rows if not r["holds"]]
        if failed:
            raise ClaimError(f"{len(failed)} of {len(self.rows)} claims do not hold in this run: " + "; ".join(failed))


def _parts(estimate):
    if hasattr(estimate, "low"):
        return float(estimate.value), float(estimate.low), float(estimate.high)
    return float(estimate), float(estimate), float(estimate)


def say(text):
    """Show Markdown made from the run's own numbers."""
    from IPython.display import Markdown, display

    display(Markdown(text))


def check(right, hint):
    """Answer an exercise at once: `right` is True when the reader's result is correct, `hint` says where to look."""
    print("Correct." if right else f"Not yet. {hint}")


def results_dir():
    """Where results are written: $METAAD_RESULTS, or data/results in the checkout."""
    return Path(os.environ.get("METAAD_RESULTS") or Path(__file__).parents[1] / "data" / "results")


def recorded(name):
    """Results of a full run, as the repository keeps them: the dict in data/results/<name>.json."""
    path = Path(__file__).parents[1] / "data" / "results" / f"{name}.json"
    if not path.exists():
        raise FileNotFoundError(f"no recorded results {path.name}; a full run of its lesson writes them (make full).")
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path, content):
    """Write JSON to a temporary file and rename it: a reader never sees half a file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(content, indent=1, sort_keys=False) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def digest(array):
    """SHA-256 of an array's bytes, shape and type: 64 hex digits."""
    array = np.ascontiguousarray(array)
    head = f"{array.dtype.str}{array.shape}".encode()
    return hashlib.sha256(head + array.tobytes()).hexdigest()


def _version(package):
    return platform.python_version() if package == "python" else metadata.version(package)


def _cpu():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            return next(line.split(":", 1)[1].strip() for line in f if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or sys.platform
