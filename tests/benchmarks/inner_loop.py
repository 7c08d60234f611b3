"""How fast one outer step is: batches of tasks at once against a loop over tasks.

    python tests/benchmarks/inner_loop.py [--repeats 30] [--threads 2] [--clock wall]
    [--json FILE]

One outer step is: adapt to 16 tasks with 10 support rows each, judge 30 query rows
each, meta-gradient of every weight, second order. All ways compute the same numbers,
which is checked first. They take turns, repeat by repeat, so that whatever else the
machine does hits all of them; a ratio is the median over repeats of the two times of
the same repeat, and its interval a bootstrap over repeats.

- clone-and-adapt: a loop over tasks, each with its own copy of the weights (how
  learn2learn does it).
- higher: the package of that name, `innerloop_ctx` for each task; left out where it is
  not installed.
- explicit: vmap over tasks. dual: the dual form. Both are metaad's.
"""

import argparse
import gc
import json
import time

import numpy as np
import torch
from torch.func import functional_call

from metaad import metrics
from metaad.meta import normality_loss
from metaad.meta.autoencoder import rebuild_loss, separation_loss
from metaad.meta.inner_loop import inner_loop
from metaad.nets import Autoencoder, ConvNet

N_TASKS, SUPPORT, QUERY, RATE = 16, 10, 30, 0.01
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def at_once(net, inner, outer, x, query, y, steps, form):
    """metaad: all tasks in one batch."""
    adapted = inner_loop(net, inner, x, steps=steps, rate=RATE, form=form)
    outer(adapted(query), query, y).mean().backward()


def clone_and_adapt(net, inner, outer, x, query, y, steps):
    """A task at a time: clone the weights, take gradient steps on them, keep the
    graph.
    """
    start = dict(net.named_parameters())
    for i in range(N_TASKS):
        fast = {n: p.clone() for n, p in start.items()}
        for _ in range(steps):
            loss = inner(
                functional_call(net, fast, (x[i],))[None], x[i][None], None
            ).sum()
            gradients = torch.autograd.grad(
                loss, list(fast.values()), create_graph=True
            )
            fast = {
                n: p - RATE * g
                for (n, p), g in zip(fast.items(), gradients, strict=True)
            }
        (
            outer(
                functional_call(net, fast, (query[i],))[None],
                query[i][None],
                y[i][None],
            ).mean()
            / N_TASKS
        ).backward()


def with_higher(net, inner, outer, x, query, y, steps):
    """The same through higher's differentiable optimiser."""
    import higher

    optimizer = torch.optim.SGD(net.parameters(), lr=RATE)
    for i in range(N_TASKS):
        with higher.innerloop_ctx(net, optimizer, copy_initial_weights=False) as (
            fast,
            descent,
        ):
            for _ in range(steps):
                descent.step(inner(fast(x[i])[None], x[i][None], None).sum())
            (
                outer(fast(query[i])[None], query[i][None], y[i][None]).mean() / N_TASKS
            ).backward()


def ways(net, form):
    """The contestants for a network: name -> function."""
    found = {"clone-and-adapt": clone_and_adapt}
    try:
        import higher  # noqa: F401

        found["higher"] = with_higher
    except ImportError:
        pass
    found["explicit"] = lambda *a: at_once(*a, "explicit")
    if form == "dual":
        found["dual"] = lambda *a: at_once(*a, "dual")
    return found


def meta_gradient(way, net, *task):
    net.zero_grad(set_to_none=True)
    way(net, *task)
    return torch.cat([p.grad.flatten() for p in net.parameters()])


def compare(name, net, inner, outer, form, steps, repeats, clock):
    """Milliseconds of each way and the speed of `form` as a multiple of the others'."""
    generator = torch.Generator().manual_seed(0)
    x, query = (
        torch.rand(N_TASKS, n, 784, generator=generator) for n in (SUPPORT, QUERY)
    )
    y = (torch.arange(QUERY) >= QUERY // 2).float().expand(N_TASKS, -1)
    task = inner, outer, x, query, y, steps
    contestants = ways(net, form)
    reference = meta_gradient(contestants["clone-and-adapt"], net, *task)
    for way in contestants.values():
        torch.testing.assert_close(
            meta_gradient(way, net, *task), reference, rtol=1e-3, atol=1e-5
        )
    times = {n: [] for n in contestants}
    gc.disable()
    for _ in range(repeats):
        for n, way in contestants.items():
            gc.collect(0)
            net.zero_grad(set_to_none=True)
            began = clock()
            way(net, *task)
            times[n].append(clock() - began)
    gc.enable()
    result = {
        "net": name,
        "steps": steps,
        "way": form,
        "milliseconds": {},
        "times as fast as": {},
    }
    for n, t in times.items():
        result["milliseconds"][n] = {
            "median": float(np.median(t)) * 1e3,
            "least": min(t) * 1e3,
        }
        if n != form:
            ratio = np.array(t) / np.array(times[form])
            low, high = np.quantile(
                np.median(
                    np.random.default_rng(0).choice(ratio, (2000, len(ratio))), axis=1
                ),
                [0.025, 0.975],
            )
            result["times as fast as"][n] = metrics.Interval(
                float(np.median(ratio)), low, high, repeats
            )
    return result


def report(r):
    print(f"{r['net']}, {r['steps']} inner step(s); {r['way']} against")
    for n, t in r["milliseconds"].items():
        ratio = r["times as fast as"].get(n)
        line = f"  {n:16s} {t['median']:8.1f} ms (least {t['least']:.1f})"
        print(line + (f"   {ratio} times" if ratio else ""), flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--json")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    nets = [
        ("autoencoder", Autoencoder(784), rebuild_loss, separation_loss, "dual"),
        (
            "convolutions",
            ConvNet((16, 32, 32), out=1),
            normality_loss,
            normality_loss,
            "explicit",
        ),
    ]
    results = []
    for net in nets:
        for steps in (1, 3):
            results.append(compare(*net, steps, options.repeats, CLOCKS[options.clock]))
            report(results[-1])
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
