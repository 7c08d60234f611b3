"""The full run behind lessons 10 and 11: a performance matrix over ADBench's tables, every
strategy held out by family, UOMS.

    # what is done is kept in FOLDER; a run that was killed goes on
    python -m metaad.experiments tuning FOLDER

Writes data/results/tuning_matrix.json (the matrix) and data/results/tuning.json (the
strategies, table by table). Both are made of what lies in FOLDER and of nothing that
was recorded before: an empty FOLDER gives one run of one version. About five CPU
minutes for the matrix, as many for the strategies.

The record of today was made when `Shrinkage` took the variance of one AUROC for σ² and
trusted labels too little; its results by "shrinkage" will rise a little when this runs
again. No other strategy is concerned."""

from functools import partial
from pathlib import Path

import numpy as np

from metaad import data, metrics
from metaad.experiments import record
from metaad.experiments.parts import Steps, table_key
from metaad.search.tuning.grids import candidates
from metaad.search.tuning.maml_strategy import Adapted
from metaad.search.tuning.matrix import Matrix, matrix
from metaad.search.tuning.problem import Problem
from metaad.search.tuning.strategies import (
    BestMean,
    BestRank,
    BestSmoothed,
    Default,
    Evidence,
    Factorisation,
    NearestTable,
    Regression,
)
from metaad.search.tuning.uoms import (
    FIXED,
    relatives,
    study_codes,
    study_features,
    study_matrix,
)
from metaad.search.tuning.with_labels import BestOnLabels, Shrinkage
from metaad.tasks.tables import TableTasks, adbench_names

MAX_ROWS, SEEDS = 1000, 3
# labelled anomalies, beside 50 normal rows; how often they are drawn
COUNTS, DRAWS = (1, 2, 5, 10), 3
SETTINGS = {
    "max_rows": MAX_ROWS,
    "seeds": SEEDS,
    "metric chosen by": "auroc",
    "draws of labels": DRAWS,
    "trees of factorisation and regression": 30,
}
# the parts that are judged with labels too
WITH_LABELS = ("LOF", "Isolation Forest", "all six")
CONTROL = "Isolation Forest n_estimators=1000 max_samples=256"


def without_labels(stand_in):
    """Return strategies that see no label. Those with a name that says so see the
    scores on made-up anomalies.
    """
    return (
        {
            "best by mean": BestMean(),
            "best by rank": BestRank(),
            "best by smoothed mean": BestSmoothed(),
            "nearest table": NearestTable(),
            "five nearest tables": NearestTable(5),
            "matrix factorisation": Factorisation(trees=30),
            "regression": Regression(trees=30),
            "ten best by mean, averaged": BestMean(top=10),
        }
        if not stand_in
        else {
            "best on made-up anomalies": BestOnLabels(),
            "made-up anomalies, shrunk": Shrinkage(),
            "MAML, adapted to made-up anomalies": Adapted(iterations=120),
        }
    )


def with_labels():
    """Return strategies that are told what a few labelled rows say; those by mean don't
    listen.
    """
    return {
        "best by mean": BestMean(),
        "best on the labels": BestOnLabels(),
        "shrinkage": Shrinkage(),
        "MAML, adapted to the labels": Adapted(iterations=120),
        "ten best on the labels, averaged": BestOnLabels(top=10),
        "ten best by shrinkage, averaged": Shrinkage(top=10),
        "ten best by mean, averaged": BestMean(top=10),
    }


def run(problem, strategies, **options):
    """Return Results of strategies, and of the two that learn nothing."""
    strategies = {"default": Default(), **strategies}
    if CONTROL in problem.matrix.labels:
        many = problem.matrix.labels.index(CONTROL)
        strategies["default, ten times the trees"] = Default(many)
    return problem.hold_out(strategies, **options)


def stored(results, decimals=4):
    """Return results table by table, as JSON holds them; of the configurations chosen,
    the one that was chosen on most tables.
    """
    kept = ("auroc", "ap", "auroc_same")
    return {
        name: {f: np.round(getattr(r, f), decimals).tolist() for f in kept}
        | {"chosen": max(sorted(set(r.chosen)), key=r.chosen.count)}
        for name, r in results.items()
    }


def uoms():
    """Return every label-free strategy on the published matrix; a choice is one
    configuration, so nothing is averaged.
    """
    study = data.load("uoms")
    features = study_features(study)
    strategies = {
        "fixed forest": Default(),
        "best by mean": BestMean(),
        "best by rank": BestRank(),
        **{
            f"smoothed mean, width {w}": BestSmoothed(w) for w in (0.15, 0.25, 0.4, 0.6)
        },
        **{f"{k} nearest tables": NearestTable(k) for k in (1, 5, 10)},
        "matrix factorisation": Factorisation(3, 50),
        "regression": Regression(30),
    }
    found = {}
    for held_out, family in (
        ("same name", str.lower),
        ("same source", relatives(data.FAMILIES)),
    ):
        m = study_matrix(study, family)
        codes, families = study_codes(m), np.array(m.families)
        found[held_out] = {"families": m.families}
        for metric in ("ap", "auroc"):
            values = getattr(m, metric)[:, :, 0]
            rows = {"oracle": values.max(axis=1)}
            for name, strategy in strategies.items():
                rows[name] = np.empty(len(values))
                for f in dict.fromkeys(m.families):
                    out = families == f
                    strategy.fit(
                        Evidence(
                            values[~out], features[~out], codes, m.labels.index(FIXED)
                        )
                    )
                    for t in np.flatnonzero(out):
                        rows[name][t] = values[t, strategy.choose(features[t])[0]]
            found[held_out][metric] = {
                n: np.round(r, 5).tolist() for n, r in rows.items()
            }
    return {**found, "names": m.names, "fixed": FIXED}


def made_up(tasks, found):
    """Return the AUROC of every candidate on made-up anomalies among each table's own rows:
    (n_tables, n_candidates).
    """
    from metaad.search.tuning.surrogate import tried

    values = []
    for table in tasks:
        rng = np.random.default_rng(0)
        (drawn,) = TableTasks.resampled(table.X, 1, rng, max_rows=300)
        values.append(
            [
                metrics.auroc(drawn.y, tried(c.detector, [c.config], drawn.X, rng)[0])
                for c in found
            ]
        )
        print("made up", table.name, flush=True)
    return np.array(values)


def guesses(tasks, found):
    """Return what `made_up` returns, rounded, as lists."""
    return np.round(made_up(tasks, found), 4).tolist()


def strategies(name, problem):
    """Return every strategy on one part of the matrix, by the number of labelled
    anomalies.
    """
    results = {"0": stored(run(problem, without_labels(False)))}
    guesses = without_labels(True)
    if name not in WITH_LABELS:
        # the slowest by far, and known from the others
        guesses.pop("MAML, adapted to made-up anomalies")
    guessed = stored(run(problem, guesses, guess=True))
    results["0"] |= {n: r for n, r in guessed.items() if n not in results["0"]}
    for count in COUNTS if name in WITH_LABELS else ():
        results[str(count)] = stored(
            run(problem, with_labels(), labels=(count, 50), draws=DRAWS)
        )
    return results


def parser():
    """Return the parser of this experiment's options."""
    found = record.parser_of("tuning", __doc__)
    found.add_argument("folder", type=Path, help="keeps what is done")
    return found


def main(argv=None):
    """Run what is missing in the folder and write both records."""
    folder = parser().parse_args(argv).folder
    folder.mkdir(parents=True, exist_ok=True)
    tasks, found = TableTasks(adbench_names(), max_rows=MAX_ROWS), candidates()
    of = {"tables": [table_key(t) for t in tasks], "settings": SETTINGS}
    of["candidates"] = [(c.kind, c.detector, c.config) for c in found]
    step = Steps(folder / "steps.json", [strategies], **of)
    recorded = step("matrix", lambda: matrix(tasks, found, folder, SEEDS).compact())
    guessed = step("made-up anomalies", lambda: guesses(tasks, found))
    # strategies learn from the numbers that are recorded
    known = {"matrix": Matrix.restored(recorded), "stand_in": np.array(guessed)}
    problem = Problem.of(tasks, found, folder, **known)
    kinds = list(dict.fromkeys(problem.matrix.kinds))
    results = {
        "settings": SETTINGS,
        "names": tasks.names,
        "families": tasks.families,
        "made_up": guessed,
        "uoms": step("UOMS", uoms),
    }
    for name, some in {**{k: [k] for k in kinds}, "all six": kinds}.items():
        # the default of all six is the forest's
        first = sorted(some, key=lambda kind: kind != "Isolation Forest")
        make = partial(strategies, name, problem.only(*first))
        results[name] = step(name, make, matrix=recorded, made_up=guessed)
    results["seconds"] = {name: done["seconds"] for name, done in step.done.items()}
    lines, seconds = [record.command("tuning", folder)], step.seconds()
    kept = {**recorded, "max_rows": MAX_ROWS}
    record.write("tuning_matrix", kept, lines, seconds=step.done["matrix"]["seconds"])
    record.write("tuning", results, lines, seconds=seconds)


if __name__ == "__main__":
    main()
