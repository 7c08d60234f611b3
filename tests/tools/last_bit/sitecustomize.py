"""On PYTHONPATH, this moves what NumPy's transcendental functions return by one unit in
the last place, up or down.

With AVX-512 NumPy takes these functions from another library, whose last bit differs.
Which way a value moves depends on the value alone, so equal stays equal; exact results
(exp 0, the logarithm of a power of two) stay exact."""

import numpy as np

FUNCTIONS = (
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan"),
)


class Moved:
    """A ufunc whose plain calls give float64 results that are moved; everything else
    is the ufunc's own.
    """

    def __init__(self, function):
        self.function = function

    def __getattr__(self, name):
        return getattr(self.function, name)

    def __call__(self, *args, **options):
        result = self.function(*args, **options)
        if type(result) not in (np.ndarray, np.float64) or result.dtype != np.float64:
            return result
        bits = np.ascontiguousarray(result).view(np.int64)
        up = (bits ^ bits >> 3 ^ bits >> 7) & 1 == 1
        moved = np.nextafter(
            result, np.where(up, np.inf, -np.inf).reshape(np.shape(result))
        )
        moved = np.where(
            (bits & 0xFFFFFF == 0).reshape(np.shape(result)), result, moved
        )
        if type(result) is np.float64:
            return np.float64(moved)
        result[...] = moved  # in place, for `out=`
        return result


for name in FUNCTIONS:
    setattr(np, name, Moved(getattr(np, name)))
