"""The findings of lesson 09: sentences that its run, or another recording, can refute."""

from metaad import metrics
from metaad.experiments.lessons.lesson_09 import NO_CLASSES, SAME_HEAD, SOURCES, gains
from metaad.experiments.lessons.lesson_09_record import BENT

REAL, MADE = SOURCES
RESIDUAL = "classifier, PCA residual"
PIXELS = "pixels, PCA residual"
WHERE = "new only"
# a short training may be lucky: ahead at most seeds, level at one in twenty
BEHIND = -0.02


def differences(found, place=WHERE):
    """Return what the findings compare, by held-out class: {name: array (n,)}.

    "reading": the metric head's trunk read by the PCA residual, minus by the head itself;
    mean of both sources. "control": a classifier's features, real digits only, minus the
    metric head with made-up classes. "pixels": the PCA residual on pixels, minus the same.
    """

    def of(name, source):
        return found[name, source, place]

    def both(name):
        return (of(name, REAL) + of(name, MADE)) / 2

    head = of("Mahalanobis", MADE)
    return {
        "reading": both(SAME_HEAD) - both("Mahalanobis"),
        "control": of(RESIDUAL, REAL) - head,
        "pixels": of(PIXELS, NO_CLASSES) - head,
    }


def claims_of_run(claims, found):
    """Add what a short run shows; the three intervals hold together. A full run is as
    long as the recorded ones, whose findings speak for it: nothing is added.
    """
    if not claims.run.quick:
        return
    sure = metrics.simultaneous(differences(found))
    head = "the metric head with made-up classes"
    for name, sentence, least in (
        ("reading", "same trunk: PCA residual minus the metric head's own formula", 0),
        ("control", f"classifier's features, real digits only, minus {head}", BEHIND),
        ("pixels", f"pixels, nothing learned, minus {head}", BEHIND),
    ):
        claims.above(f"short run: {sentence}", sure[name], least)


def claims_of_records(claims, long, published):
    """Add what the longer runs and the published protocol show.

    long : {data set: Longer}. published : Published."""
    sure = {name: gains(of.auroc, WHERE) for name, of in long.items()}
    for name, each in sure.items():
        sentence = f"long, {name}: made-up classes add to the metric head"
        if name == "MNIST":
            claims.above(sentence, each["Mahalanobis"], 0)
            lost = f"long, {name}: they take from the classifier's features"
            claims.below(lost, each[RESIDUAL], 0)
        else:
            claims.undecided(sentence, each["Mahalanobis"])
    ahead = {name: -differences(of.auroc)["control"] for name, of in long.items()}
    for name, each in ahead.items():
        claims.below(
            f"long, {name}: both halves minus classifier's features, real classes only",
            metrics.bootstrap(each),
            0.01,
        )
    claims.below(
        "MT-MNIST, real digits as the paper had: our best head's accuracy, K = 10",
        published.mean(BENT, 10),
        published.paper[10],
    )
    bought = published.bought(10)
    claims.above("MT-MNIST: made-up classes add to its accuracy", bought[BENT], 0.01)
