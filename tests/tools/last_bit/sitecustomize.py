"""On PYTHONPATH, this moves what NumPy, SciPy and PyTorch return by one unit in the
last place, up or down.

Another CPU takes these functions from another library, or adds up in another order,
and the last bit differs. Which way a value moves depends on the value alone, so equal
stays equal; exact results (exp 0, the logarithm of a power of two, a sum of counts)
stay exact. Out of reach: methods and operators of NumPy arrays (`x.sum()`, `x @ y`),
which belong to a built-in type; a mean of counts, which is exact, is left alone;
gradients are PyTorch's own."""

import functools
import importlib.abc
import importlib.util
import sys

import numpy as np

FUNCTIONS = (
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan"),
)
SUMS = ("sum", "dot", "inner", "tensordot", "einsum", "cumsum", "trapezoid")
SPECIAL = (
    *("gamma", "gammaln", "digamma", "polygamma", "beta", "betaln", "betainc"),
    *("expit", "logit", "xlogy", "xlog1py", "logsumexp", "softmax", "log_softmax"),
    *("erf", "erfc", "erfinv", "ndtr", "ndtri", "gammainc", "gammaincc", "zeta"),
)
TORCH = {
    *("exp", "expm1", "log", "log1p", "log2", "sin", "cos", "tanh", "sigmoid", "erf"),
    *("softmax", "log_softmax", "logsumexp", "softplus", "sum", "matmul", "mm", "bmm"),
    *("einsum", "linear", "conv1d", "conv2d", "conv_transpose2d", "cdist", "dot", "mv"),
    *("__matmul__", "__rmatmul__", "addmm", "baddbmm", "norm", "vector_norm"),
    *("binary_cross_entropy_with_logits", "cross_entropy", "cumsum", "lgamma"),
}


def moved(result):
    """A float64 array or number, each entry one unit up or down; others as they are."""
    if type(result) not in (np.ndarray, np.float64) or result.dtype != np.float64:
        return result
    bits = np.ascontiguousarray(result).view(np.int64)
    up = (bits ^ bits >> 3 ^ bits >> 7) & 1 == 1
    exact = (bits & 0xFFFFFF == 0).reshape(np.shape(result))
    way = np.where(up, np.inf, -np.inf).reshape(np.shape(result))
    answer = np.where(exact, result, np.nextafter(result, way))
    if type(result) is np.float64:
        return np.float64(answer)
    if not result.flags.writeable:
        return answer
    result[...] = answer  # in place, for `out=`
    return result


class Moved:
    """A ufunc whose plain calls give results that are moved; everything else is the
    ufunc's own.
    """

    def __init__(self, function):
        self.function = function

    def __getattr__(self, name):
        return getattr(self.function, name)

    def __call__(self, *args, **options):
        return moved(self.function(*args, **options))


def wrapped(function):
    """An ordinary function whose results are moved."""

    @functools.wraps(function)
    def call(*args, **options):
        result = function(*args, **options)
        own = any(result is a for a in args)  # a view of an argument stays untouched
        return result if own else moved(result)

    return call


def move_scipy(special):
    for name in SPECIAL:
        function = getattr(special, name, None)
        if function is not None:
            kind = Moved if isinstance(function, np.ufunc) else wrapped
            setattr(special, name, kind(function))


def move_torch(torch):
    """Watch every call of a torch function or method in this process."""
    from torch.overrides import TorchFunctionMode

    kinds = {torch.float64: (torch.int64, 0xFFFFFF), torch.float32: (torch.int32, 0xFF)}

    def move(result):
        whole, low = kinds[result.dtype]
        plain = result.detach()
        bits = plain.contiguous().view(whole).reshape(plain.shape)
        up = ((bits ^ (bits >> 3) ^ (bits >> 7)) & 1) == 1
        far = torch.full_like(plain, float("inf"))
        there = torch.nextafter(plain, torch.where(up, far, -far))
        keep = ((bits & low) == 0) | ~torch.isfinite(plain)
        step = torch.where(keep, torch.zeros_like(plain), there - plain)
        return result + step  # exact, and the gradient is the result's

    class LastBit(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            name = getattr(function, "__name__", "")
            usual = type(result) is torch.Tensor and result.dtype in kinds
            if name not in TORCH or not usual or "out" in (kwargs or {}):
                return result
            try:
                return move(result)
            except RuntimeError:  # inside vmap bits can't be read
                return result

    LastBit().__enter__()


PLAIN = {name: getattr(np, name) for name in FUNCTIONS}


def changed_by(change):
    """Return how a module is executed and then changed: function of what executes it."""

    def around(run):
        def exec_module(module):
            run(module)
            change(module)

        return exec_module

    return around


def with_plain_ufuncs(run):
    """Return how a module is executed while NumPy's functions are its own ufuncs: some
    packages register loops with them, or ask for their type, when they are imported.
    """

    def exec_module(module):
        now = {name: getattr(np, name) for name in PLAIN}
        vars(np).update(PLAIN)
        try:
            run(module)
        finally:
            vars(np).update(now)

    return exec_module


class AtImport(importlib.abc.MetaPathFinder):
    """Go around the execution of some packages as they are imported, and import none."""

    around = {
        "scipy.special": changed_by(move_scipy),
        "torch": changed_by(move_torch),
        "dask.array": with_plain_ufuncs,
        "ml_dtypes": with_plain_ufuncs,
    }

    def find_spec(self, name, path, target=None):
        around = self.around.get(name)
        if around is None:
            return None
        self.around = {k: v for k, v in self.around.items() if k != name}
        spec = importlib.util.find_spec(name)
        if spec is not None:  # None: not installed
            spec.loader.exec_module = around(spec.loader.exec_module)
        return spec


for name, function in PLAIN.items():
    setattr(np, name, Moved(function))
for name in SUMS:
    setattr(np, name, wrapped(getattr(np, name)))
np.linalg.norm = wrapped(np.linalg.norm)
sys.meta_path.insert(0, AtImport())
