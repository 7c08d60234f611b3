"""The findings of lesson 09: sentences that its run, or another recording, can refute."""

from metaad import metrics
from metaad.experiments.lesson_09 import SAME_HEAD, SOURCES, gains
from metaad.experiments.lesson_09_record import ANIL, BENT, BEST

REAL, MADE = SOURCES
RESIDUAL = "classifier, PCA residual"
WHERE = "new only"


def differences(found, place=WHERE):
    """Return what the findings compare, by held-out class: {name: array (n,)}.

    "reading": the metric head's trunk read by the PCA residual, minus by the head itself;
    mean of both sources. "control": a classifier's features, real digits only, minus the
    metric head with made-up classes. "steps": OC-ANIL, mean of both sources, minus the
    same. "trunk": the PCA residual on the trunk of episodes, minus on the classifier's,
    real digits only.
    """

    def of(name, source):
        return found[name, source, place]

    def both(name):
        return (of(name, REAL) + of(name, MADE)) / 2

    head = of("Mahalanobis", MADE)
    return {
        "reading": both(SAME_HEAD) - both("Mahalanobis"),
        "control": of(RESIDUAL, REAL) - head,
        "steps": both("OC-ANIL") - head,
        "trunk": of(SAME_HEAD, REAL) - of(RESIDUAL, REAL),
    }


def claims_of_run(claims, found):
    """Add what a short run shows; the first three intervals hold together."""
    each = differences(found)
    sure = metrics.simultaneous({n: each[n] for n in ("reading", "control", "steps")})
    claims.above(
        "short run: same trunk, PCA residual minus the metric head", sure["reading"], 0
    )
    claims.above(
        "short run: classifier's features, real digits only, minus the metric head with "
        "made-up classes",
        sure["control"],
        0,
    )
    claims.above(
        "short run: OC-ANIL minus the metric head with made-up classes",
        sure["steps"],
        0,
    )
    claims.equivalent(
        "short run: PCA residual, trunk of episodes minus trunk of a classifier",
        metrics.bootstrap(each["trunk"]),
        0.03,
    )


def claims_of_records(claims, long, published):
    """Add what the longer runs and the published protocol show.

    long : {data set: Longer}. published : Published."""
    for name, of in long.items():
        sure = gains(of.auroc, WHERE)
        claims.above(
            f"long, {name}: made-up classes add to the metric head",
            sure["Mahalanobis"],
            0,
        )
        claims.below(
            f"long, {name}: they take from the classifier's features", sure[RESIDUAL], 0
        )
        claims.equivalent(
            f"long, {name}: they change OC-ANIL by less than .02",
            metrics.bootstrap(
                of.auroc["OC-ANIL", MADE, WHERE] - of.auroc["OC-ANIL", REAL, WHERE]
            ),
            0.02,
        )
    claims.below(
        "MT-MNIST, real digits as the paper had: our best head's accuracy, K = 10",
        published.mean(BENT, 10),
        published.paper[10],
    )
    bought = published.bought(10)
    claims.above("MT-MNIST: made-up classes add to its accuracy", bought[BENT], 0.01)
    claims.above(
        "MT-MNIST: it decides better than OC-ANIL, unequal effort", bought[ANIL], 0
    )
    real, made = (published.called_normal(v)[:, 9] for v in (BENT, BEST))
    claims.above(
        "MT-MNIST: fewer nines are called normal with made-up classes",
        metrics.paired(real, made),
        0.1,
    )
