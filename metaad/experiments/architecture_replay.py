"""What the searches would have found: replays on the networks that
tests/architecture.py has trained.
"""

import time

import numpy as np
from scipy.stats import spearmanr

from metaad import metrics, repro
from metaad.metrics import auroc
from metaad.search.architecture import (
    architectures,
    distinct,
    expected_best,
    n_parameters,
)
from metaad.search.architecture.tabular import Benchmark, incumbents, replay

SETTINGS = {"epochs": 25, "batch_size": 32, "learning_rate": 2e-3}
# the detector's own rate and number of epochs
FULL_SIZE = {"epochs": 20, "batch_size": 64, "learning_rate": 1e-3}
# for tables
SMALLER = {
    "depths": (0, 1, 2),
    "widths": (16, 64),
    "tapers": (1.0, 0.5),
    "code_sizes": (2, 4, 8, 16),
}
BUDGETS = (5, 10, 20, 40)
REPEATS = 20
ARTICLE = ((128, 64, 32), 10)
TRIED = {
    "reinforce": {"learning_rate": (0.1, 0.3, 1.0)},
    "trpo": {"max_kl": (0.1, 0.3, 1.0)},
}
CONTROLLERS = ("reinforce", "trpo", "frozen", "random", "halving")


def label(name):
    """A network as part of a file's name: 128x64x32-10."""
    return f"{'x'.join(map(str, name[0])) or 'none'}-{name[1]}"


def pairs(errors):
    """AUROC of rows of i against rows of j by the network of i: errors (10, 10, r)
    -> (10, 10).
    """
    grid = np.empty((10, 10))
    for i in range(10):
        normal = np.sort(errors[i, i])
        # (10, r)
        below, upto = (
            np.searchsorted(normal, errors[i], side) for side in ("left", "right")
        )
        # a tie counts one half
        grid[i] = (below + upto).mean(axis=1) / (2 * len(normal))
    return grid


def loaded(parts, kind, name, seed):
    """(pairs of validation rows, test AUROC of each digit, validation error of each
    digit, seconds) of one file.
    """
    with np.load(parts / f"{kind}-{name}-{seed}.npz") as f:
        validation, test = f["validation"], f["test"]
        error = validation[np.arange(10), np.arange(10)].mean(axis=1)
        return (
            pairs(validation),
            pairs(test).sum(axis=1) / 9 - 0.5 / 9,
            error,
            float(f["seconds"]),
        )


def benchmark(parts, seeds):
    names = distinct(architectures())
    rows = [[loaded(parts, "digits", label(n), s) for s in seeds] for n in names]
    return Benchmark(
        names, *(np.array([[r[k] for r in row] for row in rows]) for k in range(4))
    )


def tables(parts, seed=0):
    """AUROC (tables, names) and error on normal rows of every architecture and of
    PCA, with families.
    """
    found = {
        "name": [],
        "family": [],
        "auroc": [],
        "error": [],
        "pca": [],
        "seconds": [],
    }
    for path in sorted(parts.glob(f"table-*-{seed}.npz")):
        with np.load(path) as f:
            y, names = f["y"], f["names"].tolist()
            found["name"].append(path.stem[len("table-adbench_") : -2])
            found["family"].append(str(f["family"]))
            found["auroc"].append([auroc(y, e) for e in f["errors"]])
            found["error"].append([float(e[y == 0].mean()) for e in f["errors"]])
            found["pca"].append([auroc(y, e) for e in f["pca"]])
            found["seconds"].append(float(f["seconds"].sum()))
    return names, {k: np.array(v) for k, v in found.items()}


def settings(names, found):
    """The rate and the trust region with the best mean reward on the tables: other
    data than the digits.
    """
    space, chosen, all_tried = architectures(**SMALLER), {}, {}
    short = distinct(space)
    # (A,)
    mean = found["auroc"][:, [names.index(label(n)) for n in short]].mean(axis=0)
    # one class pair stands for the mean of all tables
    flat = np.repeat(mean, 4).reshape(len(short), 1, 2, 2)
    one = Benchmark(short, flat, flat[:, :, 0], flat[:, :, 0], np.ones((len(short), 1)))
    for controller, options in TRIED.items():
        ((option, values),) = options.items()
        reached = {
            v: np.mean(
                [
                    replay(
                        one, controller, (0, 1), 0, 10, r, space, **{option: v}
                    ).best()[1]
                    for r in range(10)
                ]
            )
            for v in values
        }
        chosen[controller] = {option: max(reached, key=reached.get)}
        all_tried[controller] = {
            option: {str(v): round(float(r), 5) for v, r in reached.items()}
        }
    return chosen, {
        "at budget 10 on the tables": all_tried,
        "best there": float(mean.max()),
    }


def searches(table, chosen):
    """Every controller on every fold, `REPEATS` times: reward, test AUROC, seconds
    at each budget.
    """
    n_seeds = table.test.shape[1]
    index = {n: i for i, n in enumerate(table.names)}
    shape = (REPEATS, len(BUDGETS))
    out = {}
    for controller in CONTROLLERS:
        regret, by_digit, own, trained = (
            np.zeros(shape),
            np.zeros((*shape, 10)),
            0.0,
            np.zeros(shape),
        )
        timed = np.zeros((*shape, 10))
        for fold in range(5):
            held = [2 * fold, 2 * fold + 1]
            seen = [d for d in range(10) if d not in held]
            for r in range(REPEATS):
                seed = r % n_seeds
                # judged by networks of another seed than the search has seen
                refit = (seed + 1) % n_seeds
                reward = table.rewards(seen, seed).mean(axis=1)
                cost = table.seconds[:, seed] * len(seen) / 10
                began = time.process_time()
                if controller == "halving":
                    runs = [
                        replay(table, controller, seen, seed, b, 100 * fold + r)
                        for b in BUDGETS
                    ]
                    paths = None
                else:
                    longest = (
                        len(table.names) if controller == "random" else max(BUDGETS)
                    )
                    run = replay(
                        table,
                        controller,
                        seen,
                        seed,
                        longest,
                        100 * fold + r,
                        **chosen.get(controller, {}),
                    )
                    paths = incumbents(run)
                own += time.process_time() - began
                for b, budget in enumerate(BUDGETS):
                    allowed = budget * cost.mean()
                    if controller == "halving":
                        name, scores = runs[b].best()[0], runs[b].scores
                        spent = sum(
                            table.seconds[index[n], seed] / 10 * len(s)
                            for n, s in scores.items()
                        )
                        in_time = name if spent <= allowed else None
                    else:
                        name = paths[min(budget, len(paths)) - 1]
                        order = [
                            index[n]
                            for n in run.scores
                            if len(run.scores[n]) == len(seen)
                        ]
                        sums = np.cumsum(cost[order])
                        spent = sums[min(budget, len(sums)) - 1]
                        done = int((sums <= allowed).sum())
                        in_time = paths[done - 1] if done else paths[0]
                    regret[r, b] += (reward.max() - reward[index[name]]) / 5
                    trained[r, b] += spent / 5
                    by_digit[r, b, held] = table.test[index[name], refit, held]
                    timed[r, b, held] = (
                        np.nan
                        if in_time is None
                        else table.test[index[in_time], refit, held]
                    )
        low, high = np.percentile(regret, [10, 90], axis=0)
        out[controller] = {
            "regret": regret.mean(axis=0).round(5).tolist(),
            "regret_10": low.round(5).tolist(),
            "regret_90": high.round(5).tolist(),
            "test_by_digit": by_digit.mean(axis=0).round(5).tolist(),  # (budgets, 10)
            "test_sd_over_repeats": by_digit.mean(axis=2).std(axis=0).round(5).tolist(),
            "test_by_digit_at_equal_seconds": None
            if np.isnan(timed).any()
            else timed.mean(axis=0).round(5).tolist(),
            "seconds_of_networks": trained.mean(axis=0).round(2).tolist(),
            "own_milliseconds_a_search": round(1000 * own / (5 * REPEATS), 2),
        }
    return out


def closed_form(table):
    """Expected regret of random search at each budget, from the table and nothing
    else.
    """
    found = []
    for fold in range(5):
        seen = [d for d in range(10) if d // 2 != fold]
        for seed in range(table.test.shape[1]):
            reward = table.rewards(seen, seed).mean(axis=1)
            found.append([reward.max() - expected_best(reward, b) for b in BUDGETS])
    return np.mean(found, axis=0).round(5).tolist()


def fixed(parts, table):
    """Test AUROC of each digit without a search over 5 x 20 networks: lists of 10."""
    index = {n: i for i, n in enumerate(table.names)}
    n_seeds, codes = table.test.shape[1], sorted({k for _, k in table.names})
    pca = {k: loaded(parts, "digits", f"pca-{k}", 0) for k in codes}
    grids = np.array([pca[k][0] for k in codes])[:, None]  # (codes, 1, 10, 10)
    as_table = Benchmark([((), k) for k in codes], grids, None, None, None)
    article = table.test[index[ARTICLE]].mean(axis=0)
    out = {
        "article": article,
        "PCA, 10 components": pca[10][1],
        "PCA, smallest error": pca[codes[-1]][1],
    }
    out["PCA, components chosen"], out["whole table"], out["label-free"] = (
        np.zeros(10) for _ in range(3)
    )
    chosen = []
    for fold in range(5):
        held = [2 * fold, 2 * fold + 1]
        seen = [d for d in range(10) if d not in held]
        k = codes[int(as_table.rewards(seen).mean(axis=1).argmax())]
        out["PCA, components chosen"][held] = pca[k][1][held]
        for s in range(n_seeds):
            refit = (s + 1) % n_seeds
            best = int(table.rewards(seen, s).mean(axis=1).argmax())
            chosen.append([fold, s, label(table.names[best]), k])
            out["whole table"][held] += table.test[best, refit, held] / n_seeds
    for s in range(n_seeds):
        refit = (s + 1) % n_seeds
        out["label-free"] += (
            table.test[table.error[:, s].argmin(axis=0), refit, np.arange(10)] / n_seeds
        )
    out["best for each digit, by its test labels"] = table.test.mean(axis=1).max(axis=0)
    return {k: v.round(5).tolist() for k, v in out.items()}, chosen


def agreement(table):
    """Rank correlation over architectures of minus the error with the test AUROC:
    mean over seeds, one a digit.
    """
    n_seeds = table.test.shape[1]
    rho = [
        [spearmanr(-table.error[:, s, c], table.test[:, s, c])[0] for c in range(10)]
        for s in range(n_seeds)
    ]
    same = [
        [
            spearmanr(-table.error[rows, s, c], table.test[rows, s, c])[0]
            for k in sorted({k for _, k in table.names})
            for rows in [[i for i, n in enumerate(table.names) if n[1] == k]]
        ]
        for s in range(n_seeds)
        for c in range(10)
    ]
    labelled = [
        [
            spearmanr(
                table.rewards(range(10), s)[:, c], table.test[:, (s + 1) % n_seeds, c]
            )[0]
            for c in range(10)
        ]
        for s in range(n_seeds)
    ]
    transfer = [
        spearmanr(
            table.rewards([d for d in range(10) if d // 2 != c // 2], 0).mean(axis=1),
            table.test[:, -1, c],
        )[0]
        for c in range(10)
    ]
    return {
        "error": np.mean(rho, axis=0).round(4).tolist(),
        "error, one code size at a time": np.mean(same, axis=0).round(4).tolist(),
        "validation AUROC of the same digit": np.mean(labelled, axis=0)
        .round(4)
        .tolist(),
        "validation AUROC of the other digits": np.round(transfer, 4).tolist(),
    }


def on_tables(names, found):
    """Hold out a family, choose on the others: AUROC of each table."""
    article, short = (
        names.index(label(ARTICLE)),
        [i for i, n in enumerate(names) if n != label(ARTICLE)],
    )
    A, family = found["auroc"], found["family"]
    meta, pca, chosen = np.zeros(len(A)), np.zeros(len(A)), {}
    for f in sorted(set(family)):
        out = family == f
        best = short[int(A[~out][:, short].mean(axis=0).argmax())]
        chosen[f] = names[best]
        meta[out] = A[out][:, best]
        pca[out] = found["pca"][out][:, found["pca"][~out].mean(axis=0).argmax()]
    free = A[
        np.arange(len(A)), [short[i] for i in found["error"][:, short].argmin(axis=1)]
    ]
    rho = [
        spearmanr(-e[short], a[short])[0]
        for e, a in zip(found["error"], A, strict=True)
    ]
    values = {
        "article": A[:, article],
        "chosen on other families": meta,
        "label-free": free,
        "PCA, components chosen": pca,
        "mean over the space": A[:, short].mean(axis=1),
        "best for each table, by its labels": A[:, short].max(axis=1),
    }
    against = {
        f"{a} - article": metrics.paired(
            values[a], values["article"], groups=family
        )._asdict()
        for a in values
        if a != "article"
    }
    against["chosen on other families - PCA, components chosen"] = metrics.paired(
        meta, values["PCA, components chosen"], groups=family
    )._asdict()
    return {
        "names": found["name"].tolist(),
        "families": family.tolist(),
        "auroc": {k: v.round(4).tolist() for k, v in values.items()},
        "mean_of_each_architecture": dict(
            zip(names, A.mean(axis=0).round(4).tolist(), strict=True)
        ),
        "rank_correlation_of_error": [
            None if np.isnan(r) else round(float(r), 4) for r in rho
        ],
        "chosen": chosen,
        "differences": against,
        "seconds": round(float(found["seconds"].sum()), 1),
    }


def confirmed(parts, kind):
    """Full-size images: test AUROC of each digit, mean over seeds."""
    out = {}
    for path in sorted(parts.glob(f"{kind}-*-0.npz")):
        name = path.stem[len(kind) + 1 : -2]
        seeds = sorted(
            int(p.stem.rpartition("-")[2])
            for p in parts.glob(f"{kind}-{name}-[0-9].npz")
        )
        tests, seconds = zip(
            *((r[1], r[3]) for r in (loaded(parts, kind, name, s) for s in seeds)),
            strict=True,
        )
        hidden, _, k = name.rpartition("-")
        size = None
        if hidden != "pca":
            size = n_parameters(
                784, [int(w) for w in hidden.split("x") if w != "none"], int(k)
            )
        out[name] = {
            "by_digit": np.mean(tests, axis=0).round(5).tolist(),
            "seeds": seeds,
            "parameters": size,
            "by_seed": np.mean(tests, axis=1).round(5).tolist(),
            "seconds": round(float(np.mean(seconds)) / 10, 3),
        }
    return out


def cost(parts):
    """CPU seconds of training every network whose file is there."""
    total = 0.0
    for path in parts.glob("*.npz"):
        with np.load(path) as f:
            total += float(f["seconds"].sum())
    return round(total, 1)


def report(parts):
    began = time.process_time()
    n = len(distinct(architectures()))
    seeds = [
        s
        for s in range(3)
        if len([p for p in parts.glob(f"digits-*-{s}.npz") if "pca" not in p.name]) == n
    ]
    table = benchmark(parts, seeds)
    names, found = tables(parts)
    chosen, tried = settings(names, found)
    results = searches(table, chosen)
    plain, picks = fixed(parts, table)
    agree = agreement(table)
    twenty = BUDGETS.index(20)
    tests = {
        **{c: np.array(r["test_by_digit"][twenty]) for c, r in results.items()},
        **plain,
    }
    compare = [
        (c, b) for c in CONTROLLERS for b in ("article", "PCA, components chosen")
    ]
    compare += [(c, "random") for c in CONTROLLERS if c != "random"] + [
        ("reinforce", "frozen"),
        ("trpo", "frozen"),
    ]
    compare += [
        ("label-free", "article"),
        ("whole table", "random"),
        ("whole table", "article"),
    ]
    compare += [
        ("PCA, 10 components", "article"),
        ("whole table", "PCA, components chosen"),
    ]
    compare += [("label-free", "whole table")]
    outside = {}
    for name in (label(ARTICLE), "none-120", "none-196", "128-196"):
        _, test, error, seconds = loaded(
            parts, "longer" if name == label(ARTICLE) else "outside", name, 0
        )
        outside[name] = {
            "test_by_digit": test.round(5).tolist(),
            "error": round(float(error.mean()), 6),
        }
        outside[name]["seconds"] = round(seconds / 10, 3)
    path = repro.results_dir() / "15_architecture_search.json"
    fingerprint = repro.Run(
        "15_architecture_search", "full", 0, "cpu", {}
    ).fingerprint()
    repro.write_json(
        path,
        {
            "settings": {
                "digits": SETTINGS,
                "full_size": FULL_SIZE,
                "tables": SMALLER,
                "seeds": seeds,
                "repeats": REPEATS,
                "budgets": BUDGETS,
                "chosen": chosen,
                "tried": tried,
            },
            "searches": results,
            "random_in_closed_form": closed_form(table),
            "plain": plain,
            "picks": picks,
            "differences": {
                f"{a} - {b}": metrics.paired(tests[a], tests[b])._asdict()
                for a, b in compare
            },
            "agreement": agree,
            "tables": on_tables(names, found),
            "confirmed": {
                "1000": confirmed(parts, "confirm"),
                "5300": confirmed(parts, "confirm5300"),
            },
            "outside": outside,
            "benchmark": table.record(),
            "replay_seconds": round(time.process_time() - began, 1),
            "run": {n: fingerprint[n] for n in ("versions", "cpu", "threads")}
            | {"seconds": cost(parts)},
        },
    )
    for c in CONTROLLERS:
        test = np.mean(results[c]["test_by_digit"], axis=1).round(4)
        print(
            c,
            "regret",
            results[c]["regret"],
            "test",
            test,
            results[c]["own_milliseconds_a_search"],
            "ms",
        )
    print({k: round(float(np.mean(v)), 4) for k, v in plain.items()})
    print(path.stat().st_size, "bytes")
