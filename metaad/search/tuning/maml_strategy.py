"""MAML as a strategy: the surrogate of `metaad.search.tuning.surrogate`, learned
from a matrix and adapted to what is seen.
"""

from metaad.meta.base import Learnable, squared_error
from metaad.meta.maml import MAML
from metaad.search.tuning.strategies import Strategy
from metaad.search.tuning.surrogate_tasks import (
    SurrogateTasks,
    predicted,
    surrogate_net,
)


class Adapted(Strategy):
    """The configuration of which a surrogate expects most, after MAML's inner loop on
    the observed scores.

    Where the training tables come with noisy observations, those are the supports, so
    that the learned rates fit the noise.

    steps, inner_rate, iterations, learning_rate : of MAML, with one learned rate a
    tensor."""

    needs_labels = True

    def __init__(
        self,
        steps=2,
        inner_rate=0.1,
        iterations=150,
        learning_rate=0.03,
        random_state=0,
    ):
        self.steps = steps
        self.inner_rate = inner_rate
        self.iterations = iterations
        self.learning_rate = learning_rate
        self.random_state = random_state

    def _fit(self, evidence):
        self.codes_ = evidence.codes
        self.tasks_ = SurrogateTasks(
            evidence.codes, evidence.features, evidence.values, evidence.noisy
        )
        about = Learnable(
            surrogate_net(self.tasks_.n_features), squared_error, squared_error
        )
        self.learner_ = MAML(
            about,
            steps=self.steps,
            inner_rate=self.inner_rate,
            rates="tensor",
            first_order=True,
            iterations=self.iterations,
            learning_rate=self.learning_rate,
            schedule="cosine",
            device="cpu",
            random_state=self.random_state,
        ).fit(self.tasks_)

    def _merit(self, features, observed):
        return predicted(
            self.learner_,
            self.tasks_.units,
            self.codes_,
            features,
            self.codes_,
            observed.values,
        )
