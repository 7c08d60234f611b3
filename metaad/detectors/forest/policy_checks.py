"""What a split policy may hold: the numbers that it has weights for, and its ranges."""

from numbers import Integral, Real

import numpy as np

from metaad.detectors.forest import leaf_values

# a node draws so many proposals at once, each with a copy of its rows
MOST = {"proposals": 1000, "smallest": 10**9}
FEATURES = {
    "tails": "log-kurtosis of the column: heavy tails, a few values far out",
    "reach": "logarithm of the column's largest distance from its mean, in standard deviations",
    "distinct": "how many different values the column has, log(values) / log(rows): 1 "
    "where no value comes twice",
    "common": "share of the rows that have the column's most frequent value",
    "wide": "logarithm of the node's range of the column, in the column's standard deviations",
    "edge": "how near the cut is to an end of the node's range",
    "few": "how few of the node's rows the cut parts off, -log2 of the smaller side's share",
    "gap": "logarithm of the gap between the rows on the two sides of the cut, as a "
    "share of the node's range",
    "sparse": "the smaller side's share of the range against its share of the rows: "
    "log2 of how thinly it is settled",
    "outward": "whether the smaller side lies away from the column's median, in "
    "standard deviations",
}


def check(policy):
    """Raise ValueError in one sentence for a SplitPolicy that means nothing: a file may
    hold anything.
    """
    check_types(policy)
    parts = {part for name in policy.weights for part in name.split("*")}
    if parts - set(FEATURES) or not (policy.weights or policy.score):
        raise ValueError(
            f"a policy needs weights for {', '.join(FEATURES)}, or for products "
            f"of two such as 'gap*distinct', or a score; got "
            f"{', '.join(policy.weights) or 'none'}."
        )
    if not np.isfinite(list(policy.weights.values())).all():
        raise ValueError(
            f"the weights of a policy must be finite numbers, got {policy.weights}."
        )
    if policy.proposals < 2 or policy.smallest < 2 or not 0 < policy.share <= 1:
        raise ValueError(
            "a policy needs 2 proposals or more, smallest 2 or more, and a share "
            "in (0, 1]; got "
            f"{policy.proposals}, {policy.smallest} and {policy.share}."
        )
    leaf_values.check(policy.score)


def check_types(policy):
    """Raise ValueError for what JSON may hold and a policy may not."""
    dicts = {n: getattr(policy, n) for n in ("weights", "score", "about")}
    wrong = [n for n, d in dicts.items() if not isinstance(d, dict)]
    if wrong or not isinstance(policy.name, str):
        raise ValueError(
            "a policy needs weights, score and about as dicts and a name; got "
            f"{', '.join(wrong) or f'the name {policy.name!r}'}."
        )
    for name, value in policy.weights.items():
        if not isinstance(value, Real) or isinstance(value, bool):
            raise ValueError(f"the weight of {name} is no number, got {value!r}.")
    for name in ("proposals", "smallest"):
        value = getattr(policy, name)
        if not isinstance(value, Integral) or value > MOST[name]:
            raise ValueError(
                f"{name} must be a whole number up to {MOST[name]}, got {value!r}."
            )
    if not isinstance(policy.share, Real):
        raise ValueError(f"share must be a number in (0, 1], got {policy.share!r}.")
