"""How much of what a detector in context gains was learned, and what learns best?

    python -m metaad.experiments many_table_context fill FOLDER
    python -m metaad.experiments many_table_context_choice FOLDER
        data/results/many_table_context_choice.json

237 tables of OddBench teach, 60 others choose; a row is the numbers of
`metaad.meta.context.rows`. Beside the boosted trees that were taken stand averages of
the numbers that learn nothing, linear weights, a small network, trees that may only
rise with a number, trees without the numbers of the table, and other rows to learn from:
with and without tasks made from the same tables, with synthetic tables. One seed each,
and no setting of any of them was tuned here.

The first average is the control of the whole: the same numbers, nothing learned. It is
also judged on the tables that judge `many_table_context`. That is one more look at them,
made after everything else was settled; nothing was chosen by it."""

import warnings
from operator import itemgetter
from pathlib import Path

from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from metaad.experiments import record
from metaad.experiments.parts import Steps
from metaad.experiments.tables.context_rows import RIVALS, path_of, tasks_of
from metaad.experiments.tables.many_table_context import (
    MORE,
    TREES,
    against_best,
    by,
    judge,
    judged_tables,
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


LINEAR = LogisticRegression(C=0.01, max_iter=300)
NET = MLPClassifier(
    (64, 32), alpha=1e-3, batch_size=1000, learning_rate_init=3e-4, max_iter=20,
    random_state=0,
)  # fmt: skip


def with_scikit(model, rows):
    """Fit a classifier to the rows of `rows_to_learn`: function of a table's rows."""
    X, y, w = rows
    scale = StandardScaler().fit(X)
    with warnings.catch_warnings():  # so many rounds are all that it gets
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = clone(model).fit(scale.transform(X), y, sample_weight=w)
    return lambda task: fitted.predict_proba(scale.transform(task["F"]))[:, 1]


def without_table(rows):
    """Fit boosted trees to the numbers of the row alone: function of a table's rows."""
    X, y, w = rows
    return by(learn((X[:, :OF_ROW], y, w)))


def learned(rows, setting):
    """Return what learns, in the order in which it is tried: dict name -> function
    without arguments that learns it.

    rows : function that gathers rows, with the options of `rows_to_learn`."""
    other = not MORE[setting]
    made = "with tasks made from the tables" if other else "real tables only"
    return {
        TAKEN: lambda: by(learn(rows())),
        "linear weights": lambda: with_scikit(LINEAR, rows()),
        "a small network": lambda: with_scikit(NET, rows()),
        f"boosted trees, {made}": lambda: by(learn(rows(more=other))),
        "boosted trees, with synthetic tables": lambda: by(learn(rows(synthetic=True))),
        "trees without the table's numbers": lambda: without_table(rows()),
        "trees that only rise": lambda: by(learn(rows(), monotonic_cst=RISING)),
    }


def one_setting(step, folder, setting, only=None):
    """Try everything in one setting, on the tables that choose: dict.

    step : `Steps`, so that a run that was cut goes on. only : how many of `learned`."""
    tables = {
        name: task
        for name in oddbench_part("validate")
        for task in tasks_of(path_of(folder, setting, name))
    }
    tasks = list(tables.values())
    rivals = {r: judge(tasks, itemgetter(r)) for r in RIVALS}
    tried = {n: judge(tasks, f) for n, f in unlearned().items()}

    def rows(**changes):
        return rows_to_learn(folder, oddbench_part("learn"), setting, **changes)

    for name, learns in list(learned(rows, setting).items())[:only]:
        made = step(
            f"{setting}: {name}",
            lambda learns=learns: judge(tasks, learns()),
            models=[LINEAR, NET],
        )
        tried[name] = made
    best = {n: against_best(of, rivals) for n, of in tried.items()}
    return {
        "names": list(tables),
        "rivals": rivals,
        "tried": tried,
        "against best": best,
    }


def control(folder, setting):
    """Judge the average that learns nothing on the tables that judge: dict world ->
    "names" and the results.
    """
    return {
        world: {"names": list(tables), **judge(tables.values(), unlearned()[AVERAGE])}
        for world, tables in judged_tables(folder, setting).items()
    }


def parser():
    """Return the command line's parser."""
    found = record.parser_of(NAME, __doc__)
    found.add_argument("folder", help="folder that `many_table_context fill` filled")
    found.add_argument("--settings", nargs="+", default=SETTINGS, choices=SETTINGS)
    found.add_argument("--parts", default="parts", help="folder for what is done")
    found.add_argument("--only", type=int, help="try so many of what learns")
    return found


def main(argv=None):
    """Try everything and write the record."""
    asked = parser().parse_args(argv)
    folder = Path(asked.folder)
    step = Steps(Path(asked.parts) / "choice.json", [learn])
    controls = {
        s: step(f"{s}: control", lambda s=s: control(folder, s)) for s in SETTINGS
    }
    content = {s: one_setting(step, folder, s, asked.only) for s in asked.settings}
    content["control"] = controls
    content["settings"] = {"trees": TREES, "seed": 0, "looks of the control": 1}
    said = record.options(settings=asked.settings, only=asked.only)
    lines = [
        record.command("many_table_context", "fill", "folder"),
        record.command(NAME, "folder", *said),
    ]
    record.write(NAME, content, lines, seconds=step.seconds())


if __name__ == "__main__":
    main()
