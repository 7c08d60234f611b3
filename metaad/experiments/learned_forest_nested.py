"""The gain of a forest with learned cuts and a learned score when the choice of what to
weigh is held out too.

    python -m metaad.experiments.learned_forest_nested --parts DIR

"company*apart" and "company*scarce", which the recorded policy weighs, were settled on
with all tables in view. Here each family makes that choice without its own tables.
There are nine ways: the readings path, company or both, each multiplied by the table's
number apart, scarce or both. A way's merit for a held-out family is the AUROC that it
gains over the plain trees on the other families, one of them left out at a time while
its weights are learned. The best way is learned on all the other families and judged on
the held-out one, as `tests/forest_policy.py` judges.

One thing is held out on one level only: the cuts. Those learned without the held-out
family serve on both levels, which saves learning a policy for each pair of families. A
family left out on the inner level has had its say about the cuts, the held-out one
never.

Run it after `forest_policy.py report`, from whose record it takes the cuts; it adds
"nested" to that record, and the list of what was tried as it is now. DIR keeps what was
found for each family, and what is there is not made again."""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from metaad import metrics, repro
from metaad.detectors import IsolationForest, anomaly_score
from metaad.detectors.forest.leaf_values import READINGS, TABLE_NUMBERS
from metaad.detectors.forest.split_policy import SplitPolicy
from metaad.experiments.learned_forest import (
    MOST_ROWS,
    SCORE,
    SHARE,
    TREES,
    TRIED,
    narrow,
)
from metaad.search.forest.cuts import family_shares
from metaad.search.forest.leaves import NAMES, ForestScore, teaches
from metaad.search.tuning.hold_out import aurocs
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
    """The best way for a family, by the others alone, with its weights learned on
    all of them.
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
        """Weights of some of PRODUCTS, learned on the tables kept."""
        at = np.flatnonzero(kept & good)
        known = [[(plain, D[:, columns], y) for plain, D, y in read[t][1]] for t in at]
        return learner.ascend(known, family_shares([others[t] for t in at]))

    def gain(t, columns, weights):
        """AUROC over the plain trees on all rows at hand of table t."""
        plain, D, y = read[t][0][0]
        with_score, without = aurocs(
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
    """AUROC and average precision over a plain forest of as many trees, mean over
    seeds.
    """
    found = []
    for seed in seeds:
        scores = [
            anomaly_score(
                IsolationForest(TREES, policy=p, random_state=seed).fit(table.X),
                table.X,
            )
            for p in (policy, None)
        ]
        found.append(
            [
                [m(table.y, s) for m in (metrics.auroc, metrics.average_precision)]
                for s in scores
            ]
        )
    learned, plain = np.mean(found, axis=0)
    return dict(zip(("auroc", "ap"), (learned - plain).tolist(), strict=True))


def main(parts, seeds):
    path = repro.results_dir() / "learned_forest.json"
    record = json.loads(path.read_text(encoding="utf-8")) | json.loads(
        TRIED.read_text(encoding="utf-8")
    )
    tasks = TableTasks(adbench_names(), max_rows=MOST_ROWS, scale=None)
    found, gains = {}, {}
    for family, weights in record["weights without a family"].items():
        kept = parts / f"nested-{family}.json"
        if not kept.exists():
            began = time.process_time()
            cuts = SplitPolicy(weights, share=SHARE)
            result = chosen_without(family, cuts, tasks)
            policy = replace(cuts, score=result["score"])
            tables = {
                t.name: judged(t, policy, seeds) for t in tasks if t.family == family
            }
            seconds = round(time.process_time() - began, 1)
            repro.write_json(
                kept,
                {
                    "cuts": weights,
                    **result,
                    "tables": tables,
                    "seeds": seeds,
                    "seconds": seconds,
                },
            )
        found[family] = json.loads(kept.read_text(encoding="utf-8"))
        if found[family]["cuts"] != weights or found[family]["seeds"] != seeds:
            raise SystemExit(
                f"{kept} is of other cuts or seeds; give --parts an empty folder."
            )
        gains |= found[family]["tables"]
        print(
            f"{family}: {found[family]['way']}, {found[family]['seconds']} s",
            flush=True,
        )
    names = [t.name for t in tasks]
    gain = {
        m: metrics.bootstrap([gains[n][m] for n in names], groups=tasks.families)
        for m in ("auroc", "ap")
    }
    fingerprint = repro.Run("forest_policy_nested", "full", 0, "cpu", {}).fingerprint()
    record["nested"] = {
        "what": __doc__.split("\n\n")[2].replace("\n", " "),
        "held out on one level only": __doc__.split("\n\n")[3].replace("\n", " "),
        "ways": len(WAYS),
        "seeds": seeds,
        **{m: interval._asdict() for m, interval in gain.items()},
        "chosen": {family: f["way"] for family, f in found.items()},
        "gain by table": {
            n: {m: round(v, 4) for m, v in gains[n].items()} for n in names
        },
        "seconds": round(sum(f["seconds"] for f in found.values()), 1),
        "run": {n: fingerprint[n] for n in ("versions", "cpu", "threads")},
    }
    repro.write_json(path, record)
    print(
        json.dumps(
            {n: record["nested"][n] for n in ("auroc", "ap", "seconds")}, indent=1
        )
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    asked = parser.parse_args()
    asked.parts.mkdir(parents=True, exist_ok=True)
    main(asked.parts, asked.seeds)
