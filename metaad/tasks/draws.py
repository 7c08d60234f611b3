"""Random draws on a device: a torch.Generator that is asked like one of NumPy.

Tasks are written once, for both kinds of generator. With NumPy's they draw on the CPU,
the same stream since the first version. With a torch.Generator they draw where that
generator lives, and no number crosses between the device and the computer: a batch of
tasks costs some dozens of small kernels, and nobody waits for them.

    tasks.sample(48, torch.Generator("cuda").manual_seed(0))
"""

import hashlib
import weakref

import numpy as np
import torch

_KEPT = weakref.WeakKeyDictionary()


def generator(random_state, like=None):
    """Return what tasks draw from: a NumPy Generator, or Draws of a torch.Generator.

    random_state : int, None, NumPy Generator, torch.Generator or Draws.
    like : tensor whose floating-point type Draws take; None takes torch's default.
    """
    if isinstance(random_state, torch.Generator):
        random_state = Draws(random_state)
    if isinstance(random_state, Draws):
        return random_state if like is None else random_state.typed(like.dtype)
    return np.random.default_rng(random_state)


def namespace(rng):
    """Return the functions that go with a generator: `numpy`, or the Draws."""
    return rng if isinstance(rng, Draws) else np


def functions(a):
    """Return the functions that go with an array: `numpy`, or `torch` for a tensor."""
    return torch if isinstance(a, torch.Tensor) else np


class Draws:
    """Draw tensors on a device, with the names of NumPy's Generator and functions.

    generator : torch.Generator. dtype : floating-point type; None takes torch's
    default. device : where the tensors are made; None takes the generator's own.

    Every other function of torch can be reached through it too, `draws.where`, so that
    one formula serves NumPy and torch.
    """

    def __init__(self, generator, dtype=None, device=None):
        self.generator = generator
        self.dtype = dtype or torch.get_default_dtype()
        self.device = torch.device(generator.device if device is None else device)
        self._float = {"dtype": self.dtype, "device": self.device}

    def __getattr__(self, name):
        # what needs no device: where, stack, exp
        return getattr(torch, name)

    def typed(self, dtype):
        """Return Draws of the same generator in another floating-point type."""
        return Draws(self.generator, dtype, self.device)

    def zeros(self, shape):
        """Make a tensor of zeros."""
        return torch.zeros(shape, **self._float)

    def ones(self, shape):
        """Make a tensor of ones."""
        return torch.ones(shape, **self._float)

    def eye(self, n):
        """Make the identity matrix (n, n)."""
        return torch.eye(n, **self._float)

    def arange(self, n):
        """Make the whole numbers below n: int64 (n,)."""
        return torch.arange(n, device=self.device)

    def linspace(self, start, end, n):
        """Make n numbers from start to end, both included: tensor (n,)."""
        return torch.linspace(start, end, n, **self._float)

    def random(self, size=()):
        """Draw numbers uniform in [0, 1)."""
        return torch.rand(size, generator=self.generator, **self._float)

    def uniform(self, low, high, size=()):
        """Draw numbers uniform in [low, high)."""
        return low + (high - low) * self.random(size)

    def standard_normal(self, size=()):
        """Draw numbers of mean 0 and standard deviation 1."""
        return torch.randn(size, generator=self.generator, **self._float)

    def normal(self, mean, deviation, size=()):
        """Draw normal numbers."""
        return mean + deviation * self.standard_normal(size)

    def integers(self, low, high=None, size=()):
        """Draw whole numbers from low to high - 1, or below low: int64."""
        low, high = (0, low) if high is None else (low, high)
        where = {"generator": self.generator, "device": self.device}
        return torch.randint(low, high, _shape(size), **where)

    def below(self, counts):
        """Draw a whole number from 0 to n - 1 for each n in an int64 tensor."""
        drawn = (self.random(counts.shape) * counts).long()
        # a product may be rounded up to n
        return torch.minimum(drawn, counts - 1)

    def permutation(self, n):
        """Draw an order of the numbers below n: int64 (n,)."""
        return self.random((n,)).argsort()

    def distinct(self, allowed, n):
        """Draw n different columns for each row, all sets alike likely: int64 (m, n).

        allowed : bool tensor (m, columns), at least n True in each row.
        """
        keys = self.random(allowed.shape).masked_fill(~allowed, 2.0)
        return keys.topk(n, dim=1, largest=False).indices

    def host(self, choices):
        """Choose one of a tuple of numbers that is needed on the host, as a shape is.

        It follows from the state of the generator, which lies on the host: no device
        is asked.
        """
        if len(choices) == 1:
            return choices[0]
        state = self.generator.get_state().numpy().tobytes()
        digest = hashlib.blake2b(state, digest_size=8).digest()
        return choices[int.from_bytes(digest, "big") % len(choices)]


def kept(owner, about, make):
    """Return make(), made once as long as `owner` lives and `about` stays the same.

    owner : object, not changed by this. about : tuple that says what was made, such as
    the device. A second `about` replaces the first.
    """
    found = _KEPT.get(owner)
    if found is None or found[0] != about:
        found = about, make()
        _KEPT[owner] = found
    return found[1]


def _shape(size):
    return size if isinstance(size, tuple) else (size,)
