"""The controllers: one trained by REINFORCE, one by trust regions."""

from metaad.search.policies.controller import Controller


class Reinforce(Controller):
    """Choose a detector's configuration with a policy trained by REINFORCE, see
    `metaad.search.policies.reinforce`.

    Parameters
    ----------
    estimator : detector with a `metaad.search.space`.
    levels : values a numeric parameter may take; a Choice keeps all its options. 3 to
        8.
    iterations, n_tasks, batch : of `fit`: steps, tables drawn a step, configurations
        drawn a step and table.
    steps : of `optimize`; each tries up to `batch` configurations. 0 takes the policy
        as it was learned.
    reward : of `optimize` without labels: "none" takes the policy as it was learned, if
        it helped on families held out, else the detector as it is set; "made-up" goes
        on with the AUROC against made-up anomalies, "outlierness" with minus the mean
        of -log P(normal). Lesson 13 measures the last two: for LOF and kNN both point
        the wrong way, so they are for those who ask for them.
    context : names of meta-features that the policy sees, of
        metaad.search.tuning.meta_features.NAMES; () for none.
    learning_rate : of Adam; 0.02 to 0.3. baseline : "leave-one-out", "running mean" or
        "none".
    entropy : weight of the bonus for staying undecided, 0 to 0.05.
    random_state : int or None, seeds tables, configurations and detectors without a
        seed of their own; None draws others each time.
    progress : show a bar.
    """

    def __init__(
        self,
        estimator,
        levels=5,
        iterations=60,
        n_tasks=8,
        batch=4,
        steps=5,
        reward="none",
        context=(),
        learning_rate=0.1,
        baseline="leave-one-out",
        entropy=0.0,
        random_state=None,
        progress=False,
    ):
        super().__init__(
            estimator,
            levels,
            iterations,
            n_tasks,
            batch,
            steps,
            reward,
            context,
            baseline,
            random_state,
            progress,
        )
        self.learning_rate = learning_rate
        self.entropy = entropy

    def _options(self):
        names = ("learning_rate", "baseline", "entropy")
        return {"method": "reinforce", **{n: getattr(self, n) for n in names}}


class TRPO(Controller):
    """Choose a detector's configuration with a policy trained by trust regions, see
    `metaad.search.policies.trpo`.

    Parameters
    ----------
    max_kl : largest change of the policy in a step, in nats; 0.01 to 0.1.
    The others are those of Reinforce.
    """

    def __init__(
        self,
        estimator,
        levels=5,
        iterations=60,
        n_tasks=8,
        batch=4,
        steps=5,
        reward="none",
        context=(),
        max_kl=0.05,
        baseline="leave-one-out",
        random_state=None,
        progress=False,
    ):
        super().__init__(
            estimator,
            levels,
            iterations,
            n_tasks,
            batch,
            steps,
            reward,
            context,
            baseline,
            random_state,
            progress,
        )
        self.max_kl = max_kl

    def _options(self):
        return {"method": "trpo", "max_kl": self.max_kl, "baseline": self.baseline}
