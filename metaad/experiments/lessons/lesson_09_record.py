"""Tables of lesson 09 from what was recorded: the published protocol, its effort, and the
longer runs.
"""

import numpy as np

from metaad import metrics, repro
from metaad.experiments.images import made_up_classes
from metaad.experiments.lessons.lesson_09 import (
    LEARNERS,
    NO_CLASSES,
    PLACES,
    SOURCES,
    UNTRAINED,
    gains,
)

BEST, BENT, ANIL = "Mahalanobis/all", "Mahalanobis/bent", "OC-ANIL/all"
DESCRIBED = {
    BEST: "Mahalanobis (1), made-up classes",
    "ProtoNet/all": "ProtoNet, made-up classes",
    ANIL: "OC-ANIL, made-up classes",
    "OC-MAML/all": "OC-MAML, made-up classes",
    BENT: "Mahalanobis (1), **real digits only**",
    "OC-SVM/pixels": "one-class SVM on the pixels",
}
ASKED = {
    BENT: "made-up classes instead of real digits only, same head",
    ANIL: "a metric head instead of steps on the last layer, same classes",
    "OC-MAML/all": "a metric head instead of steps on all layers, same classes",
    "ProtoNet/all": "a class's own spread instead of the plain distance",
}
SHOTS = (2, 10)
FOLDS = {"others-10": "all others", "held-out-10": "both new"}
# bent: real classes only; all: with made-up ones
COMPARED = {
    "made-up classes, metric head": ("Mahalanobis/all", "Mahalanobis/bent"),
    "made-up classes, OC-ANIL": ("OC-ANIL/all", "OC-ANIL/bent"),
    "made-up classes, classifier": ("classifier/all", "classifier/bent"),
    "metric head minus OC-ANIL, made-up classes": ("Mahalanobis/all", "OC-ANIL/all"),
    "both halves minus the classifier, real": ("Mahalanobis/all", "classifier/bent"),
}
METHODS = ("ProtoNet", "Mahalanobis and mixtures", "PLDA", "OC-ANIL", "OC-MAML")


class Published:
    """The recorded MT-MNIST, in the pieces that the lesson shows."""

    def __init__(self):
        self.record = repro.recorded("mt_mnist")
        self.of = self.record["mt-mnist"]["variants"]
        self.paper = {int(k): v for k, v in self.record["paper"]["OC-MAML"].items()}

    def by_digit(self, variant, k, measure="accuracy"):
        """Return recorded values, one for each test digit 0 to 8: array (9,)."""
        return np.array(self.of[variant][f"test-{k}"][measure]["by_digit"])

    def mean(self, variant, k, measure="accuracy"):
        """Return the mean over the nine test digits with its interval."""
        return metrics.bootstrap(self.by_digit(variant, k, measure))

    def table(self):
        """Return accuracy at the own threshold, and AUROC at K = 10, as Markdown."""
        head = ["MT-MNIST, nine digits", "seeds", "accuracy, K = 2", "accuracy, K = 10"]
        rows = [
            [
                text,
                len(self.of[v]["seeds"]),
                *(self.mean(v, k) for k in SHOTS),
                self.mean(v, 10, "auroc"),
            ]
            for v, text in DESCRIBED.items()
        ]
        told = [f"{self.paper[k]:.3f}" for k in SHOTS]
        rows.append(["OC-MAML **as published** [3], real digits", "", *told, ""])
        return repro.markdown_table([*head, "AUROC, K = 10"], rows)

    def bought(self, k):
        """Return what each of ASKED adds to the accuracy: {variant: Interval},
        corrected for their number.
        """
        best = self.by_digit(BEST, k)
        return metrics.simultaneous({v: best - self.by_digit(v, k) for v in ASKED})

    def bought_table(self):
        """Return `bought` for both numbers of shots as Markdown."""
        found = {k: self.bought(k) for k in SHOTS}
        rows = [[text, *(found[k][v] for k in SHOTS)] for v, text in ASKED.items()]
        head = ["what it adds to the accuracy", *(f"K = {k}" for k in SHOTS)]
        return repro.markdown_table(head, rows)

    def effort(self):
        """Count the settings that were tried: {method: (on digit 9, on pairs)}."""
        found = {m: [0, 0] for m in METHODS}
        for i, where in enumerate(("tried", "tried_on_pairs")):
            for one in self.record[where]:
                found[method_of(one["setting"])][i] += 1
        return {m: tuple(n) for m, n in found.items()}

    def effort_table(self):
        """Return `effort` as Markdown."""
        rows = [[m, *n] for m, n in self.effort().items()]
        head = ["settings tried", "on the validation digit 9", "on pairs of digits"]
        return repro.markdown_table(head, rows, numbers=(1, 2))

    def shared_images(self):
        """Tell whether test and validation drew on the same test images."""
        return self.of[BEST].get("test images") == "shared"

    def called_normal(self, variant):
        """Return the share called normal, K = 10: array (9 normal digits, 10 digits)."""
        return np.array(self.record["mt-mnist"]["called_normal"][variant]["test-10"])

    def on_nine(self, variant, k=10):
        """Return the accuracy on the validation digit 9: float, mean of nine splits."""
        return float(
            np.mean(self.of[variant][f"validation-{k}"]["accuracy"]["by_digit"])
        )


def method_of(setting):
    """Return which of METHODS a setting that was tried belongs to."""
    first = setting.split(",")[0].split()[0]
    return first if first in METHODS else METHODS[1]


class Longer:
    """The recorded runs that are ten times as long: one data set, mean over seeds."""

    def __init__(self, images):
        runs = repro.recorded("made_up_classes")["runs"][images]
        self.seeds = sorted(map(int, runs))
        self.auroc = made_up_classes.by_class(list(runs.values()))


def longer():
    """Return what was recorded: {data set: Longer}."""
    names = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}
    runs = repro.recorded("made_up_classes")["runs"]
    return {names[images]: Longer(images) for images in runs}


def study_table(found, place):
    """Return AUROC of every learner, both sources side by side, as Markdown."""
    rows = [
        [n, *(metrics.bootstrap(found[n, s, place]) for s in SOURCES)] for n in LEARNERS
    ]
    rows += [
        [n, metrics.bootstrap(found[n, NO_CLASSES, place]), NO_CLASSES]
        for n in UNTRAINED
    ]
    return repro.markdown_table([f"AUROC, {place}", *SOURCES], rows)


def long_table(long, place):
    """Return AUROC of every learner in the longer runs, as Markdown.

    long : {data set: Longer}.
    """
    head = [
        f"AUROC, {place}",
        *(f"{n}: {s}" for n in long for s in ("real", "made-up")),
    ]
    rows = [
        [
            n,
            *(
                f"{of.auroc[n, s, place].mean():.3f}"
                for of in long.values()
                for s in SOURCES
            ),
        ]
        for n in LEARNERS
    ]
    for n in UNTRAINED:
        means = [f"{of.auroc[n, NO_CLASSES, place].mean():.3f}" for of in long.values()]
        rows.append([n, *(cell for mean in means for cell in (mean, ""))])
    return repro.markdown_table(head, rows, numbers=range(1, len(head)))


def against_steps(long):
    """Return the metric head minus OC-ANIL, made-up classes for both, as Markdown; the
    intervals of a data set are corrected for its two places.

    long : {data set: Longer}.
    """
    made, rows = list(SOURCES)[1], []
    for name, of in long.items():
        gaps = {
            p: of.auroc["Mahalanobis", made, p] - of.auroc["OC-ANIL", made, p]
            for p in PLACES
        }
        rows.append([name, *metrics.simultaneous(gaps).values()])
    head = ["metric head minus OC-ANIL, made-up classes for both", *PLACES]
    return repro.markdown_table(head, rows)


def rows_of(found, place, source):
    """Return what the figure of a study shows: {name: (Interval, values)}, the best
    first; UNTRAINED among them.
    """
    shown = {
        name: (metrics.bootstrap(values), values)
        for (name, s, p), values in found.items()
        if p == place and s in (source, NO_CLASSES)
    }
    return dict(sorted(shown.items(), key=lambda row: -row[1][0].value))


def gain_rows(long, place, names):
    """Return what made-up classes add in the longer runs: {"MNIST: name": (Interval,
    values)}, intervals of a data set corrected for all its learners.
    """
    real, made = SOURCES
    shown = {}
    for data_set, of in long.items():
        sure = gains(of.auroc, place)
        for name in names:
            each = of.auroc[name, made, place] - of.auroc[name, real, place]
            shown[f"{data_set}: {name}"] = sure[name], each
    return shown


def five_folds():
    """Return AUROC on the five folds at full size, K = 10, and what differs, as
    Markdown; one sentence where there is no such record.
    """
    name = "few_shot_control"
    try:
        results = repro.recorded(name)["results"]
    except FileNotFoundError:
        return f"No record of `python -m metaad.experiments {name}` lies here."
    tables, every = [], []
    for family, of in sorted(results.items(), reverse=True):
        whole = {v: found for v, found in of.items() if _complete(found)}
        rows = [
            [v, *(metrics.bootstrap(f[w]["by_class"]) for w in FOLDS)]
            for v, f in whole.items()
        ]
        head = [f"AUROC, five folds of {family}", *FOLDS.values()]
        tables.append(repro.markdown_table(head, rows))
        gaps = fold_differences(whole)
        if gaps:
            rows = [
                [n, *(gaps[w][n] for w in FOLDS)] for n in next(iter(gaps.values()))
            ]
            head = [f"difference, {family}", *FOLDS.values()]
            tables.append(repro.markdown_table(head, rows))
            every += [gap for of_place in gaps.values() for gap in of_place.values()]
    clear = sum(gap.low > 0 or gap.high < 0 for gap in every)
    if every:
        counted = (
            f"Of {len(every)} differences **{clear}** have an interval without zero."
        )
        tables.append(counted)
    return "\n\n".join([*tables, repro.source(name)])


def _complete(found):
    """Tell whether a variant was judged on all ten classes."""
    return all(len(found.get(w, {}).get("by_class", ())) == 10 for w in FOLDS)


def fold_differences(variants):
    """Return paired differences between variants of one family: {where: {sentence:
    Interval}}, corrected for their number; a pair that is not whole is left out.

    variants : {variant: {where: {"by_class": [...]}}}."""
    asked = {n: pair for n, pair in COMPARED.items() if set(pair) <= set(variants)}
    found = {}
    for where in FOLDS if asked else ():
        of = {v: np.array(f[where]["by_class"]) for v, f in variants.items()}
        gaps = {n: of[a] - of[b] for n, (a, b) in asked.items()}
        found[where] = metrics.simultaneous(gaps)
    return found
