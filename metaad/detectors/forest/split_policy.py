"""Cuts chosen by a learned policy: a node draws a few ordinary cuts and takes one of
them by softmax(φ · w).

An isolation tree's cut is a random action. Here a node draws K of them as
`cuts.draw_cuts` does, describes each by a few numbers φ (how heavy the tails of the
feature are, how few rows the cut parts off, ...) and takes one at random with a chance
in proportion to exp(φ · w) [1]. With w = 0 that is a plain tree again, whatever K is.
The numbers φ know nothing of the feature's name, unit or place, so weights learned on
some tables can be used on others.

The weights are learned in `metaad.search.forest.cuts`; this module uses them. A policy
may also say how the leaves of the grown forest are read, see `leaf_values`.

References
----------
[1] Williams, Simple statistical gradient-following algorithms for connectionist
    reinforcement learning, Machine Learning 8, 1992."""

import json
from dataclasses import asdict, dataclass, field, fields
from functools import partial
from os import PathLike
from pathlib import Path

import numpy as np

from metaad.detectors.forest.cuts import draw_features, draw_thresholds
from metaad.detectors.forest.policy_checks import FEATURES, check
from metaad.repro import write_json

__all__ = [
    "FEATURES",
    "SplitPolicy",
    "choose",
    "column_statistics",
    "known",
    "load",
    "save",
]

# policies that come with the package, by name
FOLDER = Path(__file__).parent / "policies"
MOST_ROWS = 4096  # rows that the statistics of the columns are taken from


def choose(phi, w, rng):
    """Take one proposal of each node, with a chance in proportion to exp(φ · w).

    Parameters
    ----------
    phi : float64 array (k, K, p), the p numbers that describe each of K proposals of k
        nodes.
    w : float64 array (p,), the weights.
    rng : numpy.random.Generator.

    Returns
    -------
    taken : intp array (k,), in 0..K-1.
    chance : float64 array (k, K), rows sum to 1.
    """
    logits = np.einsum("kjp,p->kj", phi, w)
    chance = np.exp(logits - logits.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    taken = (chance.cumsum(axis=1) <= rng.random(len(phi))[:, None]).sum(axis=1)
    # the sum of the chances may fall short of 1 by rounding
    return np.minimum(taken, phi.shape[1] - 1), chance


def column_statistics(X, rng):
    """Return what the policy knows of each column before any cut: dict of float64
    arrays (d,).

    Nothing in it changes if a column is moved, stretched or mirrored, except `median`
    and `deviation`, which the policy needs to measure cuts with.

    X : float64 array (n, d). rng : numpy.random.Generator, picks MOST_ROWS rows where
    there are more."""
    if len(X) > MOST_ROWS:
        X = X[rng.choice(len(X), MOST_ROWS, replace=False)]
    n, d = X.shape
    largest = np.abs(X).max(axis=0)
    unit = np.where(largest > 0, largest, 1.0)
    median = np.median(X, axis=0)
    X = X / unit  # so that the fourth powers of large numbers are finite
    mean, deviation = X.mean(axis=0), X.std(axis=0)
    varies = deviation > 1e-12
    deviation = np.where(varies, deviation, 1.0)
    Z = np.where(varies, (X - mean) / deviation, 0.0)
    ordered = np.sort(X, axis=0)
    new = np.concatenate([np.ones((1, d), dtype=bool), ordered[1:] > ordered[:-1]])
    common = [
        np.diff(np.flatnonzero(np.append(column, True))).max() / n for column in new.T
    ]
    return {
        "tails": np.log(np.maximum((Z**4).mean(axis=0), 1.0)) * varies - 1.1,
        "reach": np.log(np.maximum(np.abs(Z).max(axis=0), 1.0)),
        "distinct": np.log(new.sum(axis=0)) / np.log(max(n, 2)) * varies - 0.6,
        "common": np.array(common) * varies - 0.2,
        "median": median,
        "deviation": np.maximum(deviation * unit, np.finfo(float).tiny),
    }


def describe(column, feature, low, high, cut, sides):
    """Return the numbers φ of FEATURES for proposed cuts: dict of float64 arrays (m,),
    each about 0 on average.

    Parameters
    ----------
    column : as `column_statistics` returns it.
    feature : intp array (m,). low, high, cut : float64 arrays (m,), range of the node
        and threshold.
    sides : tuple of arrays (m,): greatest value on the left, least on the right, rows
    on the left, rows in all."""
    last, first, n_left, n = sides
    valid = np.isfinite(cut)
    middle = low + (high / 2 - low / 2)
    cut = np.where(valid, cut, middle)
    length = np.where(valid, high - low, 1.0)
    # of the cut in the range, 0 at low to 1 at high
    place = np.where(valid, (cut - low) / length, 0.5)
    share = np.where(valid, n_left / n, 0.5)
    left_is_small = share <= 0.5
    rows = np.minimum(share, 1.0 - share)
    # share of the range that the smaller side has
    reach = np.where(left_is_small, place, 1.0 - place)
    away = (cut - column["median"][feature]) / column["deviation"][feature]
    gap = np.where(valid, first - last, 0.0) / length
    few = -np.log2(np.maximum(rows, 1.0 / n)) - 1.0
    return {
        **{
            name: column[name][feature]
            for name in ("tails", "reach", "distinct", "common")
        },
        "wide": np.clip(
            np.log(np.maximum(length / column["deviation"][feature], 1e-3)), -4.0, 4.0
        ),
        "edge": 2.0 - 8.0 * np.minimum(place, 1.0 - place),
        "few": few,
        "gap": np.log2(np.clip(gap, 2.0**-8, 1.0)) + 4.0,
        "sparse": np.clip(few + 1.0 + np.log2(np.clip(reach, 1e-3, 1.0)), -4.0, 8.0),
        "outward": np.clip(np.where(left_is_small, -away, away), -4.0, 4.0),
    }


@dataclass(frozen=True)
class SplitPolicy:
    """How a forest chooses its cuts.

    weights : dict from a name in FEATURES, or a product of two such as "gap*distinct",
        to its weight w; empty for cuts by chance.
    name : str. proposals : int, K, the ordinary cuts that a node draws to choose from.
    smallest : int; nodes of fewer rows are cut at random: the order in which a few rows
        are parted hardly matters.
    share : share of the trees that follow the policy, in (0, 1]; the others are plain.
    score : dict of the curves of `leaf_values`, the learned score; empty for mean path
        lengths as they are.
    about : dict of what else is worth knowing, e.g. the tables that it was learned on.
    """

    weights: dict
    name: str = "own"
    proposals: int = 8
    smallest: int = 8
    share: float = 1.0
    score: dict = field(default_factory=dict)
    about: dict = field(default_factory=dict)

    def __post_init__(self):
        check(self)

    def learned_trees(self, n_trees):
        """Return how many of n_trees follow the policy: its share of them, and one at
        least.
        """
        return max(1, round(self.share * n_trees))

    def drawer(self, column, log=None):
        """Return a function that draws cuts as `cuts.draw_cuts` does, but by this
        policy: `grow` takes it.

        column : `column_statistics` of the table. log : list, optional; for every level
        an array (k, p) is appended, ∂ log π / ∂w of the choice of each node, 0 where
        there was none."""
        return partial(self._draw, column=column, log=log)

    def _draw(self, X, row, size, level, rng, column, log):
        feature, cut = np.zeros(len(size), dtype=np.intp), np.full(len(size), np.inf)
        large = size >= self.smallest
        small_rows = row[np.repeat(~large, size)]
        feature[~large], low, high = draw_features(X, small_rows, size[~large], rng)
        cut[~large] = draw_thresholds(low, high, rng)
        chosen = np.zeros((len(size), len(self.weights)))
        if large.any():
            size, row = size[large], row[np.repeat(large, size)]
            f, c, phi = self._propose(X, row, size, rng, column)
            taken, chance = choose(phi, np.array(list(self.weights.values())), rng)
            at = np.arange(len(size))
            feature[large], cut[large] = f[at, taken], c[at, taken]
            chosen[large] = phi[at, taken] - np.einsum("kj,kjp->kp", chance, phi)
        if log is not None:
            log.append(chosen)
        return feature, cut

    def _propose(self, X, row, size, rng, column):
        """K ordinary cuts of each of k nodes: features and thresholds (k, K), φ (k,
        K, p).
        """
        K, first = self.proposals, np.cumsum(size) - size
        # (k K,): each proposal has its own copy of the node's rows
        many = np.repeat(size, K)
        start = np.cumsum(many) - many
        row = row[np.repeat(np.repeat(first, K) - start, many) + np.arange(many.sum())]
        f, low, high = draw_features(X, row, many, rng)
        cut = draw_thresholds(low, high, rng)
        x = X[row, np.repeat(f, many)]
        left = x <= np.repeat(cut, many)
        last = np.maximum.reduceat(np.where(left, x, -np.inf), start)
        next_up = np.minimum.reduceat(np.where(left, np.inf, x), start)
        n_left = np.add.reduceat(left, start, dtype=np.intp)
        # ranges of more than 1.8e308: φ is clipped below
        with np.errstate(over="ignore", invalid="ignore"):
            known = describe(column, f, low, high, cut, (last, next_up, n_left, many))
            phi = np.stack(
                [
                    np.prod([known[p] for p in name.split("*")], axis=0)
                    for name in self.weights
                ],
                axis=1,
            )
        phi = np.nan_to_num(phi, nan=0.0, posinf=0.0, neginf=0.0)
        return f.reshape(-1, K), cut.reshape(-1, K), phi.reshape(-1, K, phi.shape[1])


def known():
    """Return the names of the policies that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(policy):
    """Return a SplitPolicy from the name of one that comes with the package, from a
    JSON file, or as it is.

    Raises ValueError for an unknown name, a file that is missing or holds something
    else, or another kind of object."""
    if isinstance(policy, SplitPolicy):
        return policy
    if not isinstance(policy, (str, PathLike)):
        raise ValueError(
            f"policy must be None, a name, the path of a JSON file or a SplitPolicy; "
            f"got {policy!r}."
        )
    path = Path(policy) if str(policy) not in known() else FOLDER / f"{policy}.json"
    if not path.is_file():
        raise ValueError(
            f"there is no policy {str(policy)!r}. Known ones: {', '.join(known())}; "
            f"or give the path of a JSON file "
            "that save wrote."
        )
    try:
        return _from_json(json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError, OSError, RecursionError) as error:
        raise ValueError(
            f"{path} does not hold a split policy as save writes it: {error}"
        ) from None


def _from_json(content):
    expected = [f.name for f in fields(SplitPolicy)]
    if not isinstance(content, dict) or set(content) != set(expected):
        got = sorted(content) if isinstance(content, dict) else content
        raise ValueError(f"expected {', '.join(expected)}, got {got!r:.200}.")
    return SplitPolicy(**content)


def save(policy, path):
    """Write a SplitPolicy as JSON, for `load`; a reader never sees half of it."""
    write_json(path, asdict(policy))
