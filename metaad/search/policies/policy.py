"""A policy over finitely many choices, and the loop that improves it: sample,
reward, step.
"""

import copy
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from metaad.search.policies.reinforce import BASELINES, advantages, reinforce_step
from metaad.search.policies.trpo import trpo_step

METHODS = ("reinforce", "trpo")


class CategoricalPolicy(nn.Module):
    """Independent categorical distributions, one for each of m decisions, conditioned
    on a context.

    The logits of all decisions are linear in the context, b + W c, and zero at first:
    every option is equally likely.

    Parameters
    ----------
    options : m integers ≥ 1, how many options each decision has.
    n_context : length c of a context; 0 for a policy that sees nothing.

    An action is a row of m integers, action[j] in 0 … options[j] - 1. A context is a
    tensor (c,), the same for all actions, or (n, c), one for each of n actions; None if
    n_context is 0. Everything is float64."""

    def __init__(self, options, n_context=0):
        super().__init__()
        self.options = [int(k) for k in options]
        if not self.options or min(self.options) < 1:
            raise ValueError(
                f"options must list how many options each decision has, each ≥ 1; got {options!r}."
            )
        self.n_context = int(n_context)
        total = sum(self.options)
        self.bias = nn.Parameter(torch.zeros(total, dtype=torch.float64))
        if self.n_context:
            self.weight = nn.Parameter(
                torch.zeros(total, self.n_context, dtype=torch.float64)
            )

    def log_probs(self, context=None):
        """Return the log-probabilities of all options: a list of m tensors, (options[j],)
        or (n, options[j]) for n contexts.
        """
        logits = self.bias
        if self.n_context:
            if context is None or torch.as_tensor(context).shape[-1] != self.n_context:
                got = None if context is None else tuple(torch.as_tensor(context).shape)
                raise ValueError(
                    f"this policy needs a context of {self.n_context} numbers; got shape {got}."
                )
            # (n, total)
            logits = (
                logits + torch.as_tensor(context, dtype=torch.float64) @ self.weight.T
            )
        elif context is not None:
            raise ValueError(
                "this policy has no context; make it with n_context=... or leave the context out."
            )
        return [part.log_softmax(dim=-1) for part in logits.split(self.options, dim=-1)]

    @torch.no_grad()
    def sample(self, n, generator=None, context=None):
        """Draw n actions: int64 tensor (n, m). generator : torch.Generator, or None
        for torch's global one.
        """
        drawn = []
        for log_p in self.log_probs(context):
            p = log_p.exp().expand(n, -1)
            drawn.append(torch.multinomial(p, 1, generator=generator)[:, 0])
        return torch.stack(drawn, dim=1)

    def log_prob(self, actions, context=None):
        """Return log π(a) of each action (n, m): tensor (n,), the sum over its
        decisions.
        """
        # m of (n, options[j])
        parts = [p.expand(len(actions), -1) for p in self.log_probs(context)]
        return sum(
            p.gather(1, actions[:, j : j + 1])[:, 0] for j, p in enumerate(parts)
        )

    def entropy(self, context=None):
        """Return the entropy in nats, summed over decisions and averaged over contexts: a
        scalar; 0 if fully decided.
        """
        return sum(-(p.exp() * p).sum(dim=-1).mean() for p in self.log_probs(context))

    def kl(self, other, context=None):
        """Return KL(self ‖ other) in nats, summed over decisions and averaged over
        contexts: a scalar ≥ 0.
        """
        pairs = zip(self.log_probs(context), other.log_probs(context), strict=True)
        return sum((p.exp() * (p - q)).sum(dim=-1).mean() for p, q in pairs)

    @torch.no_grad()
    def mode(self, context=None):
        """Return the likeliest action in one context: int64 tensor (m,)."""
        return torch.stack([p.argmax(dim=-1) for p in self.log_probs(context)], dim=-1)


class Record(NamedTuple):
    """One iteration of `search`.

    iteration : from 0. mean : mean reward of the actions drawn. best : largest reward
        so far, over all tasks.
    action : int64 tensor (m,), the one that got it.
    kl : KL(old ‖ new) of the step in nats. accepted : False if TRPO took no step.
    """

    iteration: int
    mean: float
    best: float
    action: torch.Tensor
    kl: float
    accepted: bool


def search(
    policy,
    reward,
    iterations,
    batch,
    method="reinforce",
    random_state=None,
    *,
    context=None,
    n_tasks=None,
    baseline="leave-one-out",
    learning_rate=0.1,
    entropy=0.0,
    max_kl=0.05,
):
    """Improve a policy on one reward, or on many tasks at once: a generator; the policy
    changes in place.

    Parameters
    ----------
    policy : CategoricalPolicy.
    reward : function, actions (n, m) -> rewards (n,), larger = better; or a list of
        them, one per task.
    iterations : steps. batch : actions drawn per step and task.
    method : "reinforce" or "trpo".
    random_state : int or None, seeds the actions and which tasks are drawn.
    context : tensor (c,); with a list of rewards (len(reward), c), one per task. None for
        a policy without context.
    n_tasks : tasks drawn per step; None takes all.
    baseline : "none", "running mean" (of the task's earlier rewards) or "leave-one-out"
        (within the task's batch). It belongs to a task: on an easy one every action
        gets a high reward, and that is no achievement of the action.
    learning_rate, entropy : of REINFORCE (Adam; 0.02 to 0.3) and its bonus.
    max_kl : of TRPO, nats per step; 0.01 to 0.1.

    Yields
    ------
    Record
    """
    tasks = tasks_of(policy, reward, context, method, baseline)
    rng = np.random.default_rng(random_state)
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    optimizer = torch.optim.Adam(policy.parameters(), learning_rate)
    best, winner, n = -np.inf, None, len(tasks)
    for iteration in range(iterations):
        some = range(n) if n_tasks is None else rng.choice(n, n_tasks, replace=False)
        batches = [tasks[i].batch(policy, batch, baseline, generator) for i in some]
        actions, rewards, relative, seen = map(torch.cat, zip(*batches, strict=True))
        seen = seen if policy.n_context else None
        if float(rewards.max()) > best:
            best, winner = float(rewards.max()), actions[int(rewards.argmax())]
        if method == "trpo":
            report = trpo_step(policy, actions, relative, max_kl, seen)
            kl, accepted = report.kl, report.accepted
        else:
            old = copy.deepcopy(policy)
            reinforce_step(policy, optimizer, actions, relative, "none", seen, entropy)
            kl, accepted = float(old.kl(policy, seen).detach()), True
        yield Record(iteration, float(rewards.mean()), best, winner, kl, accepted)


class Task:
    """Hold one reward, the context in which it is paid, and what it paid so far.

    reward : function, actions (n, m) -> rewards (n,). context : tensor (c,), or None.
    """

    def __init__(self, reward, context=None):
        self.reward, self.context, self.running = reward, context, None

    def batch(self, policy, n, baseline, generator):
        """Draw n actions and ask for their rewards.

        Returns
        -------
        actions (n, m); rewards (n,); advantages (n,); contexts (n, c), of no columns
            where there is no context.
        """
        actions = policy.sample(n, generator, self.context)
        rewards = np.asarray(self.reward(actions))
        rewards = torch.as_tensor(rewards, dtype=torch.float64)
        mean = float(rewards.mean())
        # the first batch's own mean is the leave-one-out baseline, times (n - 1) / n
        earlier = mean if self.running is None else self.running
        self.running = 0.8 * earlier + 0.2 * mean
        baseline = earlier if baseline == "running mean" else baseline
        none = torch.empty(n, 0, dtype=torch.float64)
        seen = none if self.context is None else self.context.expand(n, -1)
        return actions, rewards, advantages(rewards, baseline), seen


def tasks_of(policy, reward, context, method, baseline):
    """Check what `search` was given and return its tasks: list of Task."""
    if method not in METHODS or baseline not in BASELINES:
        raise ValueError(
            f"method must be one of {METHODS} and baseline of {BASELINES}; got "
            f"{method!r}, {baseline!r}."
        )
    rewards = [reward] if callable(reward) else list(reward)
    contexts = _contexts(policy, context, len(rewards))
    contexts = [None] * len(rewards) if contexts is None else contexts
    return [Task(*both) for both in zip(rewards, contexts, strict=True)]


def _contexts(policy, context, n):
    """One context a task: tensor (n, c), or None."""
    if not policy.n_context:
        return None
    context = torch.as_tensor(context, dtype=torch.float64).reshape(
        -1, policy.n_context
    )
    if len(context) != n:
        raise ValueError(
            f"context must hold one row for each of the {n} tasks; got shape "
            f"{tuple(context.shape)}."
        )
    return context
