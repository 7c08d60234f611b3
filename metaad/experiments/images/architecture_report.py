"""What the searches are compared with, and the record of the architecture experiment."""

import time

import numpy as np

from metaad import metrics
from metaad.experiments import record
from metaad.experiments.images.architecture_replay import (
    REPEATS,
    closed_form,
    picks,
    searched,
    summary,
)
from metaad.experiments.images.architecture_table import (
    ARTICLE,
    BATCH,
    BUDGETS,
    DIGITS,
    GARMENTS,
    LADDER,
    LADDER_SEEDS,
    LADDER_STEPS,
    LONG,
    LONGEST,
    RATE,
    ROWS,
    SEEDS,
    SHORT,
    SPACE,
    benchmark,
    cost,
    folds,
    label,
    last_training,
    of_pca,
    seeds_of,
)
from metaad.experiments.images.architecture_tables import NETWORKS, STEPS, on_tables

PCA = "PCA, components chosen"


def fixed(parts, ends):
    """Return the test AUROC of each class without a search: the article's network at
    each length, PCA with components chosen as a search would choose them.
    """
    longest = benchmark(parts, DIGITS, LONGEST, [ARTICLE], LADDER_SEEDS[LONGEST])
    article = {k: of[ARTICLE] for k, of in ends.items()}
    article["longest"] = longest.test[0].mean(axis=0)
    digits, other = of_pca(parts, DIGITS), of_pca(parts, GARMENTS)
    pca, elsewhere, chosen = np.zeros(10), np.zeros(10), []
    for _, held, seen in folds():
        k = int(digits.rewards(seen).mean(axis=1).argmax())
        chosen.append(digits.names[k][1])
        pca[held] = digits.test[k, 0, held]
        elsewhere += other.test[k, 0] / 5
    found = {"article": article, PCA: {"long": pca, "garments": elsewhere}}
    tidy = {
        n: {k: v.round(5).tolist() for k, v in kinds.items()}
        for n, kinds in found.items()
    }
    # of as many classes as a search sees, besides the last training
    seconds = float(longest.seconds.mean()) * 0.8 * (LONGEST - LONG) / LONGEST
    return tidy | {
        "components": chosen,
        "seconds_of_a_search_s_steps": round(seconds, 2),
    }


def agreement(short, real):
    """Return rank correlations over the architectures of the space, one per digit:
    of the short training with the long one, and of the error (with a minus) with the
    test AUROC; both of the first seed.
    """
    digits = range(10)
    a, b = short.test[:, 1 % short.test.shape[1]], real.test[:, 0]
    pairs = {
        "short with long": (a, b),
        "two seeds of the short training": (short.test[:, 0], a),
        "error, short": (-short.error[:, 0], short.test[:, 0]),
        "error, long": (-real.error[:, 0], real.test[:, 0]),
    }
    return {
        n: [round(metrics.spearman(x[:, c], y[:, c]), 4) for c in digits]
        for n, (x, y) in pairs.items()
    }


def ladder(parts):
    """Return a list of dicts: images, steps, test AUROC of each digit by network and by
    PCA: more images and more steps, one at a time.
    """
    found = []
    for rows, steps in LADDER_STEPS:
        table = benchmark(parts, DIGITS, steps, LADDER, LADDER_SEEDS[steps], rows)
        means = table.test.mean(axis=1).round(5).tolist()
        pca = of_pca(parts, DIGITS, rows)
        best = int(pca.rewards(range(10)).mean(axis=1).argmax())
        row = {"images": rows, "steps": steps, "seeds": LADDER_SEEDS[steps]}
        row |= dict(zip(map(label, table.names), means, strict=True))
        row["pca"] = pca.test[best, 0].round(5).tolist()
        found.append(row | {"components": pca.names[best][1]})
    return found


def commands(parts, seeds):
    """Return the command lines that make the record from nothing.

    seeds : dict "long" and "garments" of {network: seeds}."""
    to = record.options(parts=parts)

    def step(**options):
        return record.command("architecture", "train", *to, *record.options(**options))

    lines = [step(steps=SHORT)]
    for world, of in ((DIGITS, seeds["long"]), (GARMENTS, seeds["garments"])):
        for some in sorted(set(map(tuple, of.values()))):
            names = [label(n) for n, s in of.items() if tuple(s) == some]
            lines.append(step(world=world, steps=LONG, names=names, seeds=some))
    few = [label(n) for n in LADDER]
    for rows, steps in LADDER_STEPS[1:]:
        options = {"rows": rows, "steps": steps, "names": few}
        lines.append(step(**options, seeds=LADDER_SEEDS[steps]))
    more = (record.command("architecture", do, *to) for do in ("tables", "report"))
    return [*lines, *more]


def report(parts):
    """Replay the searches, write data/results/15_architecture_search.json."""
    began = time.process_time()
    short = benchmark(parts, DIGITS, SHORT)
    real = benchmark(parts, DIGITS, LONG, seeds=SEEDS[:1])
    runs = searched({"short": short, "real": real})
    seeds = {"long": seeds_of(parts, DIGITS), "garments": seeds_of(parts, GARMENTS)}
    means = short.test.mean(axis=1)
    ends = {"short": dict(zip(short.names, means, strict=True))}
    ends["long"] = last_training(parts, DIGITS, seeds["long"])
    ends["garments"] = last_training(parts, GARMENTS, seeds["garments"])
    tables = {"short": short, "real": real}
    found = {c: summary(tables, ends, c, *run) for c, run in runs.items()}
    plain = fixed(parts, ends)
    content = {
        "settings": {
            "space": SPACE,
            "rows": ROWS,
            "batch_size": BATCH,
            "learning_rate": RATE,
            "steps": {"short": SHORT, "long": LONG, "longest": LONGEST},
            "seeds": SEEDS,
            "repeats": REPEATS,
            "budgets": BUDGETS,
            "tables": {"networks": [label(n) for n in NETWORKS], "steps": STEPS},
        },
        "searches": found,
        "random_in_closed_form": closed_form(short),
        "plain": plain,
        "chosen": [label(n) for n in picks(run for run, _ in runs.values())],
        "seeds_of_the_last_training": {
            k: {label(n): s for n, s in of.items()} for k, of in seeds.items()
        },
        "agreement": agreement(short, real),
        "ladder": ladder(parts),
        "tables": on_tables(parts),
        # nothing was chosen by them; between two looks the default joined the networks
        # that a choice on tables may take
        "looks_at_rows_that_judge": {"digits": 3, "garments": 2, "tables": 2},
        "benchmark": short.record(),
        "replay_seconds": round(time.process_time() - began, 1),
    }
    lines = commands(parts, seeds)
    record.write("15_architecture_search", content, lines, seconds=cost(parts))
    for c, r in found.items():
        print(c, "regret", r["regret"], "long", round(float(np.mean(r["long"])), 4))
