"""A learned forest against a plain one on the tables of ADBench, held out by family.

    python -m metaad.experiments.learned_forest learn --parts DIR
    python -m metaad.experiments.learned_forest judge --parts DIR --seeds 0 1 2
    python -m metaad.experiments.learned_forest report --parts DIR

`learn` writes the policy learned without each family, and the one learned on all
tables: first the cuts, then, for forests of which a quarter of the trees follow them,
the score. `judge` fits forests to every table (at most 4,000 rows): plain ones of 300
trees, at the first seed also one of 3,000; and forests of 300 trees with a policy that
never saw the table's family: "learned" follows its cuts, in "half" every second tree
does and the others are plain, "gentle" has half of its weights, and in "scored" every
fourth tree does and the leaves carry the learned score. What is in DIR is not made
again. `report` puts everything, with what was tried before
(tests/learned_forest_tried.json, written by hand), into data/results/forest_policy.json
and writes the policy of the package, metaad/detectors/policies/adbench-v1.json. Then
run `forest_policy_nested.py`, which adds "nested" to the record: the gain when the
choice of what the score weighs is held out too. Intervals are bootstraps over families.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from metaad import metrics, repro
from metaad.detectors import IsolationForest, anomaly_score
from metaad.detectors.forest.split_policy import FOLDER, load, save
from metaad.search.forest.cuts import ForestPolicy
from metaad.search.forest.leaves import ForestScore
from metaad.tasks.tables import TableTasks, adbench_names

TREES, MANY = 300, 3000
KINDS = ("plain", "many", "learned", "half", "gentle", "scored")
TRIED = Path(__file__).with_name("learned_forest_tried.json")
MOST_ROWS, MOST_COLUMNS = 4000, 300  # of a table; columns only while learning
SETTINGS = {
    "features": ("gap*distinct", "sparse", "reach"),
    "iterations": 14,
    "learning_rate": 3.0,
    "shrinkage": 0.02,
}
SHARE = 0.25  # of the trees that follow the cuts where the leaves carry a score
SCORE = {
    "names": ("company*apart", "company*scarce"),
    "iterations": 60,
    "n_trees": 160,
    "forests": 1,
}


def narrow(table):
    """The table with at most MOST_COLUMNS columns, chosen by chance."""
    d = table.X.shape[1]
    kept = np.sort(
        np.random.default_rng(0).choice(d, min(d, MOST_COLUMNS), replace=False)
    )
    return table._replace(X=np.ascontiguousarray(table.X[:, kept]))


def learn(tasks, parts):
    parts.mkdir(parents=True, exist_ok=True)
    for family in [None, *dict.fromkeys(tasks.families)]:
        others = [narrow(t) for t in tasks if t.family != family]
        cuts, scored = (
            parts / f"{kind}-{family or 'all'}.json" for kind in ("policy", "scored")
        )
        for path in (cuts, scored):
            if path.exists():
                continue
            if path == cuts:
                learner = ForestPolicy(**SETTINGS, random_state=0)
            else:
                learner = ForestScore(
                    replace(load(cuts), share=SHARE), **SCORE, random_state=0
                )
            began = time.process_time()
            learner.fit(others)
            about = {
                "learned on": [t.name for t in others],
                "auroc": [round(h["auroc"], 4) for h in learner.history_],
                "seconds": round(time.process_time() - began, 1),
            }
            save(replace(learner.policy_, about=about), path)
            print(f"without {family}: {path.stem}, {about['seconds']} s", flush=True)


def judge(tasks, parts, seeds):
    for table in tasks:
        forests = {
            "plain": {"n_estimators": TREES},
            "many": {"n_estimators": MANY},
            "learned": {
                "n_estimators": TREES,
                "policy": parts / f"policy-{table.family}.json",
            },
        }
        held_out = load(forests["learned"]["policy"])
        gentle = replace(
            held_out, weights={name: w / 2 for name, w in held_out.weights.items()}
        )
        forests |= {
            "half": {"n_estimators": TREES, "policy": replace(held_out, share=0.5)},
            "gentle": {"n_estimators": TREES, "policy": gentle},
            "scored": {
                "n_estimators": TREES,
                "policy": parts / f"scored-{table.family}.json",
            },
        }
        for seed in seeds:
            path = parts / f"table-{table.name.split(':')[-1]}-{seed}.json"
            found = {
                "table": table.name,
                "family": table.family,
                "seed": seed,
                "n": len(table.X),
            }
            if path.exists():
                found = json.loads(path.read_text(encoding="utf-8"))
            for kind, settings in forests.items():
                if kind in found or (kind == "many" and seed != seeds[0]):
                    continue
                began = time.process_time()
                detector = IsolationForest(**settings, random_state=seed).fit(table.X)
                fitted = time.process_time()
                scores = anomaly_score(detector, table.X)
                found[kind] = {
                    "auroc": metrics.auroc(table.y, scores),
                    "ap": metrics.average_precision(table.y, scores),
                    "seconds to fit": fitted - began,
                    "seconds to score": time.process_time() - fitted,
                }
            repro.write_json(path, found)
            gain = found["scored"]["auroc"] - found["plain"]["auroc"]
            print(
                f"{table.name} seed {seed}: plain {found['plain']['auroc']:.3f}, "
                f"scored {gain:+.3f}",
                flush=True,
            )


def report(parts, seeds):
    found = [
        json.loads(p.read_text(encoding="utf-8"))
        for p in sorted(parts.glob("table-*.json"))
    ]
    found = [f for f in found if f["seed"] in seeds]
    tables = list(dict.fromkeys(f["table"] for f in found))
    family = {f["table"]: f["family"] for f in found}
    groups = [family[t] for t in tables]

    def values(kind, measure, of=seeds):
        """Mean over seeds, a value a table: array (n_tables,)."""
        return np.array(
            [
                np.mean(
                    [
                        f[kind][measure]
                        for f in found
                        if f["table"] == t and f["seed"] in of and kind in f
                    ]
                )
                for t in tables
            ]
        )

    def gain(kind, measure, of=seeds):
        return metrics.paired(
            values(kind, measure, of), values("plain", measure, of), groups=groups
        )._asdict()

    cuts, policy = load(parts / "policy-all.json"), load(parts / "scored-all.json")
    without = {
        p.stem.removeprefix("scored-"): load(p)
        for p in sorted(parts.glob("scored-*.json"))
    }
    del without["all"]
    wide = np.array([t.lower() != "adbench:internetads" for t in tables])
    gains = {
        kind: values(kind, "auroc") - values("plain", "auroc")
        for kind in ("learned", "scored")
    }

    def by_family(gains):
        return {
            f: round(float(gains[np.array(groups) == f].mean()), 4)
            for f in dict.fromkeys(groups)
        }

    content = {
        "what": __doc__.split("\n\n")[2].replace("\n", " "),
        "settings": {
            **SETTINGS,
            "score": SCORE,
            "share": SHARE,
            "trees": TREES,
            "many": MANY,
            "most rows": MOST_ROWS,
            "seeds": seeds,
        },
        "mean": {
            k: {m: float(values(k, m).mean()) for m in found[0]["plain"]} for k in KINDS
        },
        "gain over plain": {
            k: {m: gain(k, m) for m in ("auroc", "ap")} for k in KINDS[1:]
        },
        "gain without internetads": metrics.bootstrap(
            gains["scored"][wide], groups=np.array(groups)[wide]
        )._asdict(),
        "gain by seed": {
            k: [gain(k, "auroc", [s])["value"] for s in seeds] for k in gains
        },
        "gain by family": by_family(gains["scored"]),
        "gain by family, cuts alone": by_family(gains["learned"]),
        "tables": {
            t: {"family": family[t]}
            | {
                f"{k} {m}": round(float(values(k, m)[i]), 4)
                for k in KINDS
                for m in ("auroc", "ap")
            }
            for i, t in enumerate(tables)
        },
        "weights": policy.weights,
        "score": policy.score,
        "weights without a family": {f: p.weights for f, p in without.items()},
        "score without a family": {f: p.score for f, p in without.items()},
        "learning curve": cuts.about["auroc"],
        "learning curve of the score": policy.about["auroc"],
        "seconds to learn": {
            "cuts": cuts.about["seconds"],
            "score": policy.about["seconds"],
        },
        **json.loads(TRIED.read_text(encoding="utf-8")),
    }
    fingerprint = repro.Run("forest_policy", "full", 0, "cpu", {}).fingerprint()
    content["run"] = {n: fingerprint[n] for n in ("versions", "cpu", "threads")}
    repro.write_json(repro.results_dir() / "learned_forest.json", content)
    about = {"learned on": policy.about["learned on"]}
    save(replace(policy, name="adbench-v1", about=about), FOLDER / "adbench-v1.json")
    print(
        json.dumps(
            {
                k: content[k]
                for k in ("mean", "gain over plain", "gain without internetads")
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("do", choices=("learn", "judge", "report"))
    parser.add_argument("--parts", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    asked = parser.parse_args()
    if asked.do == "report":
        report(asked.parts, asked.seeds)
    else:
        tables = TableTasks(adbench_names(), max_rows=MOST_ROWS, scale=None)
        learn(tables, asked.parts) if asked.do == "learn" else judge(
            tables, asked.parts, asked.seeds
        )
