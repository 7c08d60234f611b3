"""MAML and its relatives: learn a start from which a few gradient steps on the
support are enough.
"""

from collections import OrderedDict

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from metaad.meta.base import MetaLearner
from metaad.meta.inner_loop import both_through, inner_loop


class MAML(MetaLearner):
    """Model-agnostic meta-learning [1]: minimise, over the start θ, the query's loss
    after adapting to the support.

        min_θ  Σ_tasks L_query(θ_K),   θ_{s+1} = θ_s - α ∇L_support(θ_s),   θ_0 = θ

    The relatives are settings of it:

    | method | setting |
    | --- | --- |
    | first-order MAML [1] | first_order=True |
    | ANIL [2], almost no inner loop | layers="last" |
    | Meta-SGD [3] | rates="entry" |
    | a learned rate for each tensor [4] | rates="tensor" |
    | one-class MAML [5] | one-class tasks: the support is normal, the query is balanced |
    | AE-MAML | estimator=AutoencoderDetector() |

    Parameters
    ----------
    estimator : nn.Module with one output (a logit), AutoencoderDetector, a Learnable,
        or anything registered with `learnable`.
    steps : K, inner gradient steps; 1 to 5. With 0 nothing adapts: the control that
        every result needs.
    inner_rate : α, or where the learned α starts; 0.001 to 0.5.
    rates : "fixed", "tensor" (one learned rate a weight or bias, always positive), or
        "entry" (one for each number, of either sign).
    rate_learning_rate : outer learning rate of the rates, which move on a logarithmic
        scale if rates="tensor".
    layers : "all", "last" (the last layer with parameters), or a list of parameter
        names.
    first_order : treat the inner gradient as a constant.
    iterations, n_tasks, learning_rate, schedule, average, clip, device, random_state,
        progress : see MetaLearner.

    References
    ----------
    [1] Finn, Abbeel and Levine, Model-Agnostic Meta-Learning for Fast Adaptation of
        Deep Networks, ICML 2017.
    [2] Raghu, Raghu, Bengio and Vinyals, Rapid Learning or Feature Reuse?, ICLR 2020.
    [3] Li, Zhou, Chen and Li, Meta-SGD: Learning to Learn Quickly for Few-Shot
        Learning, 2017.
    [4] Antoniou, Edwards and Storkey, How to Train Your MAML, ICLR 2019.
    [5] Frikha, Krompaß, Köpken and Tresp, Few-Shot One-Class Classification via
    Meta-Learning, AAAI 2021."""

    def __init__(
        self,
        estimator,
        steps=3,
        inner_rate=0.02,
        rates="fixed",
        rate_learning_rate=0.03,
        layers="all",
        first_order=False,
        iterations=300,
        n_tasks=8,
        learning_rate=3e-3,
        schedule="constant",
        average=0.0,
        clip=10.0,
        device="auto",
        random_state=None,
        progress=False,
    ):
        super().__init__(
            estimator,
            iterations,
            n_tasks,
            learning_rate,
            schedule,
            average,
            clip,
            device,
            random_state,
            progress,
        )
        self.steps = steps
        self.inner_rate = inner_rate
        self.rates = rates
        self.rate_learning_rate = rate_learning_rate
        self.layers = layers
        self.first_order = first_order

    def _build(self, net, tasks):
        self.names_ = self._adapting(net)
        start = dict(net.named_parameters())
        if self.rates == "fixed":
            rates = []
        elif self.rates == "tensor":
            rates = [torch.tensor(self.inner_rate).log() for _ in self.names_]
        elif self.rates == "entry":
            rates = [torch.full_like(start[n], self.inner_rate) for n in self.names_]
        else:
            raise ValueError(
                f'rates must be "fixed", "tensor" or "entry", got {self.rates!r}.'
            )
        return nn.ModuleDict({"net": net, "rates": nn.ParameterList(rates)})

    def _adapting(self, net):
        """Names of the parameters that the inner loop changes."""
        names = [n for n, _ in net.named_parameters()]
        if self.layers == "all":
            return names
        if self.layers == "last":
            last = names[-1].rpartition(".")[0]
            return [n for n in names if n.rpartition(".")[0] == last]
        unknown = sorted(set(self.layers) - set(names))
        if unknown or not len(self.layers):
            raise ValueError(
                f'layers must be "all", "last" or some of {names}; got {self.layers!r}.'
            )
        return list(self.layers)

    def _optimizer(self):
        start, rates = (
            list(self.module_[part].parameters()) for part in ("net", "rates")
        )
        return torch.optim.Adam(
            [{"params": start}, {"params": rates, "lr": self.rate_learning_rate}],
            self.learning_rate,
        )

    def inner_rates(self):
        """The inner rate α of every adapting parameter: dict from its name to a
        number or a tensor.
        """
        if self.rates == "fixed":
            return {n: self.inner_rate for n in self.names_}
        learned = dict(zip(self.names_, self.module_["rates"], strict=True))
        return (
            {n: r.exp() for n, r in learned.items()}
            if self.rates == "tensor"
            else learned
        )

    def adapted(self, support, y=None, first_order=True, net=None):
        """The networks adapted to prepared supports (n_tasks, k, d): see
        `inner_loop`. net : None takes the whole.
        """
        return inner_loop(
            self.module_["net"] if net is None else net,
            self.learnable_.inner_loss,
            support,
            y,
            steps=self.steps,
            rate=self.inner_rates(),
            names=self.names_,
            first_order=first_order,
        )

    def _loss(self, task):
        if task.weight is not None:
            return self._weighted_loss(task)
        adapted = self.adapted(task.support, task.support_y, self.first_order)
        return self.learnable_.outer_loss(
            adapted(task.query), task.query, task.y
        ).mean()

    def _weighted_loss(self, task):
        """Cross-entropy of the scores; the layers below those that adapt see support
        and query as one batch.
        """
        net, support, query = self.module_["net"], task.support, task.query
        if isinstance(net, nn.Sequential):
            layers = list(net.named_children())
            cut = min(
                i
                for i, (n, _) in enumerate(layers)
                if any(a.startswith(f"{n}.") for a in self.names_)
            )
            support, query = both_through(
                nn.Sequential(OrderedDict(layers[:cut])), support, query
            )
            # under the names that they have in the whole
            net = nn.Sequential(OrderedDict(layers[cut:]))
        adapted = self.adapted(support, task.support_y, self.first_order, net)
        scores = self.learnable_.anomaly(adapted(query), task.query)  # (n_tasks, q)
        return binary_cross_entropy_with_logits(scores, task.y, task.weight)

    def _scorer(self, support, y):
        # the same values, and nothing kept for gradients
        adapted = self.adapted(support, y, first_order=True)
        return lambda query: self.learnable_.anomaly(adapted(query), query)
