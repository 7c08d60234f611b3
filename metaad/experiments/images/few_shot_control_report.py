"""Put the parts of few_shot_control together: data/results/few_shot_control.json."""

import json
import re

import numpy as np

from metaad import metrics
from metaad.experiments import record
from metaad.repro import recorded

NAME = re.compile(r"(.+)-(\d)-(\d+)-(\d)-(\d+)\.json")  # family, split, seed, …
CONTROLS = ("classifier/bent", "classifier/all")
CHOSEN = "classifier"  # the better of both, on the validation classes of each fold
THRESHOLDS = "classifier/bent, calibrated"
# the head that was fixed before any test: no choice, none of its noise
FIXED = "classifier/bent, residual"
HEAD = "residual, convolutions"
PIXELS = "residual, pixels"


def parts_of(folder):
    """Return what lies in a folder: {(known, iterations): [(family, split, seed, dict)]}."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        name = NAME.fullmatch(path.name)
        if not name:
            continue
        family, *numbers = name.groups()
        split, seed, known, iterations = map(int, numbers)
        steps = json.loads(path.read_text(encoding="utf-8"))
        of = family, split, seed, steps
        found.setdefault((known, iterations), []).append(of)
    return found


def values_of(steps):
    """Yield (variant, where-K, class, "auroc" or "accuracy", value) of one part."""
    results = {name: step["result"] for name, step in steps.items()}
    for name, result in results.items():
        own = result.get("own") or _chosen(name, result)
        for where, of in own.items():
            for c, measured in of.items():
                for what, value in measured.items():
                    yield name, where, int(c), what, value
    for where, of in results.get(CONTROLS[0], {}).get("heads", {}).items():
        for c, measured in of[HEAD].items():
            yield FIXED, where, int(c), "auroc", measured["auroc"]
    best = {}
    for k in ("2", "10"):
        has = [c for c in CONTROLS if results.get(c, {}).get("chosen")]
        if len(has) == len(CONTROLS):
            best[k] = max(has, key=lambda c: _validated(results[c], k))
    for k, name in best.items():
        for where, of in _chosen(name, results[name]).items():
            if where.endswith(f"-{k}"):
                for c, measured in of.items():
                    for what, value in measured.items():
                        yield CHOSEN, where, int(c), what, value


def _validated(result, k):
    return max(result["chosen"][k]["auroc"].values())


def _chosen(name, result):
    """Return {where-K: {class: measured}} of the head that was chosen."""
    heads = result if name == "pixels" else result["heads"]
    found = {}
    for where, of in heads.items():
        k = where.rpartition("-")[2]
        head = result.get("chosen", {}).get(k, {}).get("head")
        if name == "pixels":
            head = PIXELS
        # nothing to choose on: the head that most folds choose
        found[where] = of[head or HEAD]
    return found


def collected(parts):
    """Return {family: {variant: {what: {where-K: {class: [value of each seed]}}}}}."""
    found = {}
    for family, _, _, steps in parts:
        for variant, where, c, what, value in values_of(steps):
            of = found.setdefault(family, {}).setdefault(variant, {})
            of = of.setdefault(what, {}).setdefault(where, {})
            of.setdefault(c, []).append(value)
    return found


def summed(of):
    """Return {where-K: {"classes", "by_class", "interval"}}."""
    found = {}
    for where, by_class in of.items():
        classes = sorted(by_class)
        means = [float(np.mean(by_class[c])) for c in classes]
        interval = metrics.bootstrap(means)._asdict() if len(means) > 1 else None
        rounded = [round(m, 5) for m in means]
        found[where] = {"classes": classes, "by_class": rounded, "interval": interval}
    return found


def gains(results):
    """Return {"A minus B": {where-K: interval}}, paired over the classes both have."""
    found, controls = {}, (FIXED, CHOSEN, *CONTROLS)
    compared = [CONTROLS[::-1], *((v, "pixels") for v in results)]
    ours = [
        v for v in results if v not in (*controls, THRESHOLDS, "untrained", "pixels")
    ]
    compared += [(v, control) for v in ours for control in controls]
    for a, b in compared:
        if a == b or not {a, b} <= set(results):
            continue
        found[f"{a} minus {b}"] = _paired(results[a], results[b])
    return found


def accuracy_gains(accuracy):
    """Return {variant: {where-K: interval}}: paired with the calibrated classifier."""
    if THRESHOLDS not in accuracy:
        return {}
    control = accuracy[THRESHOLDS]
    return {
        v: _paired(of, control)
        for v, of in accuracy.items()
        if not v.startswith("classifier") and v != "untrained"
    }


def _paired(ours, theirs):
    found = {}
    for where in ours:
        both = [set(of.get(where, {"classes": []})["classes"]) for of in (ours, theirs)]
        both = sorted(both[0] & both[1])
        if len(both) > 1:
            pair = (_at(of[where], both) for of in (ours, theirs))
            found[where] = metrics.paired(*pair)._asdict()
    return found


def _at(of, classes):
    return [of["by_class"][of["classes"].index(c)] for c in classes]


def choices(parts):
    """Return {family: {variant: {K: [[split, seed, head]]}}}."""
    found = {}
    for family, split, seed, steps in parts:
        for variant, step in steps.items():
            for k, chosen in step["result"].get("chosen", {}).items():
                of = found.setdefault(family, {}).setdefault(variant, {})
                of.setdefault(k, []).append([split, seed, chosen["head"]])
    return found


def heads(parts):
    """Return {family: {variant: {where-K: {head: mean AUROC over classes}}}}: every head
    on the test, chosen or not."""
    found = {}
    for family, _, _, steps in parts:
        for variant, step in steps.items():
            result = step["result"]
            of = result if variant == "pixels" else result.get("heads", {})
            for where, by_head in of.items():
                for head, by_class in by_head.items():
                    place = found.setdefault(family, {}).setdefault(variant, {})
                    place = place.setdefault(where, {}).setdefault(head, [])
                    place += [v["auroc"] for v in by_class.values()]
    return _means(found)


def _means(of):
    if isinstance(of, list):
        return round(float(np.mean(of)), 5)
    return {name: _means(inner) for name, inner in of.items()}


def seconds(parts):
    """Return mean CPU seconds of training: {variant: float}."""
    found = {}
    for *_, steps in parts:
        for variant, step in steps.items():
            spent = step["result"].get("training seconds")
            if spent is not None:
                found.setdefault(variant, []).append(spent)
    return _means(found)


def block(parts):
    """Return what the record holds about one number of known classes and of steps."""
    found = collected(parts)
    results = {
        family: {v: summed(of["auroc"]) for v, of in variants.items()}
        for family, variants in found.items()
    }
    accuracy = {
        family: {
            v: summed(of["accuracy"]) for v, of in variants.items() if "accuracy" in of
        }
        for family, variants in found.items()
    }
    return {
        "folds": sorted({(f, split, seed) for f, split, seed, _ in parts}),
        "results": results,
        "accuracy": accuracy,
        "gains": {family: gains(of) for family, of in results.items()},
        "accuracy_gains": {f: accuracy_gains(of) for f, of in accuracy.items()},
        "chosen": choices(parts),
        "heads": heads(parts),
        "training_seconds": seconds(parts),
    }


def report(folder, main, about, commands):
    """Write the record from the parts in a folder.

    main : (known, iterations) of the block that stands at the top; others go into
    `few_known` ("3 known classes") and `longer` ("600 steps"). about : dict, settings.
    """
    parts = parts_of(folder)
    content = about | block(parts[main])
    for (known, iterations), of in parts.items():
        if known != main[0]:
            content.setdefault("few_known", {})[str(known)] = block(of)
        elif iterations != main[1]:
            content.setdefault("longer", {})[str(iterations)] = block(of)
    every = [
        step for of in parts.values() for *_, steps in of for step in steps.values()
    ]
    spent = sum(step["seconds"] for step in every)
    return record.write("few_shot_control", content, commands, seconds=spent)


def tried():
    """Count the settings that were compared before, for ours and for the control."""
    earlier = recorded("mt_mnist")
    return {
        "episodic, before": len(earlier["tried"]) + len(earlier["tried_on_pairs"]),
        "episodic, here": 0,
        "classifier: losses": 2,
        "classifier: heads and layers": 8,
    }
