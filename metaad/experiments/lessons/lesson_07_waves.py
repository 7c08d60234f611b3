"""What lesson 07 measures on waves: ways to learn a start, trained on the same waves and
judged on the same new ones, beside a kernel with one learned width.
"""

from types import SimpleNamespace

import numpy as np
import torch

from metaad import metrics
from metaad.meta import MAML, Learnable, Reptile, squared_error
from metaad.meta.inner_loop import inner_loop
from metaad.nets import MLP
from metaad.tasks import SinusoidTasks

ALPHA = 0.01  # the inner rate of Finn et al.
STEPS = (0, 1, 2, 5, 10)
RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
WIDTHS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
TUNED = ("untrained", "ERM", "Reptile")  # not trained for one inner rate
MOST = 100.0  # a mean error above it says only that a few waves ran away


def held_out_waves(seed, shots, n):
    """Draw n waves to judge on, and 200 others to choose rates and widths by."""
    many = SinusoidTasks(k=shots, n_query=100, dtype=torch.float64)
    return many.sample(n, [2, seed]), many.sample(200, [3, seed])


def floor_of(low=0.1, high=5.0):
    """Compute the least error of one function for all waves, equation (6)."""
    square = (low**2 + low * high + high**2) / 3
    mean = 2 / np.pi * (low + high) / 2
    return square / 2 - mean**2 * (0.5 + np.sin(10) / 20)


def mean_wave(task):
    """Judge the mean of all waves on each task: squared errors (n_tasks,)."""
    out = -2 / np.pi * 2.55 * torch.cos(task.query)
    return squared_error(out, task.query, task.y).numpy()


def kernel_regression(task, width):
    """Judge kernel regression on each support alone: squared errors (n_tasks,).

    width : of the Gaussian kernel. Its ridge is 0.001.
    """

    def kernel(a, b):
        return torch.exp(-((a - b.mT) ** 2) / (2 * width**2))

    ridge = 1e-3 * torch.eye(task.support.shape[1], dtype=torch.float64)
    among = kernel(task.support, task.support) + ridge
    out = kernel(task.query, task.support) @ torch.linalg.solve(among, task.support_y)
    return squared_error(out, task.query, task.y).numpy()


def rival(test, validation):
    """Judge kernel regression with the width that is best on the validation waves:
    squared errors (n_tasks,).
    """
    errors = {w: kernel_regression(validation, w).mean() for w in WIDTHS}
    return kernel_regression(test, min(WIDTHS, key=errors.get))


def learners(seed, iterations, device="cpu"):
    """Make the meta-learners of the lesson, each about a copy of one starting network:
    dict name -> learner.
    """
    torch.manual_seed(seed)
    loss = {"inner_loss": squared_error, "outer_loss": squared_error}
    net = Learnable(MLP((1, 40, 40, 1)), **loss)
    same = {"iterations": iterations, "n_tasks": 10, "schedule": "cosine"}
    same |= {"device": device, "random_state": seed}
    adam = {**same, "inner_rate": ALPHA, "learning_rate": 3e-3}
    entry = {"rates": "entry", "rate_learning_rate": 1e-3}
    return {
        "ERM": MAML(net, steps=0, **adam),
        "Reptile": Reptile(net, steps=5, inner_rate=0.02, learning_rate=0.5, **same),
        "ANIL": MAML(net, steps=1, layers="last", **adam),
        "FOMAML": MAML(net, steps=1, first_order=True, **adam),
        "MAML": MAML(net, steps=1, **adam),
        "MAML, rate per tensor": MAML(net, steps=1, rates="tensor", **adam),
        "Meta-SGD": MAML(net, steps=1, **entry, **adam),
    }


def untrained(seed):
    """Make a stand-in for a learner that learned nothing: the starting network."""
    torch.manual_seed(seed)
    return SimpleNamespace(module_={"net": MLP((1, 40, 40, 1))}, inner_rate=ALPHA)


def predict(learner, task, x, steps, rate=None):
    """Adapt to the supports by some steps, and give outputs (n_tasks, q, 1) at x.

    rate : an inner rate; None takes the learner's own. May be called while it learns.
    """
    return predict_after(learner, task, x, (steps,), rate)[steps]


def predict_after(learner, task, x, looks, rate=None):
    """Adapt step by step, and give the outputs at x after each number of steps in `looks`:
    dict steps -> (n_tasks, q, 1). Otherwise as `predict`.
    """
    net = learner.module_["net"]
    weight = next(net.parameters())
    task, x = task.to(weight.device, weight.dtype), x.to(weight.device, weight.dtype)
    own = getattr(learner, "inner_rates", lambda: learner.inner_rate)
    how = {"rate": own() if rate is None else rate, "first_order": True}
    how["names"] = getattr(learner, "names_", None)
    support, y, found = task.support, task.support_y, {}
    # queries are many: weights of their own, computed once, cost less than a memory
    adapted = inner_loop(
        net, squared_error, support, y, steps=0, form="explicit", **how
    )
    for k in range(max(looks) + 1):
        if k in looks:
            with torch.no_grad():
                found[k] = adapted(x).double().cpu()
        if k < max(looks):
            out, tensors = adapted.on_support()
            loss = squared_error(out, support, y).sum()
            adapted.step(torch.autograd.grad(loss, tensors), True)
    return found


def errors(learner, task, looks, rate=None):
    """Judge a learner after each number of steps in `looks`: dict steps -> mean squared
    errors on the queries (n_tasks,).
    """
    outputs = predict_after(learner, task, task.query, looks, rate)
    return {
        k: squared_error(out, task.query, task.y).numpy() for k, out in outputs.items()
    }


def chosen(name, learner, validation, looks):
    """Choose the inner rate with the least error on the validation waves after each
    number of steps in `looks`: dict steps -> rate; None where the start was learned for
    one rate, and for 0 steps.
    """
    rates = dict.fromkeys(looks)
    if name in TUNED:
        tried = {r: errors(learner, validation, looks, r) for r in RATES}
        for k in filter(None, looks):
            means = {
                r: np.nan_to_num(e[k].mean(), nan=np.inf) for r, e in tried.items()
            }
            rates[k] = min(RATES, key=means.get)
    return rates


def judge(name, learner, test, validation):
    """Judge a learner after each number of steps: dict steps -> errors (n_tasks,)."""
    rates, found = chosen(name, learner, validation, STEPS), {}
    for rate in set(rates.values()):
        after = [k for k, r in rates.items() if r == rate]
        found |= errors(learner, test, after, rate)
    return {k: found[k] for k in STEPS}


def looks(iterations, n=12):
    """Choose when to look at a training: increasing numbers of iterations."""
    return sorted({round(v) for v in np.geomspace(1, iterations, n)})


def train(seed, shots, iterations, validation, *, device, checkpoint):
    """Train all ways on the same waves, and look at each as it learns.

    checkpoint : function of a name that gives a path or None.

    Returns
    -------
    (dict name -> fitted learner, dict name -> array (looks, 2)): the error before any
    step and after one on the first 100 validation waves, by its own inner rate.
    """
    waves = SinusoidTasks(k=shots, n_query=10)
    few = type(validation)(*(t if t is None else t[:100] for t in validation))
    when, fitted, curves = looks(iterations), {}, {}
    for name, learner in learners(seed, iterations, device).items():
        seen = np.full((len(when), 2), np.nan)  # NaN where a run was taken up later

        def watch(done, learner=learner, seen=seen):
            if done in when:
                now = errors(learner, few, (0, 1))
                seen[when.index(done)] = [e.mean() for e in now.values()]

        learner.set_params(checkpoint=checkpoint(name))
        fitted[name] = learner.fit(waves, watch=watch)
        curves[name] = seen
    return fitted, curves


def first_order_costs(seed, shots, test, validation, *, device="cpu", iterations=300):
    """Train MAML and FOMAML at three inner rates, and compare them.

    Returns
    -------
    (rates, cosines, cost, more): cosines, dict looks -> list of the cosine between
    FOMAML's and MAML's outer gradient for each rate, as MAML has learned so far; cost,
    dict rate -> FOMAML's error minus MAML's after one step, Interval; more, by how much
    it is larger at the second rate than at the first, on the same waves, Interval.
    """
    rates, after = (0.001, 0.01, 0.1), (1, 100, iterations)
    waves, cosines, gaps = (
        SinusoidTasks(k=shots, n_query=10),
        {n: [] for n in after},
        {},
    )
    for alpha in rates:
        pair = []
        for first in (False, True):
            learner = learners(seed, iterations, device)["MAML"]
            learner.set_params(inner_rate=alpha, first_order=first, schedule="constant")

            def watch(done, learner=learner, first=first):
                if done in after and not first:
                    cosines[done].append(cosine(learner, validation))

            pair.append(errors(learner.fit(waves, watch=watch), test, (1,))[1])
        gaps[alpha] = pair[1] - pair[0]
    cost = {alpha: metrics.bootstrap(gap) for alpha, gap in gaps.items()}
    return rates, cosines, cost, metrics.paired(gaps[rates[1]], gaps[rates[0]])


def cosine(learner, task):
    """Compute the cosine between FOMAML's and MAML's outer gradient on a batch."""
    net = learner.module_["net"]
    weight = next(net.parameters())
    task, both = task.to(weight.device, weight.dtype), []
    for first in (False, True):
        how = {"rate": learner.inner_rate, "first_order": first}
        adapted = inner_loop(net, squared_error, task.support, task.support_y, **how)
        loss = squared_error(adapted(task.query), task.query, task.y).mean()
        slopes = torch.autograd.grad(loss, list(net.parameters()))
        both.append(torch.cat([g.flatten() for g in slopes]))
    return float(torch.cosine_similarity(*both, dim=0))
