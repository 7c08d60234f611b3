"""What a forest learns from hundreds of tables: where to cut, and what its leaves say.

    python -m metaad.experiments many_table_forest choose --parts DIR
    python -m metaad.experiments many_table_forest learn --parts DIR
    python -m metaad.experiments many_table_forest judge --parts DIR
    python -m metaad.experiments many_table_forest report --parts DIR

`choose` learns with several settings from OddBench's 237 tables of the part "learn", and
takes those that gain most AUROC on the 60 of "validate". `learn` learns with them from
14 to 297 tables of both parts: nested sets, three draws. `judge` looks at the 120 test
tables and at ADBench's 28, and writes the gain of each kind of forest over a plain
one of as many trees on the same rows. `report` writes data/results/many_table_forest.json.

A forest reads at most 500 rows of a table, all normal, and at most 1,000 others are
judged, see `tasks.parts.read_and_judged`. What is in DIR is not made again. Intervals are
bootstrap-t over tables (ADBench: over families), corrected for the kinds compared."""

import json
from pathlib import Path

import numpy as np

from metaad import metrics
from metaad.detectors import IsolationForest
from metaad.detectors.forest.leaf_values import HALVED, PLAIN
from metaad.detectors.forest.split_policy import SplitPolicy
from metaad.experiments import parts as kept
from metaad.experiments import record
from metaad.experiments.tables import many_table_forest_tables
from metaad.experiments.tables.many_table_forest_tables import (
    MOST_READ,
    designs,
    family_gains,
    mean_gains,
    measured,
    reached,
    tables,
    taught,
)
from metaad.search.forest.cuts import ForestPolicy, family_shares
from metaad.search.forest.leaves import ForestScore, as_score
from metaad.tasks.parts import oddbench_part
from metaad.tasks.tables import adbench_names

NAME = "many_table_forest"
TREES, SEEDS = 100, (0, 1)
SIZES, DRAWS = (14, 28, 56, 112, 237, 297), 3
LEAVES = {  # settings of ForestScore that `choose` tries
    f"{' and '.join(curves)}, stiffness {s}": {"curves": curves, "stiffness": s}
    for curves in (("path",), ("path", "parted"))
    for s in (0.0001, 0.001, 0.01)
}
FEW = ("gap*distinct", "sparse", "reach")
ALL = ("gap", "gap*distinct", "sparse", "few", "edge", "wide", "distinct", "common")
CUTS = {  # settings of ForestPolicy
    f"{name}, steps of {rate:g}": {"features": features, "learning_rate": rate}
    for name, features, rate in (
        ("three numbers", FEW, 0.5),
        ("three numbers", FEW, 2.0),
        ("eight numbers", ALL, 0.5),
    )
}
CUT_SIZES = (28, 112, 297)
GROWN = {"iterations": 12, "n_trees": 10, "rows": (80, 150), "random_state": 0}
TOLD = {
    "looks at the test tables": 2,
    "between the looks": "the descent that learns leaves became exact; nothing else",
    "tried before": "On the tables that teach and choose, by eye: eleven single readings "
    "of a leaf (path, 2^-h, rows, volume, density, boldest cut, what a region says on "
    "five levels), products of path and boldest cut, curves that depend on six numbers "
    "of a table, three losses, rows of both kinds to read. 2^-h comes from there.",
}
CODE = [IsolationForest, ForestScore, ForestPolicy, metrics, many_table_forest_tables]


def choose(step):
    """Return the settings that gain most on "validate": (leaves, cuts), dicts."""
    learn, validate = oddbench_part("learn"), oddbench_part("validate")

    def leaves():
        known, asked = designs(learn), designs(validate)
        share = family_shares(tables(learn))
        found = {}
        for name, setting in LEAVES.items():
            w = ForestScore(**setting).descend(taught(known), share)
            found[name] = mean_gains(measured(asked, w) - measured(asked))
        return found

    def cuts():
        some, found = tables(learn)[::5], {}
        for name, setting in CUTS.items():
            policy = ForestPolicy(**GROWN | setting).fit(some).policy_
            gains = reached(validate, policy, PLAIN) - reached(validate, None, PLAIN)
            found[name] = mean_gains(gains) | {"weights": policy.weights}
        return found

    asked = {"rows": MOST_READ, "learn": learn, "validate": validate}
    leaves = step("leaves", leaves, settings=LEAVES, **asked)
    cuts = step("cuts", cuts, settings=CUTS | {"grown": GROWN}, **asked)
    best = [max(f, key=lambda n: f[n]["auroc"]) for f in (leaves, cuts)]
    return (LEAVES[best[0]], CUTS[best[1]]), {
        "leaves": leaves,
        "cuts": cuts,
        "taken": best,
    }


def nested(n, draw):
    """Return n of the 297 tables of "learn" and "validate"; a larger n holds a smaller
    one's. draw : int, which order.
    """
    names = oddbench_part("learn") + oddbench_part("validate")
    order = np.random.default_rng([14, draw]).permutation(len(names))
    return sorted(names[i] for i in order[:n])


def learn(step, leaves, cuts):
    """Return what is learned from more and more tables: {"leaves": {size: [w (22,) of
    each draw]}, "cuts": {size: weights}}.
    """
    every = nested(max(SIZES), 0)

    def curve():
        of = {d.name: d for d in designs(every)}
        found = {}
        for size in SIZES:
            found[str(size)] = []
            for draw in range(DRAWS if size < max(SIZES) else 1):
                known = [of[n] for n in nested(size, draw) if n in of]
                share = np.full(len(known), 1 / len(known))
                w = ForestScore(**leaves).descend(taught(known), share)
                found[str(size)].append(w.tolist())
        return found

    def policy(size):
        learner = ForestPolicy(**GROWN | cuts).fit(tables(nested(size, 0)))
        return {"weights": learner.policy_.weights, "history": learner.history_}

    asked = {"rows": MOST_READ, "sizes": SIZES, "draws": DRAWS}
    found = {"leaves": step("curve", curve, settings=leaves, **asked), "cuts": {}}
    for size in CUT_SIZES:
        made = step(
            f"cuts of {size}", lambda n=size: policy(n), settings=GROWN | cuts, **asked
        )
        found["cuts"][str(size)] = made
    return found


def policies(found):
    """Return what was learned for the last time, of leaves and of cuts: SplitPolicies."""
    score = as_score(found["leaves"][str(max(SIZES))][0])
    cuts = found["cuts"][str(max(CUT_SIZES))]["weights"]
    return SplitPolicy({}, score=score), SplitPolicy(cuts)


def judge(step, found, leaves):
    """Return the gains over plain forests of every kind and of the scale curve, on the
    test part and on the 28: a dict for each.
    """
    worlds = {"oddbench": oddbench_part("test"), "adbench": adbench_names()}
    looked = {}
    for world, names in worlds.items():
        looked[world] = {
            setting: step(
                f"{world} {setting}",
                lambda n=names, s=setting: one_world(n, s, found),
                found=found,
                seeds=SEEDS,
                names=names,
            )
            for setting in ("clean", "mixed")
        }
    looked["families"] = step(
        "families", lambda: family_gains(worlds["adbench"], leaves), settings=leaves
    )
    return looked


def one_world(names, setting, found):
    """Return gains over plain forests by kind and by size, each a list of [AUROC, AP]
    by table.

    A forest and its leaves are two things here: leaves are read off a grown forest, so
    all that differ in their leaves alone share it."""
    asked = tables(names, setting)
    leaves, cuts = policies(found)
    plain = reached(names, None, PLAIN, SEEDS, setting)
    gain = lambda *of: (reached(names, *of) - plain).tolist()  # noqa: E731
    told = {"tables": [t.name for t in asked], "families": [t.family for t in asked]}
    told |= {"plain": plain.tolist(), "kinds": {}, "curve": {}}
    told["kinds"] |= {
        "leaves": gain(None, leaves.score, SEEDS, setting),
        "leaves by hand": gain(None, HALVED, SEEDS, setting),
    }
    if setting == "mixed":
        return told
    for size, drawn in found["leaves"].items():
        each = [gain(None, as_score(w), SEEDS) for w in drawn]
        told["curve"][size] = np.mean(each, axis=0).tolist()
    frozen = SplitPolicy(dict.fromkeys(cuts.weights, 0.0))
    told["kinds"] |= {
        "cuts": gain(cuts, PLAIN, SEEDS),
        "cuts and leaves": gain(cuts, leaves.score, SEEDS),
        "cuts frozen at the start": gain(frozen, PLAIN, SEEDS[:1]),
        "ten times the trees": gain(None, PLAIN, SEEDS[:1], setting, 10 * TREES),
    }
    return told


def intervals(gains, groups):
    """Return corrected intervals of kinds: {kind: {"auroc", "ap"}: [value, low, high]}.

    gains : {kind: list of [AUROC, AP] by table}."""
    found = {kind: {} for kind in gains}
    for at, measure in enumerate(("auroc", "ap")):
        columns = {k: np.array(g)[:, at] for k, g in gains.items()}
        for kind, i in metrics.simultaneous(columns, groups=groups).items():
            found[kind][measure] = [round(v, 5) for v in i[:3]]
            found[kind][f"{measure}: tables that gain"] = int((columns[kind] > 0).sum())
    return found


def report(step, parts):
    """Write the record."""
    (leaves, cuts), chosen = choose(step)
    found = learn(step, leaves, cuts)
    looked = judge(step, found, leaves)
    content = {
        "what": __doc__.split("\n\n")[2].replace("\n", " "),
        **TOLD,
        "settings": {"trees": TREES, "seeds": list(SEEDS), **MOST_READ, "grown": GROWN},
        "choice on validate": chosen,
        "cuts": found["cuts"],
        "leaves": {size: drawn for size, drawn in found["leaves"].items()},
        "families": looked.pop("families"),
    }
    for world, settings in looked.items():
        groups = settings["clean"]["families"] if world == "adbench" else None
        content[world] = {}
        for setting, told in settings.items():
            content[world][setting] = {
                "tables": told["tables"],
                "families": told["families"],
                "plain": np.mean(told["plain"], axis=0).round(4).tolist(),
                "gains": intervals(told["kinds"], groups),
                "by table": {
                    k: np.round(g, 4).tolist() for k, g in told["kinds"].items()
                },
            }
            if "curve" in told and told["curve"]:
                content[world][setting] |= {
                    "curve": intervals(told["curve"], groups),
                    "curve by table": {
                        size: np.round(g, 4).tolist()
                        for size, g in told["curve"].items()
                    },
                }
    steps = ("choose", "learn", "judge", "report")
    to = record.options(parts=parts)
    commands = [record.command(NAME, do, *to) for do in steps]
    record.write(NAME, content, commands, seconds=step.seconds())
    shown = {w: content[w]["clean"]["gains"] for w in looked}
    print(json.dumps(shown, indent=1))


def parser():
    """Return the parser of this experiment's steps and options."""
    found = record.parser_of(NAME, __doc__)
    found.add_argument("do", choices=("choose", "learn", "judge", "report"))
    found.add_argument("--parts", type=Path, required=True)
    return found


def main(argv=None):
    """Run one step, see the module's first lines."""
    asked = parser().parse_args(argv)
    asked.parts.mkdir(parents=True, exist_ok=True)
    step = kept.Steps(asked.parts / "steps.json", CODE)
    if asked.do == "report":
        return report(step, asked.parts)
    (leaves, cuts), chosen = choose(step)
    print(json.dumps(chosen, indent=1))
    if asked.do != "choose":
        found = learn(step, leaves, cuts)
    if asked.do == "judge":
        judge(step, found, leaves)


if __name__ == "__main__":
    main()
