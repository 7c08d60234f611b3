"""How fast one outer step is: batches of tasks at once against a loop over tasks.

    python tests/benchmarks/inner_loop.py [--nets waves head] [--steps 1 3] [--tasks 16]
    [--repeats 30] [--threads 2] [--clock wall] [--compile] [--json FILE]

One outer step is: adapt to 16 tasks with 10 support rows each, judge 30 query rows
each, meta-gradient of every weight, second order. All ways compute the same numbers,
which is checked first. They take turns, repeat by repeat, so that whatever else the
machine does hits all of them; a ratio is the median over repeats of the two times of
the same repeat, and its interval a bootstrap over repeats. Leaves with status 1 where
the dual form is less than 6 times as fast as clone-and-adapt at one step, in a network
that adapts whole; one of 784 columns needs the compiler for it, and is judged with
--compile alone.

- clone-and-adapt: a loop over tasks, each with its own copy of the weights (how
  learn2learn does it).
- higher: the package of that name, `innerloop_ctx` for each task; left out where it is
  not installed.
- explicit: vmap over tasks. dual: the dual form. Both are metaad's.
- compiled, with --compile: the dual form with its gradient, written out as one graph of
  tensor operations and compiled by `torch.compile`. It needs a C++ compiler and minutes.

What decides is how much of the time is arithmetic. A loop over tasks pays for each
operation once per task, and for each step with copies of all weights; the dual form
pays neither. The products themselves are nearly as many: on the autoencoder of 784
columns, whose first layer holds 45 % of the weights, a row of the support costs 4.2
passes over all weights against 7.2, and a row of the query 2.6 in both; 0.8 times as
many in all. So with few weights or many tasks it is ten to twenty times as fast, and
there, where more than half of its time are products at the processor's full speed,
about five times on one thread; compiled, which saves passes over memory, six.

Tried on the autoencoder of 784 columns and left out, as none was faster by more than
the noise: an adapted layer as one torch.autograd.Function, whose products add up in
place (slower at three steps); the bias as one more row of the memory; row errors by
vecdot or vector_norm; keeping freed memory (MALLOC_TRIM_THRESHOLD_); replaying the
traced graph without compiling it.
"""

import argparse
import gc
import json
import sys
import time
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.fx.experimental.proxy_tensor import make_fx

from metaad import metrics
from metaad.meta import normality_loss, squared_error
from metaad.meta.autoencoder import (
    _separation_by_weights,
    log_error,
    rebuild_loss,
    separation_loss,
)
from metaad.meta.inner_loop import inner_loop
from metaad.nets import MLP, Autoencoder, ConvNet

SUPPORT, QUERY, RATE, TARGET = 10, 30, 0.01, 6.0
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


class Case(NamedTuple):
    """A network with its losses. d : columns. whole : all its layers adapt, else the
    last. waves : learn targets, in place of telling anomalies.
    """

    net: nn.Module
    inner: object
    outer: object
    form: str = "dual"
    d: int = 784
    whole: bool = True
    waves: bool = False

    @property
    def names(self):
        """Names of the tensors that adapt."""
        every = [n for n, _ in self.net.named_parameters()]
        return every if self.whole else every[-2:]

    def task(self, n_tasks):
        """Draw support, its targets, query and labels of n_tasks tasks."""
        generator = torch.Generator().manual_seed(0)
        x, query = (
            torch.rand(n_tasks, n, self.d, generator=generator)
            for n in (SUPPORT, QUERY)
        )
        if self.waves:
            return x, (5 * x).sin(), query, (5 * query).sin()
        y = (torch.arange(QUERY) >= QUERY // 2).float().expand(n_tasks, -1)
        return x, None, query, y


def cases():
    """The networks of the lessons, by name."""
    rebuild = rebuild_loss, separation_loss
    logit = normality_loss, normality_loss
    return {
        "autoencoder": Case(Autoencoder(784), *rebuild),
        "autoencoder of a table": Case(Autoencoder(20), *rebuild, d=20),
        "one-class net": Case(MLP((784, 128, 64, 1)), *logit),
        "waves": Case(
            MLP((1, 40, 40, 1)), squared_error, squared_error, d=1, waves=True
        ),
        # without batch normalisation, which would look at more than one task
        "head": Case(ConvNet((32, 64, 64), out=1), *logit, whole=False),
        "convolutions": Case(ConvNet((16, 32, 32), out=1), *logit, "explicit"),
    }


def at_once(case, x, targets, query, y, steps, form):
    """metaad: all tasks in one batch."""
    how = {"steps": steps, "rate": RATE, "names": case.names, "form": form}
    adapted = inner_loop(case.net, case.inner, x, targets, **how)
    case.outer(adapted(query), query, y).mean().backward()


def clone_and_adapt(case, x, targets, query, y, steps):
    """A task at a time: clone the weights, take gradient steps on them, keep the
    graph.
    """
    start, n_tasks = dict(case.net.named_parameters()), len(x)
    for i in range(n_tasks):
        fast = {n: start[n].clone() for n in case.names}
        wanted = None if targets is None else targets[i][None]
        for _ in range(steps):
            out = functional_call(case.net, fast, (x[i],))
            loss = case.inner(out[None], x[i][None], wanted).sum()
            gradients = torch.autograd.grad(
                loss, list(fast.values()), create_graph=True
            )
            fast = {
                n: p - RATE * g
                for (n, p), g in zip(fast.items(), gradients, strict=True)
            }
        out = functional_call(case.net, fast, (query[i],))
        loss = case.outer(out[None], query[i][None], y[i][None]).mean()
        (loss / n_tasks).backward()


def with_higher(case, x, targets, query, y, steps):
    """The same through higher's differentiable optimiser."""
    import higher

    optimizer, n_tasks = torch.optim.SGD(case.net.parameters(), lr=RATE), len(x)
    for i in range(n_tasks):
        wanted = None if targets is None else targets[i][None]
        with higher.innerloop_ctx(case.net, optimizer, copy_initial_weights=False) as (
            fast,
            descent,
        ):
            for _ in range(steps):
                loss = case.inner(fast(x[i])[None], x[i][None], wanted)
                descent.step(loss.sum())
            loss = case.outer(fast(query[i])[None], query[i][None], y[i][None])
            (loss.mean() / n_tasks).backward()


class OuterLoss(nn.Module):
    """L_query(θ_K) as a module, so that its weights can be handed in."""

    def __init__(self, case, steps):
        super().__init__()
        self.net, self.case, self.steps = case.net, case, steps

    def forward(self, x, targets, query, y):
        case = self.case
        how = {"steps": self.steps, "rate": RATE, "names": case.names, "form": "dual"}
        out = inner_loop(self.net, case.inner, x, targets, **how)(query)
        if case.outer is separation_loss:
            # the form for GPUs: no shape may depend on a number
            return _separation_by_weights(log_error(out, query), y).mean()
        return case.outer(out, query, y).mean()


def traced(case, task, steps, compiler=lambda graph: graph):
    """Trace the outer gradient of a batch to one graph, and compile that: a way."""
    outer = OuterLoss(case, steps)
    names, weights = zip(*outer.named_parameters(), strict=True)

    def gradient(weights, *task):
        loss = functional_call(outer, dict(zip(names, weights, strict=True)), task)
        return torch.autograd.grad(loss, weights)

    graph = compiler(make_fx(gradient)(weights, *task))

    def way(case, *task):
        *task, _ = task  # its steps are in the graph
        with torch.no_grad():
            for weight, found in zip(weights, graph(weights, *task), strict=True):
                weight.grad = found

    return way


def ways(case, task, steps, with_compiled):
    """The contestants for a network: name -> function."""
    found = {"clone-and-adapt": clone_and_adapt}
    try:
        import higher  # noqa: F401

        if case.whole:
            found["higher"] = with_higher
    except ImportError:
        pass
    found["explicit"] = lambda *a: at_once(*a, "explicit")
    if case.form == "dual":
        found["dual"] = lambda *a: at_once(*a, "dual")
        if with_compiled:
            found["compiled"] = traced(case, task, steps, torch.compile)
    return found


def meta_gradient(way, case, *task):
    """All entries of the meta-gradient: tensor (n,)."""
    case.net.zero_grad(set_to_none=True)
    way(case, *task)
    return torch.cat([p.grad.flatten() for p in case.net.parameters()])


def compare(name, case, steps, asked):
    """Milliseconds of each way, and the speed of the case's form (and the compiled one)
    as a multiple of the others'.
    """
    task, clock = case.task(asked.tasks), CLOCKS[asked.clock]
    contestants = ways(case, task, steps, asked.compile)
    task = (*task, steps)
    reference = meta_gradient(contestants["clone-and-adapt"], case, *task)
    for way in contestants.values():
        torch.testing.assert_close(
            meta_gradient(way, case, *task), reference, rtol=1e-3, atol=1e-5
        )
    times = {n: [] for n in contestants}
    gc.disable()
    for _ in range(asked.repeats):
        for n, way in contestants.items():
            gc.collect(0)
            case.net.zero_grad(set_to_none=True)
            began = clock()
            way(case, *task)
            times[n].append(clock() - began)
    gc.enable()
    ours = [n for n in (case.form, "compiled") if n in times]
    return {
        "net": name,
        "steps": steps,
        "tasks": asked.tasks,
        "way": case.form,
        "milliseconds": {
            n: {"median": float(np.median(t)) * 1e3, "least": min(t) * 1e3}
            for n, t in times.items()
        },
        "times as fast as": {
            own: {n: ratio(t, times[own]) for n, t in times.items() if n not in ours}
            for own in ours
        },
    }


def ratio(slow, fast):
    """The median over repeats of slow / fast, with a bootstrap interval."""
    found = np.array(slow) / np.array(fast)
    drawn = np.random.default_rng(0).choice(found, (2000, len(found)))
    low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975])
    return metrics.Interval(float(np.median(found)), low, high, len(found))


def report(r):
    """Print one comparison."""
    print(f"{r['net']}, {r['steps']} inner step(s), {r['tasks']} tasks")
    for n, t in r["milliseconds"].items():
        speed = 1e3 * r["tasks"] / t["median"]
        line = f"  {n:16s} {t['median']:8.1f} ms (least {t['least']:.1f})"
        print(line + f" {speed:7.0f} tasks per second", flush=True)
    for own, found in r["times as fast as"].items():
        against = ", ".join(f"{n} {i}" for n, i in found.items())
        print(f"  {own} is as many times as fast as: {against}", flush=True)


def main():
    """Compare what was asked for; 1 if a target is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nets", nargs="*", metavar="NET", help="default: all")
    parser.add_argument("--steps", nargs="*", type=int, default=[1, 3])
    parser.add_argument("--tasks", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--json")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    torch.manual_seed(0)
    known, results, missed = cases(), [], False
    for name in asked.nets or known:
        case = known[name]
        for steps in asked.steps:
            results.append(compare(name, case, steps, asked))
            report(results[-1])
            judged = case.form == "dual" and case.whole and steps == 1
            if judged and (asked.compile or case.d < 784):
                found = results[-1]["times as fast as"]
                best = max(i["clone-and-adapt"].value for i in found.values())
                missed |= best < TARGET
    if asked.json:
        with open(asked.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
