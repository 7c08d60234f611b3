"""Thresholds of MT-MNIST that are moved, and scores that are averaged: variants that need
no training of their own.
"""

import numpy as np

from metaad.experiments.images.mt_mnist import BEST
from metaad.experiments.images.mt_mnist_judge import (
    SHOTS,
    SPLITS,
    accuracies,
    judgements,
    part,
    scores_of,
    summarise,
)

CALIBRATED = ", calibrated"
THRESHOLDS = np.linspace(-2.0, 2.0, 161)  # in logits
BOTH = (BEST, "OC-ANIL/all")  # an ensemble of a metric and of gradient steps


def curves(parts, name, variant, seed=0):
    """Return accuracy against threshold, {k: array (9, thresholds)}, one row per digit;
    None if the protocol was not run.

    The protocol pairs keeps the digit 3 out twice; the second time counts.
    """
    what = {"pairs": "unseen", "mt-mnist": "test"}[name]
    split_of = {
        d: s
        for s in range(SPLITS[name])
        for w, d, _ in judgements(name, s)
        if w == what
    }
    paths = {d: part(parts, name, variant, split_of[d], seed) for d in sorted(split_of)}
    if not all(p.exists() for p in paths.values()):
        return None
    return {
        k: np.stack([curve(*scores_of(p, k, d)) for d, p in paths.items()])
        for k in SHOTS
    }


def curve(scores, y, digits):
    """Return the accuracy at each of THRESHOLDS: array (thresholds,)."""
    return np.array([accuracies(scores, y, t).mean() for t in THRESHOLDS])


def thresholds(accuracy):
    """Return where a split's threshold should lie: {k: array (9,)}, in logits. accuracy :
    see `curves`, of the pairs.

    What all other digits together decide best at; in the middle, where several
    thresholds do."""
    found = {}
    for k, of in accuracy.items():
        others = of.sum(axis=0) - of  # (9, thresholds), the sum over all digits but one
        best = others >= others.max(axis=1, keepdims=True) - 1e-12
        found[k] = np.array([np.median(THRESHOLDS[row]) for row in best])
    return found


def judged_again(parts, members, moved_by=None):
    """Judge the mean score of several learners on the same episodes, at a threshold that
    is moved: results by split.

    members : {(variant, seed): {split: result}}. moved_by : {k: array (9,)}, see
    `thresholds`; None moves nothing."""
    found = {}
    for split, first in next(iter(members.values())).items():
        result = found[split] = {
            "seconds": sum(p[split]["seconds"] for p in members.values())
        }
        result["episodes"] = first["episodes"]
        result["test images"] = first.get("test images", "shared")
        for k in SHOTS:
            paths = [part(parts, "mt-mnist", v, split, s) for v, s in members]
            scores, y, digits = (
                np.stack(a)
                for a in zip(*(scores_of(p, k, split) for p in paths), strict=True)
            )
            scores = scores.mean(axis=0) - (
                0.0 if moved_by is None else moved_by[k][split]
            )
            result[f"test-{k}"] = {str(split): summarise(scores, y[0], digits[0])[0]}
    return found


def derived(parts, whole):
    """Return variants that need no training of their own, means over seeds and moved
    thresholds; and what moved these.
    """
    found, moved = {}, {}
    for v, seeds in whole.items():
        members = {(v, s): p for s, p in seeds.items()}
        if len(seeds) > 1:
            found[f"{v} together"] = {0: judged_again(parts, members)}
        unseen = curves(parts, "pairs", v)
        if unseen is None:
            continue
        move, test = thresholds(unseen), curves(parts, "mt-mnist", v)
        moved[v] = {str(k): _moved(move[k], unseen[k], test[k]) for k in SHOTS}
        found[v + CALIBRATED] = {
            s: judged_again(parts, {(v, s): p}, move) for s, p in seeds.items()
        }
        if len(seeds) > 1:
            found[f"{v}{CALIBRATED} together"] = {0: judged_again(parts, members, move)}
    if set(BOTH) <= set(whole):
        members = {(v, 0): whole[v][0] for v in BOTH}
        found[" + ".join(BOTH)] = {0: judged_again(parts, members)}
    return found, moved


def _moved(by_split, unseen, test):
    """Return what is recorded of a calibration at one number of shots."""
    means = (c.mean(axis=0)[::8] for c in (unseen, test))
    pairs, tests = (np.round(m, 4).tolist() for m in means)
    at = np.round(THRESHOLDS[::8], 4).tolist()
    return {"by_split": by_split.tolist(), "at": at, "pairs": pairs, "test": tests}
