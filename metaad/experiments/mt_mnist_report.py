"""What `tests/mt_mnist.py` wrote, put together into data/results/mt_mnist.json.

    python -m metaad.experiments.mt_mnist_report --parts DIR

Every interval is a bootstrap over digits, of values that are means over seeds.
"together" is the mean score of the same variant at all seeds.

"calibrated" moves the threshold. A learner's own threshold, 0, was learned on digits
that it knows. The protocol pairs shows where it should have been for a digit that it
does not know: at t_K, which decides best there, on images of the training set. The
learners of a split are judged at t_K on its test images; t_K is taken from the other
digits, never from the one that the split tests, and from seed 0 for all seeds.

A protocol without a whole variant in DIR stays as it was recorded. Settings that were
tried before are kept by hand in tests/mt_mnist_tried.json."""

import argparse
import json
from pathlib import Path

import numpy as np

from metaad import metrics, repro
from metaad.experiments import mt_mnist as mt
from metaad.experiments.mt_mnist import (
    BEST,
    MOVED,
    SHOTS,
    SPLITS,
    judgements,
    part,
    scores_of,
    summarise,
)
from metaad.meta.evaluation import balanced_accuracy

# what intervals are of
WHATS = {
    "mt-mnist": ("test",),
    "five-folds": ("others", "held-out"),
    "pairs": ("unseen",),
}
CALIBRATED = ", calibrated"
THRESHOLDS = np.linspace(-2.0, 2.0, 161)  # in logits
GRADIENT = ("OC-ANIL/all", "OC-MAML/all")
PAIRS = [
    ("OC-SVM/pixels", "OC-SVM/pca"),
    ("IsolationForest/pixels", "IsolationForest/pca"),
    *((BEST, f"Mahalanobis/{classes}") for classes in mt.CLASSES if classes != "all"),
    *((BEST, other) for other in ("ProtoNet/all", "PLDA/all", *GRADIENT)),
    (BEST + CALIBRATED, "OC-ANIL/all" + CALIBRATED),
    (BEST + CALIBRATED, BEST),
    (BEST + MOVED + CALIBRATED, BEST + CALIBRATED),
    ("OC-ANIL/all" + CALIBRATED, "OC-ANIL/all"),
    ("OC-MAML/all", "OC-ANIL/all"),
    ("OC-ANIL/all", "OC-ANIL, no steps/all"),
]
BOTH = (BEST, "OC-ANIL/all")  # an ensemble of a metric and of gradient steps
# Frikha et al. 2021, MT-MNIST, c = 0 %, mean of nine splits
PAPER = {"OC-MAML": {"2": 0.880, "10": 0.951}}
TRIED = Path(__file__).with_name("mt_mnist_tried.json")


def curves(parts, name, variant, seed=0):
    """Accuracy against threshold: {k: array (9, thresholds)}, a row a digit; None if
    the protocol was not run.

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
    """Accuracy at each of THRESHOLDS: array (thresholds,)."""
    return np.array([balanced_accuracy(y, scores > t).mean() for t in THRESHOLDS])


def thresholds(accuracy):
    """Where a split's threshold should lie: {k: array (9,)}, in logits. accuracy : see
    `curves`, of the pairs.

    What all other digits together decide best at; in the middle, where several
    thresholds do."""
    found = {}
    for k, of in accuracy.items():
        others = of.sum(axis=0) - of  # (9, thresholds), the sum over all digits but one
        best = others >= others.max(axis=1, keepdims=True) - 1e-12
        found[k] = np.array([np.median(THRESHOLDS[row]) for row in best])
    return found


def judged_again(parts, members, moved_by=None):
    """The mean score of several learners on the same episodes, at a threshold that is
    moved: results by split.

    members : {(variant, seed): {split: result}}. moved_by : {k: array (9,)}, see
    `thresholds`; None moves nothing."""
    found = {}
    for split, first in next(iter(members.values())).items():
        result = found[split] = {
            "seconds": sum(p[split]["seconds"] for p in members.values())
        }
        result["episodes"] = first["episodes"]
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


def by_digit(seeds, what, measure):
    """One row a seed, one value a digit: array (n_seeds, n_digits). seeds : {seed:
    {split: result}}.
    """
    return np.array(
        [
            [r[measure] for _, one in sorted(p.items()) for r in one[what].values()]
            for p in seeds.values()
        ]
    )


def confusions(seeds, what):
    """Share called normal, rows: the normal digit; columns: the image's digit 0 to
    9.
    """
    return np.round(
        by_digit(seeds, what, "called_normal").astype(float).mean(axis=0), 4
    ).tolist()


def summary(seeds):
    """Means over seeds with intervals over digits."""
    first = next(iter(next(iter(seeds.values())).values()))
    seconds = [part["seconds"] for p in seeds.values() for part in p.values()]
    out = {
        "seeds": sorted(seeds),
        "episodes_a_digit": first["episodes"],
        "seconds_a_split": float(np.mean(seconds)),
    }
    for what in [w for w in first if isinstance(first[w], dict)]:
        out[what] = {}
        for measure in ("accuracy", "auroc"):
            values = by_digit(seeds, what, measure)
            out[what][measure] = metrics.bootstrap(values.mean(axis=0))._asdict()
            for name, axis in (("by_digit", 0), ("by_seed", 1)):
                out[what][measure][name] = np.round(values.mean(axis=axis), 4).tolist()
    return out


def common(a, b, what, measure):
    """Two variants on the seeds that both have, mean over seeds: two arrays
    (n_digits,).
    """
    seeds = sorted(set(a) & set(b))
    return [
        by_digit({s: v[s] for s in seeds}, what, measure).mean(axis=0) for v in (a, b)
    ]


def derived(parts, whole):
    """Variants that need no training of their own, means over seeds and moved
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
        moved[v] = {
            str(k): {
                "by_split": move[k].tolist(),
                "at": np.round(THRESHOLDS[::8], 4).tolist(),
            }
            | {
                n: np.round(c[k].mean(axis=0)[::8], 4).tolist()
                for n, c in (("pairs", unseen), ("test", test))
            }
            for k in SHOTS
        }
        found[v + CALIBRATED] = {
            s: judged_again(parts, {(v, s): p}, move) for s, p in seeds.items()
        }
        if len(seeds) > 1:
            found[f"{v}{CALIBRATED} together"] = {0: judged_again(parts, members, move)}
    if set(BOTH) <= set(whole):
        found[" + ".join(BOTH)] = {
            0: judged_again(parts, {(v, 0): whole[v][0] for v in BOTH})
        }
    return found, moved


def report(parts):
    """Everything that was run, put together."""
    found = {}
    for path in sorted(parts.glob("*.json")):
        one = json.loads(path.read_text(encoding="utf-8"))
        seeds = found.setdefault(one["protocol"], {}).setdefault(one["variant"], {})
        seeds.setdefault(one["seed"], {})[one["split"]] = one
    results = {}
    for name, variants in found.items():
        whole = {
            v: {s: p for s, p in seeds.items() if len(p) == SPLITS[name]}
            for v, seeds in variants.items()
        }
        # an interval over digits needs them all
        whole = {v: seeds for v, seeds in whole.items() if seeds}
        if not whole:
            continue
        results[name] = {}
        if name == "mt-mnist":
            more, results[name]["thresholds"] = derived(parts, whole)
            whole |= more
        whats = [f"{w}-{k}" for w in WHATS[name] for k in SHOTS]
        results[name] |= {
            "variants": {v: summary(seeds) for v, seeds in whole.items()},
            "differences": {
                f"{a} - {b}": {
                    f"{measure} {what}": metrics.paired(
                        *common(whole[a], whole[b], what, measure)
                    )._asdict()
                    for what in whats
                    for measure in ("accuracy", "auroc")
                }
                for a, b in PAIRS
                if a in whole and b in whole
            },
            "called_normal": {
                v: {w: confusions(s, w) for w in whats[:2]} for v, s in whole.items()
            },
        }
        for v, s in results[name]["variants"].items():
            line = ", ".join(
                f"{w} {s[w]['accuracy']['value']:.4f} ({s[w]['auroc']['value']:.4f})"
                for w in whats
            )
            print(
                f"{name} {v}, {len(s['seeds'])} seed(s), {s['seconds_a_split']:.0f} "
                f"s: accuracy (AUROC) {line}"
            )
    path = repro.results_dir() / "mt_mnist.json"
    recorded = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    fingerprint = repro.Run("mt_mnist", "full", 0, "cpu", {}).fingerprint()
    about = {
        "settings": {
            "training": mt.TRAINING | mt.SETTINGS | {"shots": mt.NESTED},
            "bending": mt.BENDING,
        }
        | {"OC-MAML": mt.UNFREEZE, "classes": mt.CLASSES},
        "run": {n: fingerprint[n] for n in ("versions", "cpu", "threads")},
    }
    results = {name: found | about for name, found in results.items()}
    tried = json.loads(TRIED.read_text(encoding="utf-8"))
    described = {
        "what": mt.__doc__.split("\n\n")[2].replace("\n", " "),
        "calibrated": __doc__.split("\n\n")[3].replace("\n", " "),
        "paper": PAPER,
        "tried": tried["tried"],
        "tried_on_pairs": tried["tried_on_pairs"],
    }
    kept = {name: recorded[name] for name in SPLITS if name in recorded}
    repro.write_json(path, described | kept | results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", type=Path, required=True)
    report(parser.parse_args().parts)
