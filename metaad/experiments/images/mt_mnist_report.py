"""Put what `mt_mnist` wrote together into data/results/mt_mnist.json.

    python -m metaad.experiments mt_mnist_report --parts DIR

Every interval is a bootstrap over digits, of values that are means over seeds.
"together" is the mean score of the same variant at all seeds.

"calibrated" moves the threshold. A learner's own threshold, 0, was learned on digits
that it knows. The protocol pairs shows where it should have been for a digit that it
does not know: at t_K, which decides best there, on images of the training set. The
learners of a split are judged at t_K on its test images; t_K is taken from the other
digits, never from the one that the split tests, and from seed 0 for all seeds.

A protocol without a whole variant in DIR stays as it was recorded. Settings that were
tried before are kept by hand in mt_mnist_tried.json."""

import json
from pathlib import Path

import numpy as np

from metaad import metrics, repro
from metaad.experiments import record
from metaad.experiments.images import mt_mnist as mt
from metaad.experiments.images.mt_mnist import BEST
from metaad.experiments.images.mt_mnist_calibrated import CALIBRATED, derived
from metaad.experiments.images.mt_mnist_judge import (
    MOVED,
    SHOTS,
    SPLITS,
)

# what intervals are of
WHATS = {
    "mt-mnist": ("test",),
    "five-folds": ("others", "held-out"),
    "pairs": ("unseen",),
}
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
# Frikha et al. 2021, MT-MNIST, c = 0 %, mean of nine splits
PAPER = {"OC-MAML": {"2": 0.880, "10": 0.951}}
TRIED = Path(__file__).with_name("mt_mnist_tried.json")


def by_digit(seeds, what, measure):
    """Return values, one row per seed and one column per digit: array (n_seeds,
    n_digits). seeds : {seed: {split: result}}.
    """
    return np.array(
        [
            [r[measure] for _, one in sorted(p.items()) for r in one[what].values()]
            for p in seeds.values()
        ]
    )


def confusions(seeds, what):
    """Return the share called normal; rows: the normal digit; columns: the image's
    digit 0 to 9.
    """
    return np.round(
        by_digit(seeds, what, "called_normal").astype(float).mean(axis=0), 4
    ).tolist()


def summary(seeds):
    """Return means over seeds with intervals over digits."""
    first = next(iter(next(iter(seeds.values())).values()))
    seconds = [part["seconds"] for p in seeds.values() for part in p.values()]
    out = {
        "seeds": sorted(seeds),
        "episodes_a_digit": first["episodes"],
        "test images": first.get("test images", "shared"),
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
    """Return two variants on the seeds that both have, mean over seeds: two arrays
    (n_digits,).
    """
    seeds = sorted(set(a) & set(b))
    return [
        by_digit({s: v[s] for s in seeds}, what, measure).mean(axis=0) for v in (a, b)
    ]


def results_of(parts, name, variants):
    """Return what is recorded of one protocol: dict, empty without a whole variant.

    variants : {variant: {seed: {split: result}}}; an interval over digits needs all
    splits."""
    whole = {}
    for v, seeds in variants.items():
        complete = {s: p for s, p in seeds.items() if len(p) == SPLITS[name]}
        whole |= {v: complete} if complete else {}
    if not whole:
        return {}
    found = {}
    if name == "mt-mnist":
        more, found["thresholds"] = derived(parts, whole)
        whole |= more
    whats = [f"{w}-{k}" for w in WHATS[name] for k in SHOTS]
    pairs = [(a, b) for a, b in PAIRS if a in whole and b in whole]
    return found | {
        "variants": {v: summary(seeds) for v, seeds in whole.items()},
        "differences": {
            f"{a} - {b}": compared(whole[a], whole[b], whats) for a, b in pairs
        },
        "called_normal": {
            v: {w: confusions(s, w) for w in whats[:2]} for v, s in whole.items()
        },
    }


def compared(a, b, whats):
    """Return paired differences of two variants: dict "measure what" -> interval."""
    return {
        f"{measure} {what}": metrics.paired(*common(a, b, what, measure))._asdict()
        for what in whats
        for measure in ("accuracy", "auroc")
    }


def commands(results, parts):
    """Return the command lines that make the record from nothing.

    results : the protocols of a record, dict name -> dict with "variants". Variants
    that come with another, or need no training, have none of their own."""
    found = []
    for name, of in results.items():
        for variant, summary_of in of["variants"].items():
            if any(mark in variant for mark in (",", " together", " + ")):
                continue
            options = {"protocol": name, "variant": variant, "parts": parts}
            if summary_of.get("test images") == "shared":
                options["test_images"] = "shared"
            words = record.options(**options, seeds=summary_of["seeds"])
            found.append(record.command("mt_mnist", *words))
    words = record.options(parts=parts)
    return [*found, record.command("mt_mnist_report", *words)]


def seconds_of(results):
    """Return the seconds of training all variants of a record's protocols."""
    return sum(
        of["seconds_a_split"] * SPLITS[name] * len(of["seeds"])
        for name, result in results.items()
        for variant, of in result["variants"].items()
        if not any(mark in variant for mark in (",", " together", " + "))
    )


def show(name, result):
    """Print one line per variant of a protocol."""
    for v, s in result["variants"].items():
        parts = [
            f"{w} {of['accuracy']['value']:.4f} ({of['auroc']['value']:.4f})"
            for w, of in s.items()
            if isinstance(of, dict)
        ]
        print(f"{name} {v}, {len(s['seeds'])} seed(s):", ", ".join(parts))


def read(parts):
    """Return the results in a folder: {protocol: {variant: {seed: {split: result}}}}."""
    found = {}
    for path in sorted(parts.glob("*.json")):
        one = json.loads(path.read_text(encoding="utf-8"))
        seeds = found.setdefault(one["protocol"], {}).setdefault(one["variant"], {})
        seeds.setdefault(one["seed"], {})[one["split"]] = one
    return found


def report(parts):
    """Put everything that was run together and write the record."""
    run = record.about("mt_mnist")
    about = {
        "settings": {
            "training": mt.TRAINING | mt.SETTINGS | {"shots": mt.NESTED},
            "bending": mt.BENDING,
            "OC-MAML": mt.UNFREEZE,
            "classes": mt.CLASSES,
        },
        "run": {n: run[n] for n in ("versions", "cpu", "threads")},
    }
    results = {}
    for name, variants in read(parts).items():
        result = results_of(parts, name, variants)
        if result:
            show(name, result)
            results[name] = result | about
    path = repro.results_dir() / "mt_mnist.json"
    recorded = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    tried = json.loads(TRIED.read_text(encoding="utf-8"))
    kept = {name: recorded[name] for name in SPLITS if name in recorded} | results
    content = {
        "what": mt.__doc__.split("\n\n")[2].replace("\n", " "),
        "calibrated": __doc__.split("\n\n")[3].replace("\n", " "),
        "paper": PAPER,
        "tried": tried["tried"],
        "tried_on_pairs": tried["tried_on_pairs"],
        **kept,
    }
    seconds = seconds_of(kept)
    record.write("mt_mnist", content, commands(kept, parts), seconds=seconds)


def parser():
    """Return the parser of this experiment's options."""
    found = record.parser_of("mt_mnist_report", __doc__)
    found.add_argument("--parts", type=Path, required=True)
    return found


def main(argv=None):
    """Write the record from what lies in the folder."""
    report(parser().parse_args(argv).parts)


if __name__ == "__main__":
    main()
