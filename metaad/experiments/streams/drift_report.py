"""What the record `drift` says, in words and tables."""

import numpy as np

from metaad import metrics, repro
from metaad.experiments.streams import drift_alarms, drift_curves


def by_class(folds, name, number):
    """Return the AUROC of a method for each class of a record, the mean over seeds: array
    (classes,).

    folds : a world of the record `drift`. number : of rows."""
    values = {}
    for fold in folds:
        if name in fold["auroc"]:
            found = fold["auroc"][name][str(number)]
            for c, value in zip(fold["new"], found, strict=True):
                values.setdefault(c, []).append(value)
    return np.array([np.mean(values[c]) for c in sorted(values)])


def lost(folds, name, number=10, before=drift_curves.BEFORE):
    """Return what a method lacks after so many rows: (to itself before the change, to the
    best in service before), two metrics.Interval over classes.
    """
    after = by_class(folds, name, number)
    methods = [n for n in folds[0]["auroc"] if n != drift_curves.NOTHING]
    every = {n: by_class(folds, n, before) for n in methods}
    best = max(every.values(), key=np.mean)
    return tuple(metrics.paired(b, after) for b in (every[name], best))


def minus_best(auroc, name, prefix):
    """Return how far a method is ahead of the best of others, class by class:
    metrics.Interval over classes. The best is chosen afterwards, for each class anew.

    auroc : dict name -> array (classes,). prefix : how the others' names begin."""
    others = [v for n, v in auroc.items() if n.startswith(prefix) and n != name]
    return metrics.paired(auroc[name], np.max(others, axis=0))


def recorded_gain(kept, name, other, number=10):
    """Return how far a method of the record `drift` is ahead of another on MNIST's
    digits after so many rows: metrics.Interval over digits.
    """
    folds = kept["worlds"]["mnist"]
    return metrics.paired(*(by_class(folds, n, number) for n in (name, other)))


def seconds(folds, name, number):
    """Return the mean CPU seconds of making one detector."""
    return float(np.mean([fold["seconds"][name][str(number)] for fold in folds]))


# not measured in the quick lesson
SLOW = ("refit: forest", "classifier: mean", "episodes, features: PCA")
CHANGE = 475  # see metaad.experiments.streams.drift
EPISODES, CONTROL = "episodes: OC-ANIL", "classifier: PCA"
IN_LOOP = ("do nothing", "refit: autoencoder", "refit: kNN", CONTROL, EPISODES)
IN_LOOP += ("episodes: Mahalanobis",)
TOLD = (
    "refit: autoencoder",
    "refit: kNN",
    "refit: PCA",
    "fine-tune: autoencoder",
    "episodes: OC-ANIL",
    "episodes: Mahalanobis",
    "episodes, features: PCA",
    "classifier: kNN",
    "classifier: PCA",
)


def table_of(world, folds):
    """Return what the record says of a world, as a Markdown table and a sentence."""
    header = [f"{world}, AUROC", "10 rows", "lost to itself", "lost to the best"]
    lines = []
    for name in TOLD:
        after = metrics.bootstrap(by_class(folds, name, 10))
        took = f"{1000 * seconds(folds, name, 10):.0f}"
        lines.append([name, after, *lost(folds, name), took])
    refit = seconds(folds, "refit: autoencoder", drift_curves.BEFORE)
    study = np.mean([fold["training"]["episodes"] for fold in folds])
    seeds = len({fold["seed"] for fold in folds})
    few, gain = (
        metrics.paired(*(by_class(folds, m, n) for m in (EPISODES, CONTROL)))
        for n in (5, 10)
    )
    loop = ", ".join(f"{n} {in_the_loop(folds, n).mean():.3f}" for n in IN_LOOP)
    apart = metrics.paired(*(in_the_loop(folds, n) for n in (EPISODES, CONTROL)))
    return (
        repro.markdown_table([*header, "ms"], lines, numbers=(4,))
        + f"\n\nRefitting the autoencoder on {drift_curves.BEFORE} rows takes "
        f"{1000 * refit:.0f} ms; the study in episodes took {study:.0f} s, once. "
        f"OC-ANIL minus the classifier's PCA: **{few}** after five rows, **{gain}** after "
        f"ten, over {len(by_class(folds, EPISODES, 10))} classes; seeds: {seeds}.\n\n"
        f"Mean AUROC over {len(folds)} whole streams, alarm and all, where nobody labels: "
        f"{loop}. OC-ANIL minus the classifier's PCA there: **{apart}**, over streams."
    )


def in_the_loop(folds, name):
    """Return the mean AUROC of a method over each stream of a record: array (folds,)."""
    return np.array([np.mean(fold["courses"]["auroc"][name]) for fold in folds])


def tables_told(tables):
    """Return what the record says of tables of which some sensors were replaced: each
    way's AUROC less that before, one sentence.
    """
    auroc = tables["auroc"]
    groups = [tables["families"][t] for t in auroc]
    before = [by["before"][""] for by in auroc.values()]
    chosen = {t: by[tables["chosen"][t]]["10"] for t, by in auroc.items()}
    ways = {
        "doing nothing": [by["do nothing"][""] for by in auroc.values()],
        "kNN refitted on ten rows": [by["refit: kNN"]["10"] for by in auroc.values()],
        "columns moved back by ten rows": [
            by["recentre: 0.0"]["10"] for by in auroc.values()
        ],
        "only those beyond a threshold learned on other tables": list(chosen.values()),
    }
    found = {n: metrics.paired(v, before, groups=groups) for n, v in ways.items()}
    said = "; ".join(f"{n} {interval}" for n, interval in found.items())
    return (
        f"{len(auroc)} tables of {len(set(groups))} families, a third of the sensors "
        f"replaced, AUROC less that before: {said}."
    )


def alarms_told(alarms):
    """Return what the record says of alarms on digits, as a Markdown table."""
    rang = alarms["rows until it rang"]
    silent, sudden, slow = (
        rang[case]
        for case in (
            "digits, no drift",
            "digits, another digit",
            "digits, another digit over 300 rows",
        )
    )
    lines = []
    for name, rows in silent.items():
        false = np.mean([r is not None for r in rows])
        late = [
            np.median(drift_alarms.delays(_counts(by[name]), CHANGE))
            for by in (sudden, slow)
        ]
        lines.append([name, f"{false:.3f}", *(f"{d:.0f}" for d in late)])
    header = ["record: 200 streams without drift, 100 with", "rang for nothing"]
    header += ["delay, sudden", "delay, over 300 rows"]
    return repro.number_table(header, lines)


def _counts(rows):
    return np.array([np.inf if r is None else r for r in rows], dtype=float)
