"""Networks of a search space: which there are, how large they are, and the best of a
few drawn by chance.
"""

from math import comb

import numpy as np

from metaad.search.space import Choice, Space


def architectures(
    depths=(0, 1, 2, 3),
    widths=(32, 64, 128),
    tapers=(1.0, 0.5),
    code_sizes=(2, 5, 10, 20, 40, 80),
):
    """Return the Space of autoencoders as four decisions; `network` says which network
    they stand for.

    depths : numbers of hidden layers before the code. widths : of the first. tapers :
    each further layer is so many times as wide as the one before it. code_sizes :
    widths of the code.

    Some decisions stand for the same network: without hidden layers, width and taper
    mean nothing."""
    options = {
        "depth": depths,
        "width": widths,
        "taper": tapers,
        "code_size": code_sizes,
    }
    return Space({name: Choice(*values) for name, values in options.items()})


def network(depth, width, taper, code_size):
    """Return four decisions as a network's name: (hidden, code_size), hidden the tuple
    of widths before the code.
    """
    return tuple(max(1, round(width * taper**i)) for i in range(depth)), code_size


def distinct(space):
    """Return all networks of a space, each once, in the order of its grid: list of
    (hidden, code_size).
    """
    return list(dict.fromkeys(network(**decisions) for decisions in space.grid(1)))


def n_parameters(n_features, hidden, code_size):
    """Return the weights and biases of the autoencoder d, *hidden, code_size and back.

    With the widths s_0 = d, …, s_L = code_size: 2 Σ s_i s_{i+1} weights, and a bias for
    every unit but the input's: the encoder has s_1 + … + s_L, the decoder s_0 + … +
    s_{L-1}."""
    s = [n_features, *hidden, code_size]
    return sum(2 * a * b + a + b for a, b in zip(s[:-1], s[1:], strict=True))


def expected_best(values, n):
    """Return the expected largest of n values drawn without replacement: what random search
    reaches, in closed form.

    The k-th smallest of N values is the largest of the sample if the other n - 1 come
    from the k - 1 below it:

        E[max] = Σ_k v_(k) C(k - 1, n - 1) / C(N, n)

    values : array (N,), n : 1 to N.
    """
    v = np.sort(np.asarray(values, dtype=np.float64))
    if not 1 <= n <= len(v):
        raise ValueError(
            f"n must lie between 1 and the number of values, {len(v)}; got {n}."
        )
    return float(sum(x * comb(k, n - 1) / comb(len(v), n) for k, x in enumerate(v)))
