"""MAML and its relatives: learn a start from which a few gradient steps are enough."""

from collections import OrderedDict

import torch
from torch import nn

from metaad.meta.base import MetaLearner
from metaad.meta.inner_loop import both_through, inner_loop


def outer_loop(module, loss, batches, optimizer, *, clip=10.0, **inner):
    """Learn a start: per batch, adapt, then step down the queries' loss. The bare method.

    Gives the start that `MAML` gives on the same batches. MAML adds learned rates,
    checkpoints, devices and averages.

    Parameters
    ----------
    module : nn.Module, changed in place: its parameters are the start θ.
    loss : function (outputs, x, y) -> tensor (n_tasks,), of support and query alike.
    batches : iterable of Task, with targets of the support. optimizer : of `module`.
    clip : largest norm of an outer gradient. inner : settings of `inner_loop`.

    Returns
    -------
    list of float, the mean L_query(θ_K) of each batch.
    """
    history = []
    for task in batches:
        adapted = inner_loop(module, loss, task.support, task.support_y, **inner)
        value = loss(adapted(task.query), task.query, task.y).mean()  # L_query(θ_K)
        optimizer.zero_grad()
        value.backward()  # through the inner steps
        nn.utils.clip_grad_norm_(module.parameters(), clip)
        optimizer.step()  # moves θ, not θ_K
        history.append(float(value.detach()))
    return history


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
    rates : "fixed", "tensor" (one learned rate per weight or bias, always positive), or
        "entry" (one for each number, of either sign).
    rate_learning_rate : outer learning rate of the rates, which move on a logarithmic
        scale if rates="tensor".
    layers : "all", "last" (the last layer with parameters), or a list of parameter
        names.
    first_order : treat the inner gradient as a constant.
    iterations, n_tasks, learning_rate, schedule, average, clip, device, random_state,
        progress, checkpoint, dtype : see MetaLearner.

    References
    ----------
    [1] Finn, Abbeel and Levine, Model-Agnostic Meta-Learning for Fast Adaptation of
        Deep Networks, ICML 2017.
    [2] Raghu, Raghu, Bengio and Vinyals, Rapid Learning or Feature Reuse?, ICLR 2020.
    [3] Li, Zhou, Chen and Li, Meta-SGD: Learning to Learn Quickly for Few-Shot
        Learning, 2017.
    [4] Antoniou, Edwards and Storkey, How to Train Your MAML, ICLR 2019.
    [5] Frikha, Krompaß, Köpken and Tresp, Few-Shot One-Class Classification via
        Meta-Learning, AAAI 2021.
    """

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
        checkpoint=None,
        dtype=None,
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
            checkpoint,
            dtype,
        )
        self.steps = steps
        self.inner_rate = inner_rate
        self.rates = rates
        self.rate_learning_rate = rate_learning_rate
        self.layers = layers
        self.first_order = first_order

    def loss(self, task):
        """Compute L_query(θ_K), the mean over a batch of prepared tasks."""
        net, support, query = self.module_["net"], task.support, task.query
        if task.weight is not None:
            net, support, query = self._shared(net, support, query)
        adapted = inner_loop(
            net,
            self.learnable_.inner_loss,
            support,
            task.support_y,
            **self.inner(self.first_order),
        )
        return self.outer_loss(adapted(query), task)

    def adapted(self, support, y=None, first_order=True):
        """Adapt to prepared supports (n_tasks, k, d): the networks of `inner_loop`."""
        net, loss = self.module_["net"], self.learnable_.inner_loss
        return inner_loop(net, loss, support, y, **self.inner(first_order))

    def inner(self, first_order):
        """Return the settings of `inner_loop`: a dict."""
        return {
            "steps": self.steps,
            "rate": self.inner_rates(),
            "names": self.names_,
            "first_order": first_order,
        }

    def inner_rates(self):
        """Return the inner rate α of every adapting parameter.

        A dict from its name to a number or a tensor.
        """
        if self.rates == "fixed":
            return dict.fromkeys(self.names_, self.inner_rate)
        learned = dict(zip(self.names_, self.module_["rates"], strict=True))
        if self.rates == "tensor":
            return {n: r.exp() for n, r in learned.items()}
        return learned

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
        """List the names of the parameters that the inner loop changes."""
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
        start = list(self.module_["net"].parameters())
        rates = list(self.module_["rates"].parameters())
        groups = [{"params": start}, {"params": rates, "lr": self.rate_learning_rate}]
        return torch.optim.Adam(groups, self.learning_rate)

    def _shared(self, net, support, query):
        """Pass support and query, as one batch, through the layers below those that
        adapt; return the layers left, and both.
        """
        if not isinstance(net, nn.Sequential):
            return net, support, query
        layers = list(net.named_children())
        adapting = {name.partition(".")[0] for name in self.names_}
        cut = next(i for i, (name, _) in enumerate(layers) if name in adapting)
        lower = nn.Sequential(OrderedDict(layers[:cut]))
        # under the names that they have in the whole
        upper = nn.Sequential(OrderedDict(layers[cut:]))
        return upper, *both_through(lower, support, query)
