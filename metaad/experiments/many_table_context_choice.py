"""What learns from many tables best? Tried on the tables that choose, never on those that
judge.

    python -m metaad.experiments many_table_context fill FOLDER
    python -m metaad.experiments many_table_context_choice FOLDER
        data/results/many_table_context_choice.json

237 tables of OddBench teach, 60 others choose; a row is the numbers of
`metaad.meta.context.rows`. Beside the boosted trees that were taken stand averages of
the numbers that learn nothing, linear weights, a small network, trees that may only
rise with a number, trees without the numbers of the table, and other rows to learn from:
with and without tasks made from the same tables, with synthetic tables. One seed each,
and no setting of any of them was tuned here."""

import time
from operator import itemgetter
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from metaad.experiments import record
from metaad.experiments.context_rows import RIVALS, path_of, tasks_of
from metaad.experiments.many_table_context import (
    MORE,
    TREES,
    against_best,
    by,
    judge,
    learn,
    rows_to_learn,
)
from metaad.meta.context.rows import BASE, NUMBERS
from metaad.meta.context.table import TABLE
from metaad.tasks.parts import SETTINGS, oddbench_part

NAME = "many_table_context_choice"
TAKEN = "boosted trees"
AVERAGE = "average of the p-values' logarithms, nothing learned"
OF_ROW = len(NUMBERS) - len(TABLE)
RISING = [1] * OF_ROW + [0] * len(TABLE)


def unlearned():
    """Return averages that learn nothing: dict name -> function of a table's rows."""
    return {
        AVERAGE: lambda task: task["F"][:, : len(BASE)].mean(axis=1),
        "average of the z-scores, nothing learned": lambda task: task["F"][
            :, len(BASE) : OF_ROW
        ].mean(axis=1),
    }


def linear(rows):
    """Fit a weight to every number, by the logistic loss: function of a table's rows."""
    return _with_scikit(LogisticRegression(C=0.01, max_iter=300), rows)


def small_net(rows):
    """Fit a network of 64 and 32 units: function of a table's rows."""
    net = MLPClassifier((64, 32), alpha=1e-3, batch_size=1000, max_iter=20)
    return _with_scikit(net.set_params(random_state=0), rows)


def _with_scikit(model, rows):
    X, y, w = rows
    model = make_pipeline(StandardScaler(), model)
    name = model.steps[-1][0]
    model.fit(X, y, **{f"{name}__sample_weight": w})
    return lambda task: model.predict_proba(task["F"])[:, 1]


def without_table(rows):
    """Fit boosted trees to the numbers of the row alone: function of a table's rows."""
    X, y, w = rows
    return by(learn((X[:, :OF_ROW], y, w)))


def learned(folder, setting):
    """Return what learns: dict name -> function without arguments that learns it."""
    names = oddbench_part("learn")

    def rows(**changes):
        return rows_to_learn(folder, names, setting, **changes)

    other = not MORE[setting]
    made = "with tasks made from the tables" if other else "real tables only"
    return {
        TAKEN: lambda: by(learn(rows())),
        "linear weights": lambda: linear(rows()),
        "a small network": lambda: small_net(rows()),
        "trees that only rise": lambda: by(learn(rows(), monotonic_cst=RISING)),
        "trees without the table's numbers": lambda: without_table(rows()),
        f"boosted trees, {made}": lambda: by(learn(rows(more=other))),
        "boosted trees, with synthetic tables": lambda: by(learn(rows(synthetic=True))),
    }


def one_setting(folder, setting):
    """Try everything in one setting, on the tables that choose: dict."""
    tables = {
        name: task
        for name in oddbench_part("validate")
        for task in tasks_of(path_of(folder, setting, name))
    }
    tasks = tables.values()
    rivals = {r: judge(tasks, itemgetter(r)) for r in RIVALS}
    tried, seconds = {n: judge(tasks, f) for n, f in unlearned().items()}, {}
    for name, learns in learned(folder, setting).items():
        began = time.process_time()
        tried[name] = judge(tasks, learns())
        seconds[name] = round(time.process_time() - began, 1)
        means = {m: round(float(np.mean(v)), 4) for m, v in tried[name].items()}
        print(setting, name, means, seconds[name], "s", flush=True)
    best = {n: against_best(of, rivals) for n, of in tried.items()}
    return {
        "names": list(tables),
        "rivals": rivals,
        "tried": tried,
        "against best": best,
        "seconds": seconds,
    }


def parser():
    """Return the command line's parser."""
    found = record.parser_of(NAME, __doc__)
    found.add_argument("folder", help="folder that `many_table_context fill` filled")
    found.add_argument("--settings", nargs="+", default=SETTINGS, choices=SETTINGS)
    return found


def main(argv=None):
    """Try everything and write the record."""
    asked = parser().parse_args(argv)
    folder, began = Path(asked.folder), time.process_time()
    content = {s: one_setting(folder, s) for s in asked.settings}
    content["trees"] = TREES
    lines = [
        record.command("many_table_context", "fill", "folder"),
        record.command(NAME, "folder"),
    ]
    record.write(NAME, content, lines, seconds=time.process_time() - began)


if __name__ == "__main__":
    main()
