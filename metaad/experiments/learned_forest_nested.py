"""The gain of a forest with learned cuts and a learned score when the choice of what to
weigh is held out too.

    python -m metaad.experiments learned_forest_nested --parts DIR

"company*apart" and "company*scarce", which the recorded policy weighs, were settled on
with all tables in view. Here each family makes that choice without its own tables.
There are nine ways: the readings path, company or both, each multiplied by the table's
number apart, scarce or both. A way's merit for a held-out family is the AUROC that it
gains over the plain trees on the other families, one of them left out at a time while
its weights are learned. The best way is learned on all the other families and judged on
the held-out one, as `learned_forest` judges.

One thing is held out on one level only: the cuts. Those learned without the held-out
family serve on both levels, which saves learning a policy for each pair of families. A
family left out on the inner level has had its say about the cuts, the held-out one
never.

Run it after `learned_forest report`, from whose record it takes the cuts; it adds
"nested" to that record, and the list of what was tried as it is now. DIR keeps what was
found for each family; it is made again only if code, data or settings changed."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from metaad import metrics, repro
from metaad.detectors import IsolationForest, anomaly_score
from metaad.detectors.forest.leaf_values import READINGS, TABLE_NUMBERS
from metaad.detectors.forest.split_policy import SplitPolicy
from metaad.experiments import parts as made
from metaad.experiments import record
from metaad.experiments.learned_forest import (
    MOST_ROWS,
    SCORE,
    SHARE,
    TREES,
    TRIED,
    narrow,
)
from metaad.repro import cache
from metaad.search.forest.cuts import family_shares
from metaad.search.forest.leaves import NAMES, ForestScore, teaches
from metaad.tasks.tables import TableTasks, adbench_names

PRODUCTS = NAMES[len(READINGS) :]  # of a reading and a number
WAYS = {
    f"{' and '.join(readings)} by {' and '.join(numbers)}": [
        f"{r}*{n}" for r in readings for n in numbers
    ]
    for readings in ((READINGS[0],), (READINGS[1],), READINGS)
    for numbers in ((TABLE_NUMBERS[0],), (TABLE_NUMBERS[1],), TABLE_NUMBERS)
}


def chosen_without(family, cuts, tasks):
    """Return the best way for a family, by the others alone, with its weights learned
    on all of them.
    """
    others = [narrow(t) for t in tasks if t.family != family]
    learner = ForestScore(
        cuts,
        PRODUCTS,
        **{n: v for n, v in SCORE.items() if n != "names"},
        random_state=0,
    )
    # the forests are grown once; what follows only fits weights to their readings
    read = learner.readings(others)
    families = np.array([t.family for t in others])
    good = np.array([teaches(taught) for _, taught in read])

    def learned(columns, kept):
        """Return weights of some of PRODUCTS, learned on the tables kept."""
        at = np.flatnonzero(kept & good)
        known = [[(plain, D[:, columns], y) for plain, D, y in read[t][1]] for t in at]
        return learner.ascend(known, family_shares([others[t] for t in at]))

    def gain(t, columns, weights):
        """Return the AUROC over the plain trees on all rows at hand of table t."""
        plain, D, y = read[t][0][0]
        with_score, without = metrics.auroc(
            y, np.stack([plain + D[:, columns] @ weights, plain])
        )
        return with_score - without

    merit, columns = (
        {},
        {way: [PRODUCTS.index(n) for n in names] for way, names in WAYS.items()},
    )
    for way in WAYS:
        gains = []
        for left_out in dict.fromkeys(families[good]):
            weights = learned(columns[way], families != left_out)
            gains += [
                gain(t, columns[way], weights)
                for t in np.flatnonzero(good & (families == left_out))
            ]
        merit[way] = float(np.mean(gains))
    best = max(merit, key=merit.get)
    weights = learned(columns[best], np.ones(len(others), dtype=bool))
    return {
        "way": best,
        "merit": merit,
        "score": dict(zip(WAYS[best], weights.tolist(), strict=True)),
    }


def judged(table, policy, seeds):
    """Return AUROC and average precision over a plain forest of as many trees, mean
    over seeds: dict.
    """
    measures = metrics.auroc, metrics.average_precision
    found = []
    for seed in seeds:
        found.append([])
        for p in (policy, None):
            forest = IsolationForest(TREES, policy=p, random_state=seed).fit(table.X)
            scores = anomaly_score(forest, table.X)
            found[-1].append([m(table.y, scores) for m in measures])
    learned, plain = np.mean(found, axis=0)
    return dict(zip(("auroc", "ap"), (learned - plain).tolist(), strict=True))


def of_family(family, weights, tasks, seeds):
    """Return what was found for one family, as its file keeps it."""
    began = time.process_time()
    cuts = SplitPolicy(weights, share=SHARE)
    result = chosen_without(family, cuts, tasks)
    policy = replace(cuts, score=result["score"])
    own = [t for t in tasks if t.family == family]
    return {
        "cuts": weights,
        **result,
        "tables": {t.name: judged(t, policy, seeds) for t in own},
        "seeds": seeds,
        "seconds": round(time.process_time() - began, 1),
    }


def all_families(kept, tasks, parts, seeds):
    """Return what was found for each family; what lies in parts is not made again, if
    it was made from the same.
    """
    found, settings = {}, {"score": SCORE, "share": SHARE, "trees": TREES}
    settings |= {"tables": [made.table_key(t) for t in tasks], "seeds": seeds}
    for family, weights in kept["weights without a family"].items():
        path = parts / f"nested-{family}.json"
        key = cache.key([of_family], family=family, cuts=weights, **settings)
        one = made.stored(path, key)
        if one is None:
            one = of_family(family, weights, tasks, seeds)
            one = made.keep(path, key, one)
        found[family] = one
        print(f"{family}: {one['way']}, {one['seconds']} s", flush=True)
    return found


def run(parts, seeds):
    """Add "nested" to data/results/learned_forest.json."""
    path = repro.results_dir() / "learned_forest.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept |= json.loads(TRIED.read_text(encoding="utf-8"))
    tasks = TableTasks(adbench_names(), max_rows=MOST_ROWS, scale=None)
    found = all_families(kept, tasks, parts, seeds)
    gains = {n: g for f in found.values() for n, g in f["tables"].items()}
    seconds = sum(f["seconds"] for f in found.values())
    nested = {
        "what": __doc__.split("\n\n")[2].replace("\n", " "),
        "held out on one level only": __doc__.split("\n\n")[3].replace("\n", " "),
        "ways": len(WAYS),
        "seeds": seeds,
    }
    for m in ("auroc", "ap"):
        values = [gains[t.name][m] for t in tasks]
        nested[m] = metrics.bootstrap(values, groups=tasks.families)._asdict()
    nested |= {
        "chosen": {family: f["way"] for family, f in found.items()},
        "gain by table": {
            t.name: {m: round(v, 4) for m, v in gains[t.name].items()} for t in tasks
        },
        "seconds": round(seconds, 1),
        "run": record.about("learned_forest", seconds=seconds),
    }
    repro.write_json(path, {**kept, "nested": nested})
    shown = ("auroc", "ap", "seconds")
    print(json.dumps({n: nested[n] for n in shown}, indent=1))


def parser():
    """Return the parser of this experiment's options."""
    found = record.parser_of("learned_forest_nested", __doc__)
    found.add_argument("--parts", type=Path, required=True)
    found.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    return found


def main(argv=None):
    """Run what is missing in the folder and add it to the record."""
    asked = parser().parse_args(argv)
    asked.parts.mkdir(parents=True, exist_ok=True)
    run(asked.parts, asked.seeds)


if __name__ == "__main__":
    main()
