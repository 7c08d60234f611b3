"""A learned forest against a plain one on the tables of ADBench, held out by family.

    python -m metaad.experiments learned_forest learn --parts DIR
    python -m metaad.experiments learned_forest judge --parts DIR --seeds 0 1 2
    python -m metaad.experiments learned_forest report --parts DIR

`learn` writes the policy learned without each family, and the one learned on all
tables: first the cuts, then, for forests of which a quarter of the trees follow them,
the score. `judge` fits forests to every table (at most 4,000 rows): plain ones of 300
trees, at the first seed also one of 3,000; and forests of 300 trees with a policy that
never saw the table's family: "learned" follows its cuts, in "half" every second tree
does and the others are plain, "gentle" has half of its weights, and in "scored" every
fourth tree does and the leaves carry the learned score. What is in DIR is not made
again. `report` puts everything, with what was tried before (learned_forest_tried.json,
written by hand), into data/results/learned_forest.json and writes the policy of the
package, metaad/detectors/forest/policies/adbench-v1.json. Then run
`learned_forest_nested`, which adds "nested" to the record: the gain when the choice of
what the score weighs is held out too. Intervals are bootstraps over families."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from metaad import metrics, repro
from metaad.detectors import IsolationForest, anomaly_score
from metaad.detectors.forest.split_policy import FOLDER, load, save
from metaad.experiments import parts as kept
from metaad.experiments import record
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
    """Return the table with at most MOST_COLUMNS columns, chosen by chance."""
    d = table.X.shape[1]
    kept = np.sort(
        np.random.default_rng(0).choice(d, min(d, MOST_COLUMNS), replace=False)
    )
    return table._replace(X=np.ascontiguousarray(table.X[:, kept]))


def learn(tasks, parts):
    """Learn cuts and score without each family, and on all tables: files in parts."""
    parts.mkdir(parents=True, exist_ok=True)
    made_of = {t.name: kept.table_key(t) for t in tasks}
    for family in [None, *dict.fromkeys(tasks.families)]:
        others = [narrow(t) for t in tasks if t.family != family]
        of = {"tables": {t.name: made_of[t.name] for t in others}}
        of["columns"] = MOST_COLUMNS
        cuts = parts / f"policy-{family or 'all'}.json"
        scored = parts / f"scored-{family or 'all'}.json"
        _learned(ForestPolicy(**SETTINGS, random_state=0), others, cuts, of)
        policy = replace(load(cuts), share=SHARE)
        _learned(ForestScore(policy, **SCORE, random_state=0), others, scored, of)


def _learned(learner, tables, path, of):
    """Fit a learner to tables and save its policy, unless it is there.

    of : dict, what the tables are made of."""
    key = kept.settings_key(learner.get_params(), [type(learner)], **of)
    if kept.stored_policy(path, key):
        return
    began = time.process_time()
    learner.fit(tables)
    about = {
        "learned on": [t.name for t in tables],
        "auroc": [round(h["auroc"], 4) for h in learner.history_],
        "seconds": round(time.process_time() - began, 1),
        "key": key,
    }
    save(replace(learner.policy_, about=about), path)
    print(f"{path.stem}, {about['seconds']} s", flush=True)


def forests_of(table, parts):
    """Return the settings of each kind of forest for a table, by kind."""
    policy = load(parts / f"policy-{table.family}.json")
    half = {name: w / 2 for name, w in policy.weights.items()}
    policies = {
        "learned": policy,
        "half": replace(policy, share=0.5),
        "gentle": replace(policy, weights=half),
        "scored": load(parts / f"scored-{table.family}.json"),
    }
    forests = {"plain": {"n_estimators": TREES}, "many": {"n_estimators": MANY}}
    with_policy = {
        kind: {"n_estimators": TREES, "policy": p} for kind, p in policies.items()
    }
    return forests | with_policy


def judged(table, settings, seed):
    """Return AUROC, average precision and CPU seconds of one forest on a table."""
    began = time.process_time()
    detector = IsolationForest(**settings, random_state=seed).fit(table.X)
    fitted = time.process_time()
    scores = anomaly_score(detector, table.X)
    return {
        "auroc": metrics.auroc(table.y, scores),
        "ap": metrics.average_precision(table.y, scores),
        "seconds to fit": fitted - began,
        "seconds to score": time.process_time() - fitted,
    }


def judge(tasks, parts, seeds):
    """Fit every kind of forest to every table: one file per table and seed."""
    code = [IsolationForest, metrics]
    for table in tasks:
        forests, made_of = forests_of(table, parts), kept.table_key(table)
        for seed in seeds:
            path = parts / f"table-{table.name.split(':')[-1]}-{seed}.json"
            old, found = kept.read(path), {"table": table.name, "family": table.family}
            found |= {"seed": seed, "n": len(table.X), "keys": {}}
            for kind, settings in forests.items():
                key = kept.settings_key(settings, code, table=made_of, seed=seed)
                if old.get("keys", {}).get(kind) == key:
                    found[kind] = old[kind]
                elif kind != "many" or seed == seeds[0]:
                    found[kind] = judged(table, settings, seed)
                if kind in found:
                    found["keys"][kind] = key
            repro.write_json(path, found)
            gain = found["scored"]["auroc"] - found["plain"]["auroc"]
            print(f"{table.name} seed {seed}: scored {gain:+.3f}", flush=True)


class Found:
    """What `judge` wrote for some seeds, table by table.

    names, groups : lists of n_tables, the tables and their families."""

    def __init__(self, parts, seeds):
        paths = sorted(parts.glob("table-*.json"))
        found = [json.loads(p.read_text(encoding="utf-8")) for p in paths]
        self.files = [f for f in found if f["seed"] in seeds]
        self.seeds = seeds
        family = {f["table"]: f["family"] for f in self.files}
        self.names, self.groups = list(family), list(family.values())

    def values(self, kind, measure, seeds=None):
        """Return the mean over seeds for each table: array (n_tables,)."""
        seeds = self.seeds if seeds is None else seeds
        files = [f for f in self.files if f["seed"] in seeds and kind in f]
        of = {
            t: [f[kind][measure] for f in files if f["table"] == t] for t in self.names
        }
        return np.array([np.mean(v) for v in of.values()])

    def gain(self, kind, measure, seeds=None):
        """Return the paired difference to the plain forest, as a dict."""
        mine, plain = (self.values(k, measure, seeds) for k in (kind, "plain"))
        return metrics.paired(mine, plain, groups=self.groups)._asdict()

    def by_family(self, kind):
        """Return the mean gain of AUROC in each family: dict."""
        gains, groups = self.gains(kind), np.array(self.groups)
        families = dict.fromkeys(self.groups)
        return {f: round(float(gains[groups == f].mean()), 4) for f in families}

    def gains(self, kind):
        """Return the AUROC over the plain forest for each table: array (n_tables,)."""
        return self.values(kind, "auroc") - self.values("plain", "auroc")

    def table(self, i):
        """Return AUROC and average precision of every kind on table number i."""
        measures = [(k, m) for k in KINDS for m in ("auroc", "ap")]
        rounded = lambda k, m: round(float(self.values(k, m)[i]), 4)  # noqa: E731
        named = {f"{k} {m}": rounded(k, m) for k, m in measures}
        return {"family": self.groups[i], **named}


def learned(parts):
    """Return the part of the record that tells what was learned."""
    cuts, policy = load(parts / "policy-all.json"), load(parts / "scored-all.json")
    paths = sorted(parts.glob("scored-*.json"))
    without = {p.stem.removeprefix("scored-"): load(p) for p in paths}
    del without["all"]
    return {
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
    }


def commands(parts, seeds):
    """Return the command lines that make the record from nothing."""
    to, of = record.options(parts=parts), record.options(seeds=seeds)
    steps = [("learn", *to), ("judge", *to, *of), ("report", *to, *of)]
    found = [record.command("learned_forest", *step) for step in steps]
    return [*found, record.command("learned_forest_nested", *to, *of)]


def seconds_of(parts, found):
    """Return CPU seconds of learning every policy and of every forest judged."""
    policies = [*parts.glob("policy-*.json"), *parts.glob("scored-*.json")]
    total = sum(load(p).about["seconds"] for p in policies)
    steps = ("seconds to fit", "seconds to score")
    made = [f[k] for f in found.files for k in KINDS if k in f]
    return total + sum(one[s] for one in made for s in steps)


def report(parts, seeds):
    """Write data/results/learned_forest.json and the policy of the package."""
    found = Found(parts, seeds)
    wide = np.array([t.lower() != "adbench:internetads" for t in found.names])
    groups = np.array(found.groups)
    without = metrics.bootstrap(found.gains("scored")[wide], groups=groups[wide])
    measures = found.files[0]["plain"]
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
            k: {m: float(found.values(k, m).mean()) for m in measures} for k in KINDS
        },
        "gain over plain": {
            k: {m: found.gain(k, m) for m in ("auroc", "ap")} for k in KINDS[1:]
        },
        "gain without internetads": without._asdict(),
        "gain by seed": {
            k: [found.gain(k, "auroc", [s])["value"] for s in seeds]
            for k in ("learned", "scored")
        },
        "gain by family": found.by_family("scored"),
        "gain by family, cuts alone": found.by_family("learned"),
        "tables": {t: found.table(i) for i, t in enumerate(found.names)},
        **learned(parts),
        **json.loads(TRIED.read_text(encoding="utf-8")),
    }
    seconds = seconds_of(parts, found)
    record.write("learned_forest", content, commands(parts, seeds), seconds=seconds)
    policy = load(parts / "scored-all.json")
    about = {"learned on": policy.about["learned on"]}
    save(replace(policy, name="adbench-v1", about=about), FOLDER / "adbench-v1.json")
    shown = ("mean", "gain over plain", "gain without internetads")
    print(json.dumps({k: content[k] for k in shown}, indent=1))


def parser():
    """Return the parser of this experiment's steps and options."""
    found = record.parser_of("learned_forest", __doc__)
    found.add_argument("do", choices=("learn", "judge", "report"))
    found.add_argument("--parts", type=Path, required=True)
    found.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    return found


def main(argv=None):
    """Run one step, see the module's first lines."""
    asked = parser().parse_args(argv)
    if asked.do == "report":
        return report(asked.parts, asked.seeds)
    tables = TableTasks(adbench_names(), max_rows=MOST_ROWS, scale=None)
    if asked.do == "learn":
        return learn(tables, asked.parts)
    return judge(tables, asked.parts, asked.seeds)


if __name__ == "__main__":
    main()
